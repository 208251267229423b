"""A whole release as one table: written by the database, kept, the same bytes each time."""

import csv
import io
import tempfile
from pathlib import Path
from typing import IO, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections
from django.db.transaction import atomic
from django.utils.translation import override

from connections.indicators.definitions import indicators_of
from connections.indicators.models import Figure, Release
from connections.indicators.quarters import name_quarter
from connections.reports import reading
from connections.reports.formats.bundle import describe_package, write_archive
from connections.reports.formats.dictionary import write_dictionaries
from connections.reports.formats.table import NAMES, guard, publication_day
from connections.reports.question import LAYOUT_VERSION
from connections.reports.reading import explain
from connections.reports.rules import check_can_report
from connections.reports.wording import MARKS
from places.models import Area

SORTED_IN = "128MB"
LINES_AT_ONCE = 2_000
LANGUAGE = "en-gb"
"""The table has one language, so that it is the same for everybody; dictionaries beside it tell in
each language of reports what its columns and codes mean."""


def write_release(release: Release, out: IO[bytes]) -> None:
    """Write every figure of `release` as CSV, in the columns of all tables, A–Z by area.

    One COPY of the reports' own role: no figure passes through Python, however large the country.
    What repeats is worded once, here: an area's first cells, an indicator's, a status's. The
    database puts them around the numbers, in the order given, by the workers that it has.
    """
    named = indicators_of(release.parameters)
    first = (name_quarter(release.quarter_id), str(release.version), publication_day(release))
    areas = (
        Area.objects.using(reading.READER)
        .filter(geography=release.geography_id)
        .order_by("name", "code")
        .values_list("pk", "code", "name", "level")
    )
    with override(LANGUAGE):
        tables: dict[str, list[tuple[Any, ...]]] = {
            "area": [
                (pk, f"{_join(*first, code, name, level)},") for pk, code, name, level in areas
            ],
            "about": [
                (
                    code,
                    f"{_join(code, str(i.name), str(i.unit.label))},",
                    f",{_join(str(i.caveat))}",
                )
                for code, i in named.items()
            ],
            "standing": [*_list_standings()],
        }
    arguments = {
        f"{name}_{place}": list(column)
        for name, rows in tables.items()
        for place, column in enumerate(zip(*rows, strict=True))
    }
    out.write(b"\xef\xbb\xbf" + ",".join(NAMES).encode() + b"\r\n")
    if not tables["area"] or not named:
        return
    with atomic(using=reading.READER), connections[reading.READER].cursor() as cursor:
        # Of this transaction alone: what a worker sorts stays in memory.
        cursor.execute(f"SET LOCAL work_mem = '{SORTED_IN}'")
        select = cursor.cursor.mogrify(_LINES, {"release": release.pk, **arguments}).decode()
        # A line is one column, and holds neither of the two signs.
        lines = _CarriageReturns(out)
        cursor.cursor.copy_expert(
            f"COPY ({select}) TO STDOUT WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')",
            lines,
        )
        lines.flush()


def _join(*cells: str) -> str:
    """Return cells as a table of ours has them: guarded, quoted where they must be."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([guard(cell) for cell in cells])
    return out.getvalue()


def _list_standings() -> list[tuple[str, str, str | None, str]]:
    """Return for each status, and each bound, what stands in place of a number, and the cells of
    status and reason."""
    told: list[tuple[str, str, str | None]] = [
        (status.value, "", MARKS.get(status.value))
        for status in Figure.Status
        if status is not Figure.Status.BOUND
    ]
    told += [
        (Figure.Status.BOUND.value, item.value, _join(str(item.label))) for item in Figure.Bound
    ]
    return [
        (status, bound, text, f",{_join(status, explain(status))}") for status, bound, text in told
    ]


class _CarriageReturns(io.RawIOBase):
    """Ends lines as the other tables do: PostgreSQL ends them with a newline alone. No text of a
    figure holds one."""

    def __init__(self, out: IO[bytes]) -> None:
        self.out = out
        self.lines: list[bytes] = []

    def write(self, line: bytes) -> int:  # type: ignore[override]
        self.lines.append(line)
        if len(self.lines) == LINES_AT_ONCE:
            self.flush()
        return len(line)

    def flush(self) -> None:
        self.out.write(b"".join(self.lines).replace(b"\n", b"\r\n"))
        self.lines.clear()


def _number(column: str) -> str:
    """Return SQL for a number as `wording` writes it.

    A number of six decimals at most is its own shortest text, which costs a third of rounding it.
    """
    return (
        f"CASE WHEN {column} = round({column} * 1e6) / 1e6"
        f" AND ({column} = 0 OR abs({column}) BETWEEN 0.001 AND 1e9) THEN ({column} + 0)::text"
        f" ELSE trim_scale(round({column}::numeric, 6))::text END"
    )


_LINES = f"""
SELECT concat(area.head, about.head,
    coalesce(standing.said, {_number("figure.value")}), ',',
    {_number("figure.lower")}, ',', {_number("figure.upper")}, ',', figure.people, ',',
    {_number("figure.shrunk")}, ',', round(figure.coverage)::int, standing.head, about.caveat)
FROM indicators_figure figure
JOIN unnest(%(area_0)s::bigint[], %(area_1)s::text[])
    WITH ORDINALITY AS area(id, head, place) ON area.id = figure.area_id
JOIN unnest(%(about_0)s::text[], %(about_1)s::text[], %(about_2)s::text[])
    WITH ORDINALITY AS about(code, head, caveat, place) ON about.code = figure.indicator
JOIN unnest(%(standing_0)s::text[], %(standing_1)s::text[], %(standing_2)s::text[],
        %(standing_3)s::text[]) AS standing(status, bound, said, head)
    ON standing.status = figure.status AND standing.bound = figure.bound
WHERE figure.release_id = %(release)s
ORDER BY area.place, about.place
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
    dictionaries = write_dictionaries(indicators_of(release.parameters).values())
    with override(LANGUAGE):
        package = describe_package(
            name=f"kinder-{period.lower()}",
            title=f"Kinder, all released figures, {period}",
            version=str(release.version),
            table=table,
            sources=[release.geography.attribution],
            dictionaries=dictionaries,
        )
    archive = write_archive(
        {
            "figures.csv": table,
            **{f"dictionary-{language}.csv": told for language, told in dictionaries.items()},
            "datapackage.json": package,
        }
    )
    made = default_storage.save(name, ContentFile(archive))
    if made != name:
        # Somebody else wrote the same bytes a moment before.
        default_storage.delete(made)
    return name
