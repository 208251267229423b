"""When gatherings happen and what is done to them: repeats, clocks, cancelled times, held places."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from kinder.accounts.models import AuditEvent, Contributor, Role, Task, User
from kinder.accounts.privacy import rooms
from kinder.accounts.rules import Refused
from places.actions import hide_place
from places.exchange.calendars import write_calendar
from places.gatherings import check_recurrence, next_occasions, occasions_between, occasions_in
from places.hosting import (
    CONFIRM_AFTER,
    EXPIRES_AFTER,
    ConflictError,
    add_gathering,
    cancel_occasion,
    change_gathering,
    confirm_gathering,
    give_back_place,
    hold_place,
    look_after_gatherings,
    restore_occasion,
    set_gathering_state,
    suggest_gathering,
)
from places.models import Gathering, HeldPlace, Place
from places.repeats import DAYS, Repeat, describe_rule, read_rule, write_rule
from tests.factories.accounts import make_member, make_organisation, make_user
from tests.factories.places import make_place

pytestmark = pytest.mark.django_db
LONDON = ZoneInfo("Europe/London")
State = Gathering.State


def make(place: Place | None = None, **facts: Any) -> Gathering:
    return Gathering.objects.create(
        **{
            "title": "Soup and a seat",
            "place": place or make_place(),
            "minutes": 90,
            "starts_at": datetime(2026, 3, 3, 12, tzinfo=LONDON),
            "recurrence": "FREQ=WEEKLY;BYDAY=TU",
            "state": State.SHOWN,
            **facts,
        }
    )


def times(gathering: Gathering, start: datetime, days: int) -> list[str]:
    found = occasions_between(gathering, start, start + timedelta(days=days))
    return [one.starts_at.isoformat() for one in found]


@pytest.fixture
def worker() -> User:
    return make_member(Role.WORKER)


# ------------------------------------------------------------------ when


def test_noon_stays_noon_when_the_clocks_change() -> None:
    gathering = make()
    assert times(gathering, datetime(2026, 3, 20, tzinfo=LONDON), 20) == [
        "2026-03-24T12:00:00+00:00",
        "2026-03-31T12:00:00+01:00",
        "2026-04-07T12:00:00+01:00",
    ]


def test_a_time_that_the_clocks_skip_is_put_off() -> None:
    gathering = make(
        starts_at=datetime(2026, 3, 22, 1, 30, tzinfo=LONDON), recurrence="FREQ=WEEKLY;BYDAY=SU"
    )
    assert times(gathering, datetime(2026, 3, 25, tzinfo=LONDON), 7) == [
        "2026-03-29T02:30:00+01:00"
    ]


def test_a_night_across_the_change_is_as_long_as_it_says() -> None:
    gathering = make(
        starts_at=datetime(2026, 10, 24, 23, tzinfo=LONDON), minutes=240, recurrence=""
    )
    (one,) = occasions_between(
        gathering, datetime(2026, 10, 24, tzinfo=LONDON), datetime(2026, 10, 26, tzinfo=LONDON)
    )
    assert one.ends_at.isoformat() == "2026-10-25T02:00:00+00:00"


def test_the_last_date_is_kept() -> None:
    gathering = make(until_on=date(2026, 3, 17))
    found = times(gathering, datetime(2026, 3, 1, tzinfo=LONDON), 60)
    assert [text[:10] for text in found] == ["2026-03-03", "2026-03-10", "2026-03-17"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=DAILY;UNTIL=20300101T000000Z",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;INTERVAL=1000",
        "FREQ=DAILY;COUNT=999999",
        "FREQ=WEEKLY;BYDAY=XX",
        "BYDAY=TU",
        "every tuesday",
        "FREQ=WEEKLY\nFREQ=DAILY",
        "RRULE:FREQ=DAILY",
        ";;;",
    ],
)
def test_what_is_no_rule_of_ours_is_refused(rule: str) -> None:
    with pytest.raises(ValidationError):
        check_recurrence(rule)


@given(
    first_on=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    repeat=st.sampled_from(["once", "daily", "weekly", "fortnightly", "monthly"]),
)
def test_each_choice_is_read_back_and_begins_on_its_day(first_on: date, repeat: str) -> None:
    rule = write_rule(repeat, first_on)
    check_recurrence(rule)
    assert read_rule(rule, first_on) == repeat
    gathering = Gathering(
        pk=1, starts_at=datetime.combine(first_on, time(12), tzinfo=LONDON), recurrence=rule
    )
    gathering._prefetched_objects_cache = {"cancelled_occasions": Gathering.objects.none()}  # type: ignore[attr-defined]
    start = datetime.combine(first_on, time.min, tzinfo=LONDON)
    found = list(occasions_between(gathering, start, start + timedelta(days=70)))
    assert found[0].on == first_on
    assert len(found) == {"once": 1, "daily": 70, "weekly": 10, "fortnightly": 5}.get(
        repeat, len(found)
    )
    if repeat != "once":
        assert describe_rule(rule)
    if repeat == "monthly":
        assert {one.on.weekday() for one in found} == {first_on.weekday()}


def test_rules_in_words() -> None:
    assert describe_rule("FREQ=WEEKLY;BYDAY=TU") == "Every Tuesday"
    assert describe_rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=SA") == "Every 2 weeks on Saturday"
    assert describe_rule("FREQ=MONTHLY;BYDAY=1SA") == "Every month on the first Saturday"
    assert describe_rule("FREQ=MONTHLY;BYDAY=-1FR") == "Every month on the last Friday"
    assert describe_rule("FREQ=WEEKLY;BYDAY=MO,WE") == "Several times"
    assert describe_rule("") == ""
    assert read_rule("FREQ=WEEKLY;BYDAY=MO,WE", date(2026, 3, 3)) == Repeat.OTHER


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("rule", ["FREQ=WEEKLY;BYDAY={}", "FREQ=MONTHLY;BYDAY=2{}", "FREQ=DAILY"])
def test_the_calendar_file_holds_the_same_times(rule: str, day: str) -> None:
    """Another library, reading the file, finds what the page says."""
    gathering = make(recurrence=rule.format(day), until_on=date(2026, 12, 20))
    start, end = datetime(2026, 3, 3, tzinfo=LONDON), datetime(2026, 12, 31, tzinfo=LONDON)
    ours = [one.starts_at for one in occasions_between(gathering, start, end)]
    gone = ours[3].date()
    gathering.cancelled_occasions.create(cancelled_on=gone)
    fresh = Gathering.objects.get(pk=gathering.pk)
    ours = [one.starts_at for one in occasions_between(fresh, start, end)]
    assert gone not in {at.date() for at in ours}
    calendar = Calendar.from_ical(write_calendar([fresh], title="T", root="https://k.example"))
    theirs = [
        event["dtstart"].dt for event in recurring_ical_events.of(calendar).between(start, end)
    ]
    assert sorted(at.astimezone(UTC) for at in theirs) == [at.astimezone(UTC) for at in ours]


def test_a_gathering_at_a_hidden_place_is_nowhere(worker: User) -> None:
    gathering = make()
    start = datetime(2026, 3, 1, tzinfo=LONDON)
    assert len(occasions_in(start, start + timedelta(days=14))) == 2
    hide_place(by=worker, place=gathering.place, reason="unsafe")
    assert occasions_in(start, start + timedelta(days=14)) == []
    assert next_occasions(start, start + timedelta(days=14)) == []


# ------------------------------------------------------------------ deeds


def facts(**more: Any) -> dict[str, Any]:
    return {
        "title": "Kettle's on",
        "place": make_place(),
        "minutes": 60,
        "starts_at": timezone.now() + timedelta(days=1),
        **more,
    }


def test_a_keepers_is_shown_and_a_hosts_is_looked_at() -> None:
    hub = make_organisation()
    member = make_member(Role.MEMBER, hub)
    assert add_gathering(by=make_member(Role.WORKER), **facts()).state == State.SHOWN
    assert add_gathering(by=member, organisation=hub, **facts()).state == State.PROPOSED
    for person, host in ((member, None), (member, make_organisation()), (make_user(), None)):
        with pytest.raises(Refused):
            add_gathering(by=person, organisation=host, **facts())


def test_a_proposal_tells_of_nobody() -> None:
    gathering = suggest_gathering(by=None, **facts())
    assert gathering.state == State.PROPOSED
    event = AuditEvent.objects.get(verb="suggest_gathering")
    assert event.actor_id is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"minutes": 1}, "minutes"),
        ({"minutes": 1_000}, "minutes"),
        ({"recurrence": "FREQ=SECONDLY"}, "recurrence"),
        ({"until_on": date(2001, 1, 1)}, "until_on"),
        ({"is_asked": "x" * 201}, "is_asked"),
    ],
)
def test_what_is_wrong_is_named(worker: User, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as error:
        add_gathering(by=worker, **facts(**wrong))
    assert field in error.value.error_dict
    hidden = make_place(state="hidden")
    with pytest.raises(ValidationError) as error:
        add_gathering(by=worker, **facts(place=hidden))
    assert "place" in error.value.error_dict


def test_two_who_change_it_at_once_are_told(worker: User) -> None:
    gathering = make()
    change_gathering(by=worker, gathering=gathering, changes={"title": "One"}, if_revision=1)
    with pytest.raises(ConflictError):
        change_gathering(by=worker, gathering=gathering, changes={"title": "Two"}, if_revision=1)
    gathering.refresh_from_db()
    assert gathering.title == "One"


def test_a_host_changes_their_own_and_gives_it_to_nobody_else() -> None:
    hub = make_organisation()
    member, stranger = make_member(Role.MEMBER, hub), make_member(Role.MEMBER)
    gathering = make(organisation=hub)
    change_gathering(by=member, gathering=gathering, changes={"food": "Tea"})
    with pytest.raises(Refused):
        change_gathering(by=stranger, gathering=gathering, changes={"food": "None"})
    with pytest.raises(Refused):
        change_gathering(
            by=member, gathering=gathering, changes={"organisation": make_organisation()}
        )
    set_gathering_state(by=member, gathering=gathering, state="cancelled")
    set_gathering_state(by=member, gathering=gathering, state="shown")
    with pytest.raises(Refused):
        set_gathering_state(by=member, gathering=gathering, state="hidden")
    set_gathering_state(by=make_member(Role.WORKER), gathering=gathering, state="hidden")
    with pytest.raises(Refused):
        set_gathering_state(by=member, gathering=gathering, state="shown")


def test_one_time_is_called_off_and_taken_back(worker: User) -> None:
    gathering = make()
    day = date(2026, 3, 10)
    cancel_occasion(by=worker, gathering=gathering, on=day, why="The boiler")
    cancel_occasion(by=worker, gathering=gathering, on=day, why="The boiler is broken")
    start = datetime(2026, 3, 9, tzinfo=LONDON)
    (one, other) = occasions_in(start, start + timedelta(days=14))
    assert (one.is_cancelled, one.why) == (True, "The boiler is broken")
    assert not other.is_cancelled
    assert next_occasions(start, start + timedelta(days=14))[0].on == date(2026, 3, 17)
    with pytest.raises(Refused):
        cancel_occasion(by=worker, gathering=gathering, on=date(2026, 3, 11))
    restore_occasion(by=worker, gathering=gathering, on=day)
    assert not occasions_in(start, start + timedelta(days=2))[0].is_cancelled


# ------------------------------------------------------------------ places held

DAY = date(2026, 3, 10)


@pytest.fixture
def small() -> Gathering:
    return make(capacity=5)


@time_machine.travel(datetime(2026, 3, 1, 9, tzinfo=UTC))
def test_places_are_held_once_each_and_never_too_many(small: Gathering) -> None:
    me, other = Contributor.objects.create(), Contributor.objects.create()
    hold_place(by=me, gathering=small, on=DAY, people=2)
    hold_place(by=me, gathering=small, on=DAY, people=3)
    assert HeldPlace.objects.get().people == 3
    with pytest.raises(Refused):
        hold_place(by=other, gathering=small, on=DAY, people=3)
    hold_place(by=other, gathering=small, on=DAY, people=2)
    assert give_back_place(by=me, gathering=small, on=DAY) == 3
    assert give_back_place(by=me, gathering=small, on=DAY) == 0
    hold_place(by=other, gathering=small, on=DAY, people=5)


@time_machine.travel(datetime(2026, 3, 1, 9, tzinfo=UTC))
def test_a_place_is_not_held_where_there_is_none(small: Gathering, worker: User) -> None:
    me = Contributor.objects.create()
    wrong: list[tuple[date, int]] = [
        (date(2026, 3, 11), 1),  # not on that day
        (date(2026, 2, 24), 1),  # over, and before the first
        (DAY, 0),
        (DAY, 7),
    ]
    for on, people in wrong:
        with pytest.raises(Refused):
            hold_place(by=me, gathering=small, on=on, people=people)
    cancel_occasion(by=worker, gathering=small, on=DAY)
    with pytest.raises(Refused):
        hold_place(by=me, gathering=small, on=DAY, people=1)
    with pytest.raises(Refused):
        hold_place(by=me, gathering=make(), on=DAY, people=1)
    set_gathering_state(by=worker, gathering=small, state="cancelled")
    with pytest.raises(Refused):
        hold_place(by=me, gathering=small, on=date(2026, 3, 17), people=1)


@time_machine.travel(datetime(2026, 3, 1, 9, tzinfo=UTC))
def test_held_places_belong_to_a_person_and_go_by_themselves(small: Gathering) -> None:
    room = next(room for room in rooms() if room.name == "places")
    me, twin = Contributor.objects.create(), Contributor.objects.create()
    hold_place(by=me, gathering=small, on=DAY, people=1)
    hold_place(by=twin, gathering=small, on=DAY, people=1)
    hold_place(by=twin, gathering=small, on=date(2026, 3, 17), people=2)
    assert room.export(me)["places.heldplace"][0]["people"] == 1
    assert room.merge is not None
    room.merge(me, twin)
    assert HeldPlace.objects.filter(contributor=me).count() == 2
    (rule,) = [rule for rule in room.retention if rule.name == "places.held_places"]
    later = datetime(2026, 3, 19, 9, tzinfo=UTC)
    assert rule.apply(later, is_dry_run=True) == 1
    assert rule.apply(later, is_dry_run=False) == 1
    room.erase(me)
    assert not HeldPlace.objects.exists()


# ------------------------------------------------------------------ expiry


def test_what_nobody_confirms_is_asked_for_and_then_not_shown() -> None:
    hub = make_organisation()
    now = datetime(2026, 9, 1, 6, tzinfo=UTC)
    old = make(confirmed_at=now - CONFIRM_AFTER - timedelta(days=1), organisation=hub)
    make(confirmed_at=now - timedelta(days=1))
    make(confirmed_at=now - timedelta(days=900), recurrence="")
    assert look_after_gatherings(now) == (1, 0)
    assert look_after_gatherings(now) == (0, 0)
    task = Task.objects.get()
    assert (task.organisation, task.object_id) == (hub, old.code)
    late = now + EXPIRES_AFTER + timedelta(hours=1)
    assert look_after_gatherings(late)[1] == 1
    old.refresh_from_db()
    assert old.state == State.EXPIRED
    assert look_after_gatherings(late) == (0, 0)
    confirm_gathering(by=make_member(Role.MEMBER, hub), gathering=old)
    old.refresh_from_db()
    assert (old.state, old.asked_at) == (State.SHOWN, None)
    assert Task.objects.get().done_at is not None
