"""Areas come in whole, nested and mended, whatever file they stand in."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely
from django.contrib.gis.geos import Point
from django.core.management.base import CommandError

from places.baking import areas_layer_name
from places.exchange.models import ImportBatch
from places.models import Area, AreaAlias, AreaAncestor, AreaTile, Geography, LayerVersion
from places.versions import read_version
from tests.exchange.files import (
    Shape,
    import_level,
    last_counts,
    last_issues,
    point,
    square,
    the_geography,
    write_csv,
    write_geojson,
)
from tests.factories.places import make_place

pytestmark = pytest.mark.django_db

WEST, SOUTH = -4.3, 55.8


def _council(tmp_path: Path, code: str = "C1", **more: Any) -> Path:
    properties = {"code": code, "name": "Whole", **more}
    return write_geojson(tmp_path / f"{code}.geojson", [(properties, square(WEST, SOUTH, 0.2))])


def _zones(tmp_path: Path, parent: str = "C1", name: str = "zones.geojson") -> Path:
    corners = [(WEST, SOUTH), (WEST + 0.1, SOUTH), (WEST, SOUTH + 0.1), (WEST + 0.1, SOUTH + 0.1)]
    return write_geojson(
        tmp_path / name,
        [
            ({"code": f"Z{n}", "name": f"Zone {n}", "parent": parent}, square(*corner))
            for n, corner in enumerate(corners, start=1)
        ],
    )


def _one(tmp_path: Path, shape: Shape, code: str = "Z1", name: str = "Zone") -> Path:
    return write_geojson(tmp_path / "one.geojson", [({"code": code, "name": name}, shape)])


def test_levels_nest_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    import_level(_council(tmp_path), "council")
    assert last_counts() == (1, 0, 0)
    import_level(_zones(tmp_path), "zone", "--parent", "parent")
    assert last_counts() == (4, 0, 0)
    held = AreaAncestor.objects.filter(ancestor__code="C1").order_by("area__code")
    assert list(held.values_list("area__code", "depth")) == [
        ("C1", 0), ("Z1", 1), ("Z2", 1), ("Z3", 1), ("Z4", 1)
    ]  # fmt: skip
    version = read_version(areas_layer_name("test"))

    import_level(_council(tmp_path), "council")
    assert last_counts() == (0, 0, 1)
    import_level(_zones(tmp_path), "zone", "--parent", "parent")
    assert last_counts() == (0, 0, 4)
    assert read_version(areas_layer_name("test")) == version


def test_map_is_there_after_an_import_and_follows_a_new_name(tmp_path: Path) -> None:
    import_level(_zones(tmp_path), "zone")
    geography = the_geography()
    assert AreaTile.objects.filter(geography=geography, level="zone", z=11).exists()
    version = read_version(areas_layer_name("test"))
    assert version

    renamed = write_geojson(
        tmp_path / "renamed.geojson",
        [({"code": "Z1", "name": "New name"}, square(WEST, SOUTH))],
    )
    import_level(renamed, "zone")
    assert last_counts() == (0, 1, 0)
    assert read_version(areas_layer_name("test")) == version + 1
    assert Area.objects.get(code="Z1").name == "New name"


def test_missing_tiles_are_made_although_nothing_changed(tmp_path: Path) -> None:
    import_level(_zones(tmp_path), "zone")
    AreaTile.objects.all().delete()
    import_level(_zones(tmp_path), "zone")
    assert last_counts() == (0, 0, 4)
    assert AreaTile.objects.exists()


def test_first_geography_is_in_use_and_a_second_is_not(tmp_path: Path) -> None:
    import_level(_zones(tmp_path), "zone", geography="first")
    import_level(_zones(tmp_path), "zone", geography="second")
    assert dict(Geography.objects.values_list("slug", "is_current")) == {
        "first": True,
        "second": False,
    }
    assert Area.objects.filter(code="Z1").count() == 2


def test_geography_keeps_its_name_and_attribution(tmp_path: Path) -> None:
    told = ("--geography-name", "Test 2011", "--attribution", "Contains made-up data")
    import_level(_zones(tmp_path), "zone", *told)
    import_level(_zones(tmp_path), "zone")
    assert the_geography().name == "Test 2011"
    assert the_geography().attribution == "Contains made-up data"


def test_trial_changes_nothing_at_all(tmp_path: Path) -> None:
    said = import_level(_zones(tmp_path), "zone", "--dry-run")
    assert said.startswith("Trial only, nothing was changed. zones.geojson: 4 new")
    for model in (Geography, Area, AreaAncestor, AreaTile, LayerVersion):
        assert not model._default_manager.exists()
    batch = ImportBatch.objects.get()
    assert (batch.is_dry_run, batch.state, batch.created) == (True, "done", 4)


def test_invalid_boundary_is_mended_and_listed(tmp_path: Path) -> None:
    bow = [
        [WEST, SOUTH],
        [WEST + 1, SOUTH + 1],
        [WEST + 1, SOUTH],
        [WEST, SOUTH + 1],
        [WEST, SOUTH],
    ]
    said = import_level(_one(tmp_path, {"type": "Polygon", "coordinates": [bow]}), "zone")
    area = Area.objects.get()
    assert area.is_mended
    assert area.geometry.valid
    assert area.geometry.area == pytest.approx(0.5)
    assert last_issues()["Z1"].startswith("boundary mended: Self-intersection")
    assert "1 mended, 0 rejected" in said
    import_level(tmp_path / "one.geojson", "zone")
    assert last_counts() == (0, 0, 1)


def test_open_ring_is_closed_and_listed(tmp_path: Path) -> None:
    ring = square(WEST, SOUTH)["coordinates"][0][:-1]
    import_level(_one(tmp_path, {"type": "Polygon", "coordinates": [ring]}), "zone")
    assert Area.objects.get().geometry.area == pytest.approx(0.01)
    assert last_issues() == {"Z1": "boundary mended: a ring was not closed"}


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (None, "no readable boundary"),
        ({"type": "Polygon", "coordinates": []}, "the boundary is empty or no polygon"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, "no readable boundary"),
        (point(WEST, SOUTH), "the boundary is empty or no polygon"),
        (square(179.95, 0), "the boundary lies off the map of the world"),
        (
            {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0], [0, 0]]]},
            "no area is left of the boundary once it is mended",
        ),
    ],
    ids=["none", "empty", "two points", "a point", "off the map", "a line"],
)
def test_row_without_a_usable_boundary_is_rejected_and_the_rest_comes_in(
    tmp_path: Path, shape: Shape, reason: str
) -> None:
    path = write_geojson(
        tmp_path / "areas.geojson",
        [({"code": "BAD", "name": "Bad"}, shape), ({"code": "Z1", "name": "Good"}, square(0, 0))],
    )
    import_level(path, "zone")
    assert last_counts() == (1, 0, 0)
    assert last_issues()["BAD"] == reason


def test_codes_are_tidied_and_rows_without_one_rejected(tmp_path: Path) -> None:
    rows = [
        (" s01 000 001 ", "Tidied"),
        ("S01000001", "Twice"),
        ("", "None"),
        ("X" * 17, "Long"),
        ("Z9", None),
        ("Z10", "With a NUL\x00"),
    ]
    path = write_geojson(
        tmp_path / "areas.geojson",
        [
            ({"code": code, "name": name}, square(WEST + n / 10, SOUTH))
            for n, (code, name) in enumerate(rows)
        ],
    )
    import_level(path, "zone")
    assert dict(Area.objects.values_list("code", "name")) == {
        "S01000001": "Tidied",
        "Z10": "With a NUL",
    }
    issues = ImportBatch.objects.get().issues.order_by("row", "id")
    assert [(issue.row, issue.is_rejected, issue.reason) for issue in issues] == [
        (1, False, "the code was tidied: “s01 000 001”"),
        (2, True, "the code stands in an earlier row"),
        (3, True, "no code"),
        (4, True, "the code is longer than 16 signs"),
        (5, True, "no name"),
    ]


def test_long_name_is_cut_and_listed(tmp_path: Path) -> None:
    import_level(_one(tmp_path, square(0, 0), name="N" * 130), "zone")
    assert Area.objects.get().name == "N" * 120
    assert last_issues()["Z1"].startswith("the name was cut to 120 signs: NNN")


def test_number_as_code_is_no_fraction(tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "areas.geojson",
        [({"code": 12.0, "name": "A"}, square(0, 0)), ({"code": 13.5, "name": "B"}, square(1, 1))],
    )
    import_level(path, "zone")
    assert set(Area.objects.values_list("code", flat=True)) == {"12", "13.5"}


def test_polygon_of_very_many_points_comes_in(tmp_path: Path) -> None:
    angles = np.linspace(0, 2 * np.pi, 200_000, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)]).tolist()
    import_level(_one(tmp_path, {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}), "zone")
    assert Area.objects.get().geometry.num_coords == 200_001


def test_parent_that_comes_later_is_set_by_a_second_run(tmp_path: Path) -> None:
    import_level(_zones(tmp_path), "zone", "--parent", "parent")
    assert set(last_issues().values()) == {
        "no area above it has the code of its parent, it has none yet: C1"
    }
    import_level(_council(tmp_path), "council")
    import_level(_zones(tmp_path), "zone", "--parent", "parent")
    assert last_counts() == (0, 4, 0)
    assert Area.objects.filter(parent__code="C1").count() == 4
    assert AreaAncestor.objects.filter(ancestor__code="C1", depth=1).count() == 4


def test_another_parent_in_the_file_is_taken(tmp_path: Path) -> None:
    import_level(_council(tmp_path, "C1"), "council")
    import_level(_council(tmp_path, "C2"), "council")
    import_level(_zones(tmp_path, "C1"), "zone", "--parent", "parent")
    import_level(_zones(tmp_path, "C2"), "zone", "--parent", "parent")
    assert last_counts() == (0, 4, 0)
    assert Area.objects.filter(parent__code="C2").count() == 4


def test_file_without_parents_leaves_them(tmp_path: Path) -> None:
    import_level(_council(tmp_path), "council")
    import_level(_zones(tmp_path), "zone", "--parent", "parent")
    import_level(_zones(tmp_path), "zone")
    assert last_counts() == (0, 0, 4)
    assert Area.objects.filter(parent__code="C1").count() == 4


def test_area_cannot_lie_in_itself_or_in_one_of_its_level(tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "loop.geojson",
        [
            ({"code": "A", "name": "A", "parent": "A"}, square(0, 0)),
            ({"code": "B", "name": "B", "parent": "C"}, square(1, 1)),
            ({"code": "C", "name": "C", "parent": "B"}, square(2, 2)),
        ],
    )
    import_level(path, "zone", "--parent", "parent")
    import_level(path, "zone", "--parent", "parent")
    assert not Area.objects.exclude(parent=None).exists()
    assert AreaAncestor.objects.count() == 3


def test_level_told_wrong_is_mended_but_never_below_what_it_holds(tmp_path: Path) -> None:
    import_level(_council(tmp_path), "intermediate")
    import_level(_council(tmp_path), "council")
    assert last_counts() == (0, 1, 0)
    import_level(_zones(tmp_path), "intermediate", "--parent", "parent")
    import_level(_council(tmp_path), "zone")
    assert last_issues() == {"C1": "an area that holds others cannot become Data zone"}
    assert Area.objects.get(code="C1").level == "council"


def test_alias_finds_an_area_as_parent(tmp_path: Path) -> None:
    import_level(_council(tmp_path, "S12000049", old="S12000046"), "council", "--alias", "old")
    assert list(AreaAlias.objects.values_list("area__code", "code")) == [("S12000049", "S12000046")]
    import_level(_zones(tmp_path, "S12000046"), "zone", "--parent", "parent")
    assert Area.objects.filter(parent__code="S12000049").count() == 4


def test_file_with_the_old_code_is_the_same_area(tmp_path: Path) -> None:
    import_level(_council(tmp_path, "S12000049", old="S12000046"), "council", "--alias", "old")
    import_level(_council(tmp_path, "S12000046"), "council")
    assert last_counts() == (0, 0, 1)
    assert list(Area.objects.values_list("code", flat=True)) == ["S12000049"]
    assert last_issues() == {
        "S12000046": "another code of an area that is loaded: S12000049",
    }


def test_new_code_takes_over_where_the_old_one_was_loaded(tmp_path: Path) -> None:
    import_level(_council(tmp_path, "S12000046"), "council")
    area = Area.objects.get()
    import_level(_council(tmp_path, "S12000049", old="S12000046"), "council", "--alias", "old")
    assert last_counts() == (0, 1, 0)
    area.refresh_from_db()
    assert area.code == "S12000049"
    assert list(area.aliases.values_list("code", flat=True)) == ["S12000046"]
    import_level(_zones(tmp_path, "S12000046"), "zone", "--parent", "parent")
    assert Area.objects.filter(parent=area).count() == 4


def test_both_codes_in_one_file_are_one_area(tmp_path: Path) -> None:
    import_level(_council(tmp_path, "S12000049", old="S12000046"), "council", "--alias", "old")
    both = write_geojson(
        tmp_path / "both.geojson",
        [({"code": code, "name": "W"}, square(WEST, SOUTH)) for code in ("S12000049", "S12000046")],
    )
    import_level(both, "council")
    assert Area.objects.count() == 1
    assert last_issues()["S12000046"] == "the area stands in an earlier row, under another code"


def test_other_code_that_is_an_area_of_its_own_is_left_out(tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "areas.geojson",
        [
            ({"code": "A", "name": "A", "old": None}, square(0, 0)),
            ({"code": "B", "name": "B", "old": None}, square(1, 1)),
        ],
    )
    import_level(path, "zone", "--alias", "old")
    claims = write_geojson(
        tmp_path / "claims.geojson", [({"code": "A", "name": "A", "old": "B"}, square(0, 0))]
    )
    import_level(claims, "zone", "--alias", "old")
    assert not AreaAlias.objects.exists()
    assert last_issues() == {"A": "its other code is an area of its own, left out: B"}


def test_zones_of_two_vintages_are_no_geography(tmp_path: Path) -> None:
    import_level(_one(tmp_path, square(0, 0), code="S01010260"), "zone")
    with pytest.raises(CommandError, match="data zones of 2011 and 2022: a geography holds one"):
        import_level(_one(tmp_path, square(0, 0), code="S01013482"), "zone")
    assert Area.objects.count() == 1


def test_swapped_longitude_and_latitude_are_told(tmp_path: Path) -> None:
    import_level(_council(tmp_path), "council")
    swapped = write_geojson(
        tmp_path / "swapped.geojson",
        [({"code": "Z1", "name": "Zone", "parent": "C1"}, square(SOUTH, WEST))],
    )
    with pytest.raises(CommandError, match="longitude and latitude are swapped"):
        import_level(swapped, "zone", "--parent", "parent")
    assert not Area.objects.filter(code="Z1").exists()


def test_area_away_from_its_parent_is_listed(tmp_path: Path) -> None:
    import_level(_council(tmp_path), "council")
    path = write_geojson(
        tmp_path / "areas.geojson",
        [
            ({"code": "Z1", "name": "Near", "parent": "C1"}, square(WEST, SOUTH)),
            ({"code": "Z2", "name": "Far", "parent": "C1"}, square(10, 10)),
        ],
    )
    import_level(path, "zone", "--parent", "parent")
    assert last_issues() == {"Z2": "the area lies nowhere near its parent: C1"}


def test_summary_says_where_the_areas_lie(tmp_path: Path) -> None:
    said = import_level(_zones(tmp_path), "zone")
    assert "between 55.80° and 56.00° north, -4.30° and -4.10° east" in said


def test_places_that_were_there_first_get_their_areas(tmp_path: Path) -> None:
    place = make_place(point=Point(WEST + 0.15, SOUTH + 0.15, srid=4326))
    import_level(_council(tmp_path), "council")
    place.refresh_from_db()
    assert place.area is not None
    assert place.area.code == "C1"
    import_level(_zones(tmp_path), "zone", "--parent", "parent")
    place.refresh_from_db()
    assert place.area.code == "Z4"


# ------------------------------------------------------------------ formats


def _write_grid_square(path: Path, *, driver: str, layer: str | None = None) -> Path:
    """A square kilometre around the postcode G1 1AB, in metres of the National Grid."""
    shapes = shapely.to_wkb(np.array([shapely.box(259_124, 664_840, 260_124, 665_840)]))
    fields = [np.array(["Z1"], dtype=object), np.array(["Merchant City"], dtype=object)]
    pyogrio.raw.write(
        path, shapes, fields, ["code", "name"], geometry_type="Polygon", crs="EPSG:27700",
        driver=driver, layer=layer, append=path.exists(),
    )  # fmt: skip
    return path


def _check_grid_square() -> None:
    area = Area.objects.get(code="Z1")
    assert area.name == "Merchant City"
    # The ONS postcode directory gives G1 1AB both ways: 259624, 665340 and these degrees.
    assert area.geometry.centroid.x == pytest.approx(-4.244437, abs=0.0001)
    assert area.geometry.centroid.y == pytest.approx(55.860742, abs=0.0001)


@pytest.mark.parametrize(
    ("name", "driver"),
    [("a.shp", "ESRI Shapefile"), ("a.gpkg", "GPKG"), ("a.geojson", "GeoJSON")],
)
def test_metres_of_the_national_grid_become_degrees(tmp_path: Path, name: str, driver: str) -> None:
    import_level(_write_grid_square(tmp_path / name, driver=driver), "zone")
    _check_grid_square()


def test_zipped_shapefile_is_read_as_it_is(tmp_path: Path) -> None:
    _write_grid_square(tmp_path / "a.shp", driver="ESRI Shapefile")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for part in tmp_path.glob("a.*"):
            if part.suffix != ".zip":
                archive.write(part, part.name)
    import_level(tmp_path / "a.zip", "zone")
    _check_grid_square()


def test_shapefile_without_its_parts_names_them(tmp_path: Path) -> None:
    path = _write_grid_square(tmp_path / "a.shp", driver="ESRI Shapefile")
    (tmp_path / "a.dbf").unlink()
    with pytest.raises(CommandError, match=r"\.dbf of the same name must lie beside it"):
        import_level(path, "zone")


def test_coordinate_system_may_be_told(tmp_path: Path) -> None:
    path = _write_grid_square(tmp_path / "a.shp", driver="ESRI Shapefile")
    (tmp_path / "a.prj").unlink()
    with pytest.raises(CommandError, match="name it, for example --crs EPSG:27700"):
        import_level(path, "zone")
    import_level(path, "zone", "--crs", "EPSG:27700")
    _check_grid_square()


@pytest.mark.parametrize(
    ("crs", "said"),
    [("British grid", "without a number"), ("EPSG:999999", "cannot be read as EPSG:999999")],
)
def test_unknown_coordinate_system_is_told(tmp_path: Path, crs: str, said: str) -> None:
    path = _write_grid_square(tmp_path / "a.shp", driver="ESRI Shapefile")
    with pytest.raises(CommandError, match=said):
        import_level(path, "zone", "--crs", crs)
    assert not Geography.objects.exists()


def test_metres_that_call_themselves_degrees_are_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Are their numbers metres"):
        import_level(_one(tmp_path, square(259_000, 664_000, 1_000)), "zone")


def test_one_of_several_layers_is_chosen(tmp_path: Path) -> None:
    path = _write_grid_square(tmp_path / "a.gpkg", driver="GPKG", layer="zones")
    _write_grid_square(path, driver="GPKG", layer="other")
    with pytest.raises(CommandError, match=r"choose one with --layer \(zones, other\)"):
        import_level(path, "zone")
    with pytest.raises(CommandError, match=r"no layer streets\. It has: zones, other"):
        import_level(path, "zone", "--layer", "streets")
    import_level(path, "zone", "--layer", "zones")
    _check_grid_square()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("<!doctype html><title>Sign in</title>", "it is a web page"),
        ('{"type": "FeatureCollection", "features": [{"type": "Fea', "damaged or cut off"),
        ("Dear all, please find", r"GeoJSON, GeoPackage \(.gpkg\), Shapefile"),
        ('{"type": "FeatureCollection", "features": []}', "holds no areas"),
    ],
    ids=["empty", "web page", "cut off", "no map", "no features"],
)
def test_file_that_is_no_map_says_what_it_is(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "areas.geojson"
    path.write_text(text)
    with pytest.raises(CommandError, match=said):
        import_level(path, "zone")
    assert not Geography.objects.exists()


def test_table_without_boundaries_is_told(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "areas.csv", [{"code": "Z1", "name": "Zone"}])
    with pytest.raises(CommandError, match="a table without boundaries"):
        import_level(path, "zone")


def test_unknown_column_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no column holder\. It has: code, name, parent"):
        import_level(_zones(tmp_path), "zone", "--parent", "holder")


def test_short_name_of_a_geography_is_an_address(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="use letters, numbers and hyphens"):
        import_level(_zones(tmp_path), "zone", geography="Scotland 2011")
