"""From ungated sums to figures: the only way out, and the only importer of `components`.

Whatever is written here comes from `disclosure` and, beside it, from released numbers alone.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from connections.indicators import components as _components
from connections.indicators import disclosure, quarters, statistics
from connections.indicators.branches import homes_by_branch
from connections.indicators.definitions import INDICATORS, Indicator, indicators_of
from connections.indicators.disclosure import Band, Cell, Given, Kind, Node, Protected, Status
from connections.indicators.models import Component, Figure, Release, ReleaseShard
from connections.indicators.vocabulary import Cadence
from places.models import Area, Geography

__all__ = [
    "build_figures",
    "components_sha256",
    "compute_share",
    "knows_adults",
    "read_figures",
    "seal",
    "write_canonical",
    "write_figures",
]

_T = TypeVar("_T")

SHRINK_BELOW = 100
"""A figure of fewer people is also shown steadied (method.md, 1)."""
SHRINK_AREAS = 5
"""Fewer areas of a level do not show how much areas differ (a judgement)."""

_STATUS = {
    Status.PUBLISHED: Figure.Status.SHOWN,
    Status.BANDED: Figure.Status.BOUND,
    Status.SUPPRESSED: Figure.Status.SUPPRESSED,
    Status.WITHHELD: Figure.Status.PROVISIONAL,
    Status.FEW_ANSWERS: Figure.Status.FEW_ANSWERS,
    Status.FEW_PLACES: Figure.Status.FEW_PLACES,
}
_BOUND = {
    Band.LOW: Figure.Bound.LOW,
    Band.HIGH: Figure.Bound.HIGH,
    Band.THIRD_LOW: Figure.Bound.THIRD_LOW,
    Band.THIRD_MIDDLE: Figure.Bound.THIRD_MIDDLE,
    Band.THIRD_HIGH: Figure.Bound.THIRD_HIGH,
}


def compute_share(shard: ReleaseShard) -> None:
    """Compute one branch's people, or, for the share without a council, all places and what is told
    of befriending."""
    if shard.council_id is None:
        _components.compute_places(shard)
        _components.compute_befriending(shard)
    else:
        _components.compute_people(shard)


def knows_adults(geography: Geography) -> bool | None:
    """Whether residents aged 16 or more are known for every home area with residents; None where
    not even residents are known."""
    homes = [one for one in _components.areas_of(geography) if one.can_be_home and one.residents]
    return all(one.adults for one in homes) if homes else None


def seal(release: Release) -> dict[str, str]:
    """Return the hashes of what the figures rest on: components, and the tree with its people."""
    tree = ";".join(
        f"{one.code},{one.level},{one.parent},{one.residents},{one.adults}"
        for one in sorted(_components.areas_of(release.geography), key=lambda one: one.code)
    )
    return {
        "components_sha256": _components.watermark_of(release),
        "areas_sha256": hashlib.sha256(tree.encode()).hexdigest(),
    }


def components_sha256(release: Release) -> str | None:
    """Return the hash of the release's components; None where they are deleted."""
    if not Component.objects.filter(release=release).exists():
        return None
    return _components.watermark_of(release)


def write_figures(release: Release) -> int:
    """Pass the release's components through the gate and write a figure for each indicator and
    area of its levels; return how many. The caller holds the transaction and the lock."""
    rows = build_figures(release)
    names = ("release_id", *Told._fields)
    _components.write_rows(Figure, names, ((release.pk, *row) for row in rows))
    # Read again: what a reader gets is what is sealed.
    kept = write_canonical(read_figures(release.pk), release.geography)
    release.parameters["figures_sha256"] = hashlib.sha256(kept).hexdigest()
    return len(rows)


class Told(NamedTuple):
    """One figure of a release in work, by the columns of Figure: a country has a hundred thousand,
    and a model instance of each takes longer to make than the figure."""

    indicator: str
    area_id: int
    status: str
    people: int | None
    value: float | None
    lower: float | None
    upper: float | None
    standard_error: float | None
    exposure: int | None
    shrunk: float | None
    bound: str
    coverage: float | None
    of_year: int | None


def read_figures(release_id: int) -> Iterator[Told]:
    """Yield the figures that are kept of a release, in no order."""
    return map(
        Told._make, Figure.objects.filter(release=release_id).values_list(*Told._fields).iterator()
    )


def build_figures(release: Release) -> list[Told]:
    """Return the release's figures from its components, unsaved: the same ones whenever and
    wherever they are made."""
    areas = _components.areas_of(release.geography)
    known = indicators_of(release.parameters)
    cells: dict[str, dict[int, Cell]] = defaultdict(dict)
    given: dict[str, dict[int, Given]] = defaultdict(dict)
    for sums in Component.objects.filter(release=release).values_list(*_SUMS).iterator():
        code, area = sums[:2]
        cells[code][area] = _cell(*sums[2:10])
        given[code][area] = _given(*sums[10:])
    rows: list[Told] = []
    for forest in _forests(release, areas, known):
        here = {node.id for node in forest.nodes}
        told = disclosure.protect_all(
            forest.nodes,
            [one.rule for one in forest.known.values()],
            {code: _only(cells[code], here) for code in forest.known},
            {code: _only(given[code], here) for code in forest.known},
        )
        rows += _figures(told, forest, given)
    rows += _repeat_year(release, {(row.indicator, row.area_id) for row in rows})
    if "revises" in release.parameters:
        homes = _nodes([one for one in areas if one.can_be_home])
        rows = _revise(release, rows, cells, homes)
    order = {code: i for i, code in enumerate(known)}
    return sorted(rows, key=lambda row: (order[row.indicator], row.area_id))


class _Forest(NamedTuple):
    """Areas and indicators that are told together; `of_year` is the year that their figures
    describe, None where it is the quarter."""

    nodes: list[Node]
    known: dict[str, Indicator]
    of_year: int | None


def _forests(
    release: Release, areas: Sequence["_components.AreaFacts"], known: Mapping[str, Indicator]
) -> Iterator[_Forest]:
    """Places and people stand apart; of people, the branches that tell of the quarter, those that
    tell of the year, and what everywhere is told of the year. Whoever is above branches that tell
    of different periods is told of neither: they would not add up."""
    is_last = quarters.ends_year(release.quarter_id)
    year = release.quarter_id.year
    homes = [one for one in areas if one.can_be_home]
    annual = set(release.parameters.get("annual", []))
    branch = {
        home: council
        for council, within in homes_by_branch(release.geography).items()
        for home in within
    }
    by_id = {one.id: one for one in areas}
    above = {up for council in annual for up in _components.chain(by_id, council)}
    quarterly = [one for one in homes if branch[one.id] not in annual and one.id not in above]
    yearly = [one for one in homes if branch[one.id] in annual]
    places = {code: one for code, one in known.items() if one.is_about_places}
    steady_ones = {
        code: one
        for code, one in known.items()
        if not one.is_about_places and one.cadence is Cadence.QUARTERLY
    }
    once = {code: one for code, one in known.items() if one.cadence is Cadence.ANNUAL}
    yield _Forest(_nodes(areas), places, None)
    yield _Forest(_nodes(quarterly), steady_ones, None)
    if is_last:
        yield _Forest(_nodes(yearly), steady_ones, year)
        yield _Forest(_nodes(homes), once, year)


def _nodes(areas: Sequence["_components.AreaFacts"]) -> list[Node]:
    here = {one.id for one in areas}
    return [
        Node(one.id, one.parent if one.parent in here else None, one.residents, one.level)
        for one in areas
    ]


def _only(found: Mapping[int, _T], here: set[int]) -> dict[int, _T]:
    return {area: one for area, one in found.items() if area in here}


def _figures(
    told: Mapping[str, list[Protected]],
    forest: _Forest,
    given: Mapping[str, Mapping[int, Given]],
) -> Iterator[Told]:
    parents = {node.id: node.parent for node in forest.nodes}
    levels = {node.id: node.level for node in forest.nodes}
    residents = {node.id: node.residents for node in forest.nodes}
    people = {code: {one.area: one.n for one in told[code] if one.n} for code in told}
    for code, indicator in forest.known.items():
        figures = [
            one
            for one in told[code]
            if levels[one.area] in indicator.levels
            and indicator.only_area in (None, one.area)
            # Where nobody lives there is no figure about the places that people can walk to.
            and not (indicator.is_about_places and not residents[one.area])
        ]
        shrunk = steady(indicator, figures, parents, levels)
        for one in figures:
            coverage: float | None
            if indicator.is_about_places:
                coverage = _percent(given[code][one.area].completeness)
            elif one.response is not None:
                coverage = one.response
            else:
                coverage = _answered(indicator, one, people.get(indicator.within or "", {}))
            yield _figure(code, one, shrunk.get(one.area), coverage, forest.of_year)


def _repeat_year(release: Release, made: set[tuple[str, int]]) -> Iterator[Told]:
    """What is told once a year stands, as it was published, until the next year is told."""
    last = release.parameters.get("repeats")
    if last is None:
        return
    for row in read_figures(last):
        is_new = (row.indicator, row.area_id) not in made
        if row.of_year is not None and is_new and row.indicator in INDICATORS:
            yield row


def _revise(
    release: Release, rows: list[Told], cells: Mapping[str, Mapping[int, Cell]], nodes: list[Node]
) -> list[Told]:
    """The figures of a revision: a cell changes only where enough people did, else the old number
    repeats. Places and befriending repeat whole: they were counted on a day that is past."""
    before: dict[str, list[Told]] = defaultdict(list)
    for row in read_figures(release.parameters["revises"]):
        before[row.indicator].append(row)
    known = indicators_of(release.parameters)
    changes = _components.count_changes(release)
    here = {node.id for node in nodes}
    by_code: dict[str, list[Told]] = defaultdict(list)
    for row in rows:
        by_code[row.indicator].append(row)
    told: list[Told] = []
    shown: dict[str, frozenset[int]] = {}
    families: dict[str, list[str]] = defaultdict(list)
    for code in by_code:
        families[known[code].rule.family].append(code)
    for members in families.values():
        # What one part may not change, the others would tell: a mean and its parts change together.
        changed = {code: _only(changes.get(code, {}), here) for code in members}
        allowed = [
            _may_change(known[code], found, nodes) for code, found in changed.items() if found
        ]
        together = frozenset.intersection(*allowed) if allowed else frozenset[int]()
        old = {code: before[code] for code in members}
        mixed = {code: _mix(by_code[code], old[code], together) for code in members}
        published = {code: _shown(rows) for code, rows in mixed.items()}
        is_safe = len(set(published.values())) == 1 and all(
            published[code] <= shown.get(known[code].within or "", published[code])
            and disclosure.is_publication_safe(
                nodes,
                _only(disclosure.cells_beside(known[code].rule, cells), here),
                known[code].rule,
                published[code],
            )
            for code in members
        )
        # Old and new side by side may leave somebody alone: then all stays as it was.
        for code, kept in (mixed if is_safe else old).items():
            told += kept
            shown[code] = _shown(kept)
    return told


def _may_change(
    indicator: Indicator, changed: Mapping[int, int], nodes: list[Node]
) -> frozenset[int]:
    if indicator.is_about_places or indicator.cadence is not Cadence.QUARTERLY:
        return frozenset()
    return disclosure.choose_changes(nodes, changed)


def _mix(new: list[Told], old: list[Told], allowed: frozenset[int]) -> list[Told]:
    """New rows where they may change or are the first, old ones elsewhere."""
    first = {row.area_id for row in new} - {row.area_id for row in old}
    mixed = [row for row in new if row.area_id in allowed or row.area_id in first]
    if len(mixed) < len(new):
        # A bound was tested beside its own release's figures, not beside older ones.
        mixed = [_without_bound(row) for row in mixed]
    taken = {row.area_id for row in mixed}
    return mixed + [row for row in old if row.area_id not in taken]


def _without_bound(row: Told) -> Told:
    if row.status not in (Figure.Status.BOUND, Figure.Status.FEW_ANSWERS):
        return row
    return row._replace(status=Figure.Status.SUPPRESSED.value, bound="")


def _shown(rows: Iterable[Told]) -> frozenset[int]:
    return frozenset(row.area_id for row in rows if row.status == Figure.Status.SHOWN)


def _exactly(value: object) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def write_canonical(rows: Iterable[Told], geography: Geography) -> bytes:
    """Return figures as bytes that are the same wherever they are made: a line a figure, by
    indicator and area's code, numbers as Python writes them exactly."""
    codes = dict(Area.objects.filter(geography=geography).values_list("id", "code"))
    lines = sorted(
        "\t".join([row.indicator, codes[row.area_id], *map(_exactly, row[2:])]) for row in rows
    )
    return "\n".join(lines).encode()


# What _cell takes, then what _given takes.
_SUMS = (
    "indicator", "area_id",
    "n", "x", "total", "squares", "largest", "amount", "asked", "answered",
    "exposure", "value", "lower", "upper", "completeness", "places",
)  # fmt: skip


def _cell(
    n: int,
    x: int,
    total: float,
    squares: float,
    largest: float,
    amount: float,
    asked: int | None,
    answered: int | None,
) -> Cell:
    return Cell(n, x, total, squares, largest, amount, asked=asked or 0, answered=answered or 0)


def _given(
    exposure: int | None,
    value: float | None,
    low: float | None,
    high: float | None,
    completeness: float | None,
    places: int | None,
) -> Given:
    nothing = float("nan")
    return Given(
        exposure=float(exposure or 0),
        value=nothing if value is None else value,
        low=nothing if low is None else low,
        high=nothing if high is None else high,
        completeness=completeness or 0.0,
        places=places,
    )


def _answered(indicator: Indicator, one: Protected, around: Mapping[int, int]) -> float | None:
    """% of the people of the wider indicator who answered, from rounded numbers, so that it tells
    nothing that they do not."""
    if not indicator.coverage or one.n is None or one.area not in around:
        return None
    return _percent(min(1.0, one.n / around[one.area]))


def _percent(share: float) -> float:
    return float(statistics.round_percent(share))


def _figure(
    code: str, one: Protected, shrunk: float | None, coverage: float | None, of_year: int | None
) -> Told:
    return Told(
        indicator=code,
        area_id=one.area,
        status=_STATUS[one.status].value,
        people=one.n,
        value=one.value,
        lower=one.low,
        upper=one.high,
        standard_error=one.se,
        exposure=None if one.exposure is None else int(one.exposure),
        shrunk=shrunk,
        bound="" if one.band is None else _BOUND[one.band].value,
        coverage=coverage,
        of_year=of_year,
    )


def steady(
    indicator: Indicator,
    figures: Iterable[Protected],
    parents: Mapping[int, int | None],
    levels: Mapping[int, str],
) -> dict[int, float]:
    """Return, by area, the figures of few people drawn towards the larger area (empirical Bayes).

    Each level is looked at by itself. Only released numbers go in.
    """
    if indicator.kind not in (Kind.PROPORTION, Kind.MEAN, Kind.RATE):
        return {}
    shown = {one.area: one for one in figures if one.status is Status.PUBLISHED}
    by_level: dict[str, list[Protected]] = defaultdict(list)
    for one in shown.values():
        by_level[levels[one.area]].append(one)
    found: dict[int, float] = {}
    for level in by_level.values():
        few = [one.area for one in level if (one.n or 0) < SHRINK_BELOW]
        if len(level) < SHRINK_AREAS or not few:
            continue
        towards = [_value_above(one.area, shown, parents) for one in level]
        values = _steady_level(indicator.kind, level, towards)
        drawn = dict(zip((one.area for one in level), values, strict=True))
        found |= {area: drawn[area] for area in few}
    return found


def _value_above(
    area: int, shown: Mapping[int, Protected], parents: Mapping[int, int | None]
) -> float:
    """The value of the nearest larger area that is shown; nan where none is."""
    up = parents[area]
    while up is not None:
        if up in shown:
            return float(shown[up].value or 0.0)
        up = parents[up]
    return float("nan")


def _steady_level(kind: Kind, level: Sequence[Protected], towards: list[float]) -> list[float]:
    n = np.array([one.n for one in level], np.float64)
    value = np.array([one.value for one in level], np.float64)
    if kind is Kind.RATE:
        exposure = np.array([one.exposure for one in level], np.float64) / 1_000
        try:
            prior = statistics.fit_gamma_prior(n, exposure)
        except ValueError:
            # Areas differ no more than by chance: all have the overall rate.
            everywhere = float(statistics.round_significant(n.sum() / exposure.sum(), 3))
            return [everywhere] * len(level)
        rates = statistics.shrink_rates(n, exposure, prior).value
        return [float(one) for one in statistics.round_significant(rates, 3)]
    scale = 100.0 if kind is Kind.PROPORTION else 1.0
    mean = value / scale
    overall = float(np.sum(n * mean) / np.sum(n))
    parent = np.array(towards) / scale
    parent = np.where(np.isnan(parent), overall, parent)
    if kind is Kind.PROPORTION:
        shares = statistics.shrink_means(n, mean, parent_mean=parent)
        return [float(one) for one in statistics.round_percent(shares)]
    errors = np.array([one.se for one in level], np.float64)
    within = float(np.sum(n * (errors**2 * n)) / np.sum(n))
    means = statistics.shrink_means(n, mean, within, parent)
    return [float(one) for one in statistics.round_significant(means)]
