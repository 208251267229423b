"""What the demo is too small to tell of befriending (ends in the second quarter of a pairing, and
outcomes), in a year of an invented service large enough, by the other road: plain pandas over rows."""

import datetime as dt
import math
import random

import pytest

from connections.befriending.models import (
    Ending,
    Match,
    Participant,
    Referral,
    ScaleAnswer,
    Service,
    Volunteer,
)
from connections.indicators import release
from connections.indicators.models import Figure, Release
from kinder.accounts.acting import Purpose, acting
from places.models import Area
from tests.demo import other_road
from tests.factories import CouncilFactory, NeighbourhoodFactory, OrganisationFactory
from tests.indicators.months import LONDON

pytestmark = pytest.mark.django_db

ENDS = {"unplanned": (20, 360), "planned": (100, 360), "died": (40, 300), "moved": (40, 300)}


def pair(service: Service, area: Area, number: int, dice: random.Random) -> None:
    """Somebody who met a volunteer in 2025, how that ended, and their answers to a scale."""
    person = Participant.objects.create(service=service, name=f"Person {number}")
    volunteer = Volunteer.objects.create(
        service=service, name=f"Volunteer {number}", applied_on=dt.date(2024, 1, 1)
    )
    met = dt.date(2025, 1, 2) + dt.timedelta(days=dice.randrange(360))
    referral = Referral.objects.create(
        service=service, participant=person, area=area, source="self", state="waiting",
        has_consented=True, received_on=met - dt.timedelta(days=dice.randrange(5, 90)),
    )  # fmt: skip
    how = dice.choice(["unplanned", "unplanned", "unplanned", "planned", "died", "moved", "", ""])
    ended = met + dt.timedelta(days=dice.randint(*ENDS[how])) if how else None
    match = Match.objects.create(
        service=service, referral=referral, participant=person, volunteer=volunteer,
        state="ended" if how else "introduced", first_met_on=met, ended_on=ended,
    )  # fmt: skip
    if how:
        Ending.objects.create(
            match=match, is_planned=how == "planned", reason=how if how in ("died", "moved") else ""
        )
    scale, items, most = dice.choice([("ucla3", 3, 3), ("djg6", 6, 3)])
    days = (dt.date(2025, 6, 1), dt.date(2026, 6, 1))
    for day in days[: dice.choice([1, 2, 2, 2])]:
        ScaleAnswer.objects.create(
            participant=person, scale=scale, answered_on=day, consented_on=day,
            answers=[dice.randint(1, most) for _ in range(items)],
        )  # fmt: skip


@pytest.fixture
def made() -> Release:
    dice = random.Random(11)
    councils = CouncilFactory.create_batch(2, parent=None)
    areas = [NeighbourhoodFactory.create(parent__parent=one) for one in councils]
    with acting(purpose=Purpose.MIGRATE):
        service = Service.objects.create(organisation=OrganisationFactory.create(), name="Line")
        for number in range(320):
            pair(service, dice.choice(areas), number, dice)
    quarter = release.freeze_quarter(
        by=Purpose.RELEASE,
        quarter_on=dt.date(2026, 10, 1),
        now=dt.datetime(2027, 1, 31, 9, tzinfo=LONDON),
    )
    begun = release.start_release(by=Purpose.RELEASE, quarter=quarter)
    release.continue_work()
    return Release.objects.get(pk=begun.pk)


def halves_up(value: float) -> int:
    return math.floor(value + 0.5 + 1e-9)


def test_lasting_and_outcomes_are_those_of_another_road(made: Release) -> None:
    tree = other_road.read("SELECT area_id, ancestor_id FROM places_areaancestor ORDER BY depth")
    up = tree.groupby("area_id")["ancestor_id"].apply(list).to_dict()
    shown = Figure.objects.filter(release=made, status="shown")
    told: dict[str, int] = {}
    with acting(purpose=Purpose.RELEASE):
        for figure in shown.filter(indicator__in=["D2.91", "D2", "D2.365", "D2.planned", "D4"]):
            code, area = figure.indicator, figure.area_id
            told[code] = told.get(code, 0) + 1
            if code == "D4":
                asked, lower = other_road.outcomes(2026, area, up)
                n, x = len(lower), sum(lower)
                assert min(x, n - x) >= 20
                assert figure.people == 5 * halves_up(n / 5)
                assert figure.value == halves_up(100 * x / n)
                assert figure.coverage == halves_up(100 * n / asked)
                continue
            rows = other_road.pairings(2026, area, up)
            day = {"D2.91": 91, "D2": 182}.get(code, 365)
            cause = 2 if code == "D2.planned" else 1
            share = other_road.incidence(rows, day, cause)
            low, high = other_road.incidence_range(rows, day, cause)
            if cause == 1:
                share, low, high = 100 - share, 100 - high, 100 - low
            assert figure.people == 5 * halves_up(len(rows) / 5)
            for found, value in ((figure.value, share), (figure.lower, low), (figure.upper, high)):
                assert found == halves_up(value), (code, area)
    assert told["D2.91"] == told["D4"] == 2
    assert {"D2", "D2.365"} <= told.keys()
