"""What comes in, made into drafts of places: from OpenStreetMap, tables, feeds and map layers.

A draft's facts are plain values, ready to be kept as JSON and mended by hand. A row that cannot be
a place has a problem, in words for whoever looks; what was left out of it is told in its notes.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import shapely
from django.utils import timezone
from shapely.geometry.base import BaseGeometry

from places.exchange.batches import ImportRefusedError, Run
from places.exchange.extracts import Found, read_features
from places.exchange.kinds import read_kind
from places.exchange.osm import KEPT_AS_WORDS, describe, is_never_imported, keep_hours, refuse
from places.exchange.place_layers import read_layer_rows
from places.exchange.register import shape_place
from places.exchange.tables import find_encoding, read_rows
from places.models import Postcode
from places.postcodes import tidy_postcode
from places.vocabulary import CostToStay

FIELDS = ("name", "kind", "lat", "lon", "postcode", "address", "opening_hours", "website",
          "telephone", "description", "reference", "cost_to_stay")  # fmt: skip
"""What a column of a table may be."""
_GUESSES: dict[str, tuple[str, ...]] = {
    "name": ("name", "library name", "title", "place", "venue"),
    "kind": ("kind", "type", "category", "place kind"),
    "lat": ("lat", "latitude", "y", "northing"),
    "lon": ("lon", "lng", "long", "longitude", "x", "easting"),
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
REPEATED = "the id stands in an earlier row"
OFF_THE_MAP = "off the map of the world"


@dataclass(frozen=True)
class Draft:
    """One row on its way: `facts` as ImportRow keeps them. A `warning` is about the whole list: it
    is not all that it should be."""

    number: int
    reference: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    notes: tuple[str, ...] = ()
    warning: str = ""


def reject_repeats(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Yield `drafts`; of those with the same id only the first can be a place."""
    seen = set[str]()
    for draft in drafts:
        is_repeated = not draft.problem and draft.reference in seen
        yield replace(draft, problem=REPEATED) if is_repeated else draft
        if draft.reference and not draft.problem:
            seen.add(draft.reference)


def guess_columns(headings: Iterable[str]) -> dict[str, str]:
    """Return which column is most likely which field, by its heading."""
    known = {re.sub(r"[\s_]+", " ", heading).strip().casefold(): heading for heading in headings}
    found = {}
    for name, words in _GUESSES.items():
        heading = next((known[word.replace("_", " ")] for word in words
                        if word.replace("_", " ") in known), "")  # fmt: skip
        if heading:
            found[name] = heading
    if "name" not in found:
        # "Venue name", "distinctive_name": whatever else calls itself a name.
        called = next((own for plain, own in known.items() if plain.endswith(" name")), "")
        found |= {"name": called} if called else {}
    return found


def read_headings(
    path: Path, file_format: str, *, encoding: str = "", layer: str = ""
) -> tuple[list[str], list[dict[str, str]]]:
    """Return the columns of a table or layer and its first rows; raises ImportRefusedError."""
    rows = (row for _number, row, _shape in read_layer_rows(path, layer)) if (
        file_format == "layer"
    ) else (row for _number, row in _read_table_rows(path, encoding))  # fmt: skip
    sample = list(islice(rows, 5))
    if not sample:
        raise ImportRefusedError("The file has a heading and no rows.")
    if not sample[0]:
        raise ImportRefusedError("The rows of this file have no columns: their names are unknown.")
    return list(sample[0]), sample


# ------------------------------------------------------------------ OpenStreetMap


def read_osm(path: Path) -> Iterator[Draft]:
    """Yield a draft for each feature of an extract."""
    yield from draft_found(read_features(Run("places", path)))


def draft_found(features: Iterable[Found]) -> Iterator[Draft]:
    """Yield a draft for each thing found in OpenStreetMap, in order; a refused one says why."""
    today, seen = timezone.localdate(), set[str]()
    for found in features:
        problem = refuse(found.tags) or found.problem
        if not problem and found.reference and found.reference in seen:
            problem = REPEATED
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
    for number, row in _read_table_rows(path, options.get("encoding", "")):
        yield _draft_row(number, row, options, None)


def _read_table_rows(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, str]]]:
    return read_rows(
        Run("places", path), (), encoding=encoding or find_encoding(path), has_all=True
    )


def read_layer(path: Path, options: Mapping[str, Any]) -> Iterator[Draft]:
    """Yield a draft for each feature of a layer that GDAL reads."""
    for number, row, shape in read_layer_rows(path, options.get("layer", "")):
        yield _draft_row(number, row, options, shape)


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
    problem = find_position(facts, told("lat"), told("lon"), shape, notes)
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
    """Whether `text` is an http or https address, or empty."""
    return not text or bool(re.fullmatch(r"https?://[^\s]+\.[^\s]+", text))


def find_position(
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
    read = _read_degrees(lon), _read_degrees(lat)
    if None not in read:
        facts |= {"lon": read[0], "lat": read[1]}
        return ""
    if lat or lon:
        notes.append(f"position cannot be read: {lat} {lon}")
    known = Postcode.objects.filter(code=facts["postcode"]).first() if facts["postcode"] else None
    if known is None:
        return "no position, and no postcode that is loaded"
    facts |= {"lon": known.point.x, "lat": known.point.y}
    notes.append("placed at its postcode")
    return ""


def _read_degrees(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    # What a table calls "nan" or "inf" is no number that a position has.
    return number if math.isfinite(number) else None


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
        return OFF_THE_MAP
    return ""


def load_json(path: Path) -> Any:
    """Return what a file of JSON says; raises ImportRefusedError."""
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ImportRefusedError("This file is no JSON, or it is cut off.") from error
