"""A release on real Glasgow: its areas, residents and postcodes, with invented people and places."""

import random
import shlex
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models import Sum

from connections.indicators import release
from connections.indicators.models import Component, Figure, Release
from kinder.accounts.acting import Purpose
from places.models import Area, Place, Postcode
from places.vocabulary import CostToStay, PlaceKind, PlaceState
from tests.indicators.months import FREEZE_DAY, QUARTER, make_month, make_person

pytestmark = pytest.mark.django_db

COUNCIL = "S12000049"
PEOPLE = 1_500
PLACES = 400


@pytest.fixture
def glasgow(sample_data: Path) -> Area:
    """Imported as docs/imports.md says, with places at a postcode each, all checked."""
    page = (Path(settings.BASE_DIR) / "docs" / "imports.md").read_text()
    section = page.split("## Glasgow alone, at full detail")[1].split("\n## ")[0]
    for line in section.replace("\\\n", " ").splitlines():
        if line.startswith("bin/manage") and "import_place_names" not in line:
            command, *options = shlex.split(line.replace("$DATA", str(sample_data)))[1:]
            call_command(command, *options, verbosity=0)
    chance = random.Random(7)
    kinds = list(PlaceKind)
    for postcode in Postcode.objects.order_by("code")[:: Postcode.objects.count() // PLACES]:
        Place.objects.create(
            name=f"Somewhere in {postcode.code}",
            kind=chance.choice(kinds),
            point=postcode.point,
            area=postcode.area,
            opening_hours="Mo-Su 10:00-20:00",
            weekly_hours=70.0,
            cost_to_stay=CostToStay.FREE,
            state=PlaceState.VERIFIED,
            confirmed_at=FREEZE_DAY,
        )
    return Area.objects.get(code=COUNCIL)


def test_the_whole_road(glasgow: Area) -> None:
    chance = random.Random(11)
    hills = list(Area.objects.filter(level="intermediate").order_by("code"))
    assert len(hills) == 136
    for _ in range(PEOPLE):
        # A few neighbourhoods take part far more than the others.
        hill = hills[min(int(chance.expovariate(1 / 20)), len(hills) - 1)]
        make_month(make_person(), hill, gave=chance.randrange(5), received=chance.randrange(4))
    quarter = release.freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=FREEZE_DAY)
    made = release.start_release(by=Purpose.RELEASE, quarter=quarter)
    release.continue_work()
    made.refresh_from_db()
    assert made.state == Release.State.READY
    assert made.parameters["denominator"] == "adults"

    # Every person counts once.
    counted = Component.objects.filter(release=made, indicator="A1").aggregate(n=Sum("n"))
    assert counted["n"] == PEOPLE
    [city] = Figure.objects.filter(release=made, indicator="A1", area=glasgow)
    adults = Area.objects.filter(level="zone").aggregate(adults=Sum("adults"))["adults"]
    assert (city.people, city.exposure) == (PEOPLE, adults)
    assert city.value == pytest.approx(1_000 * PEOPLE / adults, rel=0.005)

    # Whatever is shown stands on ten people, and what is hidden under the city on ten together.
    shown = Figure.objects.filter(release=made, indicator="A1", status="shown").exclude(
        area=glasgow
    )
    assert 20 < shown.count() < 136
    own = dict(Component.objects.filter(release=made, indicator="A1").values_list("area_id", "n"))
    assert all(own[figure.area_id] >= 10 for figure in shown)
    assert PEOPLE - sum(own[figure.area_id] for figure in shown) >= 10

    # All hours of places that somebody can walk to are shared out among the residents.
    scores = dict(
        Component.objects.filter(release=made, indicator="C1").values_list("area__code", "value")
    )
    residents = {
        zone.code: zone.population for zone in Area.objects.filter(level="zone") if zone.population
    }
    shared = sum(people * (scores[code] or 0) for code, people in residents.items()) / 1_000
    assert shared == pytest.approx(70.0 * Place.objects.count(), rel=1e-6)
    assert scores[COUNCIL] == pytest.approx(
        1_000 * 70.0 * Place.objects.count() / sum(residents.values()), rel=1e-6
    )
    told = Figure.objects.filter(release=made, indicator="C1", area__level="zone")
    # Three zones were cleared: nobody lives there, so they have no figure.
    assert told.count() == told.filter(status="shown").count() == len(residents) == 743
