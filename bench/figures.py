"""What a benchmark prints: one JSON object a line."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any


@dataclass
class Figures:
    """Prints figures as they come and keeps whether each met its bar, which is the most it may be.
    `note` says of what size and how loaded the machine was."""

    note: str = ""
    are_ok: bool = True
    told: dict[str, float] = field(default_factory=dict)

    def tell(
        self,
        name: str,
        figure: float,
        unit: str,
        *,
        baseline: float | None = None,
        bar: float | None = None,
        ratio_bar: float | None = None,
    ) -> None:
        ratio = figure / baseline if baseline else None
        is_ok = (bar is None or figure <= bar) and (
            ratio_bar is None or (ratio is not None and ratio <= ratio_bar)
        )
        self.are_ok &= is_ok
        self.told[name] = figure
        bars = [f"<= {bar:g} {unit}"] if bar is not None else []
        bars += [f"<= {ratio_bar:g} x baseline"] if ratio_bar is not None else []
        row = {
            "name": name,
            "figure": round(figure, 3),
            "unit": unit,
            "baseline": None if baseline is None else round(baseline, 4),
            "ratio": None if ratio is None else round(ratio, 2),
            "bar": ", ".join(bars) or None,
            "ok": is_ok,
            "note": f"{self.note}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
        }
        print(json.dumps(row, ensure_ascii=False), flush=True)


@contextmanager
def taking_turns(lock: Path | None) -> Iterator[None]:
    """Hold the file's lock, if one is given, while something is measured: where several benchmarks
    run on one machine, only one of them measures at a time."""
    if lock is None:
        yield
        return
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def best_of(rounds: int, do: Callable[[], Any]) -> float:
    """Return the seconds of the fastest round."""
    best = float("inf")
    for _ in range(rounds):
        start = perf_counter()
        do()
        best = min(best, perf_counter() - start)
    return best
