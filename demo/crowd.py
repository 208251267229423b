"""The people who take part: when they came, how long they stayed, what they are like.

Not from statistics of anywhere: chosen so that figures differ between neighbourhoods by less than
people do within them, and so that kindness is no rarer where people are poor (only the reasons why
it was hard are others). Each array holds one entry a person.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from demo.names import COMMUNITIES
from demo.quarters import CLOSED_QUARTERS, add_quarters, first_quarter
from demo.shapes import Floats, Ints
from demo.town import SEED, Town

# Of those who took part in a quarter, so many still do in the next.
STAYING = 0.79
# So many try it once or twice and are not seen again.
PASSING = 0.24
# Newcomers in a neighbourhood's first quarters: more at once would rightly raise an alarm.
GENTLE_START = 16
# In which quarter each neighbourhood began, in the order of COMMUNITIES and their pairs.
OPENED = (0, 0, 1, 2, 0, 1, 3, 4, 5, 8, CLOSED_QUARTERS, CLOSED_QUARTERS)
# The community that has just begun: so many people, within so many days before the loading.
NEW_PEOPLE = 31
NEW_DAYS = 52


@dataclass(frozen=True)
class Neighbourhood:
    """What differs between neighbourhoods: shares between 0 and 1. `closeness` above 1: more of
    the usual people, fewer others."""

    code: str
    community: str
    poverty: float
    adults: int
    taking_part: float
    opened: int
    different: float
    through_organisation: float
    closeness: float


@dataclass(frozen=True)
class Crowd:
    """`came`, `left`: days since the first quarter's first day (left: the first day without)."""

    neighbourhoods: list[Neighbourhood]
    home: Ints
    came: Ints
    left: Ints
    a_week: Floats
    answers: Floats
    gives: Floats
    receives: Floats
    different: Floats
    organised: Floats
    at_places: Floats
    has_picked_home: np.ndarray
    is_enrolled: np.ndarray

    def __len__(self) -> int:
        return len(self.home)


def list_neighbourhoods(town: Town) -> list[Neighbourhood]:
    """The intermediate zones, in the order of their codes."""
    found = []
    areas = iter(town.at_level("intermediate"))
    openings = iter(OPENED)
    for community in COMMUNITIES:
        for number in range(len(community.neighbourhoods)):
            area = next(areas)
            poverty = community.poverty[number]
            found.append(
                Neighbourhood(
                    code=area.code,
                    community=area.parent or "",
                    poverty=poverty,
                    adults=area.adults,
                    taking_part=community.taking_part[number] / 1_000,
                    opened=next(openings),
                    # The harbour and the streets around it have most newcomers.
                    different=0.36 if community.council == "town" else 0.22,
                    through_organisation=0.12 + 0.13 * poverty,
                    closeness=(1.0 if community.council == "town" else 2.1) + 0.8 * (0.6 - poverty),
                )
            )
    return found


def gather_crowd(town: Town, day: dt.date, *, share: float = 1.0, seed: int = SEED) -> Crowd:
    """Everybody who took part up to `day`; `share` makes a smaller crowd for tests."""
    rng = np.random.default_rng([seed, 3])
    neighbourhoods = list_neighbourhoods(town)
    start = first_quarter(day)
    today = (day - start).days
    home, came, left = [], [], []
    for index, place in enumerate(neighbourhoods):
        days = _joining_days(place, start, today, share, rng)
        home.append(np.full(len(days), index))
        came.append(days)
        left.append(_leaving_days(place, days, today, rng))
    homes = np.concatenate(home)
    size = len(homes)
    gives, receives, _ = rng.dirichlet((3.2, 3.8, 2.1), size).T
    of = {
        name: np.array([getattr(place, name) for place in neighbourhoods])[homes]
        for name in ("different", "through_organisation", "opened")
    }
    is_new = of["opened"] == CLOSED_QUARTERS
    return Crowd(
        neighbourhoods=neighbourhoods,
        home=homes,
        came=np.concatenate(came),
        left=np.concatenate(left),
        a_week=np.clip(rng.gamma(1.1, 0.72, size) + 0.12, 0.1, 9.0) * np.where(is_new, 2.0, 1.0),
        answers=rng.beta(1.3, 1.0, size),
        gives=gives,
        receives=receives,
        different=rng.beta(6 * of["different"], 6 * (1 - of["different"])),
        organised=rng.beta(5 * of["through_organisation"], 5 * (1 - of["through_organisation"])),
        at_places=rng.beta(2.2, 3.2, size),
        has_picked_home=rng.random(size) < np.where(is_new, 0.9, 0.34),
        is_enrolled=rng.random(size) < np.where(is_new, 0.5, 0.26),
    )


def _joining_days(
    place: Neighbourhood, start: dt.date, today: int, share: float, rng: np.random.Generator
) -> Ints:
    if place.opened == CLOSED_QUARTERS:
        # Two neighbourhoods share the new community's people.
        people = NEW_PEOPLE // 2 + int(place.code.endswith("1"))
        return today - np.sort(rng.integers(3, NEW_DAYS, people))[::-1]
    target = place.adults * place.taking_part * share
    days: list[Ints] = []
    before = 0.0
    for quarter in range(place.opened, CLOSED_QUARTERS + 1):
        grown = (quarter - place.opened + 1) / (CLOSED_QUARTERS + 1 - place.opened)
        wanted = target * (0.3 + 0.7 * grown) if place.opened == 0 else target * grown**0.8
        joining = max(2.0, wanted - STAYING * before) * rng.uniform(0.9, 1.1)
        if quarter - place.opened < 3 and place.opened > 0:
            joining = min(joining, GENTLE_START)
        first = (add_quarters(start, quarter) - start).days
        last = min((add_quarters(start, quarter + 1) - start).days, today)
        length = (add_quarters(start, quarter + 1) - add_quarters(start, quarter)).days
        people = round(joining / (1 - PASSING) * max(0, last - first) / length)
        if people:
            days.append(rng.integers(first, last, people))
        before = STAYING * before + joining
    return np.concatenate(days)


def _leaving_days(place: Neighbourhood, came: Ints, today: int, rng: np.random.Generator) -> Ints:
    if place.opened == CLOSED_QUARTERS:
        return np.full(len(came), today)
    stay = rng.geometric(1 - STAYING, len(came)) * 91 - rng.integers(0, 91, len(came))
    passing = rng.random(len(came)) < PASSING
    stay = np.where(passing, rng.integers(1, 20, len(came)), np.maximum(stay, 25))
    return np.minimum(came + stay, today)
