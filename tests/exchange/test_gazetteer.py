"""Postcodes and names come in with their areas; a postcode's lookup wins over its position."""

import gzip
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from places.models import Place, PlaceName, Postcode
from tests.exchange.files import last_counts, last_issues, plant, run, square, write_csv
from tests.factories.places import make_place

pytestmark = pytest.mark.django_db

WEST, SOUTH = -4.3, 55.8
Row = dict[str, object]


@pytest.fixture(autouse=True)
def town() -> None:
    plant({"zone": [("Z1", "", square(WEST, SOUTH)), ("Z2", "", square(WEST + 0.1, SOUTH))]})


def _row(postcode: str, area: str = "Z1", lon: object = WEST, lat: object = SOUTH) -> Row:
    return {"postcode": postcode, "zone": area, "lon": lon, "lat": lat, "large": 0}


def _postcodes(tmp_path: Path, *rows: Row, name: str = "postcodes.csv") -> str:
    path = write_csv(tmp_path / name, rows)
    return run("import_postcodes", path, "--area", "zone", "--large-user", "large")


def test_second_run_changes_nothing_and_a_moved_postcode_is_changed(tmp_path: Path) -> None:
    rows = (_row("G20 7TX"), _row("G20 7TY", "Z2"))
    _postcodes(tmp_path, *rows)
    assert last_counts() == (2, 0, 0)
    _postcodes(tmp_path, *rows)
    assert last_counts() == (0, 0, 2)
    _postcodes(tmp_path, rows[0], _row("G20 7TY", "Z1"))
    assert last_counts() == (0, 1, 1)
    assert Postcode.objects.get(code="G20 7TY").area.code == "Z1"


def test_packed_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "plain.csv", [_row("G20 7TX")])
    for name in ("postcodes.csv.gz", "postcodes.csv"):
        packed = tmp_path / name
        packed.write_bytes(gzip.compress(path.read_bytes()))
        run("import_postcodes", packed, "--area", "zone")
    assert last_counts() == (0, 0, 1)


def test_dirty_rows_are_rejected_and_the_rest_comes_in(tmp_path: Path) -> None:
    _postcodes(
        tmp_path,
        _row("g207tx"),
        _row("G20  7TX"),
        _row("HERE"),
        _row("G20 7TY", "X1"),
        _row("G20 7TZ", lon="west"),
        _row("G20 7UA", lat=91),
        _row("G20 7UB", lon="nan"),
        _row("G20 7UC", "z1 old"),
    )
    assert set(Postcode.objects.values_list("code", "area__code")) == {
        ("G20 7TX", "Z1"), ("G20 7UC", "Z1"),
    }  # fmt: skip
    assert last_issues() == {
        "G20 7TX": "the postcode stands in an earlier row",
        "HERE": "this is no postcode",
        "G20 7TY": "no area with this code is loaded: X1",
        "G20 7TZ": "no position, or one off the map of the world",
        "G20 7UA": "no position, or one off the map of the world",
        "G20 7UB": "no position, or one off the map of the world",
    }


@pytest.mark.parametrize(
    ("value", "is_large"),
    [("1", True), ("yes", True), ("TRUE", True), ("L", True), ("0", False), ("", False),
     ("S", False)],
)  # fmt: skip
def test_large_users_are_marked(tmp_path: Path, value: str, is_large: bool) -> None:
    _postcodes(tmp_path, {**_row("G20 7TX"), "large": value})
    assert Postcode.objects.get().is_large_user is is_large


def test_swapped_longitude_and_latitude_are_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"near its area: longitude and latitude are swapped"):
        _postcodes(tmp_path, _row("G20 7TX", lon=SOUTH, lat=WEST))
    with pytest.raises(CommandError, match="are the columns of longitude and latitude the right"):
        _postcodes(tmp_path, _row("G20 7TX", lon=10, lat=10))
    assert not Postcode.objects.exists()


def test_lookup_of_a_place_s_postcode_wins_over_its_position(tmp_path: Path) -> None:
    place = make_place(postcode="G20 7TX")
    _postcodes(tmp_path, _row("G20 7TX", "Z2"))
    assert Place.objects.get(pk=place.pk).area == Postcode.objects.get().area


def test_trial_changes_nothing(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "p.csv", [_row("G20 7TX")])
    run("import_postcodes", path, "--area", "zone", "--dry-run")
    assert last_counts() == (1, 0, 0)
    assert not Postcode.objects.exists()


def _names(tmp_path: Path, *rows: Row) -> str:
    path = write_csv(tmp_path / "names.csv", rows)
    return run("import_place_names", path, "--kind", "type", "--district", "district")


def _name(name: str, lon: object = WEST + 0.05, lat: object = SOUTH + 0.05) -> Row:
    return {"name": name, "type": "v", "district": "Town", "lon": lon, "lat": lat}


def test_names_come_in_once_with_their_areas(tmp_path: Path) -> None:
    rows = (_name("A' Chill"), _name("A' Chill", lon=WEST + 0.15), _name("Far", 10, 10))
    said = _names(tmp_path, *rows)
    assert "1 of all names lie in no area of the geography in use." in said
    assert set(PlaceName.objects.values_list("name", "area__code")) == {
        ("A' Chill", "Z1"), ("A' Chill", "Z2"), ("Far", None),
    }  # fmt: skip
    _names(tmp_path, *rows)
    assert last_counts() == (0, 0, 3)
    _names(tmp_path, {**rows[0], "type": "t"})
    assert last_counts() == (0, 1, 0)


def test_dirty_names_are_rejected(tmp_path: Path) -> None:
    _names(tmp_path, _name("A"), _name("A"), _name(""), _name("B", lat="north"), _name("N" * 200))
    assert set(PlaceName.objects.values_list("name", flat=True)) == {"A", "N" * 120}
    assert last_issues() == {
        "A": "the same name and position stand in an earlier row",
        "": "no name",
        "B": "no position, or one off the map of the world",
    }


def test_swapped_names_are_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="longitude and latitude are swapped"):
        _names(tmp_path, _name("A", lon=SOUTH + 0.05, lat=WEST + 0.05))
