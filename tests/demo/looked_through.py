"""The lenses by another road: inequality and clusters of a release, from its released figures and
public facts about areas, by textbook sums."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from connections.indicators.models import Release
from tests.demo.other_road import read


def _figures(made: Release, code: str, area: int, level: str) -> pd.DataFrame:
    """Neighbourhoods of an area with deprivation (of those within, where they have none of their
    own) and their released figures."""
    rows = read(
        """SELECT a.id, a.population AS residents, a.deprivation_decile AS decile,
                  f.value, f.people, f.standard_error AS error
           FROM places_area a
           JOIN places_areaancestor up ON up.area_id = a.id AND up.ancestor_id = %s
           LEFT JOIN indicators_figure f ON f.area_id = a.id AND f.release_id = %s
                AND f.indicator = %s AND f.status = 'shown'
           WHERE a.level = %s ORDER BY a.id""",
        area, made.pk, code, level,
    )  # fmt: skip
    zones = read(
        """SELECT up.ancestor_id AS id, z.population, z.deprivation_decile AS decile
           FROM places_area z JOIN places_areaancestor up ON up.area_id = z.id
           WHERE z.level = 'zone'"""
    )
    zones["weight"] = zones["population"] * zones["decile"]
    sums = zones.groupby("id")[["weight", "population"]].sum()
    mean = (sums["weight"] / sums["population"]).map(lambda one: math.floor(one + 0.5))
    own = rows["decile"].astype("float64")
    rows["decile"] = own.fillna(rows["id"].map(mean)).astype(int)
    return rows


@dataclass
class Slope:
    """`groups` 10 or 5; slope from the most to the least deprived end, and over the mean."""

    groups: int
    sii: float
    rii: float
    spread: float
    """Standard error of the slope, by the theory of weighted least squares; 0 for places."""


def inequality(made: Release, code: str, area: int) -> Slope | None:
    """Weighted least squares of groups' means on their middles, weights being population parts:
    the same line as m√a on √a and b√a without an intercept."""
    is_place = code[0] == "C"
    rows = _figures(made, code, area, "zone" if is_place else "intermediate")
    for groups in (10, 5):
        rows["group"] = (rows["decile"] - 1) // (10 // groups)
        part = rows.groupby("group")["residents"].sum() / rows["residents"].sum()
        known = rows.dropna(subset=["value"]).copy()
        known["weight"] = known["residents" if is_place else "people"].astype(float)
        known["up"] = known["weight"] * known["value"].astype(float)
        known["apart"] = (known["weight"] * known["error"].astype(float)) ** 2
        by = known.groupby("group")[["weight", "up", "apart"]].sum()
        mean = (by["up"] / by["weight"]).reindex(part.index)
        thin = not is_place and (by["weight"].reindex(part.index).fillna(0) < 30).any()
        if len(part) < 3 or mean.isna().any() or thin:
            continue
        middle = part.cumsum() - part / 2
        centre = (part * middle).sum()
        overall = (part * mean).sum()
        below = (part * (middle - centre) ** 2).sum()
        sii = (part * (middle - centre) * (mean - overall)).sum() / below
        error = np.sqrt(by["apart"]) / by["weight"]
        spread = 0.0
        if not is_place:
            spread = float(np.sqrt(((part * (middle - centre) * error) ** 2).sum()) / below)
        return Slope(groups, float(sii), float(sii / overall), spread)
    return None


def clusters(made: Release, code: str, area: int, draws: int = 4_999) -> dict[int, float]:
    """Two-sided p of each zone's Local Moran: the others shuffled whole, one zone at a time."""
    rows = _figures(made, code, area, "zone").dropna(subset=["value"]).reset_index(drop=True)
    touching = read(
        """SELECT one.id, other.id AS near FROM places_area one JOIN places_area other
           ON one.id <> other.id AND ST_Touches(one.geometry, other.geometry)
           WHERE one.level = 'zone' AND other.level = 'zone'"""
    )
    near = touching.groupby("id")["near"].apply(set).to_dict()
    values = rows["value"].astype(float).to_numpy()
    z = values - values.mean()
    dice = np.random.default_rng(7)
    found = {}
    for i, one in enumerate(rows["id"]):
        count = int(rows["id"].isin(near.get(one, set())).sum())
        if not count:
            continue
        here = z[i] * z[rows["id"].isin(near[one])].mean()
        others = np.delete(z, i)
        drawn = np.array([dice.permutation(others)[:count].mean() for _ in range(draws)]) * z[i]
        larger = int((drawn >= here).sum())
        found[int(one)] = min(1.0, 2 * (min(larger, draws - larger) + 1) / (draws + 1))
    return found
