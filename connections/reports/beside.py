"""What stands beside a figure in words: how it changed, what others measured, areas alike.

All of it is made of released numbers and published surveys: nothing here opens what the gate shut.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles

from django.utils.translation import gettext as _

from connections.indicators.definitions import Indicator, Unit, show_number
from connections.indicators.lenses.change import Signal, Step
from connections.indicators.lenses.reading import (
    Change,
    InequalityLens,
    describe_change,
    make_point,
    read_clusters,
    read_fifths,
    read_inequality,
)
from connections.indicators.models import Figure, Release
from connections.indicators.quarters import name_quarter
from connections.indicators.statistics import difference
from connections.reports import reading
from connections.reports.models import Benchmark
from connections.reports.reading import Cell, Report
from places.models import Area
from places.vocabulary import AreaLevel

LEAST_ALIKE = 5
"""Fewer areas of similar deprivation tell nothing (a judgement)."""


def _number(value: float, indicator: Indicator) -> str:
    """Return a difference or a mean of released numbers as they are written: 3 digits at most."""
    text = show_number(float(f"{value:.3g}"))
    return f"{text} %" if indicator.unit == Unit.PERCENT else text


def _difference(value: float) -> str:
    """Return a difference or an end of its range to 2 digits, 3 from 100 on: 0.29 (0.021 to 0.57).
    Never to a place behind the point, which would make a low end that is not nought look so."""
    return show_number(float(f"{value:.2g}" if value < 100 else f"{value:.3g}"))


def _in_points(told: str, indicator: Indicator) -> str:
    """Return a difference in its unit: between percentages lie points, not per cent."""
    return _("%(number)s points") % {"number": told} if indicator.unit == Unit.PERCENT else told


def find_change(cell: Cell, quarters: Sequence[tuple[Release, Cell]]) -> Change:
    """Return what the lens of change says of a figure's quarters, the oldest first."""
    code = cell.indicator.code
    return describe_change(
        code, [make_point(release, code, found.figure) for release, found in quarters]
    )


def word_changes(cell: Cell, change: Change) -> list[str]:
    """Return sentences on how a figure moved; none where it cannot be told.

    Changed is said only where the 95 % interval of the difference leaves out no change.
    """
    if not cell.is_shown:
        return []
    told = [
        _word_step(step, cell.indicator) for step in (change.last_year or change.before,) if step
    ]
    if change.breaks:
        told.append(
            _("It was made another way from %(quarters)s on: before and after do not compare.")
            % {"quarters": ", ".join(change.breaks)}
        )
    if change.chart and change.chart.signals and Signal.OUTSIDE in change.chart.signals[-1]:
        told.append(_("This quarter lies outside the usual ups and downs of the quarters before."))
    return told


def _word_step(step: Step, indicator: Indicator) -> str:
    since = name_quarter(step.earlier_on)
    if not step.is_changed:
        return _("No clear change since %(quarter)s.") % {"quarter": since}
    low, high = sorted((abs(step.low), abs(step.high)))
    words = {
        "quarter": since,
        "by": _in_points(_difference(abs(step.difference)), indicator),
        "low": _difference(low),
        "high": _difference(high),
    }
    if step.difference > 0:
        return _("Higher than in %(quarter)s, by %(by)s (%(low)s to %(high)s).") % words
    return _("Lower than in %(quarter)s, by %(by)s (%(low)s to %(high)s).") % words


def read_benchmarks(areas: Sequence[Area]) -> dict[str, list[Benchmark]]:
    """Return by indicator what surveys by others found for these areas, the nearest area and the
    newest year first: one query."""
    order = {area.pk: index for index, area in enumerate(areas)}
    rows = sorted(
        Benchmark.objects.using(reading.READER)
        .filter(area__in=list(order))
        .select_related("area")
        .defer("area__geometry"),
        key=lambda row: (order[row.area_id], -row.year, row.source),
    )
    found: dict[str, list[Benchmark]] = {}
    for row in rows:
        found.setdefault(row.indicator, []).append(row)
    return found


def word_benchmarks(rows: Sequence[Benchmark], cell: Cell) -> list[str]:
    """Return what surveys found, in words, and how far the figure lies from the newest: the nearest
    area's, which draws people by chance where ours are volunteers."""
    told = []
    for index, row in enumerate(rows):
        words = {
            "source": row.source,
            "year": row.year,
            "area": row.area.name,
            "value": show_number(float(row.value)),
            "wording": row.wording,
        }
        told.append(
            _("%(source)s, %(year)s, %(area)s: %(value)s %% (asked as: “%(wording)s”).") % words
        )
        if index == 0 and (gap := _word_gap(row, cell)):
            told.append(gap)
    return told


def _word_gap(row: Benchmark, cell: Cell) -> str:
    figure = cell.figure
    if figure is None or not cell.is_shown or figure.value is None:
        return ""
    if cell.indicator.unit != Unit.PERCENT:
        return ""
    survey = float(row.value)
    ends = [float(survey if end is None else end) for end in (row.lower, row.upper)]
    gap = difference(
        survey,
        (ends[0], ends[1]),
        figure.value,
        (figure.lower or figure.value, figure.upper or figure.value),
    )
    words = {"points": show_number(abs(round(float(gap.difference), 1))), "source": row.source}
    if not bool(gap.is_changed):
        return (
            _("The figure here lies %(points)s points from it, which may be chance alone.") % words
        )
    if gap.difference > 0:
        return (
            _(
                "The figure here is %(points)s points higher: volunteers answered it, not people "
                "drawn by chance."
            )
            % words
        )
    return (
        _(
            "The figure here is %(points)s points lower: volunteers answered it, not people drawn "
            "by chance."
        )
        % words
    )


@dataclass(frozen=True)
class Alike:
    """Where the shown figures of areas of similar deprivation lie, in the indicator's unit: half of
    them from `low` to `high`, half below `middle`."""

    count: int
    low: float
    middle: float
    high: float

    @property
    def range(self) -> str:
        """Return the range of the middle half as it is written."""
        return _("%(low)s to %(high)s") % {"low": _digits(self.low), "high": _digits(self.high)}


def _digits(value: float) -> str:
    return show_number(float(f"{value:.3g}"))


def find_alike(
    release: Release, areas: Sequence[Area], codes: Sequence[str]
) -> dict[tuple[int, str], Alike]:
    """Return by area and indicator where the areas of similar deprivation lie: of the same level
    and the same fifth of deprivation, without the area itself. Nothing stands where fewer than
    `LEAST_ALIKE` of them are shown, or where the area's deprivation is not known. Two queries."""
    fifths = read_fifths(release.geography_id, {area.level for area in areas}, using=reading.READER)
    groups = {fifths[area.pk] for area in areas if area.pk in fifths}
    rows = (
        Figure.objects.using(reading.READER)
        .filter(
            release_id=release.pk,
            status=Figure.Status.SHOWN,
            indicator__in=list(codes),
            area__in=[pk for pk, group in fifths.items() if group in groups],
        )
        .values_list("area_id", "indicator", "value")
    )
    values: dict[tuple[tuple[str, int], str], dict[int, float]] = {}
    for pk, code, value in rows:
        if value is not None:
            values.setdefault((fifths[pk], code), {})[pk] = value
    found = {}
    for area in areas:
        if area.pk not in fifths:
            continue
        for code in codes:
            group = values.get((fifths[area.pk], code), {})
            others = [value for pk, value in group.items() if pk != area.pk]
            if len(others) >= LEAST_ALIKE:
                low, middle, high = quantiles(others, n=4, method="inclusive")
                found[area.pk, code] = Alike(len(others), low, middle, high)
    return found


def word_alike(found: Alike) -> str:
    """Return a sentence on where the areas of similar deprivation lie."""
    return _(
        "Among %(count)s areas of similar deprivation half lie between %(low)s and %(high)s, the "
        "middle one at %(middle)s."
    ) % {
        "count": found.count,
        "low": _digits(found.low),
        "high": _digits(found.high),
        "middle": _digits(found.middle),
    }


@dataclass(frozen=True)
class InequalityRow:
    """A figure by deprivation, in words and as the lens found it."""

    indicator: Indicator
    lens: InequalityLens
    groups: list[str]
    gap: str
    ratio: str
    reading: str


def read_inequalities(report: Report) -> list[InequalityRow]:
    """Return the figures of a council or country by the deprivation of its neighbourhoods."""
    if report.area.level not in (AreaLevel.COUNCIL, AreaLevel.COUNTRY):
        return []
    rows = []
    for line in report.lines:
        if not line.indicator.is_comparable:
            continue
        lens = read_inequality(
            report.release, line.indicator.code, report.area.pk, using=reading.READER
        )
        if lens is not None:
            rows.append(_word_inequality(line.indicator, lens))
    return rows


def _word_inequality(indicator: Indicator, lens: InequalityLens) -> InequalityRow:
    found = lens.found
    words = {
        "figure": indicator.name,
        "most": _number(lens.means[0], indicator),
        "least": _number(lens.means[-1], indicator),
        "areas": lens.areas,
        "all": lens.areas_in_all,
    }
    return InequalityRow(
        indicator=indicator,
        lens=lens,
        groups=[_number(mean, indicator) for mean in lens.means],
        gap=_in_points(_with_range(found.sii, found.sii_low, found.sii_high), indicator),
        ratio=_with_range(found.rii, found.rii_low, found.rii_high),
        reading=_(
            "%(figure)s: %(most)s in the most deprived neighbourhoods, %(least)s in the least "
            "deprived (%(areas)s of %(all)s neighbourhoods shown)."
        )
        % words,
    )


def _with_range(value: float, low: float | None, high: float | None) -> str:
    def show(one: float) -> str:
        # A hyphen is no minus to a reader's eye or ear.
        return show_number(float(f"{one:.3g}")).replace("-", "−")

    if low is None or high is None:
        return show(value)
    return _("%(value)s (%(low)s to %(high)s)") % {
        "value": show(value),
        "low": show(low),
        "high": show(high),
    }


def word_clusters(report: Report) -> list[str]:
    """Return, for analysts, which areas stand among their like (Local Moran, false finds held to
    5 % within a council). Slow when asked first: the background asks."""
    if report.area.level != AreaLevel.COUNCIL:
        return []
    told = []
    quadrants = {
        1: _("high among high"),
        2: _("low among high"),
        3: _("low among low"),
        4: _("high among low"),
    }
    for line in report.lines:
        found = read_clusters(
            report.release, line.indicator.code, report.area.pk, using=reading.READER
        )
        if found is None:
            continue
        names = dict(
            Area.objects.using(reading.READER)
            .filter(pk__in=list(found.found))
            .values_list("pk", "name")
        )
        groups = [
            f"{label}: {', '.join(sorted(names[pk] for pk in ids))}"
            for step, label in quadrants.items()
            if (ids := [pk for pk, quadrant in found.found.items() if quadrant == step])
        ]
        told.append(
            _("%(figure)s, %(areas)s areas: %(told)s. Seed %(seed)s.")
            % {
                "figure": line.indicator.name,
                "areas": found.areas,
                "told": "; ".join(groups) or _("no clusters beyond chance"),
                "seed": found.seed,
            }
        )
    return told
