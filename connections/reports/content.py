"""All that a report tells, read once and worded once: every format is made of this.

Nothing here computes a figure: released cells are put in order, with the charts drawn from them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from django.utils.translation import gettext as _

from connections.indicators.definitions import INDICATORS, Group, Indicator
from connections.indicators.models import Release
from connections.indicators.quarters import name_quarter
from connections.reports import beside, charts, reading, wording
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


PER_TABLE = 4
"""Figures side by side in a table of quarters: more would not fit a page."""


@dataclass(frozen=True)
class AreaContent:
    """What is told of one area."""

    report: Report
    domains: list[Domain]
    voices: Voices
    outlines: Outlines | None
    earlier: list[Release]
    inequalities: list[beside.InequalityRow]
    clusters: list[str]

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
    def quarter_tables(self) -> list[Table]:
        """The twins of all trend charts together, for paper: quarters down, figures across."""
        drawn = [block for block in self.figures if block.trend]
        tables = []
        for start in range(0, len(drawn), PER_TABLE):
            some = drawn[start : start + PER_TABLE]
            told: dict[str, dict[str, str]] = {}
            for block in some:
                for row in block.trend.table.rows if block.trend else ():
                    text = row[1] if row[2] == "–" else f"{row[1]} ({row[2]})"
                    told.setdefault(row[0], {})[block.indicator.code] = text
            tables.append(
                Table(
                    caption=_("%(area)s, quarter by quarter") % {"area": self.area.name},
                    head=[_("Quarter"), *[_with_unit(block.indicator) for block in some]],
                    rows=[
                        [quarter, *[cells.get(b.indicator.code, "–") for b in some]]
                        for quarter, cells in sorted(told.items(), reverse=True)
                    ],
                )
            )
        return tables

    @property
    def inequality_table(self) -> Table | None:
        """Figures by the deprivation of neighbourhoods: the most deprived first."""
        if not self.inequalities:
            return None
        most = max(row.lens.groups for row in self.inequalities)
        return Table(
            caption=_("By deprivation, from the most deprived %(part)s to the least")
            % {"part": _("tenth") if most == 10 else _("fifth")},
            head=[
                _("Figure"),
                *[str(step + 1) for step in range(max(len(r.groups) for r in self.inequalities))],
            ],
            rows=[
                [
                    _with_unit(row.indicator),
                    *row.groups,
                    *["–"] * (max(len(r.groups) for r in self.inequalities) - len(row.groups)),
                ]
                for row in self.inequalities
            ],
        )

    @property
    def analyst_table(self) -> Table | None:
        """The lens of inequality in numbers: slope and relative index."""
        if not self.inequalities:
            return None
        return Table(
            caption=_("Slope and relative index of inequality (SII, RII), Scottish definition"),
            head=[_("Figure"), "SII", "RII", _("Fits a line")],
            rows=[
                [
                    _with_unit(row.indicator),
                    row.gap,
                    row.ratio,
                    _("yes") if row.lens.found.is_straight else _("no"),
                ]
                for row in self.inequalities
            ],
        )

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
    # What several formats need alike is made once and kept here.
    kept: dict[str, list[tuple[str, ...]]] = field(default_factory=dict, compare=False)

    @property
    def releases(self) -> list[Release]:
        """Every release that the report may tell of, the newest first."""
        return [self.release, *reversed(self.first.earlier)]

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

    @property
    def portfolio(self) -> Table | None:
        """Many areas on one sheet, A–Z and never ranked; None for a report on one area."""
        if len(self.areas) < 2:
            return None
        indicators = {
            line.indicator.code: line.indicator
            for area in self.areas
            for line in area.report.lines
            if line.indicator.is_comparable and not line.indicator.is_variant
        }
        rows = []
        for area in self.areas:
            cells = {line.indicator.code: line.cell for line in area.report.lines}
            rows.append(
                [
                    area.area.name,
                    *[cells[code].value if code in cells else "–" for code in indicators],
                ]
            )
        return Table(
            caption=_("The areas in the order of the alphabet. They are not ranked."),
            head=[_("Area"), *[_with_unit(indicator) for indicator in indicators.values()]],
            rows=rows,
        )


def list_history(release: Release, releases: Sequence[Release]) -> list[Release]:
    """Return those of the standing `releases` up to `release`, the oldest first: QUARTERS_TOLD at
    most.

    An area that kept its code in new boundaries has figures of before: they stand beside the others
    after a visible break, and no quarter is held against one of another vintage.
    """
    earlier = [item for item in releases if item.quarter_id < release.quarter_id]
    return [*reversed(earlier[: QUARTERS_TOLD - 1]), release]


def read_content(question: Question) -> Content:
    """Return what `question` is answered with.

    Raises NotReleasedError for a quarter that is not out, Area.DoesNotExist for an unknown area.
    """
    releases = reading.list_releases()
    release = reading.find_release(question.period, releases)
    history = list_history(release, releases)
    alike = (
        beside.find_alike(
            release,
            list(
                Area.objects.using(reading.READER)
                .filter(geography=release.geography_id, code__in=question.areas)
                .defer("geometry")
            ),
            [code for code, item in INDICATORS.items() if item.is_comparable],
        )
        if Comparator.SIMILAR in question.comparators
        else {}
    )
    areas = [read_area(question, release, history, code, alike) for code in question.areas]
    return Content(
        question=question,
        release=release,
        areas=sorted(areas, key=lambda item: (item.area.name, item.area.code)),
    )


def read_area(
    question: Question,
    release: Release,
    history: Sequence[Release],
    code: str,
    alike: dict[tuple[int, str], beside.Alike],
) -> AreaContent:
    """Return what is told of the area with `code`; `alike` is what `beside.find_alike` found."""
    report = reading.read_report(release, code)
    past = reading.read_cells_of(history[:-1], [report.area])
    with_current = [
        *past,
        (release, {(c.area.pk, c.indicator.code): c for c in report.cells}),
    ]
    outlines = (
        read_outlines([part.area for part in report.parts]) if question.has(Section.MAPS) else None
    )
    surveys = beside.read_benchmarks([report.area, *report.holders])
    blocks = []
    for line in report.lines:
        code = line.indicator.code
        quarters = list_quarters(line.cell, with_current)
        change = beside.find_change(line.cell, quarters)
        near = alike.get((report.area.pk, code)) if line.indicator.is_comparable else None
        is_moving = question.has(Section.TRENDS)
        blocks.append(
            FigureBlock(
                line=line,
                trend=make_trend(line.cell, quarters, change.breaks) if is_moving else None,
                ranges=make_ranges(line, question),
                map=make_map(report, line.indicator, outlines) if outlines else None,
                changes=beside.word_changes(line.cell, change) if is_moving else [],
                benchmarks=[
                    *beside.word_benchmarks(surveys.get(code, []), line.cell),
                    *([beside.word_alike(near)] if near else []),
                ],
            )
        )
    blocks = [block for block in blocks if _is_chosen(block, question)]
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
        inequalities=beside.read_inequalities(report) if question.has(Section.INEQUALITY) else [],
        clusters=beside.word_clusters(report) if question.has(Section.ANALYSTS) else [],
    )


def _is_chosen(block: FigureBlock, question: Question) -> bool:
    """Whether the block's family is among the parts that the reader wants."""
    section = {
        Group.COMMUNITY: Section.MEASURES,
        Group.BEFRIENDING: Section.BEFRIENDING,
    }.get(block.indicator.group, Section.FIGURES)
    return question.has(section)


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


def list_quarters(
    cell: Cell, history: Sequence[tuple[Release, dict[tuple[int, str], Cell]]]
) -> list[tuple[Release, Cell]]:
    """Return the quarters that hold a figure, the oldest first."""
    key = (cell.area.pk, cell.indicator.code)
    return [
        (release, cells[key])
        for release, cells in history
        if key in cells and cells[key].figure is not None
    ]


def make_trend(
    cell: Cell, quarters: Sequence[tuple[Release, Cell]], breaks: Sequence[str]
) -> Chart | None:
    """Return how a figure moved, or nothing where fewer than two quarters are shown."""
    points = [
        make_point(name, found, is_break=name in breaks)
        for name, found in ((name_quarter(one.quarter_id), found) for one, found in quarters)
    ]
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
                    found.people_read or "–",
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
                [cell.area.name, cell.value, cell.interval or "–", cell.people_read or "–"]
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
