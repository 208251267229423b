"""The count of people's months, whatever happens to workers and to Redis: equal to a recount."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from connections.indicators import tasks
from connections.indicators.models import ContributorMonth
from connections.indicators.sweep import find_miscounts
from connections.interactions.models import DirtyMark, Interaction
from places.models import Area
from tests.chaos.conftest import running_web
from tests.factories import (
    ContributorFactory,
    InteractionFactory,
    NeighbourhoodFactory,
    UserFactory,
)
from tests.processes import (
    Program,
    RedisServer,
    environment,
    running_beat,
    running_worker,
    wait_until,
)

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

# Takes marks, counts, says so, and waits before it commits.
STOPS_BEFORE_COMMIT = """
import time
import django
django.setup()
from connections.indicators import sweep
really_count = sweep._count
def count_and_wait(cursor, keys, statement):
    really_count(cursor, keys, statement)
    print("counted", flush=True)
    time.sleep(60)
sweep._count = count_and_wait
for shard in range(sweep.SHARDS):
    sweep.sweep_shard(shard)
"""
# Sweeps in one process after another, and kills each at a moment of chance.
DIES_AGAIN_AND_AGAIN = """
import os, random, signal, sys, time
import django
django.setup()
from connections.indicators import sweep, tasks
sweep.MARKS_AT_ONCE = tasks.MARKS_AT_ONCE = 7
for _ in range(50):
    child = os.fork()
    if child == 0:
        while True:
            tasks.sweep()
    time.sleep(random.uniform(0.01, 0.09))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print("killed", flush=True)
print("done", flush=True)
"""


@pytest.fixture
def area() -> Area:
    return NeighbourhoodFactory.create()


def run(code: str, folder: Path) -> Program:
    return Program(
        sys.executable,
        "-c",
        code,
        env=environment(redis_url=settings.REDIS_URL),
        log=folder / "process.log",
    )


def is_counted() -> bool:
    return not DirtyMark.objects.exists() and find_miscounts() == []


def sweep_and_see() -> bool:
    tasks.sweep()
    return is_counted()


def test_a_worker_killed_before_its_commit_leaves_everything_to_the_next(
    tmp_path: Path, area: Area
) -> None:
    InteractionFactory.create_batch(30, area=area)
    marks = DirtyMark.objects.count()
    worker = run(STOPS_BEFORE_COMMIT, tmp_path)
    wait_until(lambda: worker.said("counted"), seconds=60, what="a batch is counted")
    worker.kill()
    assert DirtyMark.objects.count() == marks
    assert not ContributorMonth.objects.exists()
    wait_until(sweep_and_see, what="the next one counts all")
    assert ContributorMonth.objects.count() == 30


def test_workers_killed_fifty_times_while_moments_come_and_go(tmp_path: Path, area: Area) -> None:
    people = ContributorFactory.create_batch(12)
    killer = run(DIES_AGAIN_AND_AGAIN, tmp_path)
    written = 0
    try:
        wait_until(lambda: killer.said("killed"), seconds=60, what="a first worker is killed")
        while "done" not in (tmp_path / "process.log").read_text():
            moment = InteractionFactory.create(contributor=people[written % 12], area=area)
            if written % 5 == 4:
                Interaction.objects.filter(pk=moment.pk).delete()
            elif written % 5 == 3:
                Interaction.objects.filter(pk=moment.pk).update(contributor=people[0])
            written += 1
    finally:
        killer.kill()
    assert written > 50
    wait_until(sweep_and_see, what="the last sweep counts all")
    assert ContributorMonth.objects.filter(logs__gt=0).count() == 12


def test_a_killed_celery_worker_is_replaced_by_the_next(
    tmp_path: Path, own_redis: RedisServer, area: Area
) -> None:
    url = own_redis.url
    with running_beat(tmp_path, redis_url=url):
        with running_worker(tmp_path, redis_url=url, name="first") as first:
            InteractionFactory.create_batch(20, area=area)
            wait_until(is_counted, what="the first worker counts")
            InteractionFactory.create_batch(20, area=area)
            first.kill()
        with running_worker(tmp_path, redis_url=url, name="second"):
            InteractionFactory.create(area=area)
            wait_until(is_counted, what="the second worker counts all")
    assert ContributorMonth.objects.count() == 41


def test_a_task_delivered_three_times_changes_nothing_more(
    tmp_path: Path, own_redis: RedisServer, area: Area
) -> None:
    InteractionFactory.create_batch(40, area=area)
    env = environment(redis_url=own_redis.url)
    send = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "kinder",
        "call",
        "connections.indicators.tasks.sweep",
    ]
    for _ in range(3):
        subprocess.run(send, env=env, check=True, stdout=subprocess.DEVNULL)
    with running_worker(tmp_path, redis_url=own_redis.url, concurrency=3) as worker:
        wait_until(lambda: worker.times_said("succeeded") == 3, what="all three are done")
    assert is_counted()
    assert ContributorMonth.objects.count() == 40


@pytest.mark.parametrize("fault", ["kill", "hang"])
def test_without_redis_moments_are_written_and_counted_afterwards(
    tmp_path: Path, own_redis: RedisServer, area: Area, fault: str
) -> None:
    url = own_redis.url
    with (
        running_web(tmp_path, redis_url=url) as web,
        running_beat(tmp_path, redis_url=url),
        running_worker(tmp_path, redis_url=url),
    ):
        assert web.log(area) == 201
        wait_until(is_counted, what="the first moment is counted")
        getattr(own_redis, fault)()
        assert [web.log(area) for _ in range(60)] == [201] * 60
        # Whoever asks waits a quarter of a second at most, and then nobody asks for a while.
        assert 1 <= web.program.times_said("Redis did not answer") <= 12
        assert Interaction.objects.count() == 61
        own_redis.start() if fault == "kill" else own_redis.wake()
        wait_until(is_counted, seconds=60, what="the backlog is counted")
    assert ContributorMonth.objects.get().logs == 5


def test_an_emptied_redis_loses_nothing_that_lasts(
    tmp_path: Path, own_redis: RedisServer, area: Area, client: Client
) -> None:
    url = own_redis.url
    client.force_login(UserFactory.create())
    with running_beat(tmp_path, redis_url=url), running_worker(tmp_path, redis_url=url) as worker:
        InteractionFactory.create(area=area)
        wait_until(is_counted, what="a first moment is counted")
        own_redis.client.flushall()
        before = worker.times_said("succeeded")
        InteractionFactory.create(area=area)
        wait_until(is_counted, what="the next moment is counted")
        wait_until(lambda: worker.times_said("succeeded") > before + 1, what="Beat goes on")
    assert ContributorMonth.objects.count() == 2
    # Sessions live in the database: whoever was signed in still is.
    assert client.get("/accounts/email/").status_code == 200


def test_two_sweepers_and_many_writers_end_equal_to_a_recount(
    tmp_path: Path, area: Area, make_sweeper: Callable[[], Program]
) -> None:
    people = ContributorFactory.create_batch(5)
    sweepers = [make_sweeper(), make_sweeper()]
    for n in range(150):
        InteractionFactory.create(contributor=people[n % 5], area=area)
    assert all(sweeper.times_said("Traceback") == 0 for sweeper in sweepers)
    wait_until(is_counted, what="everything is counted")


@pytest.fixture
def make_sweeper(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], Program]:
    def make() -> Program:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        code = "import django; django.setup()\nfrom connections.indicators import tasks\n"
        program = run(f"{code}while True: tasks.sweep()", folder)
        request.addfinalizer(program.kill)
        return program

    return make
