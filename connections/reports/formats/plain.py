"""A report for programs: JSON, and GeoJSON (RFC 7946) with the areas' outlines."""

import json
from functools import lru_cache
from typing import Any

from django.db import connections
from django.utils.translation import get_language

from connections.indicators.models import Release
from connections.indicators.quarters import name_quarter
from connections.reports import reading, wording
from connections.reports.content import Content
from connections.reports.formats.table import Row, list_rows, publication_day
from connections.reports.reading import Cell, explain

# About 11 m on the ground: finer than anyone draws a neighbourhood.
DEGREES = 0.0001


def _number(text: str) -> float | int | None:
    if not text:
        return None
    return float(text) if "." in text else int(text)


def describe_cell(cell: Cell) -> dict[str, Any]:
    """Return a figure with numbers as numbers; where none is shown `value` is null and `mark` says
    why."""
    low, high = wording.ends(cell.figure)
    return {
        "indicator": cell.indicator.code,
        "status": cell.status,
        "value": _number(cell.number) if cell.is_shown else None,
        "mark": "" if cell.is_shown else cell.number,
        "lower_95": _number(low),
        "upper_95": _number(high),
        "people_rounded_to_5": _number(cell.people),
        "steadied_value": _number(cell.steadied),
        "coverage_percent": _number(wording.coverage(cell.figure)),
        "note": _note(cell.status),
    }


@lru_cache(maxsize=64)
def _explain(status: str, _language: str) -> str:
    return explain(status)


def _note(status: str) -> str:
    return _explain(status, get_language() or "")


def describe_release(release: Release) -> dict[str, Any]:
    """Return what a reader needs to cite a release."""
    return {
        "period": name_quarter(release.quarter_id),
        "version": release.version,
        "published_on": publication_day(release) or None,
        "method_version": release.method_version,
        "geography": release.geography.name,
        "attribution": release.geography.attribution,
        "watermark_sha256": release.watermark,
    }


def describe_rows(rows: list[Row]) -> dict[str, Any]:
    """Return rows of figures with the dictionary of the indicators that stand in them."""
    return {
        "indicators": _describe_indicators(rows),
        "figures": [_describe_row(row) for row in rows],
    }


def _describe_indicators(rows: list[Row]) -> list[dict[str, Any]]:
    indicators = {row.cell.indicator.code: row.cell.indicator for row in rows}
    return [
        {
            "code": code,
            "name": str(indicator.name),
            "question": str(indicator.question),
            "formula": str(indicator.formula),
            "unit": str(indicator.unit.label),
            "interval": str(indicator.interval.label),
            "direction": str(indicator.direction.label),
            "caveat": str(indicator.caveat),
            "cannot_tell": str(indicator.cannot_tell),
            "version": indicator.version,
        }
        for code, indicator in sorted(indicators.items())
    ]


def _describe_row(row: Row) -> dict[str, Any]:
    return {
        "release": name_quarter(row.release.quarter_id),
        "version": row.release.version,
        "area_code": row.cell.area.code,
        "area_name": row.cell.area.name,
        "area_level": row.cell.area.level,
        **describe_cell(row.cell),
    }


def _write(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def write_json(content: Content) -> bytes:
    """Return the report as JSON: the question, the releases, the dictionary and the figures."""
    rows = list(list_rows(content))
    releases = {row.release.pk: row.release for row in rows}
    frame = _write(
        {
            "title": content.title,
            "question": content.question.as_data(),
            "releases": [describe_release(release) for release in releases.values()],
            "indicators": _describe_indicators(rows),
            "figures": [],
        }
    )
    # Row by row: a council's three years as one tree of objects would take a hundred megabytes.
    figures = b",".join(_write(_describe_row(row)) for row in rows)
    return frame.removesuffix(b"]}") + figures + b"]}"


def write_geojson(content: Content) -> bytes:
    """Return the report's areas as features in WGS 84, with the quarter's figures."""
    by_area: dict[int, dict[str, Cell]] = {}
    areas = {}
    for row in list_rows(content):
        if row.release.pk == content.release.pk:
            areas[row.cell.area.pk] = row.cell.area
            by_area.setdefault(row.cell.area.pk, {})[row.cell.indicator.code] = row.cell
    shapes = _read_geojson(list(areas))
    features = [
        {
            "type": "Feature",
            "id": area.code,
            "geometry": shapes.get(pk),
            "properties": {
                "area_code": area.code,
                "area_name": area.name,
                "area_level": area.level,
                "release": name_quarter(content.release.quarter_id),
                **{
                    code: cell.number if not cell.is_shown else _number(cell.number)
                    for code, cell in by_area[pk].items()
                },
                **{f"{code}_status": cell.status for code, cell in by_area[pk].items()},
            },
        }
        for pk, area in areas.items()
    ]
    return _write(
        {
            "type": "FeatureCollection",
            "name": content.title,
            "attribution": content.release.geography.attribution,
            "features": features,
        }
    )


def _read_geojson(ids: list[int]) -> dict[int, Any]:
    """Return each area's outline with its outer ring turning left, as RFC 7946 asks."""
    with connections[reading.READER].cursor() as cursor:
        cursor.execute(
            "SELECT id, ST_AsGeoJSON(ST_ForcePolygonCCW("
            "ST_SimplifyPreserveTopology(geometry, %s)), 5) FROM places_area WHERE id = ANY(%s)",
            [DEGREES, ids],
        )
        return {pk: json.loads(shape) for pk, shape in cursor.fetchall()}
