"""Fits the weights of places.exchange.matching on labelled pairs, and measures them on others.

Run it as `python -m tests.exchange.fit_matching PAIRS.csv.gz` to print the constants anew. Overture's
ids of the first kind hold the cell in which a place lies, to about a metre: for pairs with two such
ids the distance is known, for the others it is left out of the sum.
"""

import csv
import gzip
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import h3
import numpy as np
from numpy.typing import NDArray

from places.exchange import matching
from places.exchange.matching import Pair, features

Numbers = NDArray[np.float64]
TEST_SHARE = 3
# So weak that it only keeps weights finite.
RIDGE = 0.5


@dataclass(frozen=True)
class Labelled:
    pair: Pair
    is_same: bool
    is_for_test: bool


def read_pairs(path: Path) -> list[Labelled]:
    """Return the labelled pairs; one in three, by the hash of its ids, is kept for the test."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [_read(row) for row in rows]


def _read(row: dict[str, str]) -> Labelled:
    names = (_primary(row["names"]), _primary(row["base_names"]))
    one, other = _categories(row["categories"]), _categories(row["base_categories"])
    digest = hashlib.sha256(f"{row['id']} {row['base_id']}".encode()).digest()
    return Labelled(
        Pair(names, bool(one & other), _metres(row["id"], row["base_id"])),
        is_same=row["label"] == "1.0",
        is_for_test=digest[0] % TEST_SHARE == 0,
    )


def _primary(text: str) -> str:
    return str(json.loads(text).get("primary") or "") if text else ""


def _categories(text: str) -> set[str]:
    told = json.loads(text) if text else {}
    return {name for name in (told.get("primary"), *(told.get("alternate") or ())) if name}


def _metres(one: str, other: str) -> float | None:
    cells = [text[1:16] for text in (one, other) if text.startswith("08f")]
    if len(cells) < 2 or not all(h3.is_valid_cell(cell) for cell in cells):
        return None
    first, second = (h3.cell_to_latlng(cell) for cell in cells)
    return float(h3.great_circle_distance(first, second, unit="m"))


def fit(pairs: list[Labelled]) -> tuple[float, ...]:
    """Return the weights of a ridge logistic regression, by Newton's method."""
    x = np.array([features(labelled.pair) for labelled in pairs])
    y = np.array([labelled.is_same for labelled in pairs], dtype=float)
    weights = np.zeros(x.shape[1])
    penalty = RIDGE * np.eye(x.shape[1])
    penalty[0, 0] = 0.0
    for _ in range(50):
        likely = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (y - likely) - penalty @ weights
        curve = (x.T * (likely * (1 - likely))) @ x + penalty
        step = np.linalg.solve(curve, slope)
        weights += step
        if np.abs(step).max() < 1e-10:
            break
    return tuple(round(float(weight), 3) for weight in weights)


@dataclass(frozen=True)
class Measured:
    """How often a match that is taken is right, and how many of the right ones are taken."""

    precision: float
    recall: float
    pairs: int


def measure(pairs: list[Labelled], weights: tuple[float, ...], threshold: float) -> Measured:
    x = np.array([features(labelled.pair) for labelled in pairs])
    y = np.array([labelled.is_same for labelled in pairs])
    taken = 1 / (1 + np.exp(-x @ np.array(weights))) >= threshold
    right = int((taken & y).sum())
    return Measured(right / max(1, int(taken.sum())), right / int(y.sum()), len(pairs))


def choose_thresholds(pairs: list[Labelled], weights: tuple[float, ...]) -> tuple[float, float]:
    """Return the lowest threshold at which 95 in 100 taken are right, and the highest at which 97 in
    100 of the right are taken or asked about, by the pairs that the weights were fitted on."""
    grid = [step / 100 for step in range(1, 100)]
    sure = next((at for at in grid if measure(pairs, weights, at).precision >= 0.95), grid[-1])
    doubt = max((at for at in grid if measure(pairs, weights, at).recall >= 0.97), default=0.01)
    return sure, min(doubt, sure)


def main() -> None:
    pairs = read_pairs(Path(sys.argv[1]))
    train = [one for one in pairs if not one.is_for_test]
    test = [one for one in pairs if one.is_for_test]
    weights = fit(train)
    sure, doubt = choose_thresholds(train, weights)
    print("WEIGHTS =", weights, "SURE =", sure, "DOUBT =", doubt)
    for name, some in (("train", train), ("test", test)):
        print(name, "sure", measure(some, weights, sure), "doubt", measure(some, weights, doubt))
    known = [one for one in test if one.pair.metres is not None]
    print("test, distance known", measure(known, weights, sure), measure(known, weights, doubt))
    same = sorted(one.pair.metres for one in pairs if one.is_same and one.pair.metres is not None)
    print(
        "metres of same places: median", same[len(same) // 2], "95 %", same[int(len(same) * 0.95)]
    )
    print("now", matching.WEIGHTS, matching.SURE, matching.DOUBT)


if __name__ == "__main__":
    main()
