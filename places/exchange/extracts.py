"""Reads extracts of OpenStreetMap, GeoJSON or .osm.pbf, feature by feature, however large."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, BinaryIO

import osmium
import osmium.filter
import osmium.geom
import shapely
import shapely.errors
import shapely.geometry
from osmium.osm import Area, Node, Relation, Way
from shapely.geometry.base import BaseGeometry

from places.exchange.batches import ImportRefusedError, Run
from places.exchange.osm import KIND_KEYS, find_kind

CHUNK = 1 << 20
# Whatever bears one of these may be a place where people meet: where it is not taken, it is listed.
CANDIDATE_KEYS = ("amenity", "shop", "leisure", "tourism", "club", "social_facility")
# A file of a whole country holds hundreds of thousands of these, and nobody would look for them.
STREET_FURNITURE = frozenset(
    {
        "atm",
        "bicycle_parking",
        "bicycle_rental",
        "charging_station",
        "clock",
        "fuel",
        "grit_bin",
        "loading_dock",
        "motorcycle_parking",
        "parking",
        "parking_entrance",
        "parking_space",
        "post_box",
        "recycling",
        "taxi",
        "telephone",
        "vending_machine",
        "waste_basket",
        "waste_disposal",
    }
)
# The edge of the map in Web Mercator, in which places are drawn.
NORTHERNMOST = 85.0


@dataclass(frozen=True)
class Found:
    """One feature of an extract: its OSM id ("way/123"), its tags and its shape in degrees."""

    row: int
    reference: str
    tags: Mapping[str, str]
    shape: BaseGeometry | None
    problem: str = ""


def read_features(run: Run) -> Iterator[Found]:
    """Yield the features of the run's file, whichever of the two formats it has.

    Of a GeoJSON that is every one, for somebody chose them; of a .pbf those that might be places.
    Raises ImportRefusedError where the file is neither.
    """
    if run.path.name.endswith((".pbf", ".osm", ".osm.gz", ".osm.bz2")):
        yield from run.progress.items(f"Reading {run.path.name}", _read_pbf(run))
        return
    with run.progress.reading(run.path) as file:
        yield from _read_geojson(run, file)


# ------------------------------------------------------------------ GeoJSON

_FEATURES = re.compile(r'"features"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,\x1e]*")


def _read_geojson(run: Run, file: BinaryIO) -> Iterator[Found]:
    row = 0
    for row, feature in enumerate(_split_features(run, file), start=1):
        try:
            tags, reference = _read_properties(feature)
            shape, problem = _read_geometry(feature.get("geometry"))
        except (AttributeError, TypeError) as error:
            raise ImportRefusedError(
                f"{run.path.name}: feature {row} is no GeoJSON feature."
            ) from error
        yield Found(row, reference, tags, shape, problem)
    if not row:
        raise ImportRefusedError(f"{run.path.name} holds no features.")


def _split_features(run: Run, file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield feature by feature, holding no more than a few in memory."""
    decoder = json.JSONDecoder()
    text = _read_chunk(run, file)
    start = _FEATURES.search(text)
    while start is None and (more := _read_chunk(run, file)):
        text += more
        start = _FEATURES.search(text)
    if start is None:
        is_page = text.lstrip().startswith("<")
        what = (
            "a web page: the download needs a sign-in or another address"
            if is_page
            else ("no GeoJSON with features" if text.strip() else "empty")
        )
        raise ImportRefusedError(f"{run.path.name} is {what}.")
    text, at, row = text[start.end() :], 0, 0
    while True:
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing too
        if text.startswith("]", at):
            return
        try:
            feature, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            # Cut by the end of the chunk, or by the end of the file.
            more = _read_chunk(run, file, len(text) - at)
            if not more:
                raise ImportRefusedError(
                    f"{run.path.name} is cut off or damaged after feature {row}: download it again."
                ) from error
            text, at = text[at:] + more, 0
            continue
        row += 1
        yield feature


def _read_chunk(run: Run, file: BinaryIO, behind: int = 0) -> str:
    """Read on; the more is waiting the longer, so that one huge feature is not parsed too often."""
    data = file.read(max(CHUNK, behind))
    # A chunk may end within a letter: at most three more bytes belong to it.
    for _ in range(3):
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if error.end < len(data) or not (more := file.read(1)):
                raise ImportRefusedError(f"{run.path.name} is not in UTF-8.") from error
            data += more
    return data.decode("utf-8-sig")


_TYPES = {"n": "node", "w": "way", "r": "relation"}
_REFERENCE = re.compile(r"(node|way|relation)/?(\d+)|([nwra])(\d+)")


def _read_properties(feature: dict[str, Any]) -> tuple[dict[str, str], str]:
    properties = feature.get("properties") or {}
    tags = {
        key: str(value).replace("\x00", "")
        for key, value in properties.items()
        if value is not None and value != "" and not key.startswith("@") and key != "id"
    }
    own = properties.get("@id") or properties.get("id") or feature.get("id") or ""
    if "@type" in properties:
        own = f"{properties['@type']}/{own}"
    return tags, _tidy_reference(str(own))


def _tidy_reference(text: str) -> str:
    """Return an OSM id as "way/123", however the tool that made the extract writes it; else ""."""
    found = _REFERENCE.fullmatch(text)
    if not found:
        return ""
    kind, number, letter, packed = found.groups()
    if kind:
        return f"{kind}/{number}"
    if letter == "a":
        # osmium numbers areas: twice the way's number, or twice the relation's and one.
        return f"{'relation' if int(packed) % 2 else 'way'}/{int(packed) // 2}"
    return f"{_TYPES[letter]}/{packed}"


def _read_geometry(geometry: dict[str, Any] | None) -> tuple[BaseGeometry | None, str]:
    if not geometry:
        return None, "no position"
    try:
        shape = shapely.force_2d(shapely.geometry.shape(geometry))
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        shapely.errors.ShapelyError,
    ):
        return None, "broken shape"
    return check_shape(shape)


def check_shape(shape: BaseGeometry) -> tuple[BaseGeometry | None, str]:
    """Return the shape, or None and why it can be no place: it is empty, or off the map."""
    if shape.is_empty:
        return None, "no position"
    west, south, east, north = shape.bounds
    # Written so that "not a number" is off the map too.
    if not (-180 <= west <= east <= 180 and -NORTHERNMOST <= south <= north <= NORTHERNMOST):
        return None, "off the map of the world"
    return shape, ""


# ------------------------------------------------------------------ .osm.pbf


def is_candidate(tags: Mapping[str, str]) -> bool:
    """Tell whether a thing might be a place where people meet."""
    if find_kind(tags) is not None:
        return True
    return (
        any(key in tags for key in CANDIDATE_KEYS) and tags.get("amenity") not in STREET_FURNITURE
    )


def _read_pbf(run: Run) -> Iterator[Found]:
    """Yield tagged nodes, lines and areas; an outline that cannot be closed is told, not lost."""
    reader = _PbfReader()
    try:
        objects = (
            osmium.FileProcessor(run.path)
            .with_areas(osmium.filter.KeyFilter(*CANDIDATE_KEYS, *KIND_KEYS))
            .with_filter(osmium.filter.EmptyTagFilter())
            .with_filter(osmium.filter.KeyFilter(*CANDIDATE_KEYS, *KIND_KEYS))
        )
        for thing in objects:
            if isinstance(thing, Node | Way | Relation | Area):
                found = reader.read(thing)
                if found is not None:
                    yield found
    except RuntimeError as error:
        raise ImportRefusedError(
            f"{run.path.name} cannot be read as OpenStreetMap data, it may be cut off: {error}."
        ) from error
    yield from reader.broken()


BROKEN = "broken shape, or parts of it lie outside the extract"


class _PbfReader:
    """Makes features of osmium's objects: an area is told twice, as a line and as an area."""

    def __init__(self) -> None:
        self._rows = count(1)
        self._make = osmium.geom.WKBFactory()
        # Outlines seen, with their tags, until their area comes.
        self._outlines: dict[str, dict[str, str]] = {}

    def read(self, thing: Node | Way | Relation | Area) -> Found | None:
        tags = {tag.k: tag.v for tag in thing.tags}
        if not is_candidate(tags):
            return None
        if isinstance(thing, Area):
            reference = f"{'way' if thing.from_way() else 'relation'}/{thing.orig_id()}"
            self._outlines.pop(reference, None)
            return self._found(reference, tags, thing)
        if isinstance(thing, Relation):
            reference = f"relation/{thing.id}"
            if tags.get("type") not in ("multipolygon", "boundary"):
                return self._missing(reference, tags, "a relation that draws no area")
        elif isinstance(thing, Way) and thing.is_closed() and tags.get("area") != "no":
            reference = f"way/{thing.id}"
        else:
            kind = "node" if isinstance(thing, Node) else "way"
            return self._found(f"{kind}/{thing.id}", tags, thing)
        self._outlines[reference] = tags
        return None

    def broken(self) -> Iterator[Found]:
        """Yield the outlines that made no area."""
        for reference, tags in self._outlines.items():
            yield self._missing(reference, tags, BROKEN)

    def _missing(self, reference: str, tags: dict[str, str], problem: str) -> Found:
        return Found(next(self._rows), reference, tags, None, problem)

    def _found(self, reference: str, tags: dict[str, str], thing: Node | Way | Area) -> Found:
        try:
            if isinstance(thing, Node):
                made = self._make.create_point(thing)
            elif isinstance(thing, Area):
                made = self._make.create_multipolygon(thing)
            else:
                made = self._make.create_linestring(thing)
            shape, problem = check_shape(shapely.from_wkb(made))
        except (RuntimeError, ValueError, shapely.errors.ShapelyError):
            return self._missing(reference, tags, BROKEN)
        return Found(next(self._rows), reference, tags, shape, problem)
