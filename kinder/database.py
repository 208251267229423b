"""Small reads on roads where every way to the database and back counts."""

from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DEFAULT_DB_ALIAS

Answer = TypeVar("Answer")


def read_again(question: Callable[[BaseDatabaseWrapper], Answer]) -> Answer:
    """Return what `question` reads from the database; ask a second time, over a new connection,
    where the one that was kept turns out to be dead.

    Before its first query of a request Django asks a kept connection whether it still lives, which
    costs as much as reading one row. A read may simply be asked again, so that nobody need ask
    first. Only for reads: whatever `question` does may be done twice.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.connection is None or connection.in_atomic_block:
        return question(connection)
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return question(connection)
    except (OperationalError, InterfaceError):
        if connection.connection is not None and connection.is_usable():
            raise
        connection.close()
        return question(connection)
