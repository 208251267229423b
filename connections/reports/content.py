"""All that a report tells, read once and worded once: every format is made of this.

Nothing here computes a figure: released cells are put in order, with the charts drawn from them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from django.utils.translation import gettext as _

from connections.indicators.definitions import Group, Indicator
from connections.indicators.models import Release
from connections.indicators.quarters import name_quarter
from connections.reports import charts, reading, wording
from connections.reports.charts import Outlines, Point
from connections.reports.choropleth import classify, ramp_legend
from connections.reports.outlines import read_outlines
from connections.reports.question import Question
from connections.reports.reading import Cell, Line, Report
from connections.reports.vocabulary import Comparator, Section
from connections.reports.voices import Voices, read_voices
from places.models import Area

QUARTERS_TOLD = 12
"""Three years: as many quarters as the chart of change needs (method.md, lenses)."""


@dataclass(frozen=True)
class Table:
    """The twin of a chart: the same numbers in rows."""

    caption: str
    head: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Chart:
    """A drawing with its name, for those who do not see it, and its table."""

    svg: str
    name: str
    table: Table


@dataclass(frozen=True)
class SmallMap:
    """One figure for the areas within, as a drawing; the table of parts holds the same."""

    outlines: Outlines
    classes: dict[int, int]
    name: str
    legend: list[tuple[int, str]]
    has_hidden: bool

    @property
    def drawn_alone(self) -> str:
        return charts.draw_map(self.outlines, self.classes, self.name, is_alone=True)

    @property
    def drawn_on_page(self) -> str:
        return charts.draw_map(self.outlines, self.classes, self.name)


@dataclass(frozen=True)
class FigureBlock:
    """One figure with all that stands beside it."""

    line: Line
    trend: Chart | None = None
    ranges: Chart | None = None
    map: SmallMap | None = None
    changes: list[str] = field(default_factory=list)
    benchmarks: list[str] = field(default_factory=list)

    @property
    def indicator(self) -> Indicator:
        return self.line.indicator

    @property
    def cell(self) -> Cell:
        return self.line.cell


@dataclass(frozen=True)
class Domain:
    """The figures of one family, under its name."""

    group: Group
    figures: list[FigureBlock]


@dataclass(frozen=True)
class AreaContent:
    """What is told of one area."""

    report: Report
    domains: list[Domain]
    voices: Voices
    outlines: Outlines | None
    earlier: list[Release]

    @cached_property
    def past(self) -> list[tuple[Release, dict[tuple[int, str], Cell]]]:
        """The quarters before, the oldest first, of all areas told: read by the formats that hold
        them, for a page shows no more than the trend."""
        return reading.read_cells_of(self.earlier, list(self.told))

    @property
    def told(self) -> Iterator[Area]:
        yield self.report.area
        yield from self.report.holders
        for part in self.report.parts:
            yield part.area

    @property
    def area(self) -> Area:
        return self.report.area

    @property
    def figures(self) -> Iterator[FigureBlock]:
        for domain in self.domains:
            yield from domain.figures


@dataclass(frozen=True)
class Content:
    """What is told in one report: its areas, A–Z where there are several."""

    question: Question
    release: Release
    areas: list[AreaContent]

    @property
    def first(self) -> AreaContent:
        return self.areas[0]

    @property
    def title(self) -> str:
        """The reader's own title, or the areas' names."""
        if self.question.title:
            return self.question.title
        if len(self.areas) == 1:
            return self.first.area.name
        return _("%(count)s areas side by side") % {"count": len(self.areas)}

    @property
    def season(self) -> str:
        return wording.period_in_words(self.release.quarter_id)

    def has(self, section: str) -> bool:
        return self.question.has(Section(section))


def list_history(release: Release, releases: Sequence[Release]) -> list[Release]:
    """Return those of the standing `releases` up to `release`, the oldest first: QUARTERS_TOLD at
    most.

    Only of the same boundaries: a quarter is never held against one of another vintage.
    """
    earlier = [
        item
        for item in releases
        if item.quarter_id < release.quarter_id and item.geography_id == release.geography_id
    ]
    return [*reversed(earlier[: QUARTERS_TOLD - 1]), release]


def read_content(question: Question) -> Content:
    """Return what `question` is answered with.

    Raises NotReleasedError for a quarter that is not out, Area.DoesNotExist for an unknown area.
    """
    releases = reading.list_releases()
    release = reading.find_release(question.period, releases)
    history = list_history(release, releases)
    areas = [read_area(question, release, history, code) for code in question.areas]
    return Content(
        question=question,
        release=release,
        areas=sorted(areas, key=lambda item: (item.area.name, item.area.code)),
    )


def read_area(
    question: Question, release: Release, history: Sequence[Release], code: str
) -> AreaContent:
    """Return what is told of the area with `code`."""
    report = reading.read_report(release, code)
    past = reading.read_cells_of(history[:-1], [report.area])
    with_current = [
        *past,
        (release, {(c.area.pk, c.indicator.code): c for c in report.cells}),
    ]
    outlines = (
        read_outlines([part.area for part in report.parts]) if question.has(Section.MAPS) else None
    )
    blocks = [
        FigureBlock(
            line=line,
            trend=make_trend(line.cell, with_current) if question.has(Section.TRENDS) else None,
            ranges=make_ranges(line, question),
            map=make_map(report, line.indicator, outlines) if outlines else None,
        )
        for line in report.lines
    ]
    wants_voices = question.has(Section.STORIES) or question.has(Section.DONE)
    return AreaContent(
        report=report,
        domains=[
            Domain(group, list(found))
            for group, found in groupby(
                sorted(blocks, key=lambda block: _ORDER.index(block.indicator.group)),
                key=lambda block: block.indicator.group,
            )
        ],
        voices=read_voices(release, report.area) if wants_voices else Voices([], [], []),
        outlines=outlines,
        earlier=list(history[:-1]),
    )


# The community's own questions come first (product.md, principle 8).
_ORDER = [Group.COMMUNITY, *[group for group in Group if group is not Group.COMMUNITY]]


def make_point(label: str, cell: Cell | None, *, is_break: bool = False) -> Point:
    """Return a cell as a point of a chart; a suppressed one carries its mark and nothing else."""
    figure = cell.figure if cell and cell.is_shown else None
    return Point(
        label=label,
        value=figure.value if figure else None,
        low=figure.lower if figure else None,
        high=figure.upper if figure else None,
        mark=cell.value if cell and not cell.is_shown else "",
        is_break=is_break,
    )


def make_trend(
    cell: Cell, history: Sequence[tuple[Release, dict[tuple[int, str], Cell]]]
) -> Chart | None:
    """Return how a figure moved, or nothing where fewer than two quarters are shown."""
    key = (cell.area.pk, cell.indicator.code)
    quarters = [
        (release, cells[key])
        for release, cells in history
        if key in cells and cells[key].figure is not None
    ]
    points, before = [], ""
    for release, found in quarters:
        method = f"{release.method_version} {found.indicator.version}"
        points.append(
            make_point(
                name_quarter(release.quarter_id),
                found,
                is_break=bool(before) and method != before,
            )
        )
        before = method
    name = _("%(figure)s in %(area)s, quarter by quarter") % {
        "figure": cell.indicator.name,
        "area": cell.area.name,
    }
    svg = charts.draw_trend(points, name)
    if not svg:
        return None
    return Chart(
        svg=svg,
        name=name,
        table=Table(
            caption=name,
            head=[_("Quarter"), _with_unit(cell.indicator), _("Range"), _("People")],
            rows=[
                [
                    name_quarter(release.quarter_id),
                    found.value,
                    found.interval or "–",
                    found.people or "–",
                ]
                for release, found in reversed(quarters)
            ],
        ),
    )


def make_ranges(line: Line, question: Question) -> Chart | None:
    """Return the figure beside those of other areas, where areas may be compared."""
    others = [cell for cell in line.comparators if _is_wanted(cell, line, question)]
    if not others:
        return None
    cells = [line.cell, *others]
    name = _("%(figure)s: %(area)s beside the areas around it") % {
        "figure": line.indicator.name,
        "area": line.cell.area.name,
    }
    svg = charts.draw_ranges([make_point(cell.area.name, cell) for cell in cells], name)
    if not svg:
        return None
    return Chart(
        svg=svg,
        name=name,
        table=Table(
            caption=name,
            head=[_("Area"), _with_unit(line.indicator), _("Range"), _("People")],
            rows=[
                [cell.area.name, cell.value, cell.interval or "–", cell.people or "–"]
                for cell in cells
            ],
        ),
    )


def _is_wanted(cell: Cell, line: Line, question: Question) -> bool:
    is_widest = cell is line.comparators[-1]
    return (Comparator.PARENT in question.comparators) or (
        is_widest and Comparator.COUNTRY in question.comparators
    )


def _with_unit(indicator: Indicator) -> str:
    return f"{indicator.name} ({indicator.unit.label})"


def make_map(report: Report, indicator: Indicator, outlines: Outlines) -> SmallMap | None:
    """Return the figure for the areas within, where areas may be compared and any is shown."""
    if indicator not in report.comparable:
        return None
    at = report.comparable.index(indicator)
    cells = [part.cells[at] for part in report.parts]
    if not any(cell.is_shown for cell in cells):
        return None
    return SmallMap(
        outlines=outlines,
        classes=classify(cells),
        name=_("%(figure)s in the areas within %(area)s. The table of these areas has the numbers.")
        % {"figure": indicator.name, "area": report.area.name},
        legend=ramp_legend(cells),
        has_hidden=any(not cell.is_shown for cell in cells),
    )
