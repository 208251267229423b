"""Attack test 6: one person logs 600 moments to push an area's figure."""

import numpy as np
import pytest

from connections.indicators import eligibility
from connections.indicators.disclosure import Cell, Kind, Node, Protected, Rule, Status, protect
from connections.indicators.eligibility import cap_quarter, counts_today
from connections.indicators.statistics import FloatArray

SHARE_OF_LOGS = Rule("B1", Kind.MEAN, base=10, lowest=0, highest=1)


class Quarter:
    """Moments of one area and quarter: who, on which day, and whether with someone different."""

    def __init__(self, people: int, flood: int) -> None:
        generator = np.random.default_rng(6)
        logs = generator.integers(3, 15, people)
        person = np.repeat(np.arange(people), logs)
        different = generator.random(person.size) < generator.beta(2, 3, people)[person]
        flooder = np.zeros(flood, int)
        self.person = np.concatenate([person, flooder])
        self.day = np.concatenate([generator.integers(0, 90, person.size), np.arange(flood) % 90])
        self.different = np.concatenate([different, np.ones(flood, bool)])
        self.people = people

    def counted(self) -> tuple[FloatArray, FloatArray]:
        """Each person's moments, and those with someone different, under both caps."""
        kept = counts_today(self.person, self.day, np.arange(self.person.size))
        logs = np.bincount(self.person[kept], minlength=self.people).astype(float)
        different = np.bincount(self.person[kept], self.different[kept], self.people)
        return cap_quarter(logs, logs), cap_quarter(different, logs)

    def figure(self) -> Protected:
        logs, different = self.counted()
        shares = different / logs
        cell = Cell(
            n=self.people,
            total=shares.sum(),
            squares=(shares**2).sum(),
            largest=logs.max(),
            amount=logs.sum(),
        )
        return protect([Node(1, None, 5_000)], {1: cell}, SHARE_OF_LOGS)[0]

    def pooled_share(self) -> float:
        """What must never be published: the share of all logs."""
        return float(self.different.mean())


def value_and_error(figure: Protected) -> tuple[float, float]:
    assert figure.value is not None
    assert figure.se is not None
    return figure.value, figure.se


@pytest.mark.parametrize("people", [30, 45, 200])
def test_six_hundred_logs_move_a_mean_less_than_its_error(people: int) -> None:
    before, error = value_and_error(Quarter(people, 0).figure())
    after, _ = value_and_error(Quarter(people, 600).figure())
    assert abs(after - before) < error


@pytest.mark.parametrize("people", [30, 45, 200])
def test_six_hundred_logs_succeed_where_logs_are_pooled(people: int) -> None:
    before, error = value_and_error(Quarter(people, 0).figure())
    assert abs(Quarter(people, 600).pooled_share() - before) > error
    assert abs(Quarter(people, 0).pooled_share() - before) < error


def test_caps_leave_a_flood_forty_moments() -> None:
    logs, _ = Quarter(30, 600).counted()
    assert logs[0] == 40
    assert Quarter(30, 600).figure().status is Status.PUBLISHED


def test_a_flood_dominates_without_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eligibility, "QUARTER_CAP", 10_000)
    monkeypatch.setattr(eligibility, "DAILY_CAP", 10_000)
    assert Quarter(30, 600).counted()[0][0] > 600
    assert Quarter(30, 600).figure().status is Status.SUPPRESSED


def test_what_caps_leave_too_large_is_suppressed() -> None:
    def among(others: int) -> Status:
        logs = np.array([40.0] + [2.0] * others)
        shares = np.linspace(0, 1, others + 1)
        cell = Cell(
            n=others + 1,
            total=shares.sum(),
            squares=(shares**2).sum(),
            largest=logs.max(),
            amount=logs.sum(),
        )
        return protect([Node(1, None, 5_000)], {1: cell}, SHARE_OF_LOGS)[0].status

    assert among(19) is Status.SUPPRESSED
    assert among(20) is Status.PUBLISHED
