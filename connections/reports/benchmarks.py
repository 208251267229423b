"""Loads figures of surveys by others from CSV, to stand beside ours with year and wording."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.utils.translation import gettext as _

from connections.indicators.definitions import INDICATORS
from connections.reports.models import Benchmark
from places.models import Area, Geography

COLUMNS = ("area_code", "indicator", "value", "lower", "upper", "year", "source", "wording")


@dataclass(frozen=True)
class Loaded:
    """How many rows were new or changed, and which were left out, with the reason."""

    new: int
    changed: int
    same: int
    rejected: list[str]


def import_benchmarks(geography: Geography, lines: Iterable[str]) -> Loaded:
    """Load benchmarks of areas of `geography`; bad rows are told and left out, the rest goes in.

    Loading the same file twice changes nothing. Raises ValueError for a file without the columns.
    """
    reader = csv.DictReader(lines)
    missing = sorted(set(COLUMNS) - set(reader.fieldnames or ()))
    if missing:
        raise ValueError(_("The file lacks the columns: %(names)s") % {"names": ", ".join(missing)})
    areas = dict(Area.objects.filter(geography=geography).values_list("code", "pk"))
    counts = {"new": 0, "changed": 0, "same": 0}
    rejected: list[str] = []
    with transaction.atomic():
        for number, row in enumerate(reader, start=2):
            problems = list(_find_problems(row, areas))
            if problems:
                rejected.append(f"{number}: {'; '.join(problems)}")
                continue
            counts[_load(row, areas[row["area_code"].strip()])] += 1
    return Loaded(**counts, rejected=rejected)


def _number(text: str | None) -> Decimal | None:
    text = (text or "").strip()
    return Decimal(text) if text else None


def _find_problems(row: dict[str, str], areas: dict[str, int]) -> Iterator[str]:
    if (row["area_code"] or "").strip() not in areas:
        yield _("no area has the code %(code)s") % {"code": row["area_code"]}
    if (row["indicator"] or "").strip() not in INDICATORS:
        yield _("no figure has the code %(code)s") % {"code": row["indicator"]}
    for name in ("value", "lower", "upper"):
        try:
            number = _number(row[name])
        except InvalidOperation:
            yield _("%(name)s is no number") % {"name": name}
            continue
        if (number is None and name == "value") or (
            number is not None and not (number.is_finite() and abs(number) < 100_000)
        ):
            yield _("%(name)s is no number") % {"name": name}
    year = (row["year"] or "").strip()
    if not (year.isascii() and year.isdigit() and 1990 <= int(year) <= 2100):
        yield _("year is no year")
    if not (row["source"] or "").strip() or not (row["wording"] or "").strip():
        yield _("source and wording must be given")


def _load(row: dict[str, str], area_id: int) -> str:
    fields = {
        "value": _number(row["value"]),
        "lower": _number(row["lower"]),
        "upper": _number(row["upper"]),
        "wording": row["wording"].strip()[:300],
    }
    kept, is_new = Benchmark.objects.get_or_create(
        area_id=area_id,
        indicator=row["indicator"].strip(),
        year=int(row["year"]),
        source=row["source"].strip()[:160],
        defaults=fields,
    )
    if is_new:
        return "new"
    if all(getattr(kept, name) == value for name, value in fields.items()):
        return "same"
    for name, value in fields.items():
        setattr(kept, name, value)
    kept.save(update_fields=list(fields))
    return "changed"
