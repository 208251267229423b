"""What happens to quarters by themselves, once a year, and after the fact."""

import datetime as dt
import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from connections.befriending.models import Ending, Match, Participant, ScaleAnswer
from connections.indicators import disclosure, release, tasks
from connections.indicators.freeze import freeze_again
from connections.indicators.models import (
    AnswerMonth,
    CadencePlan,
    Component,
    ContributorMonth,
    Figure,
    Quarter,
    QuarterContributor,
    QuarterOutcome,
    QuarterReferral,
    Release,
)
from connections.indicators.privacy import erase
from connections.indicators.sweep import SHARDS, find_miscounts, sweep_shard
from connections.interactions.models import (
    Difficulty,
    HomeArea,
    Measure,
    MeasureAnswer,
    Prompt,
    PromptAnswer,
    PromptAsked,
)
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import Contributor
from kinder.accounts.rules import Refused
from places.actions import rebuild_ancestors
from places.models import Area
from tests.factories import (
    AdministratorFactory,
    CommunityFactory,
    CouncilFactory,
    NeighbourhoodFactory,
    OrganisationFactory,
    UserFactory,
)
from tests.indicators.befriended import befriend
from tests.indicators.months import (
    FREEZE_DAY,
    LONDON,
    PUBLISH_DAY,
    QUARTER,
    make_month,
    make_person,
)

pytestmark = pytest.mark.django_db

NEXT_YEAR = dt.datetime(2027, 2, 20, 9, tzinfo=LONDON)
YEAR_END = dt.date(2026, 10, 1)


@pytest.fixture
def hill() -> Area:
    """A neighbourhood in a community in a council."""
    unknown: dict[str, Any] = {"population": None, "adults": None}
    council = CouncilFactory.create(code="C1", **unknown)
    community = CommunityFactory.create(code="Y1", parent=council, **unknown)
    area: Area = NeighbourhoodFactory.create(code="N1", parent=community)
    rebuild_ancestors(area.geography)
    return area


def add(area: Area, people: int, **counts: Any) -> list[Contributor]:
    added = [make_person() for _ in range(people)]
    for person in added:
        make_month(person, area, **counts)
    return added


def sweep() -> None:
    for shard in range(SHARDS):
        while sweep_shard(shard):
            pass


def make_ready(quarter_on: dt.date = QUARTER, now: dt.datetime = FREEZE_DAY) -> Release:
    sweep()
    quarter = release.freeze_quarter(by=Purpose.RELEASE, quarter_on=quarter_on, now=now)
    made = release.start_release(by=Purpose.RELEASE, quarter=quarter)
    release.continue_work()
    made.refresh_from_db()
    assert made.state == Release.State.READY
    return made


def publish(made: Release, now: dt.datetime = PUBLISH_DAY) -> Release:
    return release.publish_release(by=Purpose.RELEASE, release=made, now=now)


def shown(made: Release, code: str) -> dict[str, Figure]:
    rows = Figure.objects.filter(release=made, indicator=code).select_related("area")
    return {row.area.code: row for row in rows}


# By itself


def test_a_quarter_is_frozen_and_computed_when_its_day_has_come(hill: Area) -> None:
    add(hill, 12, gave=2, received=1)
    assert release.freeze_due(dt.datetime(2026, 4, 30, 9, tzinfo=LONDON)) == 0
    assert release.freeze_due(FREEZE_DAY) == 1
    assert release.freeze_due(FREEZE_DAY) == 0
    release.continue_work()
    assert Release.objects.get().state == Release.State.READY
    assert Quarter.objects.get().frozen_at == FREEZE_DAY


def test_nothing_is_frozen_where_nobody_did_anything(hill: Area) -> None:
    tasks.freeze_what_is_due()
    assert not Quarter.objects.exists()


# The ordinary day


def live_in(people: list[Contributor], area: Area) -> None:
    HomeArea.objects.bulk_create(HomeArea(contributor=one, area=area) for one in people)


def ask(people: list[Contributor], month: int = 1) -> Prompt:
    prompt, _ = Prompt.objects.get_or_create(
        month_on=dt.date(2026, month, 1), defaults={"asked_on": dt.date(2026, month, 12)}
    )
    PromptAsked.objects.bulk_create(PromptAsked(prompt=prompt, contributor=p) for p in people)
    return prompt


def answer(prompt: Prompt, person: Contributor, area: Area, **facts: Any) -> PromptAnswer:
    facts.setdefault("created_at", dt.datetime(2026, prompt.month_on.month, 13, tzinfo=LONDON))
    facts.setdefault("is_in_window", True)
    return PromptAnswer.objects.create(prompt=prompt, contributor=person, area=area, **facts)


def test_answers_are_counted_as_they_stand(hill: Area) -> None:
    person = make_person()
    prompt = ask([person])
    kept = answer(
        prompt, person, hill, gave=3, received=20, rely=1, was_hard=False, hard_reasons=["money"]
    )
    Difficulty.objects.create(
        contributor=person, area=hill, occurred_on=dt.date(2026, 1, 20),
        month_on=prompt.month_on, reasons=["trust", "money"], body_sha256=b"x" * 32,
    )  # fmt: skip
    sweep()
    month = AnswerMonth.objects.get()
    assert (month.gave, month.received, month.rely, month.kind) == (3, 20, 1, None)
    assert (month.was_hard, month.reasons) == (True, ["money", "trust"])
    assert month.answered_on == dt.date(2026, 1, 13)
    assert not find_miscounts()
    kept.delete()
    sweep()
    month = AnswerMonth.objects.get()
    assert (month.answered_on, month.was_hard, month.reasons) == (None, True, ["money", "trust"])
    Difficulty.objects.all().delete()
    sweep()
    assert not AnswerMonth.objects.exists()


def test_a_late_answer_counts_nowhere(hill: Area) -> None:
    person = make_person()
    answer(ask([person]), person, hill, gave=3, is_in_window=False)
    sweep()
    assert not AnswerMonth.objects.exists()
    assert not ContributorMonth.objects.exists()


def test_levels_come_from_those_who_answered_with_the_response_beside(hill: Area) -> None:
    """40 of 60 asked answer twice: half recall 2 acts a day, half 14, of which 10 count."""
    people = [make_person() for _ in range(60)]
    live_in(people, hill)
    for month in (1, 2):
        prompt = ask(people, month)
        for number, person in enumerate(people[:40]):
            acts = {"gave": 2} if number % 2 else {"gave": 7, "received": 4, "noticed": 3}
            answer(prompt, person, hill, **acts, rely=1 + number % 4, was_hard=number < 22)
    made = make_ready()
    day = shown(made, "A2")["N1"]
    assert (day.status, day.people, day.value) == ("shown", 40, 6.0)
    assert day.standard_error == pytest.approx(0.64)
    assert day.coverage == 67
    # Rely: 1 and 2 agree. They take part too: answers came on two days.
    rely = shown(made, "E1")["N1"]
    assert (rely.value, rely.coverage) == (50, 100)
    assert shown(made, "A1")["N1"].people == 40
    # Barriers are sensitive and ask for 50.
    assert shown(made, "E3")["N1"].status == "c"
    assert {row.area.level for row in Figure.objects.filter(indicator="E3.money")} == {"council"}


def test_whoever_has_only_a_council_counts_there_among_those_asked(hill: Area) -> None:
    """40 answer in the neighbourhood; 20 more were asked of whom only the council is known, and 5
    of whom nothing is: the neighbourhood's share is whole, the council's is two thirds."""
    here, around, unknown = ([make_person() for _ in range(many)] for many in (40, 20, 5))
    live_in(here, hill)
    live_in(around, Area.objects.get(code="C1"))
    for month in (1, 2):
        prompt = ask([*here, *around, *unknown], month)
        for number, person in enumerate(here):
            answer(prompt, person, hill, gave=number % 5, received=number % 3, noticed=number % 2)
    made = make_ready()
    days = shown(made, "A2")
    assert (days["N1"].status, days["N1"].coverage) == ("shown", 100)
    assert (days["C1"].status, days["C1"].coverage) == ("shown", 67)
    assert QuarterContributor.objects.count() == 60


def test_too_few_of_those_asked_withhold_all_of_the_sheet(hill: Area) -> None:
    people = [make_person() for _ in range(176)]
    live_in(people, hill)
    for month in (1, 2):
        prompt = ask(people, month)
        for number, person in enumerate(people[:35]):
            told = {"gave": number % 5, "received": number % 3, "noticed": number % 2}
            answer(prompt, person, hill, **told, rely=1 + number % 4)
    made = make_ready()
    figure = shown(made, "A2")["N1"]
    # 70 of 352 is under a fifth.
    assert (figure.status, figure.people, figure.value) == ("response", None, None)
    assert shown(made, "E1")["N1"].status == "c"
    assert shown(made, "A1")["N1"].status == "shown"


def test_a_communitys_own_question_is_told_for_it_alone(hill: Area) -> None:
    measure = Measure.objects.create(
        area_id=hill.parent_id or 0, number=1, question="I know my neighbours.", scale="agree_5",
        proposed_by=OrganisationFactory.create(), author="The Hub", state="open",
        opened_on=dt.date(2026, 1, 2),
    )  # fmt: skip
    people = add(hill, 40, gave=2, received=1)
    for number, person in enumerate(people[:36]):
        MeasureAnswer.objects.create(
            measure=measure, contributor=person, quarter_on=QUARTER, value=1 + number % 3
        )
    made = make_ready()
    assert set(shown(made, "M:Y1:1")) == {"Y1"}
    figure = shown(made, "M:Y1:1")["Y1"]
    assert (figure.status, figure.people, figure.value) == ("shown", 35, 67)
    assert made.parameters["measures"][0]["question"] == "I know my neighbours."


# Once a year


def test_a_council_that_tells_once_a_year_is_told_of_its_year(hill: Area) -> None:
    by = AdministratorFactory.create()
    council = Area.objects.get(code="C1")
    with pytest.raises(Refused):
        release.plan_cadence(by=by, council=council, from_year=2026, cadence="annual",
                             now=FREEZE_DAY)  # fmt: skip
    with pytest.raises(Refused):
        release.plan_cadence(by=UserFactory.create(), council=council, from_year=2027,
                             cadence="annual", now=FREEZE_DAY)  # fmt: skip
    CadencePlan.objects.create(
        indicator="A1", council=council, from_year=2026, cadence="annual", planned_by=by
    )
    # 8 people in each of two quarters, 4 of them the same: too few for a quarter, 12 for the year.
    people = add(hill, 8, gave=2, received=1)
    first = publish(make_ready())
    assert not Figure.objects.filter(release=first, indicator="A1").exists()
    assert Figure.objects.filter(release=first, indicator="C1").exists()
    for person in [*people[:4], *(make_person() for _ in range(4))]:
        ContributorMonth.objects.create(
            contributor_id=person.pk, area=hill, month_on=dt.date(2026, 10, 1), logs=3, gave=2,
            received=1, noticed=0, different=0, different_answered=0, beyond=0, beyond_answered=0,
            at_place=0, ties=[0] * 6, seen_on=[dt.date(2026, 10, 3), dt.date(2026, 10, 9)],
            last_on=dt.date(2026, 10, 9),
        )  # fmt: skip
    last = publish(make_ready(YEAR_END, dt.datetime(2027, 1, 31, 9, tzinfo=LONDON)), NEXT_YEAR)
    figure = shown(last, "A1")["N1"]
    assert (figure.status, figure.people, figure.of_year) == ("shown", 10, 2026)
    # It stands in the next quarters' releases as it was.
    spring = make_ready(dt.date(2027, 1, 1), dt.datetime(2027, 5, 1, 9, tzinfo=LONDON))
    again = shown(spring, "A1")["N1"]
    assert (again.people, again.value, again.of_year) == (10, figure.value, 2026)


def test_befriending_is_told_of_the_year_by_council(hill: Area) -> None:
    council = Area.objects.get(code="C1")
    befriend(hill, 45)
    add(hill, 12, gave=1)
    made = make_ready(YEAR_END, dt.datetime(2027, 1, 31, 9, tzinfo=LONDON))
    assert QuarterReferral.objects.count() == 45
    figure = shown(made, "D1")["C1"]
    # 30 of 45 met within 91 days, nobody left the list, nobody was lost from sight.
    assert (figure.status, figure.people, figure.value, figure.of_year) == ("shown", 45, 67, 2026)
    assert figure.lower is not None
    assert figure.upper is not None
    assert 45 < figure.lower < 67 < figure.upper < 85
    assert shown(made, "D1.median")["C1"].value == pytest.approx(54, abs=4)
    assert shown(made, "D3")["C1"].status == "c"
    assert {row.area_id for row in Figure.objects.filter(indicator="D1")} == {council.pk}
    assert not Ending.objects.exists()


def test_a_participant_erased_before_publication_is_left_out(hill: Area) -> None:
    people = befriend(hill, 45)
    add(hill, 12, gave=1)
    made = make_ready(YEAR_END, dt.datetime(2027, 1, 31, 9, tzinfo=LONDON))
    with acting(purpose=Purpose.ERASE):
        for person in people[:3]:
            Match.objects.filter(participant=person).delete()
            person.delete()
    assert QuarterReferral.objects.count() == 42
    with pytest.raises(Refused):
        publish(made, NEXT_YEAR)
    release.continue_work()
    made.refresh_from_db()
    assert shown(made, "D1")["C1"].people == 40
    publish(made, NEXT_YEAR)


def answer_scale(people: list[Participant], year: int, scale: str, answers: list[int]) -> None:
    day = dt.date(year, 5, 5)
    with acting(purpose=Purpose.MIGRATE):
        for person in people:
            ScaleAnswer.objects.create(
                participant=person, scale=scale, answers=answers, answered_on=day, consented_on=day
            )


def test_outcomes_are_told_with_how_many_are_missing(hill: Area) -> None:
    people = befriend(hill, 70)
    add(hill, 12, gave=1)
    # Of 70 who answered in the year before, 60 answered again, 25 of them less lonely: on two
    # scales, of which each person answered one.
    answer_scale(people[:40], 2025, "ucla3", [3, 3, 3])
    answer_scale(people[40:], 2025, "djg6", [1, 3, 3, 1, 3, 1])
    answer_scale(people[:10], 2026, "ucla3", [2, 3, 3])
    answer_scale(people[10:40], 2026, "ucla3", [3, 3, 3])
    answer_scale(people[40:55], 2026, "djg6", [1, 1, 3, 1, 3, 1])
    answer_scale(people[55:60], 2026, "djg6", [1, 3, 3, 1, 3, 1])
    made = make_ready(YEAR_END, dt.datetime(2027, 1, 31, 9, tzinfo=LONDON))
    assert QuarterOutcome.objects.count() == 70
    assert QuarterOutcome.objects.filter(latest=None).count() == 10
    figure = shown(made, "D4")["C1"]
    assert (figure.status, figure.people, figure.value) == ("shown", 60, 42)
    assert figure.coverage == 86
    assert figure.lower is not None
    assert 25 < figure.lower < 42
    # Somebody takes their answers back before publication: they are in no figure.
    with acting(purpose=Purpose.ERASE):
        ScaleAnswer.objects.filter(participant=people[0]).delete()
    assert QuarterOutcome.objects.count() == 69
    with pytest.raises(Refused):
        publish(made, NEXT_YEAR)
    release.continue_work()
    made.refresh_from_db()
    publish(made, NEXT_YEAR)


def test_few_outcomes_are_not_told(hill: Area) -> None:
    people = befriend(hill, 45)
    add(hill, 12, gave=1)
    answer_scale(people, 2025, "ons", [5])
    # 19 of 45 less lonely: one too few for what is sensitive.
    answer_scale(people[:19], 2026, "ons", [3])
    answer_scale(people[19:], 2026, "ons", [5])
    made = make_ready(YEAR_END, dt.datetime(2027, 1, 31, 9, tzinfo=LONDON))
    assert shown(made, "D4")["C1"].status in {"c", "bound"}
    assert shown(made, "D4")["C1"].value is None


# A revision


def test_a_revision_changes_a_figure_only_where_ten_people_changed(hill: Area) -> None:
    dale = NeighbourhoodFactory.create(code="N2", parent=hill.parent)
    people = add(hill, 40, gave=2, received=1)
    others = add(dale, 40, gave=2, received=1)
    first = publish(make_ready())
    before = {code: row.value for code, row in shown(first, "A1").items()}
    # Twelve of the hill come out as forged, three of the dale.
    gone = [*people[:12], *others[:3]]
    Contributor.objects.filter(pk__in=[one.pk for one in gone]).update(is_blocked=True)
    with pytest.raises(Refused):
        release.revise_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=FREEZE_DAY)
    second = release.revise_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=NEXT_YEAR)
    release.continue_work()
    second.refresh_from_db()
    assert (second.version, second.revision, second.state) == (2, 2, Release.State.READY)
    after = {code: row.value for code, row in shown(second, "A1").items()}
    # Of the community's 15 the hill's 12 would leave 3 alone: so the hill repeats too.
    assert (after["N1"], after["N2"]) == (before["N1"], before["N2"])
    assert (before["Y1"], after["Y1"]) == (50, 40.6)
    publish(second, NEXT_YEAR)
    first.refresh_from_db()
    assert first.state == Release.State.SUPERSEDED
    assert {code: row.value for code, row in shown(first, "A1").items()} == before
    with pytest.raises(Refused):
        release.revise_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=NEXT_YEAR)


def test_a_revision_tells_no_part_of_a_mean_by_the_others(hill: Area) -> None:
    """Of twelve people what was beyond organisations turns out to be hosted, and of three others what
    was hosted, somebody's job. Two parts changed by enough; with them the third would be told."""
    answers: dict[str, Any] = {"gave": 4, "beyond_answered": 4}
    corrected = add(hill, 12, beyond=4, **answers)
    at_work = add(hill, 3, beyond=0, **answers)
    add(hill, 15, beyond=1, in_role=3, **answers)
    add(hill, 15, beyond=2, in_role=1, **answers)
    codes = ("B2", "B2.role", "B2.hosted")
    first = publish(make_ready())
    before = [shown(first, code)["N1"].value for code in codes]
    assert None not in before
    for people, counted in ((corrected, {"beyond": 0}), (at_work, {"in_role": 4})):
        ids = [one.pk for one in people]
        ContributorMonth.objects.filter(contributor_id__in=ids).update(**counted)
    second = release.revise_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=NEXT_YEAR)
    release.continue_work()
    second.refresh_from_db()
    assert [shown(second, code)["N1"].value for code in codes] == before


def test_a_revision_without_changes_repeats_every_figure(hill: Area) -> None:
    add(hill, 40, gave=2, received=1)
    first = publish(make_ready())
    out = io.StringIO()
    quarter = Quarter.objects.get()
    freeze_again(by=Purpose.RELEASE, quarter=quarter, now=NEXT_YEAR)
    quarter.refresh_from_db()
    second = release.start_release(by=Purpose.RELEASE, quarter=quarter)
    release.continue_work()
    second.refresh_from_db()
    assert second.parameters["figures_sha256"] == first.parameters["figures_sha256"]
    assert QuarterContributor.objects.filter(revision=2).count() == 40
    publish(second, NEXT_YEAR)
    call_command("reproduce", "2026-Q1", stdout=out)
    assert "The same bytes" in out.getvalue()


# Reproduced


def test_a_release_is_made_again_byte_by_byte(hill: Area) -> None:
    add(hill, 40, gave=2, received=1)
    made = publish(make_ready())
    out = io.StringIO()
    call_command("reproduce", "2026-Q1", stdout=out)
    assert "from components through the gate" in out.getvalue()
    assert release.reproduce(made).is_identical
    # A component that is not what was sealed is noticed.
    Component.objects.filter(release=made, indicator="A1", area=hill).update(n=55)
    assert not release.reproduce(made).is_identical
    with pytest.raises(CommandError, match="not the same"):
        call_command("reproduce", "2026-Q1", stdout=out)
    # After 13 months the figures are held against their seal, and that is said.
    release.forget_old_sums(dt.datetime(2027, 5, 2, tzinfo=LONDON))
    out = io.StringIO()
    call_command("reproduce", "2026-Q1", "--number", "1", stdout=out)
    assert "not how the figures came about" in out.getvalue()
    with pytest.raises(CommandError, match="no such release"):
        call_command("reproduce", "2020-Q1", stdout=out)


def test_another_gate_would_be_noticed(hill: Area, monkeypatch: pytest.MonkeyPatch) -> None:
    add(hill, 12, gave=2, received=1)
    made = publish(make_ready())
    monkeypatch.setattr(disclosure, "K_MIN", 20)
    assert not release.reproduce(made).is_identical


def test_an_erasure_is_of_one_piece_with_whatever_it_is_part_of(hill: Area) -> None:
    """Live rows and counts go together or stay together."""
    [person] = add(hill, 1, gave=2)
    with pytest.raises(RuntimeError), transaction.atomic():
        assert erase(person) == 1
        assert not ContributorMonth.objects.exists()
        raise RuntimeError
    assert ContributorMonth.objects.count() == 1


def test_the_next_quarter_leaves_an_erased_person_out(hill: Area) -> None:
    people = add(hill, 13, gave=2, received=1)
    first = publish(make_ready())
    told = {code: row.people for code, row in shown(first, "A1").items()}
    for person in people:
        make_month(person, hill, month=4, gave=2)
    for person in people[:3]:
        erase(person)
    assert {code: row.people for code, row in shown(first, "A1").items()} == told
    after = make_ready(dt.date(2026, 4, 1), dt.datetime(2026, 8, 1, 9, tzinfo=LONDON))
    assert QuarterContributor.objects.filter(quarter_id=dt.date(2026, 4, 1)).count() == 10
    assert shown(after, "A1")["N1"].people == 10


def test_an_erasure_reaches_every_row_of_a_person(hill: Area) -> None:
    people = [make_person() for _ in range(12)]
    prompt = ask(people)
    for person in people:
        make_month(person, hill, gave=2)
        answer(prompt, person, hill, gave=1)
    made = make_ready()
    assert shown(made, "A1")["N1"].people == 10
    for person in people[:3]:
        erase(person)
    for model in (ContributorMonth, AnswerMonth, QuarterContributor):
        assert model.objects.count() == 9
    release.continue_work()
    made.refresh_from_db()
    assert made.state == Release.State.READY
    assert shown(made, "A1")["N1"].status == "c"
