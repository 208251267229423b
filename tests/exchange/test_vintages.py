"""A new vintage of areas: its lookup, the day it comes into use, and what moves with it."""

import datetime as dt
from pathlib import Path

import pytest
from django.contrib.gis.geos import Point
from django.core.management import CommandError, call_command

from connections.indicators.walking import read_homes
from kinder.accounts.models import AuditEvent
from kinder.accounts.rules import Refused
from kinder.pages.neighbourhood import find_area
from places.actions import adopt_geography, begin_vintage, find_successor, rebuild_ancestors
from places.models import (
    Area,
    AreaLookup,
    Geography,
    OrganisationArea,
    Place,
    PlaceName,
    Postcode,
)
from places.vocabulary import AreaLevel
from tests.exchange.files import last_counts, last_issues, run, write_csv
from tests.factories.accounts import make_organisation
from tests.factories.places import make_place, make_point, make_square

pytestmark = pytest.mark.django_db
TODAY = dt.date(2027, 2, 3)
JANUARY, APRIL = dt.date(2027, 1, 1), dt.date(2027, 4, 1)


def build(slug: str, zones: dict[str, tuple[str, float, float, int]], **facts: object) -> Geography:
    """A council, its neighbourhoods and zones (neighbourhood, west, side, residents)."""
    geography = Geography.objects.create(slug=slug, name=slug, **facts)
    council = make_square("C1", geography=geography, level=AreaLevel.COUNCIL, west=-0.2, side=0.4)
    hoods: dict[str, Area] = {}
    for code, (hood, west, side, people) in zones.items():
        if hood not in hoods:
            hoods[hood] = make_square(
                hood, geography=geography, level=AreaLevel.INTERMEDIATE, parent=council, west=west
            )
        zone = make_square(code, geography=geography, parent=hoods[hood], west=west, side=side)
        Area.objects.filter(pk=zone.pk).update(population=people)
    rebuild_ancestors(geography)
    return geography


@pytest.fixture
def older() -> Geography:
    """Three zones in two neighbourhoods, from west to east."""
    zones = {
        "OLD1": ("H1", -0.15, 0.1, 700),
        "OLD2": ("H1", -0.05, 0.1, 900),
        "OLD3": ("H2", 0.05, 0.1, 800),
    }
    return build("older", zones, is_current=True)


@pytest.fixture
def newer(older: Geography) -> Geography:
    """The middle zone went to the neighbourhood in the east; the last was cut in two."""
    zones = {
        "NEW1": ("J1", -0.15, 0.1, 710),
        "NEW2": ("J2", -0.05, 0.1, 920),
        "NEW3": ("J2", 0.05, 0.05, 500),
        "NEW4": ("J2", 0.1, 0.05, 300),
    }
    return build("newer", zones)


ROWS = [
    {"old": "OLD1", "new": "NEW1", "people": "700"},
    {"old": "OLD2", "new": "NEW2", "people": "890"},
    {"old": "OLD2", "new": "NEW1", "people": "10"},
    {"old": "OLD3", "new": "NEW4", "people": "300"},
    {"old": "OLD3", "new": "NEW3", "people": "500"},
]
COLUMNS = ("--geography", "older", "--to-geography", "newer", "--from", "old", "--to", "new")


def load(folder: Path, rows: list[dict[str, str]] = ROWS, *more: str) -> str:
    path = write_csv(folder / "lookup.csv", rows)
    return run("import_lookup", path, *COLUMNS, *(more or ("--weight", "people")))


def ways(before: Geography, after: Geography) -> dict[str, str]:
    found = AreaLookup.objects.filter(
        from_area__geography=before, to_area__geography=after
    ).values_list("from_area__code", "to_area__code")
    return dict(found)


def test_the_part_with_most_residents_stands_for_an_area(
    older: Geography, newer: Geography, tmp_path: Path
) -> None:
    said = load(tmp_path)
    assert last_counts() == (3, 0, 0)
    assert "2 rows are lesser parts of an area" in said
    assert ways(older, newer) == {
        "OLD1": "NEW1",
        "OLD2": "NEW2",
        "OLD3": "NEW3",
        # Larger areas follow most of their residents: 900 of H1's 1,600 went east.
        "H1": "J2",
        "H2": "J2",
        "C1": "C1",
    }
    # The way back of what none leads to is the area around it.
    assert ways(newer, older) == {
        "NEW1": "OLD1",
        "NEW2": "OLD2",
        "NEW3": "OLD3",
        "NEW4": "OLD3",
        "J1": "H1",
        "J2": "H1",
        "C1": "C1",
    }


def test_a_second_run_changes_nothing_and_a_later_file_what_it_says(
    older: Geography, newer: Geography, tmp_path: Path
) -> None:
    load(tmp_path)
    before = ways(older, newer), ways(newer, older)
    load(tmp_path)
    assert last_counts() == (0, 0, 3)
    assert (ways(older, newer), ways(newer, older)) == before
    load(tmp_path, [{"old": "OLD2", "new": "NEW1", "people": "900"}])
    assert last_counts() == (0, 1, 0)
    assert ways(older, newer)["OLD2"] == "NEW1"
    assert ways(older, newer)["H1"] == "J1"
    # A file of the larger level wins over what follows from the zones.
    load(tmp_path, [{"old": "H1", "new": "J2", "people": "1"}])
    load(tmp_path)
    assert ways(older, newer)["H1"] == "J2"


def test_rows_that_do_not_fit_are_listed(
    older: Geography, newer: Geography, tmp_path: Path
) -> None:
    rows = [
        *ROWS,
        {"old": "OLD9", "new": "NEW1", "people": "1"},
        {"old": "OLD1", "new": "NEW9", "people": "1"},
        {"old": "H1", "new": "NEW1", "people": "1"},
        {"old": "", "new": "NEW1", "people": "1"},
        {"old": "OLD1", "new": "NEW1", "people": "many"},
    ]
    load(tmp_path, rows)
    assert last_issues() == {
        "OLD9": "no area of older has this code: OLD9",
        "OLD1": "the weight is no number: “many”",
        "H1": "the two are not of one level: NEW1",
        "NEW1": "one of the two codes is missing",
    } | {"OLD1": last_issues()["OLD1"]}
    load(tmp_path, ROWS, "--dry-run")
    assert last_issues()["OLD2"].startswith("the area leads elsewhere in an earlier row")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--geography", "older", "--to-geography", "older"), "import_areas --alias"),
        (("--geography", "newer", "--to-geography", "older"), "Not one row"),
    ],
)
def test_a_file_that_leads_nowhere_is_refused(
    older: Geography, newer: Geography, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    path = write_csv(tmp_path / "lookup.csv", ROWS)
    with pytest.raises(CommandError, match=words):
        run("import_lookup", path, *options, "--from", "old", "--to", "new", "--weight", "people")
    assert not AreaLookup.objects.exists()


def test_a_vintage_needs_a_quarter_areas_and_a_lookup(
    older: Geography, newer: Geography, tmp_path: Path
) -> None:
    def adopt(geography: Geography, from_on: dt.date) -> None:
        adopt_geography(by=None, geography=geography, from_on=from_on, today=TODAY)

    with pytest.raises(Refused, match="first day"):
        adopt(newer, dt.date(2027, 2, 1))
    with pytest.raises(Refused, match="no areas"):
        adopt(Geography.objects.create(slug="empty", name="Empty"), APRIL)
    with pytest.raises(Refused, match="3 areas of older"):
        adopt(newer, APRIL)
    load(tmp_path)
    adopt(newer, APRIL)
    third = Geography.objects.create(slug="third", name="Third")
    make_square("T1", geography=third)
    with pytest.raises(Refused, match="same day"):
        adopt(third, APRIL)


def test_it_comes_into_use_on_its_day_and_everything_moves(
    older: Geography, newer: Geography, tmp_path: Path
) -> None:
    load(tmp_path)
    zone = Area.objects.get(code="OLD3")
    place = make_place("Hall", point=make_point(0.12), area=zone)
    name = PlaceName.objects.create(name="Eastend", point=make_point(0.06), area=zone)
    for code, east in (("G1 1AA", 0.07), ("G1 1AB", 0.12), ("G1 1AC", 3.0)):
        Postcode.objects.create(code=code, point=make_point(east), area=zone)
    owner = make_organisation("Hub")
    OrganisationArea.objects.create(organisation=owner, area=Area.objects.get(code="H1"))
    adopt_geography(by=None, geography=newer, from_on=APRIL, today=TODAY)
    assert Geography.objects.get(is_current=True) == older
    assert begin_vintage(today=APRIL - dt.timedelta(days=1)) is None

    assert begin_vintage(today=APRIL) == newer
    assert begin_vintage(today=APRIL) is None
    assert Geography.objects.get(is_current=True) == newer
    place.refresh_from_db()
    name.refresh_from_db()
    assert place.area is not None
    assert name.area is not None
    assert (place.area.code, name.area.code) == ("NEW4", "NEW3")
    codes = dict(Postcode.objects.values_list("code", "area__code"))
    # What lies in no new area follows the lookup.
    assert codes == {"G1 1AA": "NEW3", "G1 1AB": "NEW4", "G1 1AC": "NEW3"}
    assert [one.area.code for one in OrganisationArea.objects.all()] == ["J2"]
    assert find_successor(zone) == Area.objects.get(code="NEW3")
    older_hood = find_area("H1")
    assert older_hood is not None
    assert older_hood.code == "J2"
    assert AuditEvent.objects.filter(verb="begin_vintage").count() == 1


def test_a_quarter_before_the_change_is_told_of_its_own_homes(
    older: Geography, newer: Geography, tmp_path: Path
) -> None:
    load(tmp_path)
    for code, east in (("G1 1AA", 0.07), ("G1 1AB", 0.12)):
        Postcode.objects.create(
            code=code, point=make_point(east), area=Area.objects.get(code="OLD3")
        )
    before = read_homes(older, 3857)
    adopt_geography(by=None, geography=newer, from_on=JANUARY, today=TODAY)
    after = read_homes(older, 3857)
    assert before.xy.tolist() == after.xy.tolist()
    assert before.people.tolist() == after.people.tolist()
    assert len(read_homes(newer, 3857).xy) == 4


def test_who_chose_a_vintage_by_hand_keeps_it(older: Geography, newer: Geography) -> None:
    Geography.objects.filter(pk=newer.pk).update(applies_from_on=JANUARY)
    assert begin_vintage(today=TODAY) is None
    assert Geography.objects.get(is_current=True) == older


def test_the_command_says_what_happens(
    older: Geography, newer: Geography, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="load the official lookup first"):
        call_command("use_geography", "newer", "--from", "2099-01-01")
    load(tmp_path)
    call_command("use_geography", "newer", "--from", "2099-01-01")
    assert "comes into use on that day" in capsys.readouterr().out
    call_command("use_geography", "newer", "--from", "2026-01-01")
    assert "is in use now" in capsys.readouterr().out
    make = Place.objects.create(name="X", kind="cafe", point=Point(-4.25, 55.85, srid=4326))
    assert make.area is None
