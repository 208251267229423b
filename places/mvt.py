"""Writes polygons as Mapbox Vector Tiles 2.1, many tiles at a time.

Coordinates are only rounded to the tile's grid, never repaired one by one: neighbours that share an
edge before share it after. All rings of a zoom go through numpy together, since a polygon at a time
costs ten times as much.
"""

from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

EXTENT = 4096
_MOVE_TO, _LINE_TO, _CLOSE = 1, 2, 7
_IS_POLYGON = b"\x18\x03"

Ints = NDArray[np.int64]
Geometries = NDArray[np.object_]


def encode_geometries(polygons: Geometries, origins: NDArray[np.float64]) -> list[bytes]:
    """Return each of `polygons` as the commands of a feature, b"" where nothing is left of it.

    Coordinates are in units of the grid, y downwards; `origins` (n × 2) is each one's tile corner.
    Rings that the grid makes flat are left out.
    """
    if not len(polygons):
        return []
    _kind, coordinates, offsets = shapely.to_ragged_array(polygons)
    ring_ends, polygon_ends, geometry_ends = _as_multi([ends.astype(np.int64) for ends in offsets])
    rings = len(ring_ends) - 1
    if rings == 0:
        return [b""] * len(polygons)
    polygon_of_ring = np.repeat(np.arange(len(polygon_ends) - 1), np.diff(polygon_ends))
    geometry_of_polygon = np.repeat(np.arange(len(geometry_ends) - 1), np.diff(geometry_ends))
    geometry_of_ring = geometry_of_polygon[polygon_of_ring]
    ring_of_point = np.repeat(np.arange(rings), np.diff(ring_ends))
    points = np.rint(coordinates - origins[geometry_of_ring[ring_of_point]]).astype(np.int64)

    # A point equal to the one before it, or the last that closes the ring, says nothing.
    says = np.ones(len(points), dtype=bool)
    says[1:] = (points[1:] != points[:-1]).any(axis=1)
    says[ring_ends[:-1]] = True
    says[ring_ends[1:] - 1] = False
    points, ring_of_point = points[says], ring_of_point[says]
    areas, counts = _ring_areas(points, ring_of_point, rings)

    # A ring without an area is gone, and with an outer ring its holes.
    is_outer = np.zeros(rings, dtype=bool)
    is_outer[polygon_ends[:-1][np.diff(polygon_ends) > 0]] = True
    stays = (counts >= 3) & (areas != 0)
    outer_stays = np.zeros(len(polygon_ends) - 1, dtype=bool)
    outer_stays[polygon_of_ring[is_outer]] = stays[is_outer]
    stays &= outer_stays[polygon_of_ring]
    kept = stays[ring_of_point]
    points = points[kept]
    counts, areas, is_outer = counts[stays], areas[stays], is_outer[stays]
    geometry_of_ring = geometry_of_ring[stays]
    if not len(counts):
        return [b""] * len(polygons)

    # Outer rings have a positive area with y downwards, holes a negative one.
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    within = np.arange(len(points)) - np.repeat(starts, counts)
    turn = np.repeat((areas > 0) != is_outer, counts)
    source = np.where(
        turn, np.repeat(starts + counts - 1, counts) - within, np.repeat(starts, counts) + within
    )
    points = points[source]
    return _encode_rings(points, counts, starts, geometry_of_ring, len(polygons))


def _as_multi(offsets: list[Ints]) -> list[Ints]:
    """The ends of rings, polygons and geometries, where all geometries are plain polygons too."""
    return offsets if len(offsets) == 3 else [*offsets, np.arange(len(offsets[-1]))]


def _ring_areas(points: Ints, ring_of_point: Ints, rings: int) -> tuple[Ints, Ints]:
    """Twice the signed area of each ring, and how many points it has."""
    counts = np.bincount(ring_of_point, minlength=rings)
    ends = np.cumsum(counts)
    following = np.arange(1, len(points) + 1)
    filled = counts > 0
    following[ends[filled] - 1] = (ends - counts)[filled]
    cross = points[:, 0] * points[following, 1] - points[following, 0] * points[:, 1]
    areas = np.zeros(rings, dtype=np.int64)
    np.add.at(areas, ring_of_point, cross)
    return areas, counts


def _encode_rings(
    points: Ints, counts: Ints, starts: Ints, geometry_of_ring: Ints, geometries: int
) -> list[bytes]:
    # The cursor moves on from the last point said; at each geometry it begins in the corner.
    begins_geometry = np.ones(len(counts), dtype=bool)
    begins_geometry[1:] = geometry_of_ring[1:] != geometry_of_ring[:-1]
    steps = points.copy()
    steps[1:] -= points[:-1]
    first = starts[begins_geometry]
    steps[first] = points[first]
    zigzag = (steps << 1) ^ (steps >> 63)

    # A ring of n points is 2 n + 3 numbers: move, x, y, line, n − 1 times x, y, close.
    lengths = 2 * counts + 3
    ends = np.cumsum(lengths)
    begins = ends - lengths
    numbers = np.zeros(int(ends[-1]), dtype=np.int64)
    numbers[begins] = _command(_MOVE_TO, 1)
    numbers[begins + 3] = _command(_LINE_TO, counts - 1)
    numbers[ends - 1] = _command(_CLOSE, 1)
    is_first = np.zeros(len(points), dtype=np.int64)
    is_first[starts] = 1
    within = np.arange(len(points)) - np.repeat(starts, counts)
    at = np.repeat(begins, counts) + 2 * within + 2 - is_first
    numbers[at], numbers[at + 1] = zigzag[:, 0], zigzag[:, 1]

    stream, widths = _varints(numbers)
    byte_ends = np.cumsum(widths)
    geometry_ends = np.flatnonzero(np.append(begins_geometry[1:], True))
    stops = byte_ends[ends[geometry_ends] - 1]
    encoded = [b""] * geometries
    begin = 0
    for geometry, stop in zip(
        geometry_of_ring[geometry_ends].tolist(), stops.tolist(), strict=True
    ):
        encoded[geometry] = stream[begin:stop]
        begin = stop
    return encoded


def _command(command: int, count: Ints | int) -> Ints | int:
    return (count << 3) | command


def _varints(numbers: Ints) -> tuple[bytes, Ints]:
    """All `numbers` as protobuf varints in one string, and how many bytes each takes."""
    widths = np.ones(len(numbers), dtype=np.int64)
    for bits in (7, 14, 21, 28):
        widths += numbers >= (1 << bits)
    ends = np.cumsum(widths)
    stream = np.zeros(int(ends[-1]), dtype=np.uint8)
    begins = ends - widths
    for position in range(5):
        has = widths > position
        part = (numbers[has] >> (7 * position)) & 0x7F
        part |= np.where(widths[has] > position + 1, 0x80, 0)
        stream[begins[has] + position] = part
    return stream.tobytes(), widths


# ------------------------------------------------------------------ messages


def encode_value(text: str) -> bytes:
    """A string among a layer's values."""
    raw = text.encode()
    return _field(4, _field(1, raw))


def encode_feature(number: int, first_value: int, keys: int, geometry: bytes) -> bytes:
    """A polygon with its id; its values stand one after another from `first_value` on."""
    tags = b"".join(_varint(key) + _varint(first_value + key) for key in range(keys))
    return _field(
        2, b"\x08" + _varint(number) + _field(2, tags) + _IS_POLYGON + _field(4, geometry)
    )


def encode_layer(name: str, keys: list[str], features: list[bytes], values: list[bytes]) -> bytes:
    """A tile of one layer."""
    return _field(
        3,
        b"".join(
            [
                _field(1, name.encode()),
                *features,
                *(_field(3, key.encode()) for key in keys),
                *values,
                b"\x28" + _varint(EXTENT),
                b"\x78\x02",
            ]
        ),
    )


def _field(number: int, content: bytes) -> bytes:
    return bytes(((number << 3) | 2,)) + _varint(len(content)) + content


@lru_cache(maxsize=65_536)
def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append((number & 0x7F) | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
