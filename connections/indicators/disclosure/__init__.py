"""The gate: what may be published without telling on a person.

Pure code: no Django, no database, no clock, no chance. `protect` takes what people in a tree of
areas add up to and returns, for each area, either rounded numbers or nothing at all. Everything
that is shown anywhere (page, map, file, interval, custom area) is made from its answer.

The idea. People are additive in the tree, so a reader can subtract published areas from each
other. For a published area v, rem(v) is whoever is under v but under no published area below v.
These remainders are disjoint, and every group of people that can be derived by adding and
subtracting published areas is a union of them. So a publication is safe exactly when every
remainder passes the same test as a published area, because that test, once passed by disjoint
groups, is passed by their union. Some people's home is known only at an upper level: they sit
directly at that area and count in its remainder like the people of one more leaf.

Several indicators describe the same people. Each is tested on its own answered people, and
`Rule.within` binds the areas of one to the areas of another, so that two patterns of gaps cannot
be played against each other: see docs/adr/0011.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

import numpy as np

from connections.indicators import statistics
from connections.indicators.disclosure import bounds
from connections.indicators.disclosure.hidden import Hidden
from connections.indicators.disclosure.nouns import (
    Band,
    Cell,
    Given,
    Group,
    Kind,
    Node,
    Protected,
    Status,
)
from connections.indicators.disclosure.rounding import round_figures
from connections.indicators.disclosure.tree import Order, children_first, order_within

# fmt: off
__all__ = [
    "BAND_FROM", "BAND_SHARE", "DOMINANCE", "K_MIN", "MIN_RESIDENTS", "PLACES_VERIFIED",
    "PLACE_FIGURES", "SENSITIVE_K", "THIRDS_FROM", "Band", "Cell", "Given", "Group", "Kind",
    "Node", "Protected", "Rule", "Status", "cells_beside", "choose_changes", "has_response",
    "is_publication_safe", "is_remainder_safe", "is_safe", "protect", "protect_all",
    "published_areas",
]
# fmt: on

K_MIN = 10
"""Least people behind a figure (ABS rule of 10). Zero is suppressed too: it tells on everyone."""
SENSITIVE_K = 20
"""The same for sensitive indicators (a judgement: twice the rule)."""
DOMINANCE = 0.5
"""Largest contributor's part of a total after caps (ACRO default for one contributor)."""
MIN_RESIDENTS = 500
"""An area with fewer residents is never published by itself (a judgement: in a hamlet all are
known)."""
BAND_FROM = 100
"""From so many people on a share too close to 0 or 1 is told as a band."""
BAND_SHARE = 0.1
"""Bands are "10 % or less" and "90 % or more"."""
THIRDS_FROM = 30
"""From so many people on, up to BAND_FROM, a share that is withdrawn is told as a third."""
PLACES_VERIFIED = 0.7
"""Least share of places checked in 12 months for a figure about places (a judgement)."""
PLACE_FIGURES = 3
"""Significant figures of values that describe places, not people."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one indicator is tested and shown.

    base: least people for display (K_MIN always applies). lowest, highest: range of one person's
    value, to which the interval is clipped. levels: levels that may be published, None for all.
    within: code of an indicator outside whose published areas this one is never published.
    subset_of: code of an indicator whose people include these; as `within`, and the people
    outside are tested too (`protect_all` fills in `Cell.surrounding`). Leave it out where being
    outside is only an unanswered question. min_response: least share of the questions asked that
    was answered. only_area: the one area that may be published. steps_on: code of a share of the
    same people of which this one is a part, or the other way round, as of those who met by one day
    and by a later one: whoever is in one and not in the other is tested too (`protect_all` fills in
    `Cell.step`). part_of: code of the mean of the same people that this one is a part of: of an
    area all of them are told, or none.
    """

    code: str
    kind: Kind
    base: int = K_MIN
    is_sensitive: bool = False
    lowest: float = float("-inf")
    highest: float = float("inf")
    per: float = 1_000.0
    levels: frozenset[str] | None = None
    within: str | None = None
    subset_of: str | None = None
    min_places: int = 0
    min_response: float = 0.0
    only_area: int | None = None
    steps_on: str | None = None
    part_of: str | None = None

    @property
    def k(self) -> int:
        return SENSITIVE_K if self.is_sensitive else K_MIN

    @property
    def family(self) -> str:
        """The code of the mean that this one is a part of, or its own."""
        return self.part_of or self.code

    @property
    def bounds(self) -> str | None:
        """The indicator whose published areas bound this one's."""
        return self.subset_of or self.within


def protect(
    nodes: Sequence[Node],
    cells: Mapping[int, Cell],
    rule: Rule,
    given: Mapping[int, Given] | None = None,
    only_within: frozenset[int] | None = None,
    order: Order | None = None,
) -> list[Protected]:
    """Decide one indicator for every node, in the order of `nodes`.

    `cells` by node id holds people by their finest known home (missing: nobody). `only_within`
    are the published areas of the indicator that `rule.within` or `rule.subset_of` names; `order`
    that of the nodes, where the caller knows it. Raises ValueError where the tree is no forest, a
    cell has no node, or numbers contradict each other.
    """
    given = given or {}
    if rule.bounds is not None and only_within is None:
        raise ValueError(f"{rule.code} is bound to {rule.bounds}: give its published areas.")
    order = order or children_first(nodes)
    if rule.kind is Kind.PLACES:
        return [_release_places(node, given.get(node.id, _NOTHING), rule) for node in nodes]
    _check_cells(nodes, cells, rule)
    if rule.only_area is not None:
        # What is outside the one area that may be told has no part in its remainder.
        order = order_within(order, rule.only_area)
    may_publish = {
        node.id
        for node, _ in order
        if (rule.levels is None or node.level in rule.levels)
        and (only_within is None or node.id in only_within)
        and rule.only_area in (None, node.id)
        and _is_given(given.get(node.id, _NOTHING), rule)
    }
    totals, rests, published = _choose(order, cells, rule, may_publish)
    hidden = Hidden(order, totals, rests, published, may_publish, rule)
    bands = _tell_bounds(hidden)
    unanswered = _tell_unanswered(hidden)
    return _release(nodes, totals, published, bands, unanswered, rule, given)


def protect_all(
    nodes: Sequence[Node],
    rules: Sequence[Rule],
    cells: Mapping[str, Mapping[int, Cell]],
    given: Mapping[str, Mapping[int, Given]] | None = None,
) -> dict[str, list[Protected]]:
    """`protect` for several indicators of one release, by code, in the order of `rules`.

    An indicator that bounds others is decided before them, a mean and its parts together. Raises
    ValueError where a bound is unknown or goes round in a circle.
    """
    given = given or {}
    order = children_first(nodes)
    everywhere = frozenset(node.id for node in nodes)
    waiting: dict[str, list[Rule]] = {}
    for rule in rules:
        waiting.setdefault(rule.family, []).append(rule)
    done: dict[str, list[Protected]] = {}
    published: dict[str, frozenset[int]] = {}
    while waiting:
        ready = [
            family
            for family, members in waiting.items()
            if all(
                r.bounds is None or r.bounds == family != r.code or r.bounds in done
                for r in members
            )
        ]
        if not ready:
            raise ValueError(f"Unknown or circular bounds: {', '.join(sorted(waiting))}.")
        for family in ready:
            only_within = frozenset.intersection(
                *(published.get(r.bounds or "", everywhere) for r in waiting[family])
            )
            while True:
                told = {
                    rule.code: protect(
                        nodes,
                        cells_beside(rule, cells),
                        rule,
                        given.get(rule.code),
                        only_within,
                        order,
                    )
                    for rule in waiting[family]
                }
                shown = {code: published_areas(figures) for code, figures in told.items()}
                if len(set(shown.values())) == 1:
                    break
                # Each is held to what all of them show, until all show the same.
                only_within = frozenset.intersection(*shown.values())
            done |= _silence_alike(told)
            published |= shown
            del waiting[family]
    return {rule.code: done[rule.code] for rule in rules}


def _silence_alike(told: dict[str, list[Protected]]) -> dict[str, list[Protected]]:
    """Why a part is not told, where the others say nothing of it, would tell what sets it apart."""
    for i, together in enumerate(zip(*told.values(), strict=True)):
        if len({figure.status for figure in together}) > 1:
            for figures in told.values():
                figures[i] = Protected(figures[i].area, Status.SUPPRESSED)
    return told


def cells_beside(rule: Rule, cells: Mapping[str, Mapping[int, Cell]]) -> Mapping[int, Cell]:
    """Return an indicator's cells with what is counted of them beside the indicators that its rule
    names."""
    own = cells.get(rule.code, {})
    if rule.subset_of is not None:
        own = _surround(own, cells.get(rule.subset_of, {}))
    if rule.steps_on is not None:
        own = _step(own, cells.get(rule.steps_on, {}))
    return own


def _surround(inner: Mapping[int, Cell], outer: Mapping[int, Cell]) -> dict[int, Cell]:
    return {
        id_: replace(inner.get(id_, _NOBODY), surrounding=outer.get(id_, _NOBODY).n)
        for id_ in inner.keys() | outer.keys()
    }


def _step(inner: Mapping[int, Cell], outer: Mapping[int, Cell]) -> dict[int, Cell]:
    return {
        id_: replace(one, step=abs(one.x - outer.get(id_, _NOBODY).x)) for id_, one in inner.items()
    }


def published_areas(figures: Sequence[Protected]) -> frozenset[int]:
    """Return the areas that show a number: what bounds other indicators, and blocks are made of."""
    return frozenset(figure.area for figure in figures if figure.status is Status.PUBLISHED)


# The primary rule and the remainders


def is_safe(group: Group, rule: Rule) -> bool:
    """The primary rule: enough people, none of them standing out.

    Every part of it holds for the union of two disjoint groups that pass: that is what makes
    testing the remainders enough.
    """
    return _is_large_enough(group, rule) and not _tells_by_value(group.people, rule)


def has_response(group: Group, rule: Rule) -> bool:
    """Whether enough of those asked answered for their answers to stand for anything."""
    return group.people.answered >= rule.min_response * group.people.asked


def _is_large_enough(group: Group, rule: Rule) -> bool:
    people = group.people
    if people.n < max(rule.k, rule.base):
        return False
    if group.has_leaves and group.residents < MIN_RESIDENTS:
        return False
    if rule.subset_of is not None and people.surrounding - people.n < rule.k:
        return False
    return people.largest <= DOMINANCE * people.amount or people.amount == 0


def _tells_by_value(people: Cell, rule: Rule) -> bool:
    """Whether the value itself tells on (nearly) everyone in it."""
    if rule.steps_on is not None and people.step < rule.k:
        return True
    if rule.kind in (Kind.PROPORTION, Kind.SURVIVAL):
        return people.x < rule.k or people.n - people.x < rule.k
    if rule.kind is Kind.MEAN:
        # The same value for everyone is everyone's value.
        return people.n * people.squares - people.total**2 <= 1e-9 * people.n * people.squares
    return False


def _choose(
    order: Order,
    cells: Mapping[int, Cell],
    rule: Rule,
    may_publish: set[int],
) -> tuple[dict[int, Group], dict[int, Group], set[int]]:
    """Totals and remainders by node, and the nodes to publish: the primary rule, then secondary
    suppression. (The remainder of a node that is not published is part of one above it.)

    Children first: an area that passes is published; while what is left of it (`rest`) is
    unsafe, its smallest published area is withdrawn and its people join the rest. Only areas
    with no published area between (`tops`) are candidates: withdrawing a deeper one would not
    change this rest. With none left the rest is the area itself, which has passed; should sums
    of fractions in another order say otherwise, the area is suppressed too.
    """
    totals: dict[int, Group] = {}
    rests: dict[int, Group] = {}
    tops: dict[int, list[tuple[int, int, int]]] = {}
    published: set[int] = set()
    for node, children in order:
        own = Group(
            cells.get(node.id, _NOBODY),
            residents=0 if children else node.residents,
            has_leaves=not children,
        )
        total, rest, top = own, own, list[tuple[int, int, int]]()
        for child in children:
            total += totals[child]
            if child in published:
                top.append((totals[child].people.n, totals[child].residents, child))
            else:
                rest += rests[child]
                top += tops.pop(child)
        if node.id in may_publish and is_safe(total, rule) and has_response(total, rule):
            heapify(top)
            while top and not is_remainder_safe(rest, rule):
                _, _, smallest = heappop(top)
                published.remove(smallest)
                rest += rests[smallest]
                for freed in tops.pop(smallest):
                    heappush(top, freed)
            if is_remainder_safe(rest, rule):
                published.add(node.id)
        totals[node.id], rests[node.id], tops[node.id] = total, rest, top
    return totals, rests, published


def is_remainder_safe(rest: Group, rule: Rule) -> bool:
    """Whether what is left of a published area tells on nobody."""
    return rest.is_empty or is_safe(rest, rule)


def _is_given(given: Given, rule: Rule) -> bool:
    if rule.kind is Kind.RATE:
        return given.exposure > 0
    return rule.kind not in (Kind.INDEX, Kind.SURVIVAL) or not np.isnan(given.value)


_NOBODY = Cell()
_NOTHING = Given()


def _check_cells(nodes: Sequence[Node], cells: Mapping[int, Cell], rule: Rule) -> None:
    unknown = cells.keys() - {node.id for node in nodes}
    if unknown:
        raise ValueError(f"People of {rule.code} in unknown areas: {sorted(unknown)[:5]}.")
    for id_, cell in cells.items():
        if cell.n < 0 or not 0 <= cell.x <= cell.n or cell.largest > cell.amount:
            raise ValueError(f"{rule.code} contradicts itself in area {id_}.")
        if rule.subset_of is not None and cell.surrounding < cell.n:
            raise ValueError(f"{rule.code} in area {id_} is no part of {rule.subset_of}.")


# A revision


def choose_changes(nodes: Sequence[Node], changed: Mapping[int, int]) -> frozenset[int]:
    """The areas whose figure a revision may change, where `changed` people were added, removed or
    edited by exact home. Whoever has both vintages can subtract them, area by area: so, as in a
    release, what is left of a changed area beside the changed ones in it holds nobody who changed,
    or K_MIN people or more."""
    totals: dict[int, int] = {}
    rests: dict[int, int] = {}
    tops: dict[int, list[tuple[int, int]]] = {}
    may_change: set[int] = set()
    for node, children in children_first(nodes):
        total = rest = changed.get(node.id, 0)
        top: list[tuple[int, int]] = []
        for child in children:
            total += totals[child]
            if child in may_change:
                top.append((totals[child], child))
            else:
                rest += rests[child]
                top += tops.pop(child)
        if total >= K_MIN:
            heapify(top)
            while 0 < rest < K_MIN:
                _, smallest = heappop(top)
                may_change.remove(smallest)
                rest += rests[smallest]
                for freed in tops.pop(smallest):
                    heappush(top, freed)
            may_change.add(node.id)
        totals[node.id], rests[node.id], tops[node.id] = total, rest, top
    return frozenset(may_change)


def is_publication_safe(
    nodes: Sequence[Node], cells: Mapping[int, Cell], rule: Rule, published: frozenset[int]
) -> bool:
    """Whether every published area and every remainder passes, for areas that were chosen by
    anything else than `protect`."""
    rests: dict[int, Group] = {}
    for node, children in children_first(nodes):
        own = Group(
            cells.get(node.id, _NOBODY),
            residents=0 if children else node.residents,
            has_leaves=not children,
        )
        rest = own
        for child in children:
            if child not in published:
                rest += rests[child]
        if node.id in published and not is_remainder_safe(rest, rule):
            return False
        rests[node.id] = rest
    return True


# Rounding and release


def _release(
    nodes: Sequence[Node],
    totals: Mapping[int, Group],
    published: set[int],
    bands: Mapping[int, Band],
    unanswered: set[int],
    rule: Rule,
    given: Mapping[int, Given],
) -> list[Protected]:
    ids = [node.id for node in nodes if node.id in published]
    people = [totals[id_].people for id_ in ids]
    shown = dict(zip(ids, round_figures(ids, people, rule, given), strict=True))
    figures = []
    for node in nodes:
        figure = shown.get(node.id)
        if figure is None:
            band = bands.get(node.id)
            status = Status.SUPPRESSED if band is None else Status.BANDED
            if node.id in unanswered:
                status = Status.FEW_ANSWERS
            figure = Protected(node.id, status, band=band)
        figures.append(figure)
    return figures


def _band(group: Group, rule: Rule) -> Band | None:
    """The band of a share that fails only because it is too close to 0 or 1.

    The remainders count such an area as suppressed, so its n is not told either.
    """
    people = group.people
    if rule.kind is not Kind.PROPORTION or people.n < BAND_FROM:
        return None
    if not _is_large_enough(group, rule):
        return None
    if people.x <= min(rule.k - 1, BAND_SHARE * people.n):
        return Band.LOW
    if people.n - people.x <= min(rule.k - 1, BAND_SHARE * people.n):
        return Band.HIGH
    return None


def _tell_unanswered(hidden: Hidden) -> set[int]:
    """Areas of which it is told that enough people answered, but too few of those asked.

    It bounds their people from below, and whoever is left of the remainder around them from above:
    so it is told only where that is nobody at all, or K_MIN people or more.
    """
    rule = hidden.rule

    def is_one(group: Group) -> bool:
        return is_safe(group, rule) and not has_response(group, rule)

    if not rule.min_response:
        return set()
    silent = {
        around
        for around, ids in hidden.largest(is_one).items()
        if not _leaves_enough(hidden, around, ids)
    }
    return {
        id_
        for id_, around in hidden.around().items()
        if around not in silent and is_one(hidden.totals[id_])
    }


def _tell_bounds(hidden: Hidden) -> dict[int, Band]:
    """Bands of large areas whose share is too close to 0 or 1; and thirds of shares of THIRDS_FROM
    to BAND_FROM - 1 people that pass by themselves, but were withdrawn for the sake of a remainder.

    The areas count as suppressed in the remainders, so no n is told. But a bound is one on x, and a
    reader may take it from the remainder that the area lies in: see `bounds`.
    """
    rule = hidden.rule
    if rule.kind is not Kind.PROPORTION:
        return {}

    def is_one(group: Group) -> bool:
        is_hamlet = group.has_leaves and group.residents < MIN_RESIDENTS
        return group.people.n >= THIRDS_FROM and not is_hamlet

    alone = [id_ for id_, around in hidden.around().items() if around is None]
    told = _bounds_of(hidden, alone)
    for around, ids in hidden.largest(is_one).items():
        found = _bounds_of(hidden, ids)
        # Asked only where there is something to tell: the answer is the same either way.
        if found and _leaves_enough(hidden, around, ids) and _leaves_open(hidden, around, ids):
            told |= found
    return told


def _bounds_of(hidden: Hidden, ids: Iterable[int]) -> dict[int, Band]:
    found = {id_: _bound(hidden.totals[id_], hidden.rule) for id_ in ids}
    return {id_: band for id_, band in found.items() if band is not None}


def _leaves_open(hidden: Hidden, around: int, ids: Sequence[int]) -> bool:
    """Whether a reader who takes what is told of these areas from the remainder around them learns
    nothing that suppressing them does not tell."""
    rest, rule = hidden.rests[around].people, hidden.rule
    sizes = sorted(hidden.totals[id_].people.n for id_ in ids)
    parts = tuple(_part(n, rule) for n in sizes)
    return bounds.leaves_open(rest.x, rest.n - sum(sizes), parts, rule.k, rule.base)


def _bound(group: Group, rule: Rule) -> Band | None:
    n = group.people.n
    if n >= BAND_FROM:
        return _band(group, rule)
    return _third(group.people) if n >= THIRDS_FROM and is_safe(group, rule) else None


def _part(n: int, rule: Rule) -> bounds.Part:
    """What may be told of a hidden area of n people, as ranges of those with the property."""
    few = rule.k - 1
    middle = ((rule.k, n - rule.k),)
    if n < rule.base or n < 2 * rule.k:
        return bounds.Part(n, (), (((0, n),),))
    # Where another share has to differ by enough people, a share in the middle may fail as well.
    failing: list[tuple[bounds.Range, ...]] = [middle] if rule.steps_on is not None else []
    if n >= BAND_FROM:
        few = min(few, int(BAND_SHARE * n))
        failing += [((0, few),), ((n - few, n),)]
        if few < rule.k - 1:
            failing.append(((few + 1, rule.k - 1), (n - rule.k + 1, n - few - 1)))
        return bounds.Part(n, (middle,), tuple(failing))
    failing.append(((0, few), (n - few, n)))
    thirds = (
        (rule.k, (n - 1) // 3),
        (max(-(-n // 3), rule.k), min((2 * n - 1) // 3, n - rule.k)),
        (max(-(-2 * n // 3), rule.k), n - rule.k),
    )
    passing = tuple(((low, high),) for low, high in thirds if low <= high)
    return bounds.Part(n, passing, tuple(failing))


def _leaves_enough(hidden: Hidden, around: int, ids: Iterable[int]) -> bool:
    """Whether nobody is left of a remainder without these areas, nor lives there, or K_MIN people
    or more."""
    rest = hidden.rests[around]
    left = rest.people.n - sum(hidden.totals[id_].people.n for id_ in ids)
    residents = rest.residents - sum(hidden.totals[id_].residents for id_ in ids)
    return left >= K_MIN or (left == 0 and residents == 0)


def _third(people: Cell) -> Band:
    if 3 * people.x < people.n:
        return Band.THIRD_LOW
    return Band.THIRD_HIGH if 3 * people.x >= 2 * people.n else Band.THIRD_MIDDLE


def _release_places(node: Node, given: Given, rule: Rule) -> Protected:
    """A figure about places: no person stands behind it, so only its completeness is tested."""
    if rule.levels is not None and node.level not in rule.levels:
        return Protected(node.id, Status.WITHHELD)
    if given.completeness < PLACES_VERIFIED:
        return Protected(node.id, Status.WITHHELD)
    if given.places is not None and given.places < rule.min_places:
        return Protected(node.id, Status.FEW_PLACES)
    if np.isnan(given.value):
        return Protected(node.id, Status.WITHHELD)
    value = float(statistics.round_significant(given.value, PLACE_FIGURES))
    return Protected(node.id, Status.PUBLISHED, value=value)
