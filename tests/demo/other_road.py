"""Every figure of a release by another road: raw rows, plain pandas and the definitions of
docs/method.md. Of the product only its vocabulary of codes and its opening hours are used."""

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from django.db import connection

from places.hours import open_slots

TIES = ("neighbour", "friend_or_family", "by_sight", "new", "at_work", "group")
LONDON = "Europe/London"


def read(sql: str, *parameters: Any) -> pd.DataFrame:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description]
        return pd.DataFrame(cursor.fetchall(), columns=names)


@dataclass
class Road:
    """A quarter's people and places as tables."""

    quarter_on: dt.date
    ends_on: dt.date
    up: dict[int, list[int]] = field(default_factory=dict)
    level: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.last_on = self.ends_on - dt.timedelta(days=1)
        areas = read("SELECT id, level, population, adults FROM places_area")
        self.level = dict(zip(areas["id"], areas["level"], strict=True))
        tree = read("SELECT area_id, ancestor_id, depth FROM places_areaancestor ORDER BY depth")
        self.up = tree.groupby("area_id")["ancestor_id"].apply(list).to_dict()
        leaves = areas[areas["level"] == "zone"]
        self.adults: dict[int, float] = {}
        for area, adults in zip(leaves["id"], leaves["adults"], strict=True):
            for one in self.up[area]:
                self.adults[one] = self.adults.get(one, 0) + adults
        self.people = self._people()

    def lift(self, area: int, to: str = "") -> int:
        """The neighbourhood of a zone; with `to`, the area of that level."""
        wanted = (to,) if to else ("intermediate", "community", "council", "country")
        return next((one for one in self.up[area] if self.level[one] in wanted), area)

    def _moments(self) -> pd.DataFrame:
        rows = read(
            """SELECT contributor_id AS who, area_id, occurred_on, created_at, id, direction, tie,
                      is_different, at_work, through_organisation, place_id
               FROM interactions_interaction WHERE occurred_on >= %s AND occurred_on < %s""",
            self.quarter_on, self.ends_on,
        )  # fmt: skip
        rows = rows.sort_values(["created_at", "id"])
        rows = rows[rows.groupby(["who", "occurred_on"]).cumcount() < 5].copy()
        rows["home"] = rows["area_id"].map(self.lift)
        rows["came_on"] = pd.to_datetime(rows["created_at"], utc=True).dt.tz_convert(LONDON).dt.date
        rows["is_role"] = rows["at_work"].isin(["yes", "more"])
        organised = rows["is_role"] | (rows["through_organisation"] == "yes")
        rows["is_beyond"] = ~organised & (rows["through_organisation"] == "no")
        rows["is_routed"] = organised | rows["is_beyond"]
        return rows

    def _answers(self) -> pd.DataFrame:
        rows = read(
            """SELECT contributor_id AS who, prompt_id, area_id, gave, received, noticed, rely, kind,
                      was_hard, hard_reasons, created_at
               FROM interactions_promptanswer
               WHERE is_in_window AND prompt_id >= %s AND prompt_id < %s ORDER BY prompt_id""",
            self.quarter_on, self.ends_on,
        )  # fmt: skip
        rows["came_on"] = pd.to_datetime(rows["created_at"], utc=True).dt.tz_convert(LONDON).dt.date
        return rows

    def _people(self) -> pd.DataFrame:
        moments, answers = self._moments(), self._answers()
        hard = read(
            """SELECT contributor_id AS who, reasons FROM interactions_difficulty
               WHERE month_on >= %s AND month_on < %s""",
            self.quarter_on, self.ends_on,
        )  # fmt: skip
        asked = read(
            "SELECT contributor_id AS who FROM interactions_promptasked"
            " WHERE prompt_id >= %s AND prompt_id < %s",
            self.quarter_on, self.ends_on,
        )["who"].value_counts()  # fmt: skip
        measured = read(
            "SELECT contributor_id AS who, measure_id, value FROM interactions_measureanswer"
            " WHERE quarter_on = %s",
            self.quarter_on,
        )
        who = read("SELECT id AS who, created_at, is_blocked FROM accounts_contributor")
        joined = pd.to_datetime(who["created_at"], utc=True).dt.tz_convert(LONDON).dt.date
        seen_by = self.last_on - dt.timedelta(days=14)
        who["is_sound"] = ~who["is_blocked"] & (joined <= seen_by)
        table = who.set_index("who")[["is_sound"]]
        days = pd.concat([moments[["who", "came_on"]], answers[["who", "came_on"]]])
        inside = (days["came_on"] >= self.quarter_on) & (days["came_on"] < self.ends_on)
        dates = days[inside].groupby("who")["came_on"].nunique()
        table["dates"] = dates.reindex(table.index).fillna(0)
        table["answered"] = answers.groupby("who").size().reindex(table.index).fillna(0)
        table["asked"] = np.maximum(asked.reindex(table.index).fillna(0), table["answered"])
        table["takes_part"] = table["is_sound"] & (table["dates"] >= 2)
        table["is_answering"] = table["is_sound"] & (table["answered"] > 0)
        table["home"] = self._homes(moments, answers).reindex(table.index)
        table["measures"] = (
            measured.groupby("who")[["measure_id", "value"]]
            .apply(lambda rows: dict(zip(rows["measure_id"], rows["value"], strict=True)))
            .reindex(table.index)
        )
        return self._values(table[table["home"].notna()].copy(), moments, answers, hard)

    def _homes(self, moments: pd.DataFrame, answers: pd.DataFrame) -> "pd.Series[Any]":
        before = read(
            "SELECT contributor_id AS who, home_id FROM indicators_quartercontributor"
            " WHERE quarter_id = %s",
            (pd.Timestamp(self.quarter_on) - pd.DateOffset(months=3)).date(),
        )
        homes: dict[Any, int] = dict(zip(before["who"], before["home_id"], strict=True))
        moments = moments.assign(council=moments["home"].map(lambda one: self.lift(one, "council")))

        def most(rows: pd.DataFrame, column: str) -> dict[Any, int]:
            grouped = rows.groupby(["who", column]).agg(
                logs=("id", "size"), last=("occurred_on", "max")
            )
            ordered = grouped.reset_index().sort_values(
                ["who", "logs", "last", column], ascending=[True, False, False, True]
            )
            first = ordered.drop_duplicates("who")
            return dict(zip(first["who"], first[column], strict=True))

        homes |= most(moments, "council")
        named = answers[answers["area_id"].notna()].drop_duplicates("who", keep="last")
        homes |= {
            person: self.lift(int(area))
            for person, area in zip(named["who"], named["area_id"], strict=True)
        }
        inside = moments[
            (moments["came_on"] >= self.quarter_on) & (moments["came_on"] < self.ends_on)
        ]
        twice = inside.groupby(["who", "home"])["came_on"].nunique()
        kept = twice[twice >= 2].index
        homes |= most(
            moments[pd.MultiIndex.from_frame(moments[["who", "home"]]).isin(kept)], "home"
        )
        picked = read("SELECT contributor_id AS who, area_id FROM interactions_homearea")
        homes |= {
            person: self.lift(area)
            for person, area in zip(picked["who"], picked["area_id"], strict=True)
        }
        return pd.Series(homes, dtype="object")

    def _values(
        self,
        table: pd.DataFrame,
        moments: pd.DataFrame,
        answers: pd.DataFrame,
        hard: pd.DataFrame,
    ) -> pd.DataFrame:
        by = moments.groupby("who")
        index = table.index
        part = table["takes_part"]

        def share(top: "pd.Series[bool]", of: "pd.Series[bool]") -> "pd.Series[float]":
            rows = moments[of]
            return (100 * top[of].groupby(rows["who"]).mean()).reindex(index).where(part)

        logs = by.size().reindex(index)
        gave = (moments["direction"] == "gave").groupby(moments["who"]).sum().reindex(index)
        got = (moments["direction"] == "received").groupby(moments["who"]).sum().reindex(index)
        both = (gave + got).where(lambda one: one >= 3)
        table["A1"] = pd.Series(1.0, index).where(part)
        table["A3"] = ((gave > 0) & (got > 0)).astype(float).where(part & logs.notna())
        table["A3.index"] = (1 - (gave - got).abs() / both).where(part)
        table["B1"] = share(
            moments["is_different"] == "yes", moments["is_different"].isin(["yes", "no"])
        )
        table["B2"] = share(moments["is_beyond"], moments["is_routed"])
        table["B2.role"] = share(moments["is_role"], moments["is_routed"])
        table["B2.hosted"] = 100 - table["B2"] - table["B2.role"]
        table["C4"] = share(moments["place_id"].notna(), pd.Series(True, moments.index))
        tied = moments[(moments["direction"] != "noticed") & moments["tie"].notna()]
        shares = pd.crosstab(tied["who"], tied["tie"], normalize="index")
        for tie in TIES:
            table[f"tie {tie}"] = shares.get(tie, pd.Series(dtype=float)).reindex(index).where(part)
        answering = table["is_answering"]
        acts = answers.assign(acts=answers["gave"] + answers["received"] + answers["noticed"])
        for code, column in (
            ("A2", "acts"), ("A2.gave", "gave"), ("A2.received", "received"),
            ("A2.noticed", "noticed"),
        ):  # fmt: skip
            capped = acts[column].clip(upper=10).groupby(acts["who"]).mean()
            table[code] = capped.reindex(index).where(answering)
        for code, column in (("E1", "rely"), ("E2", "kind")):
            told = answers[answers[column].notna()].drop_duplicates("who", keep="last")
            agrees = (told.set_index("who")[column] <= 2).astype(float)
            table[code] = agrees.reindex(index).where(answering)
        reasons = pd.concat(
            [
                answers[["who", "hard_reasons"]].rename(columns={"hard_reasons": "reasons"}),
                hard[["who", "reasons"]],
            ]
        ).explode("reasons")
        said = answers[answers["was_hard"].notna()]
        yes = set(said[said["was_hard"].astype(bool)]["who"]) | set(hard["who"])
        yes |= set(reasons[reasons["reasons"].notna()]["who"])
        known = index.isin(said["who"]) | index.isin(yes)
        table["E3"] = pd.Series(index.isin(yes), index).astype(float).where(answering & known)
        for reason in reasons["reasons"].dropna().unique():
            named = set(reasons[reasons["reasons"] == reason]["who"])
            table[f"E3.{reason}"] = (
                pd.Series(index.isin(named), index).astype(float).where(table["E3"].notna())
            )
        return table

    def inside(self, area: int) -> pd.DataFrame:
        return self.people[self.people["home"].map(lambda home: area in self.up[home])]

    def variety(self, area: int) -> tuple[int, float]:
        rows = self.inside(area)[[f"tie {tie}" for tie in TIES]].dropna()
        means = rows.mean()
        return len(rows), math.exp(-sum(one * math.log(one) for one in means if one > 0))

    def measure(self, area: int, key: int, scale: str) -> "pd.Series[float]":
        rows = self.inside(area)
        rows = rows[(rows["takes_part"] | rows["is_answering"]) & rows["measures"].notna()]
        told = rows["measures"].map(lambda one: one.get(key)).dropna().astype(float)
        return (told <= 2).astype(float) if scale == "agree_5" else told

    def response(self, area: int) -> float:
        rows = self.inside(area)
        rows = rows[rows["is_answering"] | (rows["answered"] == 0)]
        return float(100 * rows["answered"].sum() / rows["asked"].sum())

    # Places

    def completeness(self, area: int, minutes: float) -> float:
        """% of the places within a walk of somebody who lives in the area that were checked in the
        12 months up to the quarter's end; of the area around it where there are none."""
        walk, homes, checked = self.walks
        for around in self.up[area]:
            here = homes.map(lambda one, up=around: up in self.up[one]).to_numpy()
            reached = (walk[here] <= minutes).any(axis=0)
            if reached.any():
                return float(100 * checked[reached].mean())
        return 0.0

    def few_places(self, area: int) -> int:
        walk, homes, _ = self.walks
        here = homes.map(lambda one: area in self.up[one]).to_numpy()
        return int((walk[here] <= 10).any(axis=0).sum())

    def places(self) -> dict[str, Callable[[int], float]]:
        """A function of an area for each figure about places."""
        east = "ST_X(ST_Transform({0}, {1}))::float8, ST_Y(ST_Transform({0}, {1}))::float8"
        middle = read("SELECT avg(ST_X(point)) AS x, avg(ST_Y(point)) AS y FROM places_area")
        srid = (
            27_700 if -8.8 <= middle["x"][0] <= 1.9 and 49.8 <= middle["y"][0] <= 60.9 else 32_630
        )
        homes = read(
            f"""SELECT a.id AS area, {east.format("coalesce(p.point, a.point)", srid)},
                   a.population::float8 / count(*) OVER (PARTITION BY a.id) AS people
            FROM places_area a
            LEFT JOIN places_postcode p ON p.area_id = a.id AND NOT p.is_large_user
            WHERE a.level = 'zone' AND a.population > 0"""
        )
        homes.columns = pd.Index(["area", "x", "y", "people"])
        register = read(
            f"""SELECT id, {east.format("point", srid)}, kind, coalesce(weekly_hours, 0)::float8,
                   cost_to_stay, is_booking_needed, opening_hours, confirmed_at,
                   EXISTS (SELECT FROM places_welcome w WHERE w.place_id = p.id
                           AND w.attribute = 'step_free' AND w.value = 'yes')
            FROM places_place p"""
        )
        from places.models import Place

        register.columns = pd.Index(
            ["id", "x", "y", "kind", "hours", "cost", "booking", "opening", "seen", "step_free"]
        )
        register = register[register["id"].isin(Place.objects.shown().values_list("id", flat=True))]
        walk = np.hypot(
            homes["x"].to_numpy()[:, None] - register["x"].to_numpy(),
            homes["y"].to_numpy()[:, None] - register["y"].to_numpy(),
        )
        minutes = walk * 1.3 / 80
        since = pd.Timestamp(self.ends_on) - pd.DateOffset(months=12)
        seen = pd.to_datetime(register["seen"], utc=True).dt.tz_convert(LONDON).dt.date
        self.walks = (minutes, homes["area"], (seen >= since.date()).to_numpy())
        is_free = register["cost"].isin(["free", "nobody_minds"]) & ~register["booking"]
        is_cuppa = (register["cost"] == "small_purchase") & ~register["booking"]
        people = homes["people"].to_numpy()
        steps = np.select([minutes <= 5, minutes <= 10, minutes <= 15], [1, 0.68, 0.22], 0.0)
        edge = math.exp(-0.5)
        smooth = np.maximum((np.exp(-0.5 * (minutes / 15) ** 2) - edge) / (1 - edge), 0)

        def access(weight: np.ndarray, counts: "pd.Series[bool]") -> np.ndarray:
            hours = (register["hours"] * counts).to_numpy()
            demand = people @ weight
            ratio = np.divide(hours, demand, out=np.zeros_like(hours), where=demand > 0)
            return np.asarray(1_000 * weight @ ratio)

        times = [
            (day, dt.time(hour, minute))
            for day in range(7)
            for hour in (range(18, 21) if day < 5 else range(10, 18))
            for minute in (0, 15, 30, 45)
        ]
        known = {
            text: open_slots(text, times, year=self.quarter_on.year)
            for text in register["opening"].unique()
        }
        opened = np.array([known[text] for text in register["opening"]], bool)
        near = minutes <= 10

        def is_open(counts: "pd.Series[bool]") -> np.ndarray:
            chosen = counts.to_numpy()
            return np.array([100 * opened[row & chosen].any(axis=0).mean() for row in near])

        kinds = pd.get_dummies(register["kind"]).to_numpy(float)
        amounts = near.astype(float) @ kinds
        total = amounts.sum(axis=1, keepdims=True)
        parts = np.divide(amounts, total, out=np.zeros_like(amounts), where=total > 0)
        logs = np.log(parts, out=np.zeros_like(parts), where=parts > 0)
        some = total[:, 0] > 0
        shannon = np.where(some, np.exp(-(parts * logs).sum(axis=1)), 0)
        squares = (parts**2).sum(axis=1)
        simpson = np.divide(1, squares, out=np.zeros_like(squares), where=some)
        scores = {
            "C1": access(steps, is_free),
            "C1.cuppa": access(steps, is_free | is_cuppa),
            "C1.gaussian": access(smooth, is_free),
            "C2": is_open(is_free),
            "C2.stepfree": is_open(is_free & register["step_free"]),
            "C3": shannon,
            "C3.simpson": simpson,
        }

        def mean(score: np.ndarray) -> Callable[[int], float]:
            def of(area: int) -> float:
                here = homes["area"].map(lambda one: area in self.up[one]).to_numpy()
                return float(np.average(score[here], weights=people[here]))

            return of

        return {code: mean(score) for code, score in scores.items()}


# Befriending


def _referrals() -> pd.DataFrame:
    """Referrals of people who agreed, in each person's order, with the pairing that first met."""
    return read(
        """SELECT DISTINCT ON (r.received_on, r.id) r.participant_id AS who, r.area_id,
                  r.received_on, r.closed_on, m.first_met_on AS met_on, m.ended_on,
                  e.is_planned, e.reason
           FROM befriending_referral r
           LEFT JOIN befriending_match m ON m.referral_id = r.id AND m.first_met_on IS NOT NULL
           LEFT JOIN befriending_ending e ON e.match_id = m.id
           WHERE r.has_consented
           ORDER BY r.received_on, r.id, m.first_met_on, m.id"""
    )


def _by(day: Any, end: dt.date) -> bool:
    return not pd.isna(day) and day <= end


def waits(year: int, area: int, up: dict[int, list[int]]) -> pd.DataFrame:
    """The year's referrals: days and what ended the wait (1 met, 2 left, 0 neither)."""
    rows = _referrals()
    rows = rows[rows["received_on"].map(lambda day: day.year) == year]
    rows = rows[rows["area_id"].map(lambda one: area in up[one])].drop_duplicates("who")
    end = dt.date(year, 12, 31)
    found = []
    for one in rows.to_dict("records"):
        met, left, came = one["met_on"], one["closed_on"], one["received_on"]
        if _by(met, end):
            found.append(((met - came).days, 1))
        elif _by(left, end) and pd.isna(met):
            found.append(((left - came).days, 2))
        else:
            found.append(((end - came).days, 0))
    return pd.DataFrame(found, columns=["days", "cause"])


def pairings(year: int, area: int, up: dict[int, list[int]]) -> pd.DataFrame:
    """Pairings that first met in the year before: days and how they ended (1 unplanned, 2 planned,
    3 by death or a move, 0 not by the year's end)."""
    rows = _referrals()
    rows = rows[rows["met_on"].map(lambda day: not pd.isna(day) and day.year == year - 1)]
    rows = rows[rows["area_id"].map(lambda one: area in up[one])].drop_duplicates("who")
    end = dt.date(year, 12, 31)
    found = []
    for one in rows.to_dict("records"):
        over, met = one["ended_on"], one["met_on"]
        if not _by(over, end):
            found.append(((end - met).days, 0))
            continue
        is_apart = one["reason"] in ("died", "moved")
        cause = 2 if one["is_planned"] is True else 3 if is_apart else 1
        found.append(((over - met).days, cause))
    return pd.DataFrame(found, columns=["days", "cause"])


def queue(year: int, area: int, up: dict[int, list[int]]) -> "pd.Series[int]":
    """Days that each person waiting at the year's end has waited."""
    end = dt.date(year, 12, 31)
    rows = _referrals()
    rows = rows[rows["area_id"].map(lambda one: area in up[one])]
    rows = rows[[day <= end for day in rows["received_on"]]]
    # Whoever met has left the list by meeting, whatever closed the referral afterwards.
    gone = [
        _by(met, end) or (_by(left, end) and pd.isna(met))
        for met, left in zip(rows["met_on"], rows["closed_on"], strict=True)
    ]
    rows = rows[~np.array(gone, bool)].drop_duplicates("who")
    return rows["received_on"].map(lambda day: (end - day).days)


def _score(scale: str, answers: list[int | None]) -> int | None:
    """UCLA-3 and the ONS question: the sum; De Jong Gierveld 6: a point for yes or more or less to
    emptiness, missing people and rejection, for no or more or less to the others."""
    if scale != "djg6":
        return None if None in answers else sum(answers)  # type: ignore[arg-type]
    if answers.count(None) > 1:
        return None
    lonely = [{1, 2} if place in (1, 4, 6) else {2, 3} for place in range(1, 7)]
    return sum(one in points for one, points in zip(answers, lonely, strict=True))


def outcomes(year: int, area: int, up: dict[int, list[int]]) -> "tuple[int, list[bool]]":
    """How many first answered a loneliness scale in the year before, with consent; and, of those who
    answered it again by the year's end, whether the latest score is lower."""
    rows = read(
        """SELECT participant_id AS who, scale, answers, answered_on FROM befriending_scaleanswer
           WHERE scale IN ('ucla3', 'ons', 'djg6') AND consented_on IS NOT NULL
             AND answered_on <= %s ORDER BY answered_on, id""",
        dt.date(year, 12, 31),
    )
    homes = _referrals().drop_duplicates("who").set_index("who")["area_id"].to_dict()
    asked, lower = 0, []
    for who, own in rows.groupby("who"):
        first = own.iloc[0]
        if first["answered_on"].year != year - 1 or who not in homes:
            continue
        if area not in up[homes[who]]:
            continue
        asked += 1
        again = own[(own["scale"] == first["scale"]) & (own["answered_on"] > first["answered_on"])]
        scores = [
            _score(first["scale"], list(one))
            for one in (first["answers"], *again["answers"].tail(1))
        ]
        if len(scores) == 2 and scores[0] is not None and scores[1] is not None:
            lower.append(scores[1] < scores[0])
    return asked, lower


def incidence(rows: pd.DataFrame, day: int, cause: int = 1) -> float:
    """Aalen and Johansen's share (%) with `cause` by `day`, one day after the other."""
    return _walk(rows, day, cause)[0]


def _walk(rows: pd.DataFrame, day: int, cause: int) -> tuple[float, float]:
    """The share (%) and its variance, the latter summed afresh from Marubini and Valsecchi's
    formula (1995, 10.12) over single days."""
    free, told = 1.0, 0.0
    steps = []
    for today in range(day + 1):
        at_risk = int((rows["days"] >= today).sum())
        if not at_risk:
            break
        here = rows[rows["days"] == today]["cause"]
        own, any_cause = int((here == cause).sum()), int((here > 0).sum())
        told += free * own / at_risk
        if any_cause:
            steps.append((free, told, at_risk, own, any_cause))
        free *= 1 - any_cause / at_risk
    variance = 0.0
    for before, then, n, d_own, d in steps:
        if n > d:
            variance += (told - then) ** 2 * d / (n * (n - d))
        variance += before**2 * (n - d_own) * d_own / n**3
        variance -= 2 * (told - then) * before * d_own / n**2
    return 100 * told, variance


def incidence_range(rows: pd.DataFrame, day: int, cause: int = 1) -> tuple[float, float]:
    """95 % interval of `incidence` on the scale log(-log), in %."""
    percent, variance = _walk(rows, day, cause)
    share = percent / 100
    if not 0 < share < 1 or variance <= 0:
        return percent, percent
    middle = math.log(-math.log(share))
    reach = 1.959963984540054 * math.sqrt(variance) / abs(share * math.log(share))
    ends = [100 * math.exp(-math.exp(middle + sign * reach)) for sign in (1, -1)]
    return ends[0], ends[1]


def middle_wait(rows: pd.DataFrame) -> int | None:
    """The first day by which half have met; None where that is never so."""
    for day in range(int(rows["days"].max()) + 1):
        if incidence(rows, day) >= 50 - 1e-9:
            return day
    return None
