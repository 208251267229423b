"""A whole release as one table: written by the database, kept, the same bytes each time."""

import io
import tempfile
from pathlib import Path
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections
from django.utils.translation import override

from connections.indicators.definitions import indicators_of
from connections.indicators.models import Figure, Release
from connections.indicators.quarters import name_quarter
from connections.reports import reading
from connections.reports.formats.bundle import describe_package, write_archive
from connections.reports.formats.table import NAMES, guard, publication_day
from connections.reports.question import LAYOUT_VERSION
from connections.reports.reading import explain
from connections.reports.rules import check_can_report
from connections.reports.wording import MARKS

LANGUAGE = "en-gb"
"""Open data has one language; codes stand beside every name."""


def write_release(release: Release, out: IO[bytes]) -> None:
    """Write every figure of `release` as CSV, in the columns of all tables, A–Z by area.

    One COPY of the reports' own role: no row passes through Python, however large the country.
    """
    named = indicators_of(release.parameters)
    with override(LANGUAGE):
        about = [
            (code, order, guard(str(i.name)), str(i.unit.label), guard(str(i.caveat)))
            for order, (code, i) in enumerate(named.items())
        ]
        notes = [(status.value, explain(status.value)) for status in Figure.Status]
        bounds = [(bound.value, str(bound.label)) for bound in Figure.Bound]
    marks = list(MARKS.items())
    published = publication_day(release)
    with connections[reading.READER].cursor() as cursor:
        arguments: dict[str, object] = {
            "release": release.pk,
            "period": name_quarter(release.quarter_id),
            "version": release.version,
            "published": published,
            **{f"about_{i}": [row[i] for row in about] for i in range(5)},
            **{f"note_{i}": [row[i] for row in notes] for i in range(2)},
            **{f"bound_{i}": [row[i] for row in bounds] for i in range(2)},
            **{f"mark_{i}": [row[i] for row in marks] for i in range(2)},
        }
        select = cursor.cursor.mogrify(_ROWS, arguments).decode()
        out.write(b"\xef\xbb\xbf" + ",".join(NAMES).encode() + b"\r\n")
        cursor.cursor.copy_expert(
            f"COPY ({select}) TO STDOUT WITH (FORMAT csv, NULL '')", _CarriageReturns(out)
        )


class _CarriageReturns(io.RawIOBase):
    """Ends lines as the other tables do: PostgreSQL ends them with a newline alone. No text of a
    figure holds one."""

    def __init__(self, out: IO[bytes]) -> None:
        self.out = out

    def write(self, block: bytes) -> int:  # type: ignore[override]
        self.out.write(block.replace(b"\n", b"\r\n"))
        return len(block)


def _number(column: str) -> str:
    return f"trim_scale(round({column}::numeric, 6))::text"


def _guarded(column: str) -> str:
    return (
        f"CASE WHEN left({column}, 1) IN ('=', '+', '@', E'\\t', E'\\r', '-')"
        f" THEN '''' || {column} ELSE {column} END"
    )


_ROWS = f"""
SELECT %(period)s, %(version)s, %(published)s, area.code, {_guarded("area.name")}, area.level,
    figure.indicator, about.name, about.unit,
    CASE figure.status
        WHEN 'shown' THEN {_number("figure.value")}
        WHEN 'bound' THEN bound.label
        ELSE mark.sign END,
    {_number("figure.lower")}, {_number("figure.upper")}, figure.people,
    {_number("figure.shrunk")}, round(figure.coverage::numeric)::int, figure.status,
    NULLIF(note.text, ''),
    about.caveat
FROM indicators_figure figure
JOIN places_area area ON area.id = figure.area_id
JOIN unnest(%(about_0)s::text[], %(about_1)s::int[], %(about_2)s::text[], %(about_3)s::text[],
        %(about_4)s::text[]) AS about(code, place, name, unit, caveat)
    ON about.code = figure.indicator
LEFT JOIN unnest(%(note_0)s::text[], %(note_1)s::text[]) AS note(status, text)
    ON note.status = figure.status
LEFT JOIN unnest(%(bound_0)s::text[], %(bound_1)s::text[]) AS bound(code, label)
    ON bound.code = figure.bound
LEFT JOIN unnest(%(mark_0)s::text[], %(mark_1)s::text[]) AS mark(status, sign)
    ON mark.status = figure.status
WHERE figure.release_id = %(release)s
ORDER BY area.name, area.code, about.place
"""  # noqa: S608 - our own expressions


def find_bulk(release: Release) -> str:
    """Return the name, in the store, of the release's data package, made now where it is not kept.

    Raises Refused for a release that is not out.
    """
    check_can_report(release)
    period = name_quarter(release.quarter_id)
    mark = release.watermark[:16] or "none"
    name = f"releases/kinder-{period}-v{release.version}-{mark}-{LAYOUT_VERSION}.zip"
    if default_storage.exists(name):
        return name
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.csv"
        with path.open("wb") as out:
            write_release(release, out)
        table = path.read_bytes()
    with override(LANGUAGE):
        package = describe_package(
            name=f"kinder-{period.lower()}",
            title=f"Kinder, all released figures, {period}",
            version=str(release.version),
            table=table,
            sources=[release.geography.attribution],
        )
    archive = write_archive({"figures.csv": table, "datapackage.json": package})
    made = default_storage.save(name, ContentFile(archive))
    if made != name:
        # Somebody else wrote the same bytes a moment before.
        default_storage.delete(made)
    return name
