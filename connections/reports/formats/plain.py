"""A report for programs: JSON, and GeoJSON (RFC 7946) with the areas' outlines."""

import io
import json
from functools import lru_cache
from typing import Any

from django.db import connections
from django.utils.translation import get_language

from connections.indicators.definitions import Indicator, indicators_of
from connections.indicators.models import Figure, Release
from connections.indicators.quarters import name_quarter
from connections.reports import reading, wording
from connections.reports.content import Content
from connections.reports.formats.table import list_cells, publication_day, write_rows
from connections.reports.reading import Cell, explain

# About 11 m on the ground: finer than anyone draws a neighbourhood.
DEGREES = 0.0001
BATCH = 1_000


def _number(text: str) -> float | int | None:
    if not text:
        return None
    return float(text) if "." in text else int(text)


def describe_cell(cell: Cell) -> dict[str, Any]:
    """Return a figure with numbers as numbers; where none is shown `value` is null and `mark` says
    why."""
    low, high = wording.ends(cell.figure)
    return _describe(
        indicator=cell.indicator.code,
        status=cell.status,
        number=cell.number,
        low=low,
        high=high,
        people=cell.people,
        steadied=cell.steadied,
        coverage=wording.coverage(cell.figure),
        note=_note(cell.status),
    )


def _describe(
    *,
    indicator: str,
    status: str,
    number: str,
    low: str,
    high: str,
    people: str,
    steadied: str,
    coverage: str,
    note: str,
) -> dict[str, Any]:
    is_shown = status == Figure.Status.SHOWN.value
    return {
        "indicator": indicator,
        "status": status,
        "value": _number(number) if is_shown else None,
        "mark": "" if is_shown else number,
        "lower_95": _number(low),
        "upper_95": _number(high),
        "people_rounded_to_5": _number(people),
        "steadied_value": _number(steadied),
        "coverage_percent": _number(coverage),
        "note": note,
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


def _describe_indicators(content: Content, codes: set[str]) -> list[dict[str, Any]]:
    """Describe what stands in the rows, as the newest release that holds it defines it."""
    indicators: dict[str, Indicator] = {}
    for release in content.releases:
        for code, indicator in indicators_of(release.parameters).items():
            indicators.setdefault(code, indicator)
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
        if code in codes
    ]


def _describe_row(row: tuple[str, ...]) -> dict[str, Any]:
    """Return a row of the table as names and values: the very texts, with numbers as numbers."""
    (period, version, _published, code, name, level, indicator, _name, _unit, *told) = row
    number, low, high, people, steadied, coverage, status, note, _caveat = told
    return {
        "release": period,
        "version": int(version),
        "area_code": code,
        "area_name": name,
        "area_level": level,
        **_describe(
            indicator=indicator,
            status=status,
            number=number,
            low=low,
            high=high,
            people=people,
            steadied=steadied,
            coverage=coverage,
            note=note,
        ),
    }


def _write(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def write_json(content: Content) -> bytes:
    """Return the report as JSON: the question, the releases, the dictionary and the figures."""
    rows = write_rows(content)
    periods = {row[0] for row in rows}
    frame = _write(
        {
            "title": content.title,
            "question": content.question.as_data(),
            "releases": [
                describe_release(release)
                for release in content.releases
                if name_quarter(release.quarter_id) in periods
            ],
            "indicators": _describe_indicators(content, {row[6] for row in rows}),
            "figures": [],
        }
    )
    out = io.BytesIO()
    out.write(frame.removesuffix(b"]}"))
    # By the thousand: a council's three years as one tree of objects would take 100 MB.
    for start in range(0, len(rows), BATCH):
        written = _write([_describe_row(row) for row in rows[start : start + BATCH]])
        out.write((b"," if start else b"") + written[1:-1])
    out.write(b"]}")
    return out.getvalue()


def write_geojson(content: Content) -> bytes:
    """Return the report's areas as features in WGS 84, with the quarter's figures."""
    by_area: dict[int, dict[str, Cell]] = {}
    areas = {}
    for cell in list_cells(content):
        areas[cell.area.pk] = cell.area
        by_area.setdefault(cell.area.pk, {})[cell.indicator.code] = cell
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
