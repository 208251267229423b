"""Reads released figures through the database role that can see nothing else.

Every page, table, map and file of this room is made of what this module returns, so that the same
cell is the same text everywhere.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.contrib.gis.db.models import Extent
from django.db.models import F
from django.utils.translation import gettext as _

from connections.indicators.definitions import Group, Indicator, indicators_of, show_number
from connections.indicators.models import Figure, Release
from connections.indicators.quarters import name_quarter, next_quarter, publishes_on
from connections.reports import wording
from places.models import Area, AreaAncestor
from places.vocabulary import AreaLevel

READER = "reports"

# From the finest to the whole: the order of comparators and of the picker.
LEVELS = [
    AreaLevel.ZONE,
    AreaLevel.INTERMEDIATE,
    AreaLevel.COMMUNITY,
    AreaLevel.COUNCIL,
    AreaLevel.COUNTRY,
]


class NotReleasedError(Exception):
    """No published release answers the question."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure as every format shows it."""

    area: Area
    indicator: Indicator
    figure: Figure | None

    @property
    def status(self) -> str:
        """The released status; an indicator that this release does not hold is "absent"."""
        return self.figure.status if self.figure else "absent"

    @property
    def is_shown(self) -> bool:
        return self.status == Figure.Status.SHOWN

    @property
    def is_bound(self) -> bool:
        """Whether no number is told but between which thirds it lies."""
        return self.status == Figure.Status.BOUND

    @property
    def value(self) -> str:
        """The figure with its unit, or the mark that stands for it."""
        return wording.value(self.indicator, self.figure)

    @property
    def number(self) -> str:
        """The bare figure for a spreadsheet, "[c]" where it is suppressed."""
        return wording.number(self.figure)

    @property
    def interval(self) -> str:
        return wording.interval(self.figure)

    @property
    def people(self) -> str:
        return wording.people(self.figure)

    @property
    def people_read(self) -> str:
        """The people behind the figure as they are read, "1,460", where `people` is for files."""
        told = self.figure.people if self.figure else None
        return "" if told is None else show_number(told)

    @property
    def steadied(self) -> str:
        """The figure steadied towards the larger area, where few people stand behind it."""
        return wording.steadied(self.figure)

    @property
    def coverage(self) -> str:
        """How many answered, or how many places were checked, in a sentence."""
        share = wording.coverage(self.figure)
        return f"{self.indicator.coverage}: {share} %" if share and self.indicator.coverage else ""

    @property
    def notes(self) -> list[str]:
        """What must stand beside the figure: how much it covers, and its steadied value."""
        notes = [self.coverage] if self.coverage else []
        if self.steadied:
            notes.append(
                _(
                    "Few people stand behind this figure. Steadied towards the larger area, it "
                    "would be %(value)s."
                )
                % {"value": self.steadied}
            )
        return notes

    @property
    def why(self) -> str:
        """Why no number is shown, empty where one is."""
        return explain(self.status)

    @property
    def reading(self) -> str:
        """The figure in a sentence."""
        return wording.sentence(self.indicator, self.area.name, self.figure)

    @property
    def told(self) -> str:
        """The figure in a sentence, or why there is none, or the bound that stands for it."""
        return self.reading or self.why or self.value


@dataclass(frozen=True)
class Line:
    """An indicator's figure in the area, and, where areas may be compared, in those around it."""

    indicator: Indicator
    cell: Cell
    comparators: list[Cell]


@dataclass(frozen=True)
class Part:
    """An area within the area, with its figures in the order of the lines."""

    area: Area
    cells: list[Cell]


@dataclass(frozen=True)
class Report:
    """All that a report on an area tells: lines, parts A–Z, and what it was made from."""

    area: Area
    holders: list[Area]
    release: Release
    lines: list[Line]
    parts_level: str
    parts: list[Part]

    @property
    def period(self) -> str:
        return name_quarter(self.release.quarter_id)

    @property
    def cells(self) -> Iterator[Cell]:
        """Every cell of the quarter, in the order in which all formats show them."""
        for line in self.lines:
            yield line.cell
            yield from line.comparators
        for part in self.parts:
            yield from part.cells

    @property
    def comparable(self) -> list[Indicator]:
        """The indicators of the parts: main ones by which areas may be held against each other."""
        return [line.indicator for line in self.lines if _is_for_parts(line.indicator)]

    @property
    def marks(self) -> list[str]:
        """Each mark that stands for a number somewhere in the report, with its reason."""
        statuses = {cell.status for cell in self.cells}
        return [
            f"{mark} {explain(status)}"
            for status, mark in wording.MARKS.items()
            if status in statuses
        ]


def _is_for_parts(indicator: Indicator) -> bool:
    return indicator.is_comparable and not indicator.is_variant and not indicator.is_of_one_area


def list_releases() -> list[Release]:
    """Return the published releases, newest quarter first."""
    return list(Release.objects.using(READER).standing().select_related("geography"))


def find_release(period: str | None, releases: Sequence[Release] | None = None) -> Release:
    """Return the published release of `period` ("2026-Q1"), the newest where None; out of
    `releases` where they were read already.

    Raises NotReleasedError.
    """
    for release in list_releases() if releases is None else releases:
        if period is None or name_quarter(release.quarter_id) == period:
            return release
    raise NotReleasedError(period or "")


def find_area(release: Release, code: str) -> Area:
    """Return the release's area with `code`, or with an alias of it. Raises Area.DoesNotExist."""
    areas = Area.objects.using(READER).filter(geography=release.geography_id)
    return areas.defer("geometry").get(code=code)


def read_cells(
    release: Release, areas: Iterable[Area], codes: Iterable[str] | None = None
) -> dict[tuple[int, str], Cell]:
    """Return the cells of `areas`, keyed by area id and indicator code: one query."""
    by_id = {area.pk: area for area in areas}
    known = indicators_of(release.parameters)
    wanted = list(known) if codes is None else [code for code in codes if code in known]
    figures = Figure.objects.using(READER).filter(
        release_id=release.pk, area__in=list(by_id), indicator__in=wanted
    )
    found = {(figure.area_id, figure.indicator): figure for figure in figures}
    return {
        (pk, code): Cell(area, known[code], found.get((pk, code)))
        for pk, area in by_id.items()
        for code in wanted
    }


def read_cells_of(
    releases: Sequence[Release], areas: Sequence[Area]
) -> list[tuple[Release, dict[tuple[int, str], Cell]]]:
    """Return the cells of `areas` in each of `releases`, in their order: one query.

    Only figures that a release holds are there: no cell is absent. An area that kept its code when
    boundaries were drawn anew goes on from its older self: the lens of change tells of the break.
    """
    by_code = {area.code: area for area in areas}
    named = {release.pk: indicators_of(release.parameters) for release in releases}
    cells: dict[int, dict[tuple[int, str], Cell]] = {release.pk: {} for release in releases}
    figures = (
        Figure.objects.using(READER)
        .filter(release_id__in=list(named), area__code__in=list(by_code))
        .annotate(code=F("area__code"))
    )
    for figure in figures.order_by("area__name", "area__code", "indicator"):
        if figure.indicator not in named[figure.release_id]:
            continue
        area = by_code[figure.code]
        cells[figure.release_id][area.pk, figure.indicator] = Cell(
            area, named[figure.release_id][figure.indicator], figure
        )
    return [(release, cells[release.pk]) for release in releases]


class PastFigure(NamedTuple):
    """A released figure of an earlier quarter as a row of the data, with the code of its area."""

    code: str
    indicator: str
    status: str
    bound: str
    people: int | None
    value: float | None
    lower: float | None
    upper: float | None
    shrunk: float | None
    coverage: float | None


def read_past(
    releases: Iterable[Release], areas: Iterable[Area]
) -> Iterator[tuple[Release, Area, Indicator, PastFigure]]:
    """Yield all figures of `areas` in each of `releases`: one query and one quarter at a time, for
    a council's three years are tens of thousands.

    Areas that kept their code go on, as in `read_cells_of`.
    """
    by_code = {area.code: area for area in areas}
    for release in releases:
        named = indicators_of(release.parameters)
        figures = (
            Figure.objects.using(READER)
            .filter(release_id=release.pk, area__code__in=list(by_code), indicator__in=list(named))
            .order_by("area__name", "area__code", "indicator")
            .values_list("area__code", *PastFigure._fields[1:])
        )
        for row in figures:
            figure = PastFigure(*row)
            yield release, by_code[figure.code], named[figure.indicator], figure


def read_report(release: Release, code: str) -> Report:
    """Return the report on the area with `code`: five queries, whatever its size."""
    area = find_area(release, code)
    holders = [
        link.ancestor
        for link in AreaAncestor.objects.using(READER)
        .filter(area=area, depth__gt=0)
        .select_related("ancestor")
        .defer("ancestor__geometry")
        .order_by("depth")
    ]
    parts = _parts_of(area)
    cells = read_cells(release, [area, *holders, *parts])
    known = indicators_of(release.parameters)
    held = [code for code in known if cells[area.pk, code].figure is not None]
    # A community judges by its own questions first; the sort keeps the order of the others.
    held.sort(key=lambda code: known[code].group is not Group.COMMUNITY)
    return Report(
        area=area,
        holders=holders,
        release=release,
        lines=[
            Line(
                known[code],
                cells[area.pk, code],
                # Who logs differs from area to area: such figures stand beside no other area's.
                [cells[holder.pk, code] for holder in holders]
                if known[code].is_comparable and not known[code].is_of_one_area
                else [],
            )
            for code in held
        ],
        parts_level=parts[0].get_level_display() if parts else "",
        parts=[
            Part(part, [cells[part.pk, code] for code in held if _is_for_parts(known[code])])
            for part in parts
        ],
    )


def list_holders(areas: Iterable[Area]) -> list[Area]:
    """Return every area that holds one of `areas`, each once, the nearest first: one query."""
    links = (
        AreaAncestor.objects.using(READER)
        .filter(area__in=[area.pk for area in areas], depth__gt=0)
        .select_related("ancestor")
        .defer("ancestor__geometry")
        .order_by("depth", "ancestor__name")
    )
    return list({link.ancestor_id: link.ancestor for link in links}.values())


def _parts_of(area: Area) -> list[Area]:
    """Return the intermediate zones within a larger area, A–Z, never ranked."""
    if LEVELS.index(AreaLevel(area.level)) <= LEVELS.index(AreaLevel.INTERMEDIATE):
        return []
    level = AreaLevel.COUNCIL if area.level == AreaLevel.COUNTRY else AreaLevel.INTERMEDIATE
    return list(
        Area.objects.using(READER)
        .filter(ancestors__ancestor=area, level=level)
        .defer("geometry")
        .order_by("name", "code")
    )


def read_level(release: Release, level: str, code: str) -> list[Cell]:
    """Return one indicator's cells for all areas of `level`, A–Z: what map and table share."""
    areas = list(
        Area.objects.using(READER)
        .filter(geography=release.geography_id, level=level)
        .defer("geometry")
        .order_by("name", "code")
    )
    cells = read_cells(release, areas, [code])
    return [cells[area.pk, code] for area in areas]


def read_extent(release: Release, level: str) -> list[float]:
    """Return west, south, east, north of a level's areas in degrees: the first view of a map."""
    found = Area.objects.using(READER).filter(geography=release.geography_id, level=level)
    return list(found.aggregate(box=Extent("geometry"))["box"] or (-8.7, 49.8, 1.8, 60.9))


def list_areas(release: Release, words: str = "") -> list[Area]:
    """Return the areas a report can be asked for, the largest first, narrowed by `words`."""
    areas = (
        Area.objects.using(READER)
        .filter(geography=release.geography_id)
        .exclude(level=AreaLevel.ZONE)
        .defer("geometry")
        .order_by("name", "code")
    )
    if words:
        areas = areas.filter(name__icontains=words) | areas.filter(code__iexact=words)
    return sorted(areas, key=lambda area: -LEVELS.index(AreaLevel(area.level)))


def next_release_on(release: Release) -> date:
    """Return the first day on which the quarter after `release`'s may be published."""
    return publishes_on(next_quarter(release.quarter_id))


def explain(status: str) -> str:
    """Return why a cell shows no number."""
    return {
        Figure.Status.SUPPRESSED.value: _(
            "Not shown. There are too few answers, or showing it could point to someone."
        ),
        Figure.Status.PROVISIONAL.value: _(
            "Not shown yet. Too few of the places here were checked in the last 12 months."
        ),
        Figure.Status.FEW_PLACES.value: _("Fewer than 3 places."),
        Figure.Status.FEW_ANSWERS.value: _(
            "Not shown. Fewer than 1 in 5 of the questions asked here were answered."
        ),
        "absent": _("Not part of this release."),
    }.get(status, "")
