"""A new tile that everybody asks for at once is made once, by all processes of the web together."""

import http.client
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection

from kinder.cache import MAKING_SECONDS
from tests.chaos.conftest import Web, running_web
from tests.factories.places import make_place
from tests.processes import RedisServer

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

ASKERS, WORKERS = 50, 2
TILE = "/tiles/places/1/0/0/0.mvt"


@pytest.fixture
def place_is_looked_at_slowly() -> Iterator[None]:
    """Count how often the database looks at the only place, and take 0.3 s for it."""
    make_place("Reading room")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE SEQUENCE looks;"
            "CREATE FUNCTION look() RETURNS boolean LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM nextval('looks'), pg_sleep(0.3); RETURN true; END $$;"
            "CREATE POLICY looked ON places_place USING (look());"
            "ALTER TABLE places_place ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE places_place DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;"
            "DROP POLICY looked ON places_place; DROP FUNCTION look(); DROP SEQUENCE looks"
        )


def count_looks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value, is_called FROM looks")
        last, is_called = cursor.fetchone()
    return int(last) if is_called else 0


def ask(web: Web) -> tuple[int, bytes]:
    line = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
    try:
        line.request("GET", TILE)
        response = line.getresponse()
        return response.status, response.read()
    finally:
        line.close()


def ask_at_once(web: Web) -> tuple[int, bytes]:
    """Ask over many connections at the same time; all are told the same."""
    with ThreadPoolExecutor(ASKERS) as askers:
        answers = set(askers.map(ask, [web] * ASKERS))
    assert len(answers) == 1
    return answers.pop()


@pytest.mark.usefixtures("place_is_looked_at_slowly")
def test_two_processes_make_a_tile_once(own_redis: RedisServer, tmp_path: Path) -> None:
    with running_web(tmp_path, redis_url=own_redis.url, workers=WORKERS) as web:
        status, tile = ask_at_once(web)
        assert (status, b"Reading room" in tile) == (200, True)
        assert count_looks() == 1
        # Nothing of the waiting is left behind.
        assert ask_at_once(web) == (status, tile)
        assert count_looks() == 1


@pytest.mark.parametrize("fault", ["kill", "hang"])
@pytest.mark.usefixtures("place_is_looked_at_slowly")
def test_without_redis_each_process_makes_it_once(
    own_redis: RedisServer, tmp_path: Path, fault: str
) -> None:
    with running_web(tmp_path, redis_url=own_redis.url, workers=WORKERS) as web:
        getattr(own_redis, fault)()
        status, tile = ask_at_once(web)
        assert (status, b"Reading room" in tile) == (200, True)
        assert 1 <= count_looks() <= WORKERS


@pytest.mark.usefixtures("place_is_looked_at_slowly")
def test_what_a_dead_process_was_making_is_made_by_another(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    with running_web(tmp_path, redis_url=own_redis.url, workers=WORKERS) as web:
        own_redis.client.set("kinder:made:places:1:0/0/0", b"", px=int(1000 * MAKING_SECONDS))
        began = time.monotonic()
        status, tile = ask_at_once(web)
        assert (status, b"Reading room" in tile) == (200, True)
        assert count_looks() == 1
        assert time.monotonic() - began < 2 * MAKING_SECONDS
