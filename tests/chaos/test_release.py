"""A release under kill -9 and in a crowd: what is finished stays, what was begun is done again."""

import datetime as dt
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.db import connection

from connections.indicators import release
from connections.indicators.models import (
    Component,
    Figure,
    Quarter,
    QuarterContributor,
    Release,
    ReleaseShard,
)
from connections.indicators.publish import read_figures, write_canonical
from connections.indicators.sweep import SHARDS, sweep_shard
from connections.interactions.models import (
    HomeArea,
    Measure,
    MeasureAnswer,
    Prompt,
    PromptAnswer,
    PromptAsked,
)
from kinder.accounts.acting import Purpose
from kinder.accounts.models import AuditEvent
from kinder.accounts.rules import Refused
from places.models import Area
from tests.factories import (
    CouncilFactory,
    NeighbourhoodFactory,
    OrganisationFactory,
    PlaceFactory,
)
from tests.indicators.befriended import befriend
from tests.indicators.months import FREEZE_DAY, LONDON, QUARTER, make_month, make_person
from tests.processes import environment, running_beat, running_redis, running_worker, wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

Answer = TypeVar("Answer")
COUNCILS = 3
PEOPLE = 15
YEAR_END = dt.date(2026, 10, 1)

# Computes one share, says so, and waits before it commits.
STOPS_BEFORE_COMMIT = """
import sys, time
import django
django.setup()
from connections.indicators import publish, release
compute = publish.compute_share
def compute_and_wait(shard):
    compute(shard)
    print("computed", flush=True)
    time.sleep(60)
publish.compute_share = compute_and_wait
release.compute_shard(int(sys.argv[1]))
"""
WORKS = """
import django
django.setup()
from connections.indicators.release import continue_work
print("begun", flush=True)
while continue_work():
    pass
"""


@contextmanager
def process(code: str, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """Another process on this test's database; killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=environment(redis_url=settings.REDIS_URL),
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        try:
            yield other
        finally:
            other.kill()


def hear(other: "subprocess.Popen[str]") -> str:
    assert other.stdout is not None
    return other.stdout.readline().strip()


def at_once(times: int, do: Callable[[], Answer]) -> list[Answer]:
    """Do the same in as many threads, each with a connection of its own."""
    barrier = threading.Barrier(times)
    answers: list[Answer] = []

    def run() -> None:
        try:
            barrier.wait(10)
            answers.append(do())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


@pytest.fixture
def people() -> None:
    for _ in range(COUNCILS):
        area = NeighbourhoodFactory.create(parent__parent=CouncilFactory.create())
        for number in range(PEOPLE):
            make_month(make_person(), area, gave=number % 4, received=number % 3, logs=6)


def freeze() -> Quarter:
    return release.freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=FREEZE_DAY)


def start() -> Release:
    return release.start_release(by=Purpose.RELEASE, quarter=freeze())


def told(made: Release) -> list[tuple[Any, ...]]:
    return list(
        Figure.objects.filter(release=made)
        .order_by("indicator", "area")
        .values_list("indicator", "area", "status", "people", "value", "lower", "upper")
    )


def test_a_worker_killed_half_way_leaves_its_share_as_it_was(people: None) -> None:
    made = start()
    shard = made.shards.order_by("council_id").first()
    assert shard is not None
    with process(STOPS_BEFORE_COMMIT, shard.pk) as worker:
        assert hear(worker) == "computed"
        # Nobody else takes it while it is held, and nobody waits for it.
        assert not release.compute_shard(shard.pk)
        assert release.continue_work() == COUNCILS
        assert not release.finish_release(made)
        worker.kill()
    assert ReleaseShard.objects.get(pk=shard.pk).finished_at is None
    assert not Component.objects.filter(indicator="A1", area=shard.council_id).exists()
    # The server needs a moment to miss a killed client.
    wait_until(lambda: release.compute_shard(shard.pk), what="the share is free again")
    assert release.finish_release(made)
    first = (made.watermark, told(made))
    release.withdraw_release(by=Purpose.RELEASE, release=made)
    undisturbed = start()
    release.continue_work()
    undisturbed.refresh_from_db()
    assert (undisturbed.watermark, told(undisturbed)) == first


def test_four_workers_one_killed_make_the_same_release(people: None) -> None:
    alone = start()
    release.continue_work()
    alone.refresh_from_db()
    expected = (alone.watermark, told(alone))
    release.withdraw_release(by=Purpose.RELEASE, release=alone)
    made = start()
    with process(WORKS) as one, process(WORKS) as two, process(WORKS) as three:
        for worker in (one, two, three):
            assert hear(worker) == "begun"
        one.kill()
        assert two.wait(30) == three.wait(30) == 0

    def is_ready() -> bool:
        release.continue_work()
        made.refresh_from_db()
        return made.state == Release.State.READY

    wait_until(is_ready, what="the release is ready")
    assert (made.watermark, told(made)) == expected


@pytest.fixture
def everything(people: None) -> None:
    """Beside moments: answers to two months' questions, difficulties, communities' own questions, a
    year of befriending, places, and another quarter of the year."""
    dice = random.Random(4)
    prompts = [
        Prompt.objects.create(month_on=dt.date(2026, month, 1), asked_on=dt.date(2026, month, 12))
        for month in (10, 11)
    ]
    for number, area in enumerate(Area.objects.filter(level="intermediate").order_by("code")):
        measure = Measure.objects.create(
            area_id=area.parent_id or 0, number=1, question="I know my neighbours.",
            scale="agree_5", proposed_by=OrganisationFactory.create(), author="The Hub",
            state="open", opened_on=dt.date(2026, 9, 2),
        )  # fmt: skip
        PlaceFactory.create(area=area, opening_hours="Mo-Su 09:00-21:00")
        for _ in range(40):
            person = make_person()
            make_month(person, area, month=10, gave=dice.randint(1, 6), received=1)
            HomeArea.objects.create(contributor=person, area=area)
            for prompt in prompts:
                PromptAsked.objects.create(prompt=prompt, contributor=person)
                if dice.random() < 0.7:
                    PromptAnswer.objects.create(
                        prompt=prompt, contributor=person, area=area, gave=dice.randint(0, 4),
                        received=dice.randint(0, 4), noticed=dice.randint(0, 4),
                        rely=dice.randint(1, 5),
                        was_hard=dice.random() < 0.4, hard_reasons=["money"], is_in_window=True,
                        created_at=dt.datetime(2026, prompt.month_on.month, 13, tzinfo=LONDON),
                    )  # fmt: skip
            MeasureAnswer.objects.create(
                measure=measure, contributor=person, quarter_on=YEAR_END, value=dice.randint(1, 5)
            )
        council = Area.objects.get(descendants__area=area, level="council")
        befriend(council, 45 + number)
    for shard in range(SHARDS):
        while sweep_shard(shard):
            pass


def canonical(made: Release) -> bytes:
    return write_canonical(read_figures(made.pk), made.geography)


def test_one_worker_or_four_and_one_killed_make_the_same_bytes_of_every_source(
    everything: None,
) -> None:
    """Answers, measures, befriending and places too: a year's last quarter, by one process; then by
    four, of which one is killed with a share half done."""

    def start_years_end() -> Release:
        quarter = release.freeze_quarter(
            by=Purpose.RELEASE,
            quarter_on=YEAR_END,
            now=dt.datetime(2027, 1, 31, 9, tzinfo=LONDON),
        )
        return release.start_release(by=Purpose.RELEASE, quarter=quarter)

    alone = start_years_end()
    release.continue_work()
    alone.refresh_from_db()
    figures = Figure.objects.filter(release=alone, status="shown")
    shown = set(figures.values_list("indicator", flat=True))
    families = {code[: code.index(":")] if ":" in code else code[:2] for code in shown}
    assert families >= {"A1", "A2", "E1", "M", "D1"}
    assert release.reproduce(alone).is_identical
    expected = (alone.watermark, canonical(alone), alone.parameters["figures_sha256"])
    release.withdraw_release(by=Purpose.RELEASE, release=alone)
    made = start_years_end()
    # The share without a council: places and befriending.
    shard = made.shards.get(council=None)
    with process(STOPS_BEFORE_COMMIT, shard.pk) as killed:
        assert hear(killed) == "computed"
        with process(WORKS) as one, process(WORKS) as two, process(WORKS) as three:
            for worker in (one, two, three):
                assert hear(worker) == "begun"
            assert one.wait(60) == two.wait(60) == three.wait(60) == 0
        assert ReleaseShard.objects.get(pk=shard.pk).finished_at is None
        killed.kill()

    def is_ready() -> bool:
        release.continue_work()
        made.refresh_from_db()
        return made.state == Release.State.READY

    wait_until(is_ready, what="the release is ready")
    assert (made.watermark, canonical(made), made.parameters["figures_sha256"]) == expected
    assert release.reproduce(made).is_identical


def test_two_finishers_at_once_write_the_figures_once(people: None) -> None:
    made = start()
    for shard in made.shards.all():
        release.compute_shard(shard.pk)
    answers = at_once(3, lambda: release.finish_release(Release.objects.get(pk=made.pk)))
    assert sorted(answers) == [False, False, True]
    assert AuditEvent.objects.filter(verb="release.ready").count() == 1
    assert len(told(made)) == len({row[:2] for row in told(made)})


def test_two_freezes_at_once_are_one(people: None) -> None:
    # Whoever comes second is told to try again, or meets the frozen quarter.
    answers = at_once(2, _try_to_freeze)
    assert "frozen" in answers
    assert QuarterContributor.objects.count() == COUNCILS * PEOPLE
    assert AuditEvent.objects.filter(verb="quarter.frozen").count() == 1


def _try_to_freeze() -> str:
    try:
        freeze()
    except Refused:
        return "refused"
    return "frozen"


def test_the_freeze_sees_one_moment_in_time(people: None) -> None:
    seen: list[str] = []

    def watch(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if "INSERT INTO indicators_quartercontributor" in sql:
            # Somebody else's month arrives after the freeze has begun.
            at_once(1, lambda: make_month(make_person(), NeighbourhoodFactory.create()))
            with connection.cursor() as cursor:
                cursor.execute("SHOW transaction_isolation")
                seen.append(cursor.fetchone()[0])
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(watch):
        freeze()
    assert seen == ["repeatable read"]
    assert QuarterContributor.objects.count() == COUNCILS * PEOPLE


def test_two_starts_at_once_make_one_release(people: None) -> None:
    freeze()

    def try_to_start() -> str:
        try:
            start()
        except Refused:
            return "refused"
        return "started"

    assert sorted(at_once(2, try_to_start)) == ["refused", "started"]
    assert Release.objects.count() == 1


def test_a_release_begun_while_redis_is_gone_is_made_when_it_is_back(
    people: None, tmp_path: Path
) -> None:
    with running_redis() as bell, running_worker(tmp_path, redis_url=bell.url, concurrency=2):
        bell.kill()
        made = start()
        bell.start()
        with running_beat(tmp_path, redis_url=bell.url):
            wait_until(
                lambda: Release.objects.get(pk=made.pk).state == Release.State.READY,
                seconds=60,
                what="the worker makes the release",
            )
    assert told(made)
