"""What an import would bring, as points for the map of its page."""

from typing import Any

from django.db import connection

from places.exchange.models import PlaceImport


def extent_of_rows(job: PlaceImport) -> list[float] | None:
    """Return west, south, east, north of the rows that have a position."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min((facts->>'lon')::float), min((facts->>'lat')::float),"
            " max((facts->>'lon')::float), max((facts->>'lat')::float)"
            " FROM exchange_importrow WHERE job_id = %s AND problem = ''",
            [job.pk],
        )
        found = list(cursor.fetchone())
    return None if found[0] is None else found


def describe_points(job: PlaceImport, *, most: int = 2_000) -> dict[str, Any]:
    """Return the rows as GeoJSON for the map of the preview."""
    # Rows of an import that ended long ago say nothing any more.
    rows = job.rows.filter(problem="", facts__has_key="lon").order_by("number")[:most]
    return {
        "type": "FeatureCollection",
        "links": [],
        "features": [
            {
                "type": "Feature",
                "id": row.number,
                "geometry": {"type": "Point", "coordinates": [row.facts["lon"], row.facts["lat"]]},
                "properties": {
                    "name": row.facts.get("name", ""),
                    "kind": row.facts.get("kind", ""),
                    "code": str(row.number),
                },
            }
            for row in rows
        ],
    }
