"""What moments add up to, after the sweep: asserted on whole rows, never more or fewer."""

import datetime as dt
import random
import threading
import uuid
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connections.indicators import tasks
from connections.indicators.models import AnswerMonth, ContributorMonth
from connections.indicators.sweep import SHARDS, find_miscounts, recount_months, sweep_shard
from connections.interactions.models import DirtyMark, Interaction
from connections.interactions.vocabulary import AtWork, Direction, Tie, YesNoUnsure
from kinder.accounts.models import Contributor
from places.models import Area
from tests.factories import (
    ContributorFactory,
    DifficultyFactory,
    InteractionFactory,
    NeighbourhoodFactory,
    PlaceFactory,
)

LONDON = ZoneInfo("Europe/London")
MARCH = dt.date(2026, 3, 1)


def at(day: int, hour: int = 12, month: int = 3) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=LONDON)


def stored() -> list[tuple[uuid.UUID, int, dt.date, int]]:
    return list(
        ContributorMonth.objects.order_by("contributor_id", "month_on", "area_id").values_list(
            "contributor_id", "area_id", "month_on", "logs"
        )
    )


def log(person: Contributor, area: Area, day: int, **facts: Any) -> Interaction:
    facts.setdefault("created_at", at(day))
    moment: Interaction = InteractionFactory.create(
        contributor=person, area=area, occurred_on=dt.date(2026, 3, day), **facts
    )
    return moment


@pytest.fixture
def person(db: None) -> Contributor:
    return ContributorFactory.create()


@pytest.fixture
def area(db: None) -> Area:
    return NeighbourhoodFactory.create()


@pytest.fixture
def other_area(db: None) -> Area:
    return NeighbourhoodFactory.create()


def test_every_column_counts_what_its_definition_says(person: Contributor, area: Area) -> None:
    yes, no, unsure = YesNoUnsure.YES, YesNoUnsure.NO, YesNoUnsure.UNSURE
    place = PlaceFactory.create()
    log(person, area, 2, direction=Direction.GAVE, tie=Tie.NEIGHBOUR, is_different=yes)
    log(person, area, 2, direction=Direction.RECEIVED, tie=Tie.GROUP, is_different=no)
    # A tie to somebody whom one only saw is no tie of one's own.
    log(person, area, 3, direction=Direction.NOTICED, tie=Tie.NEW, is_different=unsure)
    log(person, area, 4, through_organisation=yes, tie=Tie.NEIGHBOUR, place=place)
    log(person, area, 5, through_organisation=no)
    log(person, area, 6, through_organisation=no, at_work=AtWork.NO)
    log(person, area, 7, through_organisation=no, at_work=AtWork.MORE)
    log(person, area, 8, at_work=AtWork.YES)
    log(person, area, 9, through_organisation=unsure, at_work=AtWork.NO)
    log(person, area, 9, at_work=AtWork.UNSURE, created_at=at(10, 0))
    tasks.sweep()
    row = ContributorMonth.objects.values().get()
    assert row == {
        "id": row["id"],
        "contributor_id": person.id,
        "area_id": area.id,
        "month_on": MARCH,
        "logs": 10,
        "gave": 8,
        "received": 1,
        "noticed": 1,
        "different": 1,
        "different_answered": 2,
        "beyond": 2,
        # beyond, or organised: through an organisation, or by somebody at work
        "beyond_answered": 5,
        "in_role": 2,
        "at_place": 1,
        "ties": [2, 0, 0, 0, 0, 1],
        "seen_on": [dt.date(2026, 3, day) for day in (2, 3, 4, 5, 6, 7, 8, 9, 10)],
        "last_on": dt.date(2026, 3, 9),
    }
    assert find_miscounts() == []


def test_the_first_five_of_a_day_count_wherever_they_happened(
    person: Contributor, area: Area, other_area: Area
) -> None:
    for hour in (8, 9, 10):
        log(person, area, 2, created_at=at(2, hour))
    for hour in (11, 12, 13):
        log(person, other_area, 2, created_at=at(2, hour))
    log(person, other_area, 3)
    tasks.sweep()
    assert {row[1]: row[3] for row in stored()} == {area.id: 3, other_area.id: 3}

    # An undone early one in one area makes room for a late one in the other.
    Interaction.objects.filter(area=area, created_at=at(2, 8)).delete()
    tasks.sweep()
    assert {row[1]: row[3] for row in stored()} == {area.id: 2, other_area.id: 4}
    assert find_miscounts() == []


def test_an_area_beyond_the_cap_has_no_row(
    person: Contributor, area: Area, other_area: Area
) -> None:
    for hour in range(6, 11):
        log(person, area, 2, created_at=at(2, hour))
    log(person, other_area, 2, created_at=at(2, 20))
    tasks.sweep()
    assert [(row[1], row[3]) for row in stored()] == [(area.id, 5)]


def test_a_moment_that_arrives_after_midnight_is_seen_on_the_day_in_scotland(
    person: Contributor, area: Area
) -> None:
    # 23:30 UTC on 30 June is 00:30 on 1 July in Scotland; the moment stays one of June.
    InteractionFactory.create(
        contributor=person,
        area=area,
        occurred_on=dt.date(2026, 6, 30),
        created_at=dt.datetime(2026, 6, 30, 23, 30, tzinfo=dt.UTC),
    )
    tasks.sweep()
    row = ContributorMonth.objects.get()
    assert (row.month_on, row.seen_on, row.last_on) == (
        dt.date(2026, 6, 1),
        [dt.date(2026, 7, 1)],
        dt.date(2026, 6, 30),
    )


def test_a_changed_moment_leaves_its_old_month_area_and_person(
    person: Contributor, area: Area, other_area: Area
) -> None:
    somebody = ContributorFactory.create()
    moment = log(person, area, 2)
    tasks.sweep()
    Interaction.objects.filter(pk=moment.pk).update(
        contributor=somebody,
        area=other_area,
        occurred_on=dt.date(2026, 4, 2),
        month_on=dt.date(2026, 4, 1),
    )
    tasks.sweep()
    assert [row[:3] for row in stored()] == [(somebody.id, other_area.id, dt.date(2026, 4, 1))]


def test_forgetting_a_person_empties_their_months(person: Contributor, area: Area) -> None:
    log(person, area, 2)
    tasks.sweep()
    person.delete()
    assert DirtyMark.objects.count() == 1
    tasks.sweep()
    assert stored() == []
    assert not DirtyMark.objects.exists()


def test_a_difficulty_is_no_act(person: Contributor, area: Area) -> None:
    DifficultyFactory.create(contributor=person, area=area)
    assert DirtyMark.objects.get().is_answer
    for shard in range(SHARDS):
        sweep_shard(shard)
    assert not ContributorMonth.objects.exists()
    assert AnswerMonth.objects.get().was_hard


def test_one_statement_marks_each_key_once(person: Contributor, area: Area) -> None:
    Interaction.objects.bulk_create(
        [InteractionFactory.build(contributor=person, area=area) for _ in range(50)]
    )
    mark = DirtyMark.objects.get()
    assert (mark.contributor_id, mark.area_id) == (person.id, area.id)
    assert 0 <= mark.shard < SHARDS


def test_marks_of_one_person_share_a_shard(area: Area, other_area: Area) -> None:
    people = ContributorFactory.create_batch(40)
    for person in people:
        log(person, area, 2)
        log(person, other_area, 3)
    shards = {
        person.id: set(
            DirtyMark.objects.filter(contributor_id=person.id).values_list("shard", flat=True)
        )
        for person in people
    }
    assert all(len(of_person) == 1 for of_person in shards.values())
    # The work is divided: 40 people in one shard of 16 would be the chance of 16⁻³⁹.
    assert len(set.union(*shards.values())) > 4


def test_sweeping_again_changes_nothing(person: Contributor, area: Area) -> None:
    log(person, area, 2)
    tasks.sweep()
    before = list(ContributorMonth.objects.values_list("pk", "logs"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text FROM indicators_contributormonth")
        version = cursor.fetchall()
        # The same mark once more: the row is not even written.
        cursor.execute(
            "INSERT INTO interactions_dirtymark (shard, month_on, area_id, contributor_id)"
            " VALUES (3, %s, %s, %s)",
            [MARCH, area.id, person.id],
        )
        assert sweep_shard(3) == 1
        cursor.execute("SELECT xmin::text FROM indicators_contributormonth")
        assert cursor.fetchall() == version
    assert list(ContributorMonth.objects.values_list("pk", "logs")) == before


def test_a_backlog_larger_than_one_transaction_is_swept_whole(
    person: Contributor, area: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("connections.indicators.sweep", "connections.indicators.tasks"):
        monkeypatch.setattr(f"{module}.MARKS_AT_ONCE", 3)
    for day in range(1, 12):
        log(person, area, day)
    tasks.sweep()
    assert [row[3] for row in stored()] == [11]
    assert not DirtyMark.objects.exists()


def test_recounting_mends_whatever_went_wrong(person: Contributor, area: Area) -> None:
    log(person, area, 2)
    tasks.sweep()
    ContributorMonth.objects.update(logs=77)
    stranger = uuid.uuid4()
    ContributorMonth.objects.create(
        contributor_id=stranger,
        area=area,
        month_on=MARCH,
        ties=[0] * 6,
        seen_on=[],
        last_on=MARCH,
        **dict.fromkeys(("logs", "gave", "received", "noticed", "at_place"), 1),
        **dict.fromkeys(("different", "different_answered", "beyond", "beyond_answered"), 1),
    )
    assert len(find_miscounts()) == 3
    assert recount_months(first_on=MARCH, last_on=MARCH) == 2
    assert find_miscounts() == []
    assert [(row[0], row[3]) for row in stored()] == [(person.id, 1)]


@pytest.mark.django_db(transaction=True)
def test_a_shard_that_another_worker_sweeps_is_left_to_it() -> None:
    moment = InteractionFactory.create()
    shard = DirtyMark.objects.get().shard
    found: list[int] = []

    def sweep_elsewhere() -> None:
        try:
            found.append(sweep_shard(shard))
        finally:
            connection.close()

    with transaction.atomic():
        assert sweep_shard(shard) == 1
        elsewhere = threading.Thread(target=sweep_elsewhere)
        elsewhere.start()
        elsewhere.join()
    assert found == [0]
    assert ContributorMonth.objects.get().contributor_id == moment.contributor_id


@pytest.mark.django_db(transaction=True)
def test_writers_never_wait_for_a_sweep_and_nothing_is_missed() -> None:
    moment = InteractionFactory.create()
    shard = DirtyMark.objects.get().shard
    waited: list[str] = []

    def write_meanwhile() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1s'")
            InteractionFactory.create(contributor=moment.contributor, area=moment.area)
        except Exception as error:
            waited.append(repr(error))
        finally:
            connection.close()

    with transaction.atomic():
        sweep_shard(shard)
        writer = threading.Thread(target=write_meanwhile)
        writer.start()
        writer.join()
    assert waited == []
    assert len(find_miscounts()) == 2  # one row stored, one counted: the mark still waits
    tasks.sweep()
    assert find_miscounts() == []
    assert ContributorMonth.objects.get().logs == 2


@pytest.fixture
def people_and_areas(db: None) -> tuple[list[Contributor], list[Area]]:
    return ContributorFactory.create_batch(3), NeighbourhoodFactory.create_batch(3)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_any_history_ends_equal_to_a_recount(
    people_and_areas: tuple[list[Contributor], list[Area]], seed: int
) -> None:
    people, areas = people_and_areas
    chance = random.Random(seed)
    for _ in range(40):
        deed = chance.choice(["log", "log", "log", "move", "delete", "sweep"])
        some = Interaction.objects.order_by("?").first()
        if deed == "log" or some is None:
            log(
                chance.choice(people),
                chance.choice(areas),
                chance.randint(1, 3),
                direction=chance.choice(Direction.values),
                through_organisation=chance.choice([None, *YesNoUnsure.values]),
                at_work=chance.choice([None, *AtWork.values]),
                tie=chance.choice([None, *Tie.values]),
            )
        elif deed == "move":
            day = dt.date(2026, chance.choice([3, 4]), chance.randint(1, 3))
            Interaction.objects.filter(pk=some.pk).update(
                area=chance.choice(areas), occurred_on=day, month_on=day.replace(day=1)
            )
        elif deed == "delete":
            some.delete()
        else:
            sweep_shard(chance.randrange(SHARDS))
    tasks.sweep()
    assert find_miscounts() == []
