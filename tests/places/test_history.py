"""What a place was, who changed it, and how to go back."""

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from kinder.accounts.models import Role, Subject, User
from kinder.accounts.rules import Refused
from places.actions import (
    ConflictError,
    Told,
    add_place,
    change_place,
    forget_words,
    hide_place,
    revert_place,
    show_place_again,
)
from places.history import (
    GONE,
    changes_to,
    facts_at,
    take_facts,
    tell_changes,
    tell_not_put_back,
)
from places.models import Place, PlaceText, PlaceVersion
from tests.factories.accounts import make_member
from tests.factories.places import make_place, make_point

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker() -> User:
    return make_member(Role.WORKER)


@pytest.fixture
def place(worker: User) -> Place:
    return add_place(
        by=worker,
        name="Rowan Library",
        kind="library",
        point=make_point(),
        description="Quiet corner by the window.",
        opening_hours="Mo-Fr 09:00-17:00",
        welcome={"toilet": "yes", "quiet_times": Told("yes", "parents, Tuesdays")},
        alt_names=[("gd", "Leabharlann a' Chaorainn")],
    )


def test_each_deed_leaves_a_version_with_who_did_it(worker: User, place: Place) -> None:
    changed = change_place(by=worker, place=place, changes={"name": "Rowan Library and Café"})
    hide_place(by=worker, place=changed, reason="asked")
    show_place_again(by=worker, place=changed)
    versions = list(PlaceVersion.objects.filter(place=place).order_by("revision"))
    assert [version.deed for version in versions] == ["add", "change", "hide", "show"]
    assert {version.actor_id for version in versions} == {Subject.objects.get(user=worker).id}
    told = tell_changes(place, versions[0].facts, versions[1].facts)
    assert [(one.field, one.before, one.after) for one in told] == [
        ("name", "Rowan Library", "Rowan Library and Café")
    ]
    told = tell_changes(place, versions[1].facts, versions[2].facts)
    assert [(one.label, one.before, one.after) for one in told] == [("State", "Checked", "Hidden")]


def test_a_place_from_before_the_history_keeps_how_it_was(worker: User) -> None:
    place = make_place("Old Ferry Café", kind="cafe", source="osm", welcome={"toilet": "no"})
    change_place(by=worker, place=place, changes={"name": "Ferry Café"})
    begin, change = PlaceVersion.objects.filter(place=place).order_by("revision")
    assert (begin.deed, begin.about, begin.actor_id) == ("begin", "osm", None)
    assert begin.facts["name"] == "Old Ferry Café"
    assert begin.facts["welcomes"]["toilet"][0] == "no"
    assert change.facts["name"] == "Ferry Café"


def test_going_back_is_a_new_version_with_everything_as_it_was(worker: User, place: Place) -> None:
    before, _words = take_facts(place)
    change_place(
        by=worker,
        place=place,
        changes={"name": "Something else", "description": "", "opening_hours": "24/7"},
        welcome={"toilet": "no", "warm": "yes"},
        alt_names=[],
    )
    back = revert_place(by=worker, place=place, to=1)
    after, _words = take_facts(Place.objects.get(pk=place.pk))
    assert after == before
    assert back.revision == 3
    assert PlaceVersion.objects.get(place=place, revision=3).about == "1"
    with pytest.raises(Refused):
        revert_place(by=worker, place=place, to=99)
    with pytest.raises(ConflictError):
        revert_place(by=worker, place=place, to=2, if_revision=2)


def test_words_can_be_taken_out_of_the_past(worker: User, place: Place) -> None:
    change_place(by=worker, place=place, changes={"description": "A corner to read in."})
    assert forget_words(by=worker, place=place) == 1
    assert not PlaceText.objects.filter(text__contains="window").exists()
    versions = list(PlaceVersion.objects.filter(place=place).order_by("revision"))
    assert "window" not in str([version.facts for version in versions])
    told = tell_changes(place, versions[0].facts, versions[1].facts)
    assert [(one.before, one.after) for one in told] == [(str(GONE), "A corner to read in.")]
    revert_place(by=worker, place=place, to=1)
    assert Place.objects.get(pk=place.pk).description == "A corner to read in."


def test_the_past_holds_no_account_and_no_words(worker: User, place: Place) -> None:
    facts = str(PlaceVersion.objects.get(place=place).facts)
    assert str(worker.pk) not in facts
    assert worker.email not in facts
    assert "Quiet corner" not in facts
    assert "Tuesdays" not in facts


def test_an_edit_from_an_older_page_writes_nothing(worker: User, place: Place) -> None:
    change_place(by=worker, place=place, changes={"name": "First"}, if_revision=1)
    with pytest.raises(ConflictError):
        change_place(by=worker, place=place, changes={"name": "Second"}, if_revision=1)
    assert Place.objects.get(pk=place.pk).name == "First"
    assert (facts_at(place, 1) or {})["name"] == "Rowan Library"


class TestAnyWay(TestCase):
    """However a place is changed, going back gives what it was."""

    @given(
        st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "name": st.sampled_from(["A", "B", "C"]),
                    "description": st.sampled_from(["", "One", "Two"]),
                    "opening_hours": st.sampled_from(["", "24/7", "Sa 10:00-12:00"]),
                    "cost_to_stay": st.sampled_from(["free", "members"]),
                    "languages": st.sampled_from([[], ["gd"], ["pl", "uk"]]),
                },
            ),
            min_size=1,
            max_size=4,
        ),
        st.data(),
    )
    def test_every_version_comes_back(
        self, edits: list[dict[str, object]], data: st.DataObject
    ) -> None:
        worker = make_member(Role.WORKER)
        place = add_place(by=worker, name="A", kind="cafe", point=make_point())
        for edit in edits:
            place = change_place(by=worker, place=place, changes=edit)
        to = data.draw(st.integers(1, place.revision))
        wanted = PlaceVersion.objects.get(place=place, revision=to).facts
        back = revert_place(by=worker, place=place, to=to)
        assert take_facts(back)[0] == wanted
        assert changes_to(back, wanted)[0]["name"] == back.name


def test_what_the_lists_no_longer_have_is_told_by_its_code_and_stays(
    worker: User, place: Place
) -> None:
    """A kind, an answer and a cost of years ago, and an organisation that is gone."""
    version = PlaceVersion.objects.get(place=place)
    version.facts |= {"kind": "reading_room", "cost_to_stay": "a_penny", "organisation": 10**9}
    version.facts["welcomes"] |= {"toilet": ["perhaps", "", None], "spittoon": ["yes", "", None]}
    version.save()
    place = change_place(by=worker, place=place, changes={"name": "B", "kind": "cafe"})
    now = take_facts(place)[0]
    told = {one.field: one.before for one in tell_changes(place, version.facts, now)}
    assert (told["kind"], told["cost_to_stay"]) == ("reading_room", "a_penny")
    assert told["welcome:toilet"] == "perhaps"
    back = revert_place(by=worker, place=place, to=1)
    assert (back.name, back.kind) == ("Rowan Library", "cafe")
    assert tell_not_put_back(back, version.facts) == [
        "Kind", "Cost to stay", "Organisation", "Toilet",
    ]  # fmt: skip


def test_all_that_came_back_is_told_of_as_nothing_missing(worker: User, place: Place) -> None:
    changed = change_place(by=worker, place=place, changes={"name": "B", "description": ""})
    hide_place(by=worker, place=changed, reason="asked")
    facts = PlaceVersion.objects.get(place=place, revision=1).facts
    assert tell_not_put_back(revert_place(by=worker, place=place, to=1), facts) == []


def test_an_outline_that_was_drawn_anew_is_told_by_its_corners_and_size(
    worker: User, place: Place
) -> None:
    x, y = place.point.coords
    for revision, size in enumerate((0.001, 0.002), start=2):
        outline = MultiPolygon(Polygon.from_bbox((x, y, x + size, y + size)), srid=4326)
        place = change_place(by=worker, place=place, changes={"footprint": outline})
        assert place.revision == revision
    before, after = (facts_at(place, revision) for revision in (2, 3))
    [change] = tell_changes(place, before or {}, after or {})
    # A thousandth of a degree: 111 m north and, at this latitude, 62 m east.
    assert (change.before, change.after) == (
        "4 corners, about 6,941 m²",
        "4 corners, about 27,763 m²",
    )
