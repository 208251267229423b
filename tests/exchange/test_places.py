"""Places come in from extracts once, keep what was done here, and lie in their areas."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import osmium
import osmium.osm.mutable as osm
import pytest
from django.contrib.gis.geos import MultiPolygon
from django.core.management.base import CommandError
from django.utils import timezone

from kinder.accounts.models import User
from places.actions import PLACES_LAYER, change_place, close_place
from places.exchange.extracts import is_candidate
from places.exchange.models import ImportBatch, ImportIssue
from places.exchange.register import make_codes
from places.models import Place, Welcome
from places.versions import read_version
from places.vocabulary import PlaceKind
from tests.exchange.files import (
    Shape,
    last_counts,
    last_issues,
    plant,
    point,
    run,
    square,
    write_geojson,
)
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db

WEST, SOUTH = -4.3, 55.8
HERE = point(WEST + 0.05, SOUTH + 0.05)


def _import(tmp_path: Path, *features: tuple[dict[str, Any], Shape], **options: Any) -> str:
    path = write_geojson(tmp_path / "osm.geojson", features)
    return run("import_places", path, *options.get("flags", ()))


def _cafe(number: int = 1, **tags: str) -> dict[str, str]:
    return {"@id": f"node/{number}", "amenity": "cafe", "name": f"Café {number}", **tags}


def _keeper() -> User:
    return make_user(is_administrator=True)


def test_second_run_changes_nothing(tmp_path: Path) -> None:
    plant({"zone": [("Z1", "", square(WEST, SOUTH))]})
    features = [(_cafe(1, wheelchair="yes", check_date="2020-01-01"), HERE), (_cafe(2), HERE)]
    _import(tmp_path, *features)
    assert last_counts() == (2, 0, 0)
    version = read_version(PLACES_LAYER)
    before = list(Place.objects.order_by("id").values())
    _import(tmp_path, *features)
    assert last_counts() == (0, 0, 2)
    assert list(Place.objects.order_by("id").values()) == before
    assert read_version(PLACES_LAYER) == version


def test_place_holds_what_the_tags_say(tmp_path: Path) -> None:
    plant({"zone": [("Z1", "", square(WEST, SOUTH))]})
    fresh = (timezone.localdate() - timedelta(days=30)).isoformat()
    _import(
        tmp_path,
        (
            _cafe(7, wheelchair="yes", opening_hours="Mo-Fr 09:00-17:00", check_date=fresh,
                  website="https://example.org", **{"addr:postcode": "G20 7TX"}),
            HERE,
        ),
    )  # fmt: skip
    place = Place.objects.get()
    assert (place.source, place.source_ref, place.name) == ("osm", "node/7", "Café 7")
    assert (place.kind, place.state, place.weekly_hours) == (PlaceKind.CAFE, "verified", 40)
    assert (place.postcode, place.website) == ("G20 7TX", "https://example.org")
    assert place.confirmed_at is not None
    assert place.confirmed_at.date().isoformat() == fresh
    assert place.area is not None
    assert place.area.code == "Z1"
    assert (place.point.x, place.point.y) == (HERE["coordinates"][0], HERE["coordinates"][1])
    assert len(place.code) == 7
    place.full_clean()
    welcome = Welcome.objects.get()
    assert (welcome.attribute, welcome.value) == ("step_free", "yes")
    assert welcome.checked_on is not None
    assert welcome.checked_on.isoformat() == fresh


def test_hours_that_nobody_can_work_out_are_kept_as_words(tmp_path: Path) -> None:
    features = [(_cafe(1, opening_hours="when the flag is up"), HERE), (_cafe(2), HERE)]
    _import(tmp_path, *features)
    place = Place.objects.get(source_ref="node/1")
    assert (place.opening_hours, place.are_hours_unread) == ("when the flag is up", True)
    assert place.weekly_hours is None
    assert last_issues() == {"node/1": "hours are kept as words: when the flag is up"}
    _import(tmp_path, *features)
    assert last_counts() == (0, 0, 2)
    _import(tmp_path, (_cafe(1, opening_hours="Mo-Fr 10:00-12:00"), HERE))
    read = Place.objects.get(source_ref="node/1")
    assert (read.are_hours_unread, read.weekly_hours) == (False, 10)


def test_old_survey_leaves_a_place_to_be_looked_at(tmp_path: Path) -> None:
    _import(tmp_path, (_cafe(1, check_date="2019-05-01"), HERE), (_cafe(2), HERE))
    assert set(Place.objects.values_list("state", flat=True)) == {"stale"}


def test_trial_changes_nothing(tmp_path: Path) -> None:
    said = _import(tmp_path, (_cafe(), HERE), flags=("--dry-run",))
    assert said.startswith("Trial only, nothing was changed. osm.geojson: 1 new")
    assert not Place.objects.exists()
    assert read_version(PLACES_LAYER) is None


def test_changed_tags_reach_the_register(tmp_path: Path) -> None:
    _import(tmp_path, (_cafe(1, wheelchair="no"), HERE), (_cafe(2), HERE))
    code = Place.objects.get(source_ref="node/1").code
    _import(
        tmp_path,
        (_cafe(1, wheelchair="yes"), HERE),
        (_cafe(2, name="New name"), HERE),
        (_cafe(3), HERE),
    )
    assert last_counts() == (1, 2, 0)
    assert Place.objects.get(source_ref="node/2").name == "New name"
    first = Place.objects.get(source_ref="node/1")
    assert first.code == code
    assert first.welcomes.get().value == "yes"


def test_later_survey_makes_a_place_fresh_and_an_earlier_one_does_not(tmp_path: Path) -> None:
    _import(tmp_path, (_cafe(1, check_date="2019-05-01"), HERE))
    fresh = (timezone.localdate() - timedelta(days=3)).isoformat()
    _import(tmp_path, (_cafe(1, check_date=fresh), HERE))
    assert last_counts() == (0, 1, 0)
    assert Place.objects.get().state == "verified"
    _import(tmp_path, (_cafe(1, check_date="2019-05-01"), HERE))
    assert last_counts() == (0, 0, 1)
    place = Place.objects.get()
    assert place.confirmed_at is not None
    assert (place.state, place.confirmed_at.date().isoformat()) == ("verified", fresh)


def test_place_edited_here_stays_and_the_difference_is_listed(tmp_path: Path) -> None:
    _import(tmp_path, (_cafe(1), HERE))
    change_place(
        by=_keeper(), place=Place.objects.get(), changes={"name": "What we call it"},
        welcome={"step_free": "no"},
    )  # fmt: skip
    _import(tmp_path, (_cafe(1, opening_hours="24/7", wheelchair="yes"), HERE))
    assert last_counts() == (0, 0, 1)
    place = Place.objects.get()
    assert (place.name, place.opening_hours) == ("What we call it", "")
    assert place.welcomes.get().value == "no"
    assert last_issues() == {
        "node/1": "edited or checked here since, left as it is: name, opening_hours, weekly_hours"
    }


def test_closed_place_stays_closed(tmp_path: Path) -> None:
    _import(tmp_path, (_cafe(1), HERE))
    close_place(by=_keeper(), place=Place.objects.get())
    _import(tmp_path, (_cafe(1, check_date=timezone.localdate().isoformat()), HERE))
    assert Place.objects.get().state == "closed"


def test_answer_checked_here_later_stands(tmp_path: Path) -> None:
    _import(tmp_path, (_cafe(1), HERE))
    Welcome.objects.create(
        place=Place.objects.get(), attribute="step_free", value="no",
        checked_on=datetime(2026, 1, 5, tzinfo=UTC).date(),
    )  # fmt: skip
    _import(tmp_path, (_cafe(1, wheelchair="yes", check_date="2025-12-01"), HERE))
    assert Welcome.objects.get().value == "no"
    _import(tmp_path, (_cafe(1, wheelchair="yes"), HERE))
    assert Welcome.objects.get().value == "no"
    _import(tmp_path, (_cafe(1, wheelchair="yes", check_date="2026-02-01"), HERE))
    assert Welcome.objects.get().value == "yes"


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (None, "no position"),
        ({"type": "Point", "coordinates": []}, "no position"),
        ({"type": "Point", "coordinates": ["east", "north"]}, "broken shape"),
        ({"type": "Point"}, "broken shape"),
        ({"type": "Circle", "coordinates": [0, 0]}, "broken shape"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}, "broken shape"),
        (point(200, 0), "off the map of the world"),
        (point(0, 89), "off the map of the world"),
        (point(float("nan"), 0), "off the map of the world"),
    ],
)
def test_shape_that_is_none_is_rejected_and_the_rest_comes_in(
    tmp_path: Path, shape: Shape, reason: str
) -> None:
    _import(tmp_path, (_cafe(1), shape), (_cafe(2), HERE))
    assert last_counts() == (1, 0, 0)
    assert last_issues() == {"node/1": reason}


def test_outline_is_kept_and_drawn_at_a_point_inside(tmp_path: Path) -> None:
    horseshoe = [[0, 0], [3, 0], [3, 1], [1, 1], [1, 2], [3, 2], [3, 3], [0, 3], [0, 0]]
    bow = [[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]
    line = {"type": "LineString", "coordinates": [[0, 0], [1, 0], [2, 0]]}
    _import(
        tmp_path,
        (_cafe(1), {"type": "Polygon", "coordinates": [horseshoe]}),
        (_cafe(2), {"type": "Polygon", "coordinates": [bow]}),
        (_cafe(3), line),
        (_cafe(4), {"type": "MultiPolygon", "coordinates": [[horseshoe]]}),
    )
    by_ref = {place.source_ref: place for place in Place.objects.all()}
    for ref in ("node/1", "node/4"):
        footprint = by_ref[ref].footprint
        assert isinstance(footprint, MultiPolygon)
        assert footprint.covers(by_ref[ref].point)
        assert footprint.area == pytest.approx(7)
    mended = by_ref["node/2"].footprint
    assert mended is not None
    assert mended.valid
    assert mended.area == pytest.approx(0.5)
    assert by_ref["node/3"].footprint is None
    assert last_issues() == {"node/2": "outline mended"}
    assert last_counts() == (4, 0, 0)


@pytest.mark.parametrize(
    ("properties", "reference"),
    [
        ({"@id": "way/12"}, "way/12"),
        ({"id": "n12"}, "node/12"),
        ({"id": "a24"}, "way/12"),
        ({"id": "a25"}, "relation/12"),
        ({"@type": "relation", "@id": 12}, "relation/12"),
    ],
)
def test_ids_of_every_tool_are_one(
    tmp_path: Path, properties: dict[str, Any], reference: str
) -> None:
    tags = {key: value for key, value in _cafe().items() if key != "@id"}
    _import(tmp_path, ({**tags, **properties}, HERE))
    assert Place.objects.get().source_ref == reference


def test_features_without_an_id_or_with_one_twice_are_rejected(tmp_path: Path) -> None:
    tags = {key: value for key, value in _cafe().items() if key != "@id"}
    _import(tmp_path, (_cafe(1), HERE), (_cafe(1), HERE), (tags, HERE), ({**tags, "id": 5}, HERE))
    reasons = ImportIssue.objects.order_by("row").values_list("row", "reason")
    assert list(reasons) == [
        (2, "the id stands in an earlier row"),
        (3, "no OSM id, such as node/123"),
        (4, "no OSM id, such as node/123"),
    ]


def test_signs_that_a_database_refuses_are_left_out(tmp_path: Path) -> None:
    _import(tmp_path, (_cafe(1, name="N\x00U\\L\t\n'; --"), HERE))
    assert Place.objects.get().name == "NU\\L '; --"


def test_swapped_longitude_and_latitude_are_told(tmp_path: Path) -> None:
    plant({"zone": [("Z1", "", square(WEST, SOUTH))]})
    lon, lat = HERE["coordinates"]
    with pytest.raises(CommandError, match="longitude and latitude are swapped"):
        _import(tmp_path, (_cafe(1), point(lat, lon)))
    assert not Place.objects.exists()


def test_places_outside_every_area_are_counted(tmp_path: Path) -> None:
    plant({"zone": [("Z1", "", square(WEST, SOUTH))]})
    said = _import(tmp_path, (_cafe(1), HERE), (_cafe(2), point(20, 20)))
    assert "1 places of the file lie in no loaded area." in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("<html>", "is a web page"),
        ('{"type": "Topology"}', "is no GeoJSON with features"),
        ('{"features": []}', "holds no features"),
        ('{"features": [{"properties": {"a": 1', "cut off or damaged after feature 0"),
        ('{"features": [{"properties": {}, "geometry": null}, {"x', "damaged after feature 1"),
        ('{"features": ["a café"]}', "feature 1 is no GeoJSON feature"),
        ('{"features": [{"properties": ["x"]}]}', "feature 1 is no GeoJSON feature"),
    ],
)
def test_file_that_is_no_extract_says_what_it_is(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "osm.geojson"
    path.write_text(text)
    with pytest.raises(CommandError, match=said):
        run("import_places", path)
    assert ImportBatch.objects.get().state == "failed"


def test_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    path = tmp_path / "osm.geojson"
    path.write_bytes('{"features": [{"properties": {"name": "Café"}}]}'.encode("cp1252"))
    with pytest.raises(CommandError, match=r"osm\.geojson is not in UTF-8"):
        run("import_places", path)


def test_feature_longer_than_a_chunk_is_read(tmp_path: Path) -> None:
    # é takes two bytes, so that chunks end within it; the middle feature spans several chunks.
    features = [(_cafe(1), HERE), (_cafe(2, note="é" * 1_500_001), HERE), (_cafe(3), HERE)]
    collection = {"features": [{"properties": tags, "geometry": shape} for tags, shape in features]}
    path = tmp_path / "osm.geojson"
    path.write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")
    run("import_places", path)
    assert last_counts() == (3, 0, 0)


def test_codes_are_new_and_differ() -> None:
    codes = make_codes(5_000)
    assert len(set(codes)) == 5_000


# ------------------------------------------------------------------ .osm.pbf


def _write_pbf(path: Path) -> Path:
    """A town of four nodes at the corners of a square, and what is drawn between them."""
    corners = [(0.0, 0.0), (0.1, 0.0), (0.1, 0.1), (0.0, 0.1)]
    with osmium.SimpleWriter(path) as writer:
        for number, (east, north) in enumerate(corners, start=1):
            writer.add_node(osm.Node(id=number, location=(WEST + east, SOUTH + north)))
        for number, tags in enumerate(
            (
                {"amenity": "cafe", "name": "Node café"},
                {"highway": "traffic_signals"},
                {"amenity": "waste_basket"},
                {"amenity": "restaurant", "name": "Not a third space"},
                {"highway": "bus_stop"},
                {"amenity": "refugee_site", "name": "Camp"},
            ),
            start=11,
        ):
            writer.add_node(osm.Node(id=number, location=(WEST, SOUTH), tags=tags))
        for number, nodes, tags in (
            (21, [1, 2, 3, 4, 1], {"leisure": "park", "name": "Closed park"}),
            (22, [1, 2], {"amenity": "bench"}),
            (23, [1, 2, 99, 1], {"leisure": "park", "name": "Cut off by the extract"}),
            (24, [1, 2, 3, 4, 1], {"highway": "residential"}),
            (25, [1, 2, 1], {}),
            (26, [1, 2, 3, 1], {}),
            (27, [1, 2, 3, 4, 1], {"leisure": "playground", "area": "no"}),
        ):
            writer.add_way(osm.Way(id=number, nodes=nodes, tags=tags))
        for number, member, tags in (
            (31, 25, {"type": "multipolygon", "leisure": "park", "name": "Two-point ring"}),
            (32, 26, {"type": "multipolygon", "amenity": "school", "name": "School"}),
            (33, 26, {"type": "route", "amenity": "pub", "name": "Tram pub"}),
        ):
            members = [("w", member, "outer")]
            writer.add_relation(osm.Relation(id=number, members=members, tags=tags))
    return path


def test_pbf_gives_nodes_lines_and_areas_and_lists_broken_ones(tmp_path: Path) -> None:
    path = _write_pbf(tmp_path / "town.osm.pbf")
    run("import_places", path)
    assert dict(Place.objects.values_list("source_ref", "name")) == {
        "node/11": "Node café",
        "node/15": "Bus stop",
        "way/21": "Closed park",
        "way/22": "Bench",
        "way/27": "Playground",
        "relation/32": "School",
    }
    broken = "broken shape, or parts of it lie outside the extract"
    assert last_issues() == {
        "node/14": "not a kind of third space: amenity=restaurant",
        "node/16": "a refuge, hostel or home is never imported",
        "way/23": broken,
        "relation/31": broken,
        "relation/33": "a relation that draws no area",
    }
    park = Place.objects.get(source_ref="way/21")
    assert park.footprint is not None
    assert park.footprint.area == pytest.approx(0.01)
    run("import_places", path)
    assert last_counts() == (0, 0, 6)


def test_same_thing_from_both_formats_is_one_place(tmp_path: Path) -> None:
    run("import_places", _write_pbf(tmp_path / "town.osm.pbf"))
    _import(tmp_path, ({"@id": "node/11", "amenity": "cafe", "name": "Node café"},
                       point(WEST, SOUTH)))  # fmt: skip
    assert last_counts() == (0, 0, 1)


@pytest.mark.parametrize("data", [b"", b"no OpenStreetMap data at all", None])
def test_pbf_that_is_none_or_cut_off_is_refused(tmp_path: Path, data: bytes | None) -> None:
    path = _write_pbf(tmp_path / "town.osm.pbf")
    path.write_bytes(path.read_bytes()[:-30] if data is None else data)
    with pytest.raises(CommandError, match="cannot be read as OpenStreetMap data"):
        run("import_places", path)
    assert not Place.objects.exists()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"amenity": "restaurant"}, True),
        ({"shop": "mobility"}, True),
        ({"highway": "bus_stop"}, True),
        ({"landuse": "allotments"}, True),
        ({"highway": "traffic_signals"}, False),
        ({"landuse": "residential"}, False),
        ({"amenity": "parking", "name": "Car park"}, False),
        ({"amenity": "waste_basket", "shop": "supermarket"}, True),
    ],
)
def test_candidates_are_what_might_be_a_place(tags: dict[str, str], expected: bool) -> None:
    assert is_candidate(tags) is expected
