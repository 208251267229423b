"""The benchmarks of this room at a size at which they prove nothing but that they run: the same
steps, on every source, with the same sums held against a recount. Seconds are not looked at."""

import json
from typing import Any

import pytest

from bench import release as release_bench
from bench import rollup as rollup_bench
from connections.indicators.definitions import INDICATORS
from connections.indicators.models import Component, Figure

pytestmark = pytest.mark.django_db(transaction=True)

SMALL = ["--people", "600", "--zones", "110"]


def rows_of(printed: str) -> dict[str, dict[str, Any]]:
    rows = [json.loads(line) for line in printed.splitlines()]
    keys = {"name", "figure", "unit", "baseline", "ratio", "bar", "ok", "note"}
    assert all(row.keys() == keys for row in rows)
    return {row["name"]: row for row in rows}


def test_a_day_is_drained_over_a_history_that_grows(capsys: pytest.CaptureFixture[str]) -> None:
    rollup_bench.main(["--interactions", "4000", "6500", "--seconds", "1", *SMALL])
    rows = rows_of(capsys.readouterr().out)
    assert rows["rollup.miscounts"]["figure"] == 0
    assert rows["rollup.drain"]["baseline"] > 0
    assert rows["rollup.freshness_p99"]["figure"] > 0


def test_a_release_is_made_of_every_source(capsys: pytest.CaptureFixture[str]) -> None:
    release_bench.main(["--interactions", "7500", *SMALL])
    rows = rows_of(capsys.readouterr().out)
    assert rows["release.not_reproduced"]["figure"] == 0
    assert rows["release.memory"]["ok"]
    assert set(INDICATORS) <= set(Figure.objects.values_list("indicator", flat=True))
    # Somebody stands behind every figure about people, and something behind those about places.
    told = set(Component.objects.exclude(n=0, value=None).values_list("indicator", flat=True))
    assert set(INDICATORS) - told == set()
    assert any(code.startswith("M:") for code in told)
