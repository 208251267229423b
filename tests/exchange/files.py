"""Small made-up files to import, and a shorthand to import them."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Polygon
from django.core.management import call_command

from places.actions import rebuild_ancestors
from places.exchange.models import ImportBatch, ImportIssue
from places.models import Area, AreaAlias, Geography

Shape = Mapping[str, Any] | None


def square(west: float, south: float, side: float = 0.1) -> dict[str, Any]:
    """A GeoJSON square by its south-west corner."""
    east, north = west + side, south + side
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


def write_geojson(
    path: Path, features: Iterable[tuple[Mapping[str, Any], Shape]], **top: Any
) -> Path:
    """Write (properties, geometry) as a collection of features."""
    collection = {
        "type": "FeatureCollection",
        **top,
        "features": [
            {"type": "Feature", "properties": properties, "geometry": geometry}
            for properties, geometry in features
        ],
    }
    path.write_text(json.dumps(collection))
    return path


def write_csv(path: Path, rows: Sequence[Mapping[str, object]], **options: Any) -> Path:
    with path.open("w", newline="", encoding=options.pop("encoding", "utf-8")) as file:
        writer = csv.DictWriter(file, list(rows[0]), **options)
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(command: str, path: Path, *options: str) -> str:
    """Run an import command and return what it says."""
    out = StringIO()
    call_command(command, str(path), *options, stdout=out)
    return out.getvalue()


def import_level(path: Path, level: str, *options: str, geography: str = "test") -> str:
    """Import areas from columns code, name and, where they are told, parent and alias."""
    fixed = ("--geography", geography, "--level", level, "--code", "code", "--name", "name")
    return run("import_areas", path, *fixed, *options)


def plant(levels: Mapping[str, Sequence[tuple[str, str, Shape]]]) -> Geography:
    """Make areas (code, parent's code, shape) by level, the largest first, without a file."""
    geography = Geography.objects.create(slug="test", name="Test", is_current=True)
    made: dict[str, Area] = {}
    for level, areas in levels.items():
        for code, parent, shape in areas:
            outline = GEOSGeometry(json.dumps(shape), srid=4326)
            assert isinstance(outline, Polygon)
            made[code] = Area.objects.create(
                geography=geography,
                code=code,
                name=f"Area {code}",
                level=level,
                parent=made.get(parent),
                geometry=MultiPolygon(outline, srid=4326),
                point=outline.point_on_surface,
            )
            AreaAlias.objects.create(area=made[code], code=f"{code}OLD")
    rebuild_ancestors(geography)
    return geography


def last_batch() -> ImportBatch:
    return ImportBatch.objects.latest("id")


def last_counts() -> tuple[int, int, int]:
    """What the last import created, changed and left as it was."""
    batch = last_batch()
    return batch.created, batch.changed, batch.unchanged


def last_issues() -> dict[str, str]:
    """The reasons of the last import by the rows' references."""
    issues = ImportIssue.objects.filter(batch=last_batch()).order_by("row", "id")
    return {issue.reference: issue.reason for issue in issues}


def the_geography(slug: str = "test") -> Geography:
    return Geography.objects.get(slug=slug)
