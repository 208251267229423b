"""Shapes from outside: what is taken, what is refused and how soon."""

import json
import math
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Point
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from places.shapes import (
    MAX_CORNERS,
    MAX_PARTS,
    MAX_UPLOAD,
    as_geos,
    check_shape,
    make_circle,
    read_drawn,
    read_uploaded,
)

SQUARE = [[-4.3, 55.8], [-4.2, 55.8], [-4.2, 55.9], [-4.3, 55.9], [-4.3, 55.8]]
HOLE = [[-4.26, 55.84], [-4.24, 55.84], [-4.24, 55.86], [-4.26, 55.86], [-4.26, 55.84]]


def upload(content: bytes | str, name: str = "area.geojson") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def reason(error: pytest.ExceptionInfo[ValidationError]) -> str:
    return " ".join(error.value.messages)


def test_a_drawn_square_is_kept_as_it_is() -> None:
    shape = read_drawn(json.dumps(polygon(SQUARE, HOLE)))
    assert isinstance(shape, MultiPolygon)
    assert shape.srid == 4326
    assert shape.area == pytest.approx(0.01 - 0.0004)
    assert shape.num_geom == 1


def test_edges_that_cross_are_mended() -> None:
    bow = [[-4.3, 55.8], [-4.2, 55.9], [-4.2, 55.8], [-4.3, 55.9], [-4.3, 55.8]]
    shape = read_drawn(json.dumps(polygon(bow)))
    assert shape.valid
    assert shape.num_geom == 2


def test_areas_that_overlap_count_once() -> None:
    both = {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}
    assert read_drawn(json.dumps(both)).area == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Draw the area first"),
        ("{", "can't read"),
        ("[" * 50_000, "can't read"),
        ('{"type": "Point", "coordinates": [1, 2]}', "holds no area"),
        ('{"type": "Polygon", "coordinates": [[[1, 2]]]}', "can't read"),
        ('{"type": "Polygon", "coordinates": [["a", "b"]]}', "can't read"),
        ('{"type": "Polygon", "coordinates": [[[1, 2], [1, 2], [1, 2], [1, 2]]]}', "holds no area"),
        (
            '{"type": "Polygon", "coordinates": [[[1, NaN], [1, 2], [2, 2], [1, NaN]]]}',
            "can't read",
        ),
        (json.dumps(polygon([[0, 0], [20, 0], [20, 20], [0, 0]])), "too large"),
        (json.dumps(polygon([[259000, 665000], [260000, 665000], [260000, 666000]])), "the map"),
        ("null", "can't read"),
        ("7", "can't read"),
    ],
)
def test_what_is_no_area_is_refused_in_plain_words(text: str, said: str) -> None:
    with pytest.raises(ValidationError) as error:
        read_drawn(text)
    assert said in reason(error)


def test_a_million_corners_are_refused_at_once() -> None:
    angles = np.linspace(0, 2 * np.pi, 1_000_000)
    ring = np.column_stack([-4.2 + 0.1 * np.cos(angles), 55.8 + 0.1 * np.sin(angles)])
    begun = perf_counter()
    with pytest.raises(ValidationError) as error:
        check_shape(as_geos(shapely.Polygon(ring)))
    assert "corners" in reason(error)
    with pytest.raises(ValidationError):
        read_drawn(json.dumps(polygon(ring[:50_000].tolist())))
    assert perf_counter() - begun < 20  # seconds, not minutes: nothing was mended first


def test_too_many_parts_are_refused() -> None:
    parts = [
        [[[x / 100, 55.0], [x / 100 + 0.001, 55.0], [x / 100, 55.001], [x / 100, 55.0]]]
        for x in range(MAX_PARTS + 1)
    ]
    with pytest.raises(ValidationError) as error:
        read_drawn(json.dumps({"type": "MultiPolygon", "coordinates": parts}))
    assert "parts" in reason(error)


@given(
    st.lists(
        st.tuples(st.floats(-4.5, -4.0), st.floats(55.5, 56.0)),
        min_size=3,
        max_size=40,
    )
)
def test_any_ring_gives_valid_polygons_or_a_reason(corners: list[tuple[float, float]]) -> None:
    try:
        shape = read_drawn(json.dumps(polygon([*corners, corners[0]])))
    except ValidationError as error:
        assert error.messages  # noqa: PT017 - a reason is one of two right answers
    else:
        assert shape.valid
        assert shape.num_coords <= 2 * MAX_CORNERS


@pytest.mark.parametrize("metres", [100, 800, 30_000])
def test_a_circle_is_round_on_the_ground(metres: int) -> None:
    middle = Point(-4.27, 55.88, srid=4326)
    corners = make_circle(middle, metres)[0][0]
    assert len(corners) > 30
    for x, y in corners:
        north = math.radians(y - middle.y) * 6_371_008.8
        east = math.radians(x - middle.x) * 6_371_008.8 * math.cos(math.radians((y + middle.y) / 2))
        assert math.hypot(east, north) == pytest.approx(metres, rel=0.003)


@pytest.mark.parametrize("metres", [0, 99, 30_001, math.inf])
def test_a_circle_has_a_sensible_size(metres: float) -> None:
    with pytest.raises(ValidationError):
        make_circle(Point(-4.27, 55.88, srid=4326), metres)


def test_a_geojson_file_is_read_whatever_its_name() -> None:
    features = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {}, "geometry": polygon(SQUARE)},
            {"type": "Feature", "properties": {}, "geometry": None},
            {
                "type": "Feature",
                "properties": {},
                "geometry": {"type": "Point", "coordinates": [0, 0]},
            },
        ],
    }
    assert read_uploaded(upload(json.dumps(features), "x.exe")).area == pytest.approx(0.01)


def test_a_kml_file_is_read_with_its_holes() -> None:
    def line(ring: list[list[float]]) -> str:
        return " ".join(f"{x},{y},0" for x, y in ring)

    kml = f"""<?xml version="1.0" encoding="UTF-8"?>
    <kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><Polygon>
    <outerBoundaryIs><LinearRing><coordinates>{line(SQUARE)}</coordinates></LinearRing>
    </outerBoundaryIs><innerBoundaryIs><LinearRing><coordinates>{line(HOLE)}</coordinates>
    </LinearRing></innerBoundaryIs></Polygon></Placemark></Document></kml>"""
    assert read_uploaded(upload(kml)).area == pytest.approx(0.01 - 0.0004)


@pytest.mark.parametrize(
    "kml",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><kml>&b;</kml>',
        "<kml><Polygon></kml>",
        "<kml><Polygon><outerBoundaryIs><coordinates>a,b</coordinates></outerBoundaryIs></Polygon></kml>",
        "<kml></kml>",
    ],
)
def test_a_kml_file_that_is_none_is_refused(kml: str) -> None:
    with pytest.raises(ValidationError):
        read_uploaded(upload(kml))


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:27700", "EPSG:3857"])
def test_a_geopackage_of_any_system_becomes_degrees(tmp_path: Path, crs: str) -> None:
    square = GEOSGeometry(json.dumps(polygon(SQUARE)))
    square.transform(int(crs[5:]))
    path = tmp_path / "area.gpkg"
    pyogrio.raw.write(
        path,
        np.array([bytes(square.wkb)], dtype=object),
        [np.array(["one"], dtype=object)],
        ["name"],
        driver="GPKG",
        geometry_type="Polygon",
        crs=crs,
    )
    shape = read_uploaded(upload(path.read_bytes()))
    assert shape.extent == pytest.approx((-4.3, 55.8, -4.2, 55.9), abs=0.002)


@pytest.mark.parametrize(
    "content",
    [b"", b"SQLite format 3\x00" + b"\x00" * 200, b"\xff\xfe\x00", b"PK\x03\x04zip", b"hello"],
)
def test_a_file_that_holds_no_area_is_refused(content: bytes) -> None:
    with pytest.raises(ValidationError):
        read_uploaded(upload(content))


def test_a_large_file_is_refused_unread() -> None:
    with pytest.raises(ValidationError) as error:
        read_uploaded(upload(b" " * (MAX_UPLOAD + 1)))
    assert "5 MB" in reason(error)
