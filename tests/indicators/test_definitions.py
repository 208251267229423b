"""The registry: complete, consistent, and in words that a reader can follow."""

import pytest

from connections.indicators import definitions
from connections.indicators.definitions import INDICATORS, Group, Interval, Unit
from connections.indicators.disclosure import K_MIN, Kind
from connections.interactions.vocabulary import HardReason

EVERY = pytest.mark.parametrize("code", INDICATORS)


def test_lists_every_published_code_in_the_order_of_pages() -> None:
    assert list(INDICATORS) == [
        *("A1", "A2", "A2.gave", "A2.received", "A2.noticed", "A3", "A3.index"),
        *("B1", "B2", "B2.role", "B2.hosted", "B3"),
        *("C1", "C1.cuppa", "C1.gaussian", "C2", "C2.stepfree", "C3", "C3.simpson", "C4"),
        *("D1", "D1.28", "D1.56", "D1.median", "D2", "D2.91", "D2.365", "D2.planned", "D3", "D4"),
        *("E1", "E2", "E3"),
        *(f"E3.{reason}" for reason in HardReason.values if reason != "rather_not_say"),
    ]
    assert [one.code for one in definitions.main_indicators()] == [
        *("A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3", "C4"),
        *("D1", "D2", "D3", "D4", "E1", "E2", "E3"),
    ]
    assert [one.code for one in definitions.variants_of("C1")] == ["C1.cuppa", "C1.gaussian"]


def test_slugs_are_unique() -> None:
    assert len({one.slug for one in INDICATORS.values()}) == len(INDICATORS)


@EVERY
def test_says_what_it_asks_how_it_is_made_and_what_it_cannot_tell(code: str) -> None:
    one = INDICATORS[code]
    for text in (one.name, one.question, one.formula, one.caveat, one.cannot_tell, one.reading):
        assert len(str(text)) > 5
    assert str(one.question).endswith("?")
    assert one.main_code in INDICATORS


@EVERY
def test_interval_and_base_fit_the_kind(code: str) -> None:
    one = INDICATORS[code]
    assert (
        one.interval
        == {
            Kind.RATE: Interval.BYAR,
            Kind.PROPORTION: Interval.WILSON,
            Kind.MEAN: Interval.T,
            Kind.INDEX: Interval.BOOTSTRAP if one.group is Group.TIES else Interval.GREENWOOD,
            Kind.SURVIVAL: Interval.GREENWOOD,
            Kind.PLACES: Interval.NONE,
        }[one.kind]
    )
    assert one.is_about_places or one.base >= K_MIN
    assert (one.unit is Unit.PERCENT) == (one.highest == 100)
    assert one.rule.code == code


@EVERY
def test_reads_as_one_sentence(code: str) -> None:
    sentence = INDICATORS[code].read(area="Pinewood", value=38.0, low=30.0, high=47.0)
    assert "Pinewood" in sentence
    assert sentence.endswith(".")
    assert "{" not in sentence


@pytest.mark.parametrize(
    ("percent", "words"),
    [
        (0, "fewer than 1 in 10"),
        (4.9, "fewer than 1 in 10"),
        (5, "about 1 in 10"),
        (38, "about 4 in 10"),
        (44.9, "about 4 in 10"),
        (45, "about half"),
        (54, "about half"),
        (55, "about 6 in 10"),
        (94, "about 9 in 10"),
        (95, "nearly all"),
        (100, "nearly all"),
    ],
)
def test_says_a_percentage_as_people_do(percent: float, words: str) -> None:
    assert definitions.say_tenths(percent) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (35.0, "35"), (1234.0, "1,234"), (0.043, "0.043"), (28.60, "28.6"), (None, "–")],
)
def test_writes_a_released_number_without_needless_decimals(value: float | None, text: str) -> None:
    assert definitions.show_number(value) == text


def test_is_worded_as_the_release_was_made() -> None:
    told = definitions.as_released("A1", {"denominator": "residents"})
    assert told.unit is Unit.PER_1000_RESIDENTS
    assert told.read(area="Pinewood", value=38.0, low=30.0, high=47.0) == (
        "About 38 in every 1,000 residents of Pinewood took part."
    )
    assert definitions.as_released("A1", {"denominator": "adults"}) is INDICATORS["A1"]
    assert definitions.as_released("A3", {"denominator": "residents"}) is INDICATORS["A3"]


MEASURE = {
    "code": "M:S1:2", "id": 7, "area": 3, "area_name": "Pinewood", "level": "community",
    "question": "I know my neighbours.", "scale": "agree_5", "author": "The Hub",
    "opened_on": "2026-01-01",
}  # fmt: skip


def test_a_communitys_own_question_is_an_indicator_like_the_others() -> None:
    parameters = {"measures": [MEASURE, MEASURE | {"code": "M:S1:3", "scale": "zero_to_ten"}]}
    known = definitions.indicators_of(parameters)
    assert list(known)[-2:] == ["M:S1:2", "M:S1:3"]
    share, score = known["M:S1:2"], known["M:S1:3"]
    assert (share.kind, score.kind) == (Kind.PROPORTION, Kind.MEAN)
    assert (share.group, share.main_code, share.is_variant) == (Group.COMMUNITY, "M:S1:2", False)
    assert share.is_of_one_area
    assert share.rule.only_area == 3
    assert "The Hub" in str(share.caveat)
    assert "asked since 1 January 2026" in str(share.caveat)
    assert str(share.question).endswith("?")
    assert definitions.indicator_of("M:S1:3", parameters) == score
    with pytest.raises(KeyError):
        definitions.indicator_of("M:S1:9", parameters)


@EVERY
def test_whatever_is_bound_is_bound_to_something_that_is_told_as_often(code: str) -> None:
    one = INDICATORS[code]
    if one.within is not None:
        around = INDICATORS[one.within]
        assert around.cadence is one.cadence
        assert one.levels <= around.levels
