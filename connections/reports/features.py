"""Released figures as features: areas with the figures of one release, written by the database."""

import json
from typing import Any

from django.db import connections
from django.utils.translation import gettext_lazy as _

from connections.indicators.models import Figure, Release
from connections.indicators.quarters import name_quarter, parse_quarter
from connections.reports import reading
from connections.reports.wording import MARKS
from places.exchange.collections import (
    BadQueryError,
    Box,
    Collection,
    Filter,
    Page,
    Wanted,
    read_id,
    register,
)
from places.vocabulary import AreaLevel

# About 11 m on the ground: finer than anyone draws a neighbourhood.
DEGREES = 0.0001

_FEATURE = """
json_build_object('type', 'Feature', 'id', area.code,
    'geometry', ST_AsGeoJSON(ST_ForcePolygonCCW(
        ST_SimplifyPreserveTopology(area.geometry, %(degrees)s)), 5)::json,
    'properties', json_build_object('code', area.code, 'name', area.name, 'level', area.level,
        'release', %(period)s, 'version', %(version)s, 'published_on', %(published)s) ::jsonb
        || (SELECT jsonb_object_agg(figure.indicator, CASE
                WHEN figure.status = 'shown' THEN to_jsonb(figure.value)
                WHEN figure.status = 'bound' THEN %(bounds)s::jsonb -> figure.bound
                ELSE %(marks)s::jsonb -> figure.status END)
            FROM indicators_figure figure
            WHERE figure.release_id = %(release)s AND figure.area_id = area.id))::text
"""
_WHERE = """
FROM places_area area
WHERE area.geography_id = %(geography)s AND EXISTS (
    SELECT FROM indicators_figure figure
    WHERE figure.release_id = %(release)s AND figure.area_id = area.id)
"""


def register_collections() -> None:
    """Offer released figures beside places, areas and gatherings."""
    register(
        Collection(
            id="figures",
            title=_("Released figures"),
            about=_(
                "Areas with their released figures: a number, or the mark of what is not shown."
            ),
            read=read_figures,
            find=find_figures,
            extent=read_extent,
            filters={
                "release": Filter("Calendar quarter, for example 2026-Q1; the newest without."),
                "level": Filter("Level of the area.", tuple(AreaLevel.values)),
            },
            attribution=read_attribution,
            page="/reports/{id}/",
        )
    )


def _find_release(period: str | None) -> Release | None:
    try:
        if period:
            parse_quarter(period)
    except ValueError as error:
        raise BadQueryError("release: a calendar quarter, for example 2026-Q1.") from error
    try:
        return reading.find_release(period)
    except reading.NotReleasedError as error:
        if period:
            raise BadQueryError("release: nothing is released for this quarter.") from error
        return None


def _values(release: Release) -> dict[str, Any]:
    return {
        "degrees": DEGREES,
        "release": release.pk,
        "geography": release.geography_id,
        "period": name_quarter(release.quarter_id),
        "version": release.version,
        "published": release.published_at.date().isoformat() if release.published_at else None,
        "marks": json.dumps(MARKS),
        "bounds": json.dumps({bound.value: str(bound.label) for bound in Figure.Bound}),
    }


def read_figures(wanted: Wanted) -> Page:
    """Return a page of areas with their figures, in the order of their keys."""
    release = _find_release(wanted.filters.get("release") or None)
    if release is None:
        return Page([], 0)
    values = _values(release)
    where = _WHERE
    if level := wanted.filters.get("level"):
        where += " AND area.level = %(level)s"
        values["level"] = level
    for index, box in enumerate(wanted.boxes):
        where += " AND (" if index == 0 else " OR "
        names = [f"box_{index}_{side}" for side in range(4)]
        values |= dict(zip(names, box, strict=True))
        where += (
            "ST_Intersects(area.geometry, ST_MakeEnvelope("
            + ", ".join(f"%({name})s" for name in names)
            + ", 4326))"
        )
    where += ")" if wanted.boxes else ""
    with connections[reading.READER].cursor() as cursor:
        cursor.execute(f"SELECT count(*) {where}", values)
        matched = cursor.fetchone()[0]
        values |= {"after": read_id(wanted.after), "limit": wanted.limit + 1}
        cursor.execute(
            f"SELECT area.id, {_FEATURE} {where} AND area.id > %(after)s"
            " ORDER BY area.id LIMIT %(limit)s",
            values,
        )
        rows = cursor.fetchall()
    page = rows[: wanted.limit]
    return Page(
        features=[text for _id, text in page],
        matched=matched,
        next=str(page[-1][0]) if len(rows) > wanted.limit else "",
    )


def find_figures(code: str) -> str | None:
    """Return one area with its figures of the newest release."""
    release = _find_release(None)
    if release is None:
        return None
    with connections[reading.READER].cursor() as cursor:
        cursor.execute(
            f"SELECT {_FEATURE} {_WHERE} AND area.code = %(code)s",
            _values(release) | {"code": code},
        )
        row = cursor.fetchone()
    return row[0] if row else None


def read_extent() -> Box | None:
    """Return west, south, east, north of the released areas in degrees; None before a release."""
    release = _find_release(None)
    if release is None:
        return None
    west, south, east, north = reading.read_extent(release, AreaLevel.COUNCIL)
    return west, south, east, north


def read_attribution() -> str:
    """Return whose boundaries the released areas have, in the words of their licence."""
    release = _find_release(None)
    return release.geography.attribution if release else ""
