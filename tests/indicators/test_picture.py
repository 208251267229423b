"""The community picture from rows as people leave them: who is counted, when it comes, what it says."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override

from connections.indicators import picture
from connections.indicators.models import Picture
from connections.indicators.picture import make_due_pictures, read_picture, record_vote
from connections.interactions.models import HomeArea
from kinder.accounts.models import AuditEvent, Contributor
from places.actions import rebuild_ancestors
from places.models import Area
from tests.factories import (
    AdministratorFactory,
    CommunityFactory,
    CouncilFactory,
    DifficultyFactory,
    InteractionFactory,
    NeighbourhoodFactory,
)
from tests.indicators.months import LONDON, make_person

pytestmark = pytest.mark.django_db

OPENED = dt.date(2026, 1, 10)
DUE = dt.datetime(2026, 4, 14, 9, tzinfo=LONDON)
"""Fourteen days after March."""


@pytest.fixture
def hill() -> Area:
    council = CouncilFactory.create()
    community = CommunityFactory.create(name="Pinewood", parent=council)
    area: Area = NeighbourhoodFactory.create(parent=community)
    NeighbourhoodFactory.create(parent=community)
    rebuild_ancestors(area.geography)
    return area


@pytest.fixture
def community(hill: Area) -> Area:
    assert hill.parent is not None
    vote(hill.parent)
    return hill.parent


def vote(community: Area, **facts: Any) -> None:
    told: dict[str, Any] = {"voted_on": OPENED, "in_favour": 31, "against": 4, "is_on": True}
    record_vote(by=AdministratorFactory.create(), area=community, **(told | facts))


def people(count: int, **facts: Any) -> list[Contributor]:
    return [make_person(**facts) for _ in range(count)]


def tell(
    who: Sequence[Contributor], area: Area, on: dt.date = dt.date(2026, 3, 12), **facts: Any
) -> None:
    facts = {"kind": "food", "tie": "neighbour", "direction": "gave"} | facts
    for person in who:
        InteractionFactory.create(contributor=person, area=area, occurred_on=on, **facts)


def find_it_hard(who: Sequence[Contributor], area: Area, reason: str) -> None:
    for person in who:
        DifficultyFactory.create(
            contributor=person, area=area, occurred_on=dt.date(2026, 3, 12), reasons=[reason]
        )


def latest(community: Area) -> Picture:
    found = community.pictures.order_by("-month_on").first()
    assert found is not None
    return found


def test_it_names_what_enough_different_people_told_of(hill: Area, community: Area) -> None:
    crowd = people(34)
    tell(crowd, hill)
    # 19 make a name, 18 none, and once more by the same person changes nothing.
    tell(crowd[:19], hill, kind="chat", tie="new")
    tell(crowd[:18], hill, kind="help", tie="group")
    tell(crowd[:18], hill, kind="help", on=dt.date(2026, 3, 13), tie="group")
    # What was only seen has no tie, “something else” is no name.
    tell(crowd[:25], hill, kind="other", tie="by_sight", direction="noticed")
    find_it_hard(crowd[:29], hill, "money")
    find_it_hard(crowd[:28], hill, "unsafe")
    find_it_hard(crowd, hill, "rather_not_say")
    assert make_due_pictures(DUE) == 1
    made = latest(community)
    assert made.month_on == dt.date(2026, 3, 1)
    assert made.shown_on == DUE.date()
    # 34 less nine who may be forged.
    assert made.people == 25
    assert (made.kinds, made.ties, made.reasons) == (
        ["chat", "food"],
        ["neighbour", "new"],
        ["money"],
    )
    assert AuditEvent.objects.filter(verb="picture.made").count() == 1
    assert make_due_pictures(DUE) == 0


def test_who_is_not_counted(hill: Area, community: Area) -> None:
    """Each of these would be a nineteenth."""
    tell(people(18), hill)
    elsewhere = NeighbourhoodFactory.create(
        parent=CommunityFactory.create(parent=CouncilFactory.create(geography=hill.geography))
    )
    rebuild_ancestors(hill.geography)
    away = people(3)
    tell(away, hill)
    HomeArea.objects.bulk_create(HomeArea(contributor=one, area=elsewhere) for one in away)
    tell(people(3, is_blocked=True), hill)
    tell(people(3, created_at=dt.datetime(2026, 3, 18, 9, tzinfo=LONDON)), hill)
    tell(people(3), hill, on=OPENED - dt.timedelta(days=1))
    tell(people(3), hill, on=dt.date(2026, 4, 1))
    tell(people(3), elsewhere)
    assert make_due_pictures(DUE) == 0
    # Who lives here and told of it elsewhere is one of us.
    [back] = people(1)
    HomeArea.objects.create(contributor=back, area=hill)
    tell([back], elsewhere)
    assert make_due_pictures(DUE) == 1


def test_it_comes_on_its_day_and_again_only_when_enough_came_back(
    hill: Area, community: Area
) -> None:
    crowd = people(40)
    tell(crowd[:30], hill)
    assert make_due_pictures(DUE - dt.timedelta(days=1)) == 0
    assert make_due_pictures(DUE) == 1
    tell(crowd[:18], hill, on=dt.date(2026, 4, 5), kind="chat")
    may = dt.datetime(2026, 5, 14, 9, tzinfo=LONDON)
    assert make_due_pictures(may) == 0
    tell([crowd[35]], hill, on=dt.date(2026, 4, 6), kind="chat")
    assert make_due_pictures(may) == 1
    assert latest(community).kinds == ["chat", "food"]
    # 31 since it opened: what was 10 or more stays the milestone that it was.
    assert latest(community).people == 10


def test_without_a_vote_or_after_one_against_there_is_none(hill: Area) -> None:
    assert hill.parent is not None
    tell(people(40), hill)
    assert make_due_pictures(DUE) == 0
    vote(hill.parent)
    assert make_due_pictures(DUE) == 1
    assert read_picture(hill.parent) is not None
    vote(hill.parent, voted_on=dt.date(2026, 4, 20), is_on=False, in_favour=3, against=9)
    assert read_picture(hill.parent) is None
    assert make_due_pictures(dt.datetime(2026, 5, 14, 9, tzinfo=LONDON)) == 0


def test_the_page_shows_a_milestone_and_names_from_a_to_z_and_no_other_number(
    hill: Area, community: Area
) -> None:
    for kind in ("lent", "chat", "food", "hello"):
        tell(people(20), hill, kind=kind)
    make_due_pictures(DUE)
    shown = read_picture(community)
    assert shown is not None
    assert shown.kinds == sorted(shown.kinds)
    assert len(shown.kinds) == 4
    context = {"area": community, "community": {"picture": shown}}
    html = render_to_string("pages/_own_questions.html", context)
    words = re.sub(r"<[^>]+>", " ", html)
    assert "50 neighbours or more have taken part" in words
    assert re.findall(r"\d+", words) == ["2026", "50"]
    positions = [words.index(name) for name in shown.kinds]
    assert positions == sorted(positions)
    # In another language the order is that language's own.
    with override("pl"):
        polish = read_picture(community)
        assert polish is not None
        assert polish.kinds == sorted(polish.kinds)


# Attacks 17 and 18, from rows


@pytest.mark.parametrize(("real", "is_told"), [(0, False), (9, False), (10, True)])
def test_18_nine_forged_people_await_a_tenth(
    hill: Area, community: Area, real: int, is_told: bool
) -> None:
    forged, others = people(9), people(20)
    tell(others, hill)
    tell([*forged, *people(real)], hill, kind="lent", tie="group")
    make_due_pictures(DUE)
    assert ("lent" in latest(community).kinds) is is_told
    assert ("group" in latest(community).ties) is is_told


def test_18_the_tenth_is_revealed_without_the_defence(
    hill: Area, community: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "LEAST", 10)
    tell(people(20), hill)
    tell(people(9 + 1), hill, kind="lent")
    make_due_pictures(DUE)
    assert "lent" in latest(community).kinds
