"""Reads what the lenses look at: released figures and public facts about areas."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from django.core.cache import cache
from django.db import connections

from connections.indicators.definitions import INDICATORS
from connections.indicators.lenses import change, clusters, inequality
from connections.indicators.lenses.change import Chart, Point, Step
from connections.indicators.lenses.inequality import Inequality
from connections.indicators.models import Figure, Release
from connections.indicators.quarters import name_quarter
from places.models import Area
from places.vocabulary import AreaLevel

LENS_CODES = ("A2", "C1", "C2", "C3", "E1", "E2", "E3")
"""Figures that give levels, so that areas of different deprivation may be compared."""
CLUSTER_CODES = ("C1", "C2", "C3")
"""Clusters are looked for among figures about places alone: what people log clusters by itself."""
CHANGE_CODES = LENS_CODES
"""Figures held against the same quarter of last year. All others: against the quarter before."""
KEPT_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class InequalityLens:
    """Inequality over neighbourhoods: `groups` is 10 or 5, `areas` shown of `areas_in_all`; `means`
    of the groups, the most deprived first."""

    groups: int
    areas: int
    areas_in_all: int
    found: Inequality
    means: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Clusters:
    """Areas of a council that stand among their like, by id, with the quadrant (1 high among high,
    2 low among high, 3 low among low, 4 high among low); `areas` were looked at."""

    areas: int
    found: dict[int, int]
    seed: int


@dataclass(frozen=True, slots=True)
class Change:
    """A figure's quarters, oldest first, and what can be said of them. `before` is the step since
    the quarter before; `last_year` since the same quarter last year, of figures that give levels;
    `chart` the XmR chart of the last run of quarters without a break, from 12 on; `breaks` the
    quarters in which the method, the areas or the indicator's version changed."""

    points: tuple[Point, ...]
    before: Step | None
    last_year: Step | None
    chart: Chart | None
    breaks: tuple[str, ...]


def read_inequality(
    release: Release, code: str, area_id: int, *, using: str = "default"
) -> InequalityLens | None:
    """Return the inequality of a figure among the neighbourhoods of an area (a council, the
    country). None where the figure gives no level, where deprivation is not known, or where fifths
    are not all covered by shown figures."""
    if code not in LENS_CODES or code not in INDICATORS:
        return None
    one = INDICATORS[code]
    level = AreaLevel.ZONE if one.is_about_places else AreaLevel.INTERMEDIATE
    with connections[using].cursor() as cursor:
        cursor.execute(
            NEIGHBOURHOODS,
            {"release": release.pk, "code": code, "area": area_id, "level": level.value},
        )
        rows = cursor.fetchall()
    if not rows:
        return None
    decile, residents, people, value, error = (
        np.array([np.nan if cell is None else cell for cell in column], np.float64)
        for column in zip(*rows, strict=True)
    )
    weight = residents if one.is_about_places else np.nan_to_num(people)
    for groups in (10, 5):
        grouped = inequality.group_areas(
            decile, residents, weight, value, None if one.is_about_places else error, groups=groups
        )
        is_thin = not one.is_about_places and (grouped.people < inequality.LEAST_PEOPLE).any()
        if grouped.mean.size < 3 or np.isnan(grouped.mean).any() or (is_thin and groups == 10):
            continue
        if is_thin:
            return None
        found = inequality.measure_inequality(
            grouped.share,
            grouped.mean,
            grouped.error,
            seed=seed_of(release, "inequality", code, area_id),
        )
        shown = int((~np.isnan(value)).sum())
        return InequalityLens(groups, shown, len(rows), found, tuple(grouped.mean.tolist()))
    return None


def read_clusters(
    release: Release,
    code: str,
    area_id: int,
    *,
    using: str = "default",
    level: str = AreaLevel.ZONE.value,
    permutations: int = clusters.PERMUTATIONS,
) -> Clusters | None:
    """Return the clusters of a figure about places among the areas of `level` in an area. None for
    other figures, and where too few areas are shown or all are alike. Kept: a release never
    changes."""
    if code not in CLUSTER_CODES:
        return None
    key = f"clusters:{release.pk}:{release.watermark[:16]}:{code}:{area_id}:{level}:{permutations}"
    kept: tuple[Clusters | None] | None = cache.get(key)
    if kept is not None:
        return kept[0]
    found = _find_clusters(release, code, area_id, using, level, permutations)
    cache.set(key, (found,), KEPT_SECONDS)
    return found


def _find_clusters(
    release: Release, code: str, area_id: int, using: str, level: str, permutations: int
) -> Clusters | None:
    asked: dict[str, int | str] = {
        "release": release.pk,
        "code": code,
        "area": area_id,
        "level": level,
    }
    with connections[using].cursor() as cursor:
        cursor.execute(SHOWN_AREAS, asked)
        values = dict(cursor.fetchall())
        if len(values) < clusters.LEAST_AREAS:
            return None
        cursor.execute(TOUCHING, asked)
        pairs = cursor.fetchall()
    ids = sorted(values)
    position = {id_: i for i, id_ in enumerate(ids)}
    neighbours: dict[int, list[int]] = {i: [] for i in range(len(ids))}
    for one, other in pairs:
        neighbours[position[one]].append(position[other])
    seed = seed_of(release, "clusters", code, area_id)
    try:
        moran = clusters.local_moran(
            [values[id_] for id_ in ids], neighbours, seed=seed, permutations=permutations
        )
    except ValueError:
        return None
    found = {ids[i]: int(moran.quadrant[i]) for i in np.flatnonzero(moran.is_cluster)}
    return Clusters(len(ids), found, seed)


def read_fifths(
    geography_id: int, levels: Iterable[str], *, using: str = "default"
) -> dict[int, tuple[str, int]]:
    """Return by area its level and its fifth of deprivation, 1 the most deprived, for all areas of
    these levels whose deprivation is known: their own, or the mean of those in them."""
    with connections[using].cursor() as cursor:
        cursor.execute(DECILES, {"geography": geography_id, "levels": sorted(levels)})
        return {pk: (level, (decile + 1) // 2) for pk, level, decile in cursor.fetchall()}


def read_change(
    code: str, area_id: int, *, until: Release | None = None, using: str = "default"
) -> Change:
    """Return how a figure of an area went over the published releases (up to `until`'s quarter).

    An area that kept its code in a new vintage goes on from its older self, with a break.
    """
    releases = Release.objects.using(using).standing()
    if until is not None:
        releases = releases.filter(quarter_id__lte=until.quarter_id)
    figures = {
        figure.release_id: figure
        for figure in Figure.objects.using(using).filter(
            area__code__in=Area.objects.using(using).filter(pk=area_id).values("code"),
            indicator=code,
            release__in=[one.pk for one in releases],
        )
    }
    return describe_change(
        code, [make_point(one, code, figures.get(one.pk)) for one in reversed(releases)]
    )


def describe_change(code: str, points: Sequence[Point]) -> Change:
    """Return what can be said of a figure's quarters, the oldest first."""
    held = [one for one in points if one.method]
    run = change.longest_run(held)
    breaks = [
        name_quarter(later.quarter_on)
        for earlier, later in pairwise(held)
        if earlier.method != later.method
    ]
    return Change(
        points=tuple(held),
        before=change.since_before(held),
        last_year=change.since_last_year(held) if code.partition(".")[0] in CHANGE_CODES else None,
        chart=change.draw_chart(run) if code.partition(".")[0] in CHANGE_CODES else None,
        breaks=tuple(breaks),
    )


def make_point(release: Release, code: str, figure: Figure | None) -> Point:
    """Return a quarter of a figure as the lenses look at it."""
    if figure is None:
        return Point(release.quarter_id, None)
    versions = release.parameters.get("indicators", {})
    denominator = release.parameters.get("denominator", "") if code == "A1" else ""
    method = f"{release.geography_id}:{versions.get(code, '')}:{denominator}"
    is_shown = figure.status == Figure.Status.SHOWN
    return Point(
        release.quarter_id,
        figure.value if is_shown else None,
        figure.lower if is_shown else None,
        figure.upper if is_shown else None,
        method,
    )


def seed_of(release: Release, *parts: object) -> int:
    """Return the seed of a lens: the same for the same release, figure and area."""
    text = ":".join(map(str, (name_quarter(release.quarter_id), release.version, *parts)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


# An area above the smallest may have no rank of its own: then it has the middle one of those in it,
# each weighing as many as live there.
RANKED = """
    SELECT known.id, known.level,
           coalesce(known.deprivation_decile, round(
               sum(leaf.deprivation_decile * leaf.population)::numeric
               / nullif(sum(leaf.population) FILTER (WHERE leaf.deprivation_decile IS NOT NULL), 0)
           ))::int AS decile,
           coalesce(known.population, sum(leaf.population)) AS residents
    FROM known JOIN places_areaancestor down ON down.ancestor_id = known.id
    JOIN places_area leaf ON leaf.id = down.area_id
        AND NOT EXISTS (SELECT FROM places_area child WHERE child.parent_id = leaf.id)
    GROUP BY known.id, known.level, known.deprivation_decile, known.population
"""

DECILES = f"""
WITH known AS (
    SELECT id, level, population, deprivation_decile FROM places_area
    WHERE geography_id = %(geography)s AND level = ANY(%(levels)s)
), ranked AS ({RANKED})
SELECT id, level, decile FROM ranked WHERE decile IS NOT NULL
"""  # noqa: S608 (constants only)

NEIGHBOURHOODS = f"""
WITH known AS (
    SELECT a.id, a.level, a.population, a.deprivation_decile FROM places_area a
    JOIN places_areaancestor up ON up.area_id = a.id AND up.ancestor_id = %(area)s
    WHERE a.level = %(level)s
), ranked AS ({RANKED})
SELECT decile, residents::float8, f.people::float8, f.value, f.standard_error
FROM ranked LEFT JOIN indicators_figure f
    ON f.area_id = ranked.id AND f.release_id = %(release)s AND f.indicator = %(code)s
    AND f.status = 'shown'
WHERE decile IS NOT NULL AND residents > 0
ORDER BY ranked.id
"""  # noqa: S608 (constants only)

SHOWN_AREAS = """
SELECT f.area_id, f.value FROM indicators_figure f
JOIN places_area a ON a.id = f.area_id AND a.level = %(level)s
JOIN places_areaancestor up ON up.area_id = a.id AND up.ancestor_id = %(area)s
WHERE f.release_id = %(release)s AND f.indicator = %(code)s AND f.status = 'shown'
"""

TOUCHING = f"""
WITH shown AS MATERIALIZED (
    SELECT a.id, a.geometry FROM places_area a JOIN ({SHOWN_AREAS}) s ON s.area_id = a.id
)
SELECT one.id, other.id FROM shown one JOIN shown other
    ON one.id <> other.id AND one.geometry && other.geometry
    AND ST_Intersects(one.geometry, other.geometry)
ORDER BY 1, 2
"""  # noqa: S608 (constants only)
