"""What comes in, made into drafts of places: from OpenStreetMap, tables, feeds and map layers.

A draft's facts are plain values, ready to be kept as JSON and mended by hand. A row that cannot be
a place has a problem, in words for whoever looks; what was left out of it is told in its notes.
"""

import json
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely
import shapely.geometry
from django.contrib.gis.gdal import AxisOrder, CoordTransform, DataSource, SpatialReference
from django.contrib.gis.gdal.error import GDALException
from django.utils import timezone
from shapely.geometry.base import BaseGeometry

from kinder.accounts.uploads import BadUploadError, Kind, detect_kind, open_archive
from places.exchange.batches import ImportRefusedError, Run
from places.exchange.extracts import Found, read_features
from places.exchange.kinds import read_kind
from places.exchange.osm import (
    KEPT_AS_WORDS,
    KeptHours,
    describe,
    is_never_imported,
    keep_hours,
    refuse,
)
from places.exchange.register import shape_place
from places.exchange.tables import read_rows
from places.models import Postcode
from places.postcodes import tidy_postcode
from places.vocabulary import CostToStay
from places.week import DAYS, Week, write_week

FIELDS = ("name", "kind", "lat", "lon", "postcode", "address", "opening_hours", "website",
          "telephone", "description", "reference", "cost_to_stay")  # fmt: skip
"""What a column of a table may be."""
_GUESSES: dict[str, tuple[str, ...]] = {
    "name": ("name", "library name", "title", "place", "venue"),
    "kind": ("kind", "type", "category", "place kind"),
    "lat": ("lat", "latitude", "y"),
    "lon": ("lon", "lng", "long", "longitude", "x"),
    "postcode": ("postcode", "post code", "postal code", "zip"),
    "address": ("address", "address 1", "street", "street address"),
    "opening_hours": ("opening hours", "opening_hours", "hours", "open"),
    "website": ("website", "url", "web", "web address"),
    "telephone": ("telephone", "phone", "tel", "telephone number"),
    "description": ("description", "about", "details"),
    "reference": ("id", "ref", "reference", "uprn", "unique property reference number"),
    "cost_to_stay": ("cost", "cost to stay", "price"),
}
SIZES = {"name": 160, "address": 200, "website": 200, "telephone": 32, "opening_hours": 512}
LONGEST_DESCRIPTION = 2_000
WGS84 = 4326


@dataclass(frozen=True)
class Draft:
    """One row on its way: `facts` as ImportRow keeps them."""

    number: int
    reference: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    notes: tuple[str, ...] = ()


def guess_columns(headings: Iterable[str]) -> dict[str, str]:
    """Return which column is most likely which field, by its heading."""
    known = {re.sub(r"[\s_]+", " ", heading).strip().casefold(): heading for heading in headings}
    found = {}
    for name, words in _GUESSES.items():
        heading = next((known[word.replace("_", " ")] for word in words
                        if word.replace("_", " ") in known), "")  # fmt: skip
        if heading:
            found[name] = heading
    return found


def read_headings(path: Path, file_format: str) -> tuple[list[str], list[dict[str, str]]]:
    """Return the columns of a table or layer and its first rows; raises ImportRefusedError."""
    rows = (row for _number, row, _shape in _read_layer(path)) if file_format == "layer" else (
        row for _number, row in read_rows(Run("places", path), (), has_all=True)
    )  # fmt: skip
    sample = []
    for row in rows:
        sample.append(row)
        if len(sample) == 5:
            break
    if not sample:
        raise ImportRefusedError("The file has a heading and no rows.")
    return list(sample[0]), sample


# ------------------------------------------------------------------ OpenStreetMap


def read_osm(path: Path) -> Iterator[Draft]:
    """Yield a draft for each feature of an extract."""
    yield from _draft_found(read_features(Run("places", path)))


def read_overpass(path: Path) -> Iterator[Draft]:
    """Yield a draft for each element of Overpass JSON (`out center` or `out geom` for outlines)."""
    told = _load(path)
    elements = told.get("elements") if isinstance(told, dict) else None
    if not isinstance(elements, list):
        raise ImportRefusedError("This is no Overpass JSON: it has no “elements”.")
    tagged = [one for one in elements if isinstance(one, dict) and one.get("tags")]
    yield from _draft_found(
        Found(number, f"{one.get('type')}/{one.get('id')}", _texts(one["tags"]), *_shape_of(one))
        for number, one in enumerate(tagged, start=1)
    )


def _shape_of(element: Mapping[str, Any]) -> tuple[BaseGeometry | None, str]:
    middle = element.get("center") or element
    try:
        if line := element.get("geometry"):
            corners = [(float(spot["lon"]), float(spot["lat"])) for spot in line]
            if len(corners) > 3 and corners[0] == corners[-1]:
                return shapely.geometry.Polygon(corners), ""
        return shapely.geometry.Point(float(middle["lon"]), float(middle["lat"])), ""
    except (KeyError, TypeError, ValueError):
        return None, "no position: ask Overpass for “out center”"


def _texts(tags: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in tags.items()}


def _draft_found(features: Iterable[Found]) -> Iterator[Draft]:
    today, seen = timezone.localdate(), set[str]()
    for found in features:
        problem = refuse(found.tags) or found.problem
        if not problem and found.reference and found.reference in seen:
            problem = "the id stands in an earlier row"
        if problem or found.shape is None:
            name = found.tags.get("name", "")
            yield Draft(found.row, found.reference, {"name": name}, problem or "no position")
            continue
        seen.add(found.reference)
        told = describe(found.tags, today)
        shaped = shape_place(found.shape)
        point = shapely.from_wkb(shaped.point)
        facts = {
            "name": told.name,
            "kind": told.kind.value,
            "lon": float(shapely.get_x(point)),
            "lat": float(shapely.get_y(point)),
            "outline": shaped.footprint,
            "address": told.address,
            "postcode": told.postcode,
            "website": told.website,
            "telephone": told.telephone,
            "opening_hours": told.hours.text,
            "are_hours_unread": told.hours.is_unread,
            "cost_to_stay": told.cost_to_stay.value,
            "checked_on": told.checked_on.isoformat() if told.checked_on else None,
            "welcomes": {key.value: value.value for key, value in told.welcomes.items()},
            "alt_names": _other_names(found.tags, told.name),
        }
        yield Draft(found.row, found.reference, facts, notes=told.notes)


_LANGUAGE = re.compile(r"name:([a-z]{2,3}(?:-[A-Za-z]{2,4})?)")


def _other_names(tags: Mapping[str, str], name: str) -> list[list[str]]:
    names = []
    for key, value in sorted(tags.items()):
        found = _LANGUAGE.fullmatch(key)
        if found and value.strip() and value != name:
            names.append([found[1][:8], value.strip()[: SIZES["name"]]])
    return names[:12]


# ------------------------------------------------------------------ tables and layers


def read_table(path: Path, options: Mapping[str, Any]) -> Iterator[Draft]:
    """Yield a draft for each row of a CSV file, by the columns that were chosen."""
    for number, row in read_rows(
        Run("places", path), (), encoding=options.get("encoding", ""), has_all=True
    ):
        yield _draft_row(number, row, options, None)


def read_layer(path: Path, options: Mapping[str, Any]) -> Iterator[Draft]:
    """Yield a draft for each feature of a layer that GDAL reads."""
    for number, row, shape in _read_layer(path):
        yield _draft_row(number, row, options, shape)


def _read_layer(path: Path) -> Iterator[tuple[int, dict[str, str], BaseGeometry | None]]:
    with _unpacked(path) as opened:
        _check_layer(opened)
        try:
            source = DataSource(str(opened))
            if source.driver.name not in _DRIVERS:
                raise ImportRefusedError(NO_LAYER)
            layer = source[0]
            degrees = SpatialReference(WGS84, axis_order=AxisOrder.TRADITIONAL)
            turn = CoordTransform(layer.srs, degrees) if layer.srs is not None else None
            for number, feature in enumerate(layer, start=1):
                row = {name: _cell(feature.get(name)) for name in layer.fields}
                shape = feature.geom
                if shape is not None and turn is not None:
                    shape.transform(turn)
                yield number, row, None if shape is None else shapely.from_wkb(bytes(shape.wkb))
        except (GDALException, IndexError, UnicodeDecodeError) as error:
            raise ImportRefusedError(
                f"GDAL cannot read this as a map layer: {error}"[:300]
            ) from error


NO_LAYER = "This is no GeoPackage, no GeoJSON and no Shapefile."
_DRIVERS = frozenset({"GPKG", "GeoJSON", "ESRI Shapefile"})
_SHAPEFILE = b"\x00\x00\x27\x0a"
_GEOJSON = re.compile(rb'"type"\s*:\s*"Feature(?:Collection)?"')
# A file that tells GDAL what to do rather than where something is.
_ORDERS = b"gdal_streamed_alg"


def _check_layer(path: Path) -> None:
    """Refuse what is not the very format, before GDAL looks.

    GDAL goes by the content: some of its formats (VRT, WFS, pipelines) name other files of this
    machine, or addresses in its network, and it would read them.
    """
    with path.open("rb") as file:
        kind = detect_kind(file)
        content = file.read()
    if kind is Kind.SQLITE or content.startswith(_SHAPEFILE):
        return
    if kind is not Kind.JSON or not _GEOJSON.search(content) or _ORDERS in content:
        raise ImportRefusedError(NO_LAYER)


class _unpacked:  # noqa: N801 - used as a function
    """Give the file itself or, of a packed Shapefile, the .shp in a folder that goes afterwards."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Path:
        if not zipfile.is_zipfile(self._path):
            return self._path
        self._folder = tempfile.TemporaryDirectory(prefix="kinder-layer-")
        folder = Path(self._folder.name)
        try:
            with self._path.open("rb") as file, open_archive(file) as archive:
                archive.extractall(folder)
        except BadUploadError as error:
            raise ImportRefusedError(" ".join(error.messages)) from error
        found = sorted(folder.rglob("*.shp")) or sorted(folder.rglob("*.gpkg"))
        if not found:
            raise ImportRefusedError("The zip file holds no .shp and no .gpkg.")
        return found[0]

    def __exit__(self, *_error: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("\x00", "").strip()


def _draft_row(
    number: int, row: Mapping[str, str], options: Mapping[str, Any], shape: BaseGeometry | None
) -> Draft:
    columns: Mapping[str, str] = options.get("columns", {})

    def told(name: str) -> str:
        return " ".join(row.get(columns.get(name, ""), "").split())

    facts: dict[str, Any] = {
        name: told(name)[: SIZES[name]] for name in ("name", "address", "website", "telephone")
    }
    facts["description"] = told("description")[:LONGEST_DESCRIPTION]
    facts["postcode"] = tidy_postcode(told("postcode")) or ""
    notes = []
    kind = read_kind(told("kind")) if told("kind") else None
    facts["kind"] = kind.value if kind else options.get("kind", "")
    if told("kind") and kind is None and facts["kind"]:
        notes.append(f"taken for the kind that was chosen: {told('kind')}")
    hours = keep_hours(told("opening_hours"))
    facts |= {"opening_hours": hours.text, "are_hours_unread": hours.is_unread}
    if hours.is_unread:
        notes.append(f"{KEPT_AS_WORDS}: {hours.text}")
    cost = told("cost_to_stay")
    if cost in CostToStay.values:
        facts["cost_to_stay"] = cost
    problem = _find_position(facts, told("lat"), told("lon"), shape, notes)
    if not is_web_address(facts["website"]):
        notes.append(f"web address cannot be read, left out: {facts['website']}")
        facts["website"] = ""
    return Draft(
        number,
        told("reference")[:80],
        facts,
        check_facts(facts) or problem,
        tuple(note[:240] for note in notes),
    )


def is_web_address(text: str) -> bool:
    return not text or bool(re.fullmatch(r"https?://[^\s]+\.[^\s]+", text))


def _find_position(
    facts: dict[str, Any], lat: str, lon: str, shape: BaseGeometry | None, notes: list[str]
) -> str:
    """Put longitude and latitude into `facts`; return what is wrong, "" where nothing is."""
    if shape is not None and not shape.is_empty:
        shaped = shape_place(shape)
        point = shapely.from_wkb(shaped.point)
        facts |= {
            "lon": float(shapely.get_x(point)),
            "lat": float(shapely.get_y(point)),
            "outline": shaped.footprint,
        }
        return ""
    try:
        facts |= {"lon": float(lon.replace(",", ".")), "lat": float(lat.replace(",", "."))}
    except ValueError:
        if lat or lon:
            notes.append(f"position cannot be read: {lat} {lon}")
    else:
        return ""
    known = Postcode.objects.filter(code=facts["postcode"]).first() if facts["postcode"] else None
    if known is None:
        return "no position, and no postcode that is loaded"
    facts |= {"lon": known.point.x, "lat": known.point.y}
    notes.append("placed at its postcode")
    return ""


def check_facts(facts: Mapping[str, Any]) -> str:
    """Return why a row cannot be a place yet, in words for whoever mends it; "" where it can."""
    name, kind = facts.get("name", ""), facts.get("kind", "")
    if not name:
        return "no name"
    if is_never_imported({"name": name}):
        return "a refuge, hostel or home is never imported"
    if not kind or read_kind(kind) is None:
        return "no kind of place: choose one"
    lon, lat = facts.get("lon"), facts.get("lat")
    if lon is None or lat is None:
        return "no position, and no postcode that is loaded"
    if not (-180 <= lon <= 180 and -85 <= lat <= 85):
        return "off the map of the world"
    return ""


# ------------------------------------------------------------------ Open Referral


def read_hsds(path: Path, options: Mapping[str, Any]) -> Iterator[Draft]:
    """Yield a draft for each location of Open Referral services (or of locations alone).

    People's names, telephone numbers of contacts and e-mail addresses are not read.
    """
    seen: set[str] = set()
    number = 0
    for location, service in _locations(_load(path)):
        reference = str(location.get("id") or "")[:80]
        if reference and reference in seen:
            continue
        seen.add(reference)
        number += 1
        yield _draft_location(number, reference, location, service, options)


def _locations(told: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    if isinstance(told, dict):
        if "contents" in told:
            told = told["contents"]
        elif "services" in told and isinstance(told["services"], list):
            told = told["services"]
        else:
            told = [told]
    if not isinstance(told, list):
        raise ImportRefusedError("This is no Open Referral JSON.")
    for one in told:
        if not isinstance(one, dict):
            continue
        if "latitude" in one or "location_type" in one:
            yield one, {}
        elif isinstance(one.get("location"), dict):
            yield one["location"], {**(one.get("service") or {}), **_only(one, "schedules")}
        for at in one.get("service_at_locations") or ():
            if isinstance(at, dict) and isinstance(at.get("location"), dict):
                yield at["location"], {**one, **_only(at, "schedules")}


def _only(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {name: told[name]} if told.get(name) else {}


def _draft_location(
    number: int,
    reference: str,
    location: Mapping[str, Any],
    service: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Draft:
    address = next((one for one in location.get("addresses") or () if isinstance(one, dict)), {})
    phones = [one for one in (*(location.get("phones") or ()), *(service.get("phones") or ()))
              if isinstance(one, dict)]  # fmt: skip
    kind = _kind_of(service, location) or options.get("kind", "")
    notes: list[str] = []
    facts: dict[str, Any] = {
        "name": _cell(location.get("name") or service.get("name"))[: SIZES["name"]],
        "kind": kind,
        "address": ", ".join(
            _cell(address.get(name)) for name in ("address_1", "address_2", "city")
            if address.get(name)
        )[: SIZES["address"]],
        "postcode": tidy_postcode(_cell(address.get("postal_code"))) or "",
        "description": _cell(location.get("description") or service.get("description"))[
            :LONGEST_DESCRIPTION
        ],
        "website": _cell(location.get("url") or service.get("url"))[: SIZES["website"]],
        "telephone": _cell(phones[0].get("number")).strip('"')[: SIZES["telephone"]]
        if phones else "",
    }  # fmt: skip
    other = _cell(location.get("alternate_name"))
    if other and other != facts["name"]:
        facts["alt_names"] = [["en", other[: SIZES["name"]]]]
    facts["languages"] = sorted(
        {_cell(one.get("code"))[:8] for one in location.get("languages") or () if one.get("code")}
    )
    hours = _hours_of(location.get("schedules") or service.get("schedules") or (), notes)
    facts |= {"opening_hours": hours.text, "are_hours_unread": hours.is_unread}
    if not is_web_address(facts["website"]):
        facts["website"] = ""
    problem = _find_position(
        facts, _cell(location.get("latitude")), _cell(location.get("longitude")), None, notes
    )
    return Draft(
        number,
        reference,
        facts,
        check_facts(facts) or problem,
        tuple(note[:240] for note in notes),
    )


def _kind_of(*things: Mapping[str, Any]) -> str:
    for thing in things:
        for attribute in thing.get("attributes") or ():
            term = attribute.get("taxonomy_term") or {} if isinstance(attribute, dict) else {}
            for word in (term.get("code"), term.get("name"), term.get("id")):
                kind = read_kind(str(word)) if word else None
                if kind:
                    return kind.value
    return ""


def _hours_of(schedules: Iterable[Any], notes: list[str]) -> KeptHours:
    """Return weekly schedules (RRULE's BYDAY with opens_at and closes_at) as opening hours; what
    they say in words only is kept as words."""
    days: list[list[str]] = [[] for _ in DAYS]
    words = []
    for one in schedules:
        if not isinstance(one, dict):
            continue
        if not one.get("opens_at") or not one.get("closes_at"):
            words.append(_cell(one.get("description")))
            continue
        if str(one.get("freq", "WEEKLY")).upper() != "WEEKLY" or (one.get("interval") or 1) not in (
            1,
            "1",
        ):
            notes.append("hours that are not weekly were left out")
            continue
        span = f"{str(one['opens_at'])[:5]}-{str(one['closes_at'])[:5]}"
        for code in re.findall(r"MO|TU|WE|TH|FR|SA|SU", str(one.get("byday") or "").upper()):
            days[DAYS.index(code.title())].append(span)
    written = write_week(Week(tuple(tuple(sorted(set(spans))) for spans in days)))
    hours = keep_hours(written if any(days) else "; ".join(filter(None, words)))
    if hours.is_unread:
        notes.append(f"{KEPT_AS_WORDS}: {hours.text}")
    return hours


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, UnicodeDecodeError) as error:
        raise ImportRefusedError("This file is no JSON, or it is cut off.") from error
