"""Reads what Overpass answers as JSON, with `out center` or `out geom`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
import shapely.geometry
import shapely.ops
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from places.exchange.batches import ImportRefusedError
from places.exchange.drafts import Draft, draft_found, load_json
from places.exchange.extracts import Found, check_shape

NO_POSITION = "no position: ask Overpass for “out center”"
_KINDS = ("node", "way", "relation")


def read_overpass(path: Path) -> Iterator[Draft]:
    """Yield a draft for each element that has tags; what Overpass says of an answer that it broke
    off is the warning of the last one. Raises ImportRefusedError."""
    told = load_json(path)
    elements = told.get("elements") if isinstance(told, dict) else None
    if not isinstance(elements, list):
        raise ImportRefusedError("This is no Overpass JSON: it has no “elements”.")
    number = 0
    for draft in draft_found(_find(elements)):
        number = draft.number
        yield draft
    remark = told.get("remark")
    if remark:
        # Overpass answers 200 with what it has when its time or memory is used up.
        warning = f"Overpass broke off, so the list is not whole: {remark}"
        yield Draft(number + 1, problem=warning, warning=warning)
    elif not elements:
        raise ImportRefusedError("Overpass found nothing: its answer holds no elements.")
    elif not number:
        raise ImportRefusedError("Its elements have no tags: ask Overpass for “out center”.")


def _find(elements: Sequence[Any]) -> Iterator[Found]:
    number = 0
    for one in elements:
        tags = one.get("tags") if isinstance(one, dict) else None
        # Corners of ways, which hold no tags, are no places.
        if not isinstance(one, dict) or (tags is None and one.get("type") in _KINDS):
            continue
        number += 1
        if not isinstance(tags, dict):
            yield Found(number, "", {}, None, "no tags")
            continue
        kind, key = one.get("type"), str(one.get("id"))
        reference = f"{kind}/{key}" if kind in _KINDS and key.isdecimal() else ""
        yield Found(number, reference, {str(k): str(v) for k, v in tags.items()}, *_shape_of(one))


def _shape_of(element: Mapping[str, Any]) -> tuple[BaseGeometry | None, str]:
    try:
        shape = _draw(element)
    except (AttributeError, KeyError, TypeError, ValueError, ShapelyError):
        return None, NO_POSITION
    return check_shape(shape)


def _draw(element: Mapping[str, Any]) -> BaseGeometry:
    if line := element.get("geometry"):
        return _close(_corners(line))
    if "center" not in element and (members := element.get("members")):
        return _join(members)
    middle = element.get("center") or element
    return shapely.geometry.Point(float(middle["lon"]), float(middle["lat"]))


def _corners(line: Sequence[Any]) -> list[tuple[float, float]]:
    # A corner beyond the box that was asked for is null.
    return [(float(spot["lon"]), float(spot["lat"])) for spot in line if spot is not None]


def _close(corners: list[tuple[float, float]]) -> BaseGeometry:
    if len(corners) > 3 and corners[0] == corners[-1]:
        return shapely.geometry.Polygon(corners)
    if len(corners) > 1:
        return shapely.geometry.LineString(corners)
    return shapely.geometry.Point(corners[0])


def _join(members: Sequence[Any]) -> BaseGeometry:
    """Return what a relation draws: its outer lines closed to areas, less the inner ones, else the
    parts as they are."""
    lines: dict[bool, list[BaseGeometry]] = {False: [], True: []}
    spots: list[BaseGeometry] = []
    for member in members:
        if line := member.get("geometry"):
            shape = _close(_corners(line))
            if shape.geom_type != "Point":
                lines[member.get("role") == "inner"].append(_outline(shape))
        elif "lat" in member:
            spots.append(shapely.geometry.Point(float(member["lon"]), float(member["lat"])))
    outer = shapely.unary_union(list(shapely.ops.polygonize(shapely.unary_union(lines[False]))))
    if outer.is_empty:
        parts = lines[False] or spots
        if not parts:
            raise ValueError(NO_POSITION)
        return shapely.unary_union(parts)
    holes = list(shapely.ops.polygonize(shapely.unary_union(lines[True]))) if lines[True] else []
    return outer.difference(shapely.unary_union(holes)) if holes else outer


def _outline(shape: BaseGeometry) -> BaseGeometry:
    return shape.exterior if isinstance(shape, shapely.geometry.Polygon) else shape
