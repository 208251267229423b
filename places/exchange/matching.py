"""Whether a row of an import and a place of the register are the same place: by name, distance and
kind.

The weights are those of a logistic regression on labelled pairs of Overture Maps places
(tests/exchange/fit_matching.py makes them again and measures them on pairs it never saw;
docs/imports.md has the figures). Pure: no Django, no database.
"""

import math
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz

REACH = 400.0
"""Metres within which a place is looked at: of the labelled same places whose positions are known,
nineteen in twenty lie nearer."""
# Fitted: intercept, closeness of names two ways, same kind, distance (see `features`).
WEIGHTS = (-9.977, 9.805, 2.403, 0.628, -0.714)
SURE = 0.74
"""From here on a match is taken without asking: 95 in 100 are right."""
DOUBT = 0.34
"""Below this it is another place; between the two somebody decides."""


class Verdict(StrEnum):
    """Whether a row is of a place that the register has; somebody decides what is in doubt."""

    SAME = "same"
    DOUBT = "doubt"
    OTHER = "other"


@dataclass(frozen=True)
class Pair:
    """What is known of a row and a place beside each other. `metres` may be unknown."""

    names: tuple[str, str]
    is_same_kind: bool
    metres: float | None


def plain_name(name: str) -> str:
    """Return a name in small letters without accents, signs and double spaces."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(part for part in parts if not unicodedata.combining(part))
    return re.sub(r"[^\w]+", " ", letters.replace("'", "").replace("’", "")).strip()


def features(pair: Pair) -> tuple[float, ...]:
    """Return what the weights are for: 1, closeness of names (0 to 1; as a part of each other, and
    word by word), same kind (0 or 1), and the logarithm of the distance in tens of metres."""
    one, other = (plain_name(name) for name in pair.names)
    part = fuzz.WRatio(one, other) / 100
    words = fuzz.token_sort_ratio(one, other) / 100
    away = 0.0 if pair.metres is None else math.log1p(pair.metres / 10)
    return (1.0, part, words, float(pair.is_same_kind), away)


def score(pair: Pair) -> float:
    """Return how likely the two are the same place, 0 to 1."""
    total = sum(weight * value for weight, value in zip(WEIGHTS, features(pair), strict=True))
    return 1 / (1 + math.exp(-total))


def judge(likelihood: float) -> Verdict:
    """Return what a score means."""
    if likelihood >= SURE:
        return Verdict.SAME
    return Verdict.DOUBT if likelihood >= DOUBT else Verdict.OTHER
