"""Two at once, for tests of races: real threads, each with a connection of its own."""

import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, connections, transaction

Deed = Callable[[], Any]
_LONGEST = 20.0


def run_together(*deeds: Deed) -> list[Any]:
    """Run `deeds` at the same moment, each in its own connection; return what each gave or raised."""
    together = threading.Barrier(len(deeds))

    def wait_for_all(deed: Deed) -> Deed:
        def run() -> Any:
            together.wait(_LONGEST)
            return deed()

        return run

    told, threads = _begin([wait_for_all(deed) for deed in deeds])
    _end(threads)
    return told


def run_into(first: Deed, second: Deed) -> list[Any]:
    """Do `first` and hold its transaction open until `second`, begun only then, waits for it or is
    done; return what each gave or raised.

    Whatever chance makes of two deeds at once, this is the moment at which they go wrong.
    """
    is_done, goes_on, ends = threading.Event(), threading.Event(), threading.Event()

    def hold() -> Any:
        try:
            with transaction.atomic():
                answer = first()
                is_done.set()
                goes_on.wait(_LONGEST)
            return answer
        finally:
            is_done.set()

    def follow() -> Any:
        is_done.wait(_LONGEST)
        try:
            return second()
        finally:
            ends.set()

    told, threads = _begin([hold, follow])
    limit = time.monotonic() + _LONGEST
    while not (ends.is_set() or (is_done.is_set() and _somebody_waits())):
        assert time.monotonic() < limit, "the second neither waits nor ends"
        time.sleep(0.02)
    goes_on.set()
    _end(threads)
    return told


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


def _begin(deeds: list[Deed]) -> tuple[list[Any], list[threading.Thread]]:
    told: list[Any] = [None] * len(deeds)

    def run(number: int, deed: Deed) -> None:
        try:
            told[number] = deed()
        except Exception as error:
            told[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    return told, threads


def _end(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(_LONGEST * 2)
        assert not thread.is_alive(), "two wait for each other"
