"""A full report of a council: 136 neighbourhoods, 12 quarters, every figure, all formats.

Cold is reading and making every format; warm is the same question asked again. Beside them a
workbook of 7,000 × 10 by XlsxWriter and by openpyxl, a PDF compiled warm, and a table of a million
rows written by the database. Prints one JSON object a line; exits 1 where a bar is missed. All is
rolled back; files go to a folder that is deleted.
"""

import datetime as dt
import io
import json
import os
import resource
import sys
import tempfile
from statistics import median
from time import perf_counter
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kinder.settings")
django.setup()

import numpy as np  # noqa: E402
import xlsxwriter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.gis.geos import MultiPolygon, Polygon  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from openpyxl import Workbook  # noqa: E402

from connections.indicators.definitions import INDICATORS  # noqa: E402
from connections.indicators.models import Figure, Quarter, Release  # noqa: E402
from connections.reports import reading  # noqa: E402
from connections.reports.actions import ask_report, make_next  # noqa: E402
from connections.reports.bulk import write_release  # noqa: E402
from connections.reports.content import read_content  # noqa: E402
from connections.reports.formats.pdf import write_pdf  # noqa: E402
from connections.reports.question import Question  # noqa: E402
from connections.reports.vocabulary import Format  # noqa: E402
from places.models import Area, AreaAncestor, Geography  # noqa: E402

NEIGHBOURHOODS, QUARTERS, ROUNDS = 136, 12, 3
MILLION = 1_000_000


def make_shape(x: float, y: float) -> MultiPolygon:
    """A neighbourhood with a border of 200 corners, as real ones have."""
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    wave = 0.005 * (1 + 0.1 * np.sin(9 * turn))
    ring = [(x + w * np.cos(t), y + w * np.sin(t)) for t, w in zip(turn, wave, strict=True)]
    return MultiPolygon(Polygon([*ring, ring[0]], srid=4326), srid=4326)


def fill(rng: np.random.Generator) -> tuple[Release, Area]:
    """Invent the council with its released quarters."""
    Geography.objects.update(is_current=False)
    geography = Geography.objects.create(slug="bench-report", name="Bench", is_current=True)

    def add(code: str, level: str, x: float, y: float, parent: Area | None) -> Area:
        shape = make_shape(x, y)
        area = Area.objects.create(
            geography=geography,
            code=code,
            name=f"Area {code}",
            level=level,
            parent=parent,
            geometry=shape,
            point=shape.centroid,
            population=5_000,
            adults=4_000,
            deprivation_decile=int(rng.integers(1, 11)),
        )
        holders = [area, *([parent] if parent else [])]
        AreaAncestor.objects.bulk_create(
            AreaAncestor(area=area, ancestor=holder, depth=depth)
            for depth, holder in enumerate(holders)
        )
        return area

    council = add("B1", "council", -4.2, 55.9, None)
    areas = [council] + [
        add(f"B{n:05}", "intermediate", -4.5 + n % 12 * 0.01, 55.8 + n // 12 * 0.01, council)
        for n in range(NEIGHBOURHOODS)
    ]
    for step in range(QUARTERS):
        quarter_on = dt.date(1990 + step // 4, 1 + step % 4 * 3, 1)
        quarter = Quarter.objects.create(starts_on=quarter_on, geography=geography)
        release = Release.objects.create(
            quarter=quarter,
            geography=geography,
            state=Release.State.READY,
            method_version="1",
            watermark=f"{step:064d}",
            parameters={"indicators": dict.fromkeys(INDICATORS, "1")},
        )
        Figure.objects.bulk_create(
            [
                Figure(
                    release=release,
                    area=area,
                    indicator=code,
                    status="shown",
                    people=100,
                    value=value,
                    lower=value - 3,
                    upper=value + 3,
                )
                if rng.random() > 0.2
                else Figure(release=release, area=area, indicator=code, status="c")
                for area in areas
                for code in INDICATORS
                for value in [float(rng.integers(20, 60))]
            ],
            batch_size=5_000,
        )
        release.state = Release.State.PUBLISHED
        release.published_at = dt.datetime(1995, 1, 1, tzinfo=dt.UTC)
        release.save()
    return release, council


def time_whole_release(release: Release) -> float:
    """Seconds to write a million figures of one release as a table."""
    codes = list(INDICATORS)
    count = MILLION // len(codes) + 1
    shape = make_shape(-3.0, 56.0)
    geography = Geography.objects.create(slug="bench-many", name="Bench of many")
    Area.objects.bulk_create(
        (
            Area(
                geography=geography,
                code=f"M{n:06}",
                name=f"Area {n}",
                level="zone",
                geometry=MultiPolygon(Polygon.from_bbox(shape.extent), srid=4326),
                point=shape.centroid,
            )
            for n in range(count)
        ),
        batch_size=2_000,
    )
    quarter = Quarter.objects.create(starts_on=dt.date(2000, 1, 1), geography=geography)
    whole = Release.objects.create(
        quarter=quarter, geography=geography, method_version="1", parameters=release.parameters
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO indicators_figure (release_id, indicator, area_id, status, people, value,"
            " lower, upper, bound) SELECT %s, asked.code, area.id, 'shown', 100, 40.5, 37.25,"
            " 43.75, '' FROM places_area area CROSS JOIN unnest(%s) AS asked(code)"
            " WHERE area.geography_id = %s",
            [whole.pk, codes, geography.pk],
        )
        cursor.execute("ANALYZE indicators_figure, places_area")
    with tempfile.TemporaryFile() as out:
        return time_of(lambda: write_release(whole, out))


def time_of(work: Any) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def write_plain_workbooks() -> tuple[float, float]:
    """Seconds for 7,000 × 10 numbers by XlsxWriter and by openpyxl."""

    def by_xlsxwriter() -> None:
        book = xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True, "constant_memory": True})
        sheet = book.add_worksheet()
        for row in range(7_000):
            for column in range(10):
                sheet.write_number(row, column, row * column)
        book.close()

    def by_openpyxl() -> None:
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in range(7_000):
            sheet.append([row * column for column in range(10)])
        book.save(io.BytesIO())

    return median(time_of(by_xlsxwriter) for _ in range(ROUNDS)), median(
        time_of(by_openpyxl) for _ in range(ROUNDS)
    )


def run() -> bool:
    """Measure and print; False where a bar is missed."""
    lines: list[dict[str, Any]] = []

    def say(name: str, figure: float, unit: str, bar: float, **more: Any) -> None:
        lines.append(
            {
                "name": name,
                "figure": round(figure, 3),
                "unit": unit,
                "bar": bar,
                "ok": figure <= bar,
                **more,
            }
        )
        print(json.dumps(lines[-1]), flush=True)

    release, council = fill(np.random.default_rng(7))
    period = f"{release.quarter_id.year}-Q{(release.quarter_id.month + 2) // 3}"
    question = Question(period=period, areas=(council.code,), language="en-gb")

    def build() -> None:
        kept: dict[str, Any] = {}
        ask_report(by=None, question=question, formats=list(Format))
        while make_next(kept=kept):
            pass

    say("report.cold", time_of(build), "s", 10.0)
    warm = median(
        time_of(lambda: ask_report(by=None, question=question, formats=list(Format)))
        for _ in range(10)
    )
    say("report.warm", warm * 1_000, "ms", 100.0)
    content = read_content(question)
    write_pdf(content)
    say("report.pdf", median(time_of(lambda: write_pdf(content)) for _ in range(ROUNDS)), "s", 2.0)
    ours, theirs = write_plain_workbooks()
    say("report.xlsx", ours, "s", 0.8, baseline=round(theirs, 3), ratio=round(theirs / ours, 2))
    say("report.million_rows", time_whole_release(release), "s", 2.0)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    say("report.memory", memory, "MB", 500.0)
    return all(line["ok"] for line in lines)


def main() -> int:
    # The open transaction is seen by its own connection alone.
    reading.READER = "default"
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        settings.MEDIA_ROOT = folder
        is_good = run()
        transaction.set_rollback(True)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
