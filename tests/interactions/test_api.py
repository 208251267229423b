"""What the end points for devices answer, to whom, and what they leave behind."""

import datetime as dt
import json
import uuid
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connections.interactions.models import DeletedMoment, DirtyMark, Interaction
from connections.interactions.vocabulary import HardReason
from kinder.accounts.devices import make_key
from kinder.accounts.models import Contributor, Device
from places.models import Area, Place
from places.vocabulary import AreaLevel, PlaceKind, PlaceState
from tests.factories import (
    CommunityFactory,
    CouncilFactory,
    PlaceFactory,
    ZoneFactory,
)
from tests.interactions.conftest import (
    Phone,
    days_ago,
    know,
    moment_at,
    neighbourhood_of,
)

LONDON = ZoneInfo("Europe/London")


def fields(response: Any) -> dict[str, str]:
    """The refused fields of an answer and why."""
    assert response.status_code == 400, response.content
    return {name: problem["code"] for name, problem in response.json()["fields"].items()}


# ------------------------------------------------------------------ logging


def test_a_moment_is_written_whole(phone: Phone, place: Place) -> None:
    id_ = uuid.uuid4()
    facts = {
        "direction": "received",
        "kind": "food",
        "tie": "neighbour",
        "is_different": "yes",
        "at_work": "no",
        "through_organisation": "unsure",
        "hardness": "bit_hard",
        "hard_reasons": ["trust", "no_time"],
        "part_of_day": "night",
        "setting": "place",
    }
    response = phone.put(id_, moment_at(place, occurred_on=days_ago(30), **facts))
    assert (response.status_code, response.json()) == (201, {"id": str(id_), "revision": 1})
    assert response.headers["ETag"] == '"1"'
    row = Interaction.objects.get()
    assert {name: getattr(row, name) for name in facts} == facts | {
        # kept in the order of the list, so that one moment has one spelling
        "hard_reasons": ["no_time", "trust"]
    }
    assert row.contributor == phone.device.contributor
    assert row.device == phone.device
    assert (row.place, row.area) == (place, neighbourhood_of(place))
    assert row.occurred_on.isoformat() == days_ago(30)
    assert row.month_on == row.occurred_on.replace(day=1)
    mark = DirtyMark.objects.get()
    assert (mark.contributor_id, mark.area_id, mark.month_on) == (
        row.contributor_id,
        row.area_id,
        row.month_on,
    )


def test_three_answers_are_enough_and_a_skipped_one_is_never_a_no(phone: Phone, area: Area) -> None:
    phone.put(uuid.uuid4(), moment_at(area))
    row = Interaction.objects.get()
    assert {row.tie, row.is_different, row.at_work, row.through_organisation, row.hardness} == {
        None
    }
    assert {row.part_of_day, row.setting, row.place} == {None}
    assert row.hard_reasons == []


def test_the_same_moment_again_is_the_same_row(phone: Phone, area: Area) -> None:
    id_, body = uuid.uuid4(), moment_at(area)
    first = phone.put(id_, body)
    again = phone.put(id_, {**dict(reversed(body.items())), "tie": None})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Interaction.objects.count() == 1


def test_another_moment_under_the_same_id_is_refused(phone: Phone, area: Area) -> None:
    id_ = uuid.uuid4()
    phone.put(id_, moment_at(area))
    response = phone.put(id_, moment_at(area, kind="help"))
    assert (response.status_code, response.json()["code"]) == (409, "other_moment")
    assert Interaction.objects.get().kind == "hello"


def test_a_retry_after_a_correction_is_still_the_same_moment(phone: Phone, area: Area) -> None:
    id_, body = uuid.uuid4(), moment_at(area)
    phone.put(id_, body)
    phone.patch(id_, {"kind": "help"}, if_match='"1"')
    response = phone.put(id_, body)
    assert (response.status_code, response.json()["revision"]) == (200, 2)
    assert Interaction.objects.get().kind == "help"


def test_somebody_elses_id_is_answered_as_if_there_were_none(
    phone: Phone, other_phone: Phone, area: Area
) -> None:
    id_, body = uuid.uuid4(), moment_at(area)
    phone.put(id_, body)
    for response in (
        other_phone.put(id_, body),
        other_phone.put(id_, moment_at(area, kind="help")),
        other_phone.patch(id_, {"kind": "help"}, if_match="1"),
        other_phone.delete(id_),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "unknown")
    row = Interaction.objects.get()
    assert (row.kind, row.contributor) == ("hello", phone.device.contributor)


def test_a_deleted_moment_does_not_come_back(phone: Phone, other_phone: Phone, area: Area) -> None:
    id_, body = uuid.uuid4(), moment_at(area)
    phone.put(id_, body)
    assert phone.delete(id_).status_code == 204
    for response in (
        phone.put(id_, body),
        phone.patch(id_, {"kind": "help"}, if_match="1"),
        phone.delete(id_),
        other_phone.put(id_, body),
    ):
        assert (response.status_code, response.json()["code"]) == (410, "deleted")
    assert not Interaction.objects.exists()
    trace = DeletedMoment.objects.get()
    assert id_.bytes not in bytes(trace.id_hmac)
    # Counted when written, and again when deleted.
    assert DirtyMark.objects.count() == 2


def test_a_second_device_of_the_same_person_may_correct_and_delete(
    phone: Phone, area: Area
) -> None:
    id_ = uuid.uuid4()
    phone.put(id_, moment_at(area))
    second = Phone(make_key())
    assert second.key
    Device.objects.filter(pk=know(second.key).pk).update(contributor=phone.device.contributor)
    assert second.put(id_, moment_at(area)).status_code == 200
    assert second.patch(id_, {"kind": "chat"}, if_match="1").status_code == 200
    assert second.delete(id_).status_code == 204


# ------------------------------------------------------------------ where it is kept


@pytest.mark.parametrize("kind", [PlaceKind.WORSHIP, PlaceKind.COMMUNITY_MEAL, PlaceKind.HEALTH])
def test_a_sensitive_place_leaves_its_area_only(phone: Phone, kind: PlaceKind) -> None:
    place = PlaceFactory.create(kind=kind)
    id_ = uuid.uuid4()
    assert phone.put(id_, moment_at(place)).status_code == 201
    row = Interaction.objects.get()
    assert (row.place, row.area) == (None, neighbourhood_of(place))
    # The retry is still known to be the same, and the place stands nowhere in the row.
    assert phone.put(id_, moment_at(place)).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(i)::text FROM interactions_interaction AS i")
        assert place.code not in cursor.fetchone()[0]


@pytest.mark.parametrize("setting", ["street", "transport", "stairwell", "door", "remote"])
def test_anywhere_but_at_a_place_leaves_the_area_only(
    phone: Phone, place: Place, setting: str
) -> None:
    assert phone.put(uuid.uuid4(), moment_at(place, setting=setting)).status_code == 201
    row = Interaction.objects.get()
    assert (row.place, row.area) == (None, neighbourhood_of(place))


@pytest.mark.parametrize("factory", [CommunityFactory, CouncilFactory])
def test_larger_areas_are_kept_as_they_are(phone: Phone, factory: Any) -> None:
    area = factory.create()
    phone.put(uuid.uuid4(), moment_at(area))
    assert Interaction.objects.get().area == area


def test_a_data_zone_is_too_small_to_name(phone: Phone) -> None:
    response = phone.put(uuid.uuid4(), moment_at(ZoneFactory.create()))
    assert fields(response) == {"area": "unknown_area"}


def test_an_area_of_another_vintage_is_not_listed(phone: Phone, area: Area) -> None:
    type(area.geography).objects.update(is_current=False)
    assert fields(phone.put(uuid.uuid4(), moment_at(area))) == {"area": "unknown_area"}


@pytest.mark.parametrize("state", [PlaceState.SUGGESTED, PlaceState.HIDDEN, PlaceState.CLOSED])
def test_a_place_that_is_not_shown_takes_no_moments(phone: Phone, state: PlaceState) -> None:
    place = PlaceFactory.create(state=state)
    assert fields(phone.put(uuid.uuid4(), moment_at(place))) == {"place": "unknown_place"}
    assert not Interaction.objects.exists()


def test_a_place_outside_all_areas_takes_no_moments(phone: Phone) -> None:
    place = PlaceFactory.create(area=None)
    assert fields(phone.put(uuid.uuid4(), moment_at(place))) == {"place": "unknown_place"}


def test_a_retry_after_the_place_was_hidden_is_still_the_same_moment(
    phone: Phone, place: Place
) -> None:
    id_ = uuid.uuid4()
    phone.put(id_, moment_at(place))
    Place.objects.update(state=PlaceState.HIDDEN)
    assert phone.put(id_, moment_at(place)).status_code == 200


def test_the_smallest_listed_area_around_a_place_is_kept(phone: Phone) -> None:
    zone = ZoneFactory.create(parent=CommunityFactory.create())
    phone.put(uuid.uuid4(), moment_at(PlaceFactory.create(area=zone)))
    assert Interaction.objects.get().area.level == AreaLevel.COMMUNITY


@pytest.mark.parametrize(
    "position",
    [
        {"lat": 55.86, "lon": -4.25},
        {"Latitude": 55.86},
        {"coordinates": [-4.25, 55.86]},
        {"point": "POINT(-4.25 55.86)"},
        {"accuracy": 12},
    ],
)
def test_positions_are_refused(phone: Phone, area: Area, position: dict[str, object]) -> None:
    response = phone.put(uuid.uuid4(), moment_at(area, **position))
    assert set(fields(response).values()) == {"no_coordinates"}
    assert not Interaction.objects.exists()


# ------------------------------------------------------------------ when


@pytest.mark.parametrize(
    ("now", "day", "status"),
    [
        # 23:30 UTC on 30 June is 00:30 on 1 July in Scotland.
        (dt.datetime(2026, 6, 30, 23, 30, tzinfo=dt.UTC), "2026-07-01", 201),
        (dt.datetime(2026, 6, 30, 22, 59, tzinfo=dt.UTC), "2026-07-01", 400),
        (dt.datetime(2026, 6, 30, 23, 30, tzinfo=dt.UTC), "2026-06-01", 201),
        (dt.datetime(2026, 6, 30, 23, 30, tzinfo=dt.UTC), "2026-05-31", 400),
        # The night on which clocks go back has two hours called one.
        (dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC), "2026-10-25", 201),
        (dt.datetime(2026, 10, 24, 23, 30, tzinfo=dt.UTC), "2026-10-25", 201),
        # In winter Scotland's midnight is UTC's.
        (dt.datetime(2026, 12, 31, 23, 59, tzinfo=dt.UTC), "2027-01-01", 400),
        (dt.datetime(2027, 1, 1, 0, 0, tzinfo=dt.UTC), "2027-01-01", 201),
    ],
)
def test_a_day_counts_from_thirty_days_ago_to_today_in_scotland(
    phone: Phone, area: Area, now: dt.datetime, day: str, status: int
) -> None:
    with time_machine.travel(now, tick=False):
        response = phone.put(uuid.uuid4(), moment_at(area, occurred_on=day))
    assert response.status_code == status
    if status == 201:
        row = Interaction.objects.get()
        assert (row.occurred_on.isoformat(), row.month_on.isoformat()[:7]) == (day, day[:7])
        assert row.created_at == now
    else:
        assert set(fields(response)) == {"occurred_on"}


# ------------------------------------------------------------------ what is wrong is said


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"direction": None}, {"direction": "required"}),
        ({"direction": "took"}, {"direction": "not_in_list"}),
        ({"kind": ["hello"]}, {"kind": "not_in_list"}),
        ({"kind": {"$ne": ""}}, {"kind": "not_in_list"}),
        ({"tie": "befriender"}, {"tie": "not_in_list"}),
        ({"is_different": True}, {"is_different": "not_in_list"}),
        ({"occurred_on": "2026-W10-4"}, {"occurred_on": "no_such_date"}),
        ({"occurred_on": "20260305"}, {"occurred_on": "no_such_date"}),
        ({"occurred_on": "2026-02-30"}, {"occurred_on": "no_such_date"}),
        ({"occurred_on": 5}, {"occurred_on": "no_such_date"}),
        ({"occurred_on": None}, {"occurred_on": "required"}),
        ({"area": "Ω"}, {"area": "no_code"}),
        ({"area": "S02000001' OR 1=1"}, {"area": "no_code"}),
        ({"area": None}, {"place": "place_or_area"}),
        ({"place": "bcdfghj"}, {"place": "place_or_area"}),
        ({"area": "S99999999"}, {"area": "unknown_area"}),
        ({"hard_reasons": "money"}, {"hard_reasons": "not_in_list"}),
        ({"hard_reasons": [["money"]]}, {"hard_reasons": "not_in_list"}),
        ({"note": "Thank you, Jean"}, {"note": "unknown_field"}),
        ({"contributor": str(uuid.uuid4())}, {"contributor": "unknown_field"}),
    ],
)
def test_each_wrong_field_is_named(
    phone: Phone, area: Area, change: dict[str, Any], problem: dict[str, str]
) -> None:
    assert fields(phone.put(uuid.uuid4(), moment_at(area, **change))) == problem
    assert not Interaction.objects.exists()


@pytest.mark.parametrize(
    "body",
    [b"{", b"[" * 3000, b"null", b"[]", b'"x"', b"7", b"\xff\xfe", b"1" * 4000],
)
def test_what_is_no_moment_at_all_is_refused(phone: Phone, body: bytes) -> None:
    response = phone.put(uuid.uuid4(), body)
    assert response.status_code == 400
    assert response.json()["message"]


def test_too_much_is_refused_unread(phone: Phone, area: Area) -> None:
    response = phone.put(uuid.uuid4(), moment_at(area, tie="x" * 5_000))
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_only_json_is_read(phone: Phone) -> None:
    response = phone.client.put(
        f"/api/v1/interactions/{uuid.uuid4()}/",
        data="direction=gave",
        content_type="application/x-www-form-urlencoded",
        headers={"origin": "http://testserver"},
    )
    assert (response.status_code, response.json()["code"]) == (415, "not_json")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("gave"),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["direction", "kind", "area", "occurred_on", "hard_reasons", "x"]),
                inner,
                max_size=6,
            )
        ),
        max_leaves=12,
    )
)
def test_no_body_makes_the_server_fail(phone: Phone, body: Any) -> None:
    response = phone.put(uuid.uuid4(), body)
    assert response.status_code in {400, 429}


# ------------------------------------------------------------------ correcting


def test_a_correction_names_the_revision_it_starts_from(phone: Phone, area: Area) -> None:
    id_ = uuid.uuid4()
    phone.put(id_, moment_at(area))
    assert phone.patch(id_, {"kind": "chat"}).status_code == 428
    assert phone.patch(id_, {"kind": "chat"}, if_match="*").status_code == 400
    response = phone.patch(id_, {"kind": "chat", "tie": "new"}, if_match='"1"')
    assert (response.status_code, response.json()) == (200, {"id": str(id_), "revision": 2})
    stale = phone.patch(id_, {"kind": "help"}, if_match='"1"')
    assert (stale.status_code, stale.json()["revision"]) == (412, 2)
    row = Interaction.objects.get()
    assert (row.kind, row.tie, row.revision) == ("chat", "new", 2)


def test_an_answer_can_be_taken_back_and_a_needed_one_cannot(phone: Phone, area: Area) -> None:
    id_ = uuid.uuid4()
    phone.put(id_, moment_at(area, tie="new", hard_reasons=["money"]))
    assert fields(phone.patch(id_, {"kind": None}, if_match="1")) == {"kind": "required"}
    assert fields(phone.patch(id_, {"lat": 1}, if_match="1")) == {"lat": "no_coordinates"}
    phone.patch(id_, {"tie": None, "hard_reasons": None}, if_match="1")
    row = Interaction.objects.get()
    assert (row.tie, row.hard_reasons) == (None, [])


def test_a_correction_may_move_a_moment_and_both_months_are_counted_again(
    phone: Phone, area: Area, place: Place
) -> None:
    with time_machine.travel(dt.datetime(2026, 3, 3, 12, tzinfo=LONDON)):
        id_ = uuid.uuid4()
        phone.put(id_, moment_at(area))
        DirtyMark.objects.all().delete()
        response = phone.patch(
            id_, {"occurred_on": "2026-02-27", "place": place.code}, if_match="1"
        )
    assert response.status_code == 200
    row = Interaction.objects.get()
    assert (row.place, row.area, row.month_on) == (
        place,
        neighbourhood_of(place),
        dt.date(2026, 2, 1),
    )
    assert set(DirtyMark.objects.values_list("area_id", "month_on")) == {
        (area.id, dt.date(2026, 3, 1)),
        (neighbourhood_of(place).id, dt.date(2026, 2, 1)),
    }


def test_an_old_moment_can_be_corrected_but_not_moved_to_an_old_day(
    phone: Phone, area: Area
) -> None:
    with time_machine.travel(dt.datetime(2026, 3, 3, 12, tzinfo=LONDON)):
        id_ = uuid.uuid4()
        phone.put(id_, moment_at(area))
    with time_machine.travel(dt.datetime(2026, 8, 3, 12, tzinfo=LONDON)):
        refused = phone.patch(id_, {"occurred_on": "2026-03-02"}, if_match="1")
        assert fields(refused) == {"occurred_on": "too_old"}
        assert phone.patch(id_, {"kind": "chat"}, if_match="1").status_code == 200


def test_saying_later_that_it_was_at_somebodys_door_takes_the_place_away(
    phone: Phone, place: Place
) -> None:
    id_ = uuid.uuid4()
    phone.put(id_, moment_at(place))
    phone.patch(id_, {"setting": "door"}, if_match="1")
    row = Interaction.objects.get()
    assert (row.place, row.setting) == (None, "door")


def test_somebody_only_seen_has_no_tie(phone: Phone, area: Area) -> None:
    id_ = uuid.uuid4()
    phone.put(id_, moment_at(area, tie="new"))
    phone.patch(id_, {"direction": "noticed"}, if_match="1")
    phone.put(uuid.uuid4(), moment_at(area, direction="noticed", tie="neighbour"))
    assert set(Interaction.objects.values_list("tie", flat=True)) == {None}


# ------------------------------------------------------------------ batches


def test_a_queue_goes_up_at_once_with_an_answer_for_each(
    phone: Phone, other_phone: Phone, area: Area, place: Place
) -> None:
    foreign, known, deleted, doubled = (uuid.uuid4() for _ in range(4))
    other_phone.put(foreign, moment_at(area))
    phone.put(known, moment_at(area))
    phone.put(deleted, moment_at(area))
    phone.delete(deleted)
    queue = [
        (uuid.uuid4(), moment_at(area), 201),
        (known, moment_at(area), 200),
        (known, moment_at(area, kind="chat"), 409),
        (foreign, moment_at(area), 404),
        (deleted, moment_at(area), 410),
        (uuid.uuid4(), moment_at(area, occurred_on=days_ago(31)), 400),
        (uuid.uuid4(), moment_at(area, lat=55), 400),
        (uuid.uuid4(), moment_at(area, area="S99999999"), 400),
        (doubled, moment_at(place), 201),
        (doubled, moment_at(place), 200),
        (doubled, moment_at(place, kind="chat"), 409),
        (uuid.uuid4(), moment_at(place, setting="door"), 201),
    ]
    response = phone.batch([body | {"id": str(id_)} for id_, body, _ in queue])
    assert response.status_code == 200
    answers = response.json()["answers"]
    assert [(answer["id"], answer["status"]) for answer in answers] == [
        (str(id_), status) for id_, _body, status in queue
    ]
    assert answers[5]["fields"]["occurred_on"]["code"] == "too_old"
    assert Interaction.objects.count() == 5
    # Sent again whole, it changes nothing.
    again = phone.batch([body | {"id": str(id_)} for id_, body, _ in queue]).json()["answers"]
    assert [answer["status"] for answer in again] == [
        200 if status == 201 else status for *_rest, status in queue
    ]
    assert Interaction.objects.count() == 5


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"interactions": []},
        {"interactions": {}},
        {"interactions": [{"id": 7}]},
        {"interactions": [{"id": "x"}]},
        {"interactions": [{}]},
        {"interactions": ["x"]},
        {"interactions": [{"id": "6b0c8a52-8a3a-4c92-a9d1-2f5b1b9d7b11"}] * 51},
        {"interactions": [], "extra": 1},
        [],
        None,
    ],
)
def test_what_is_no_batch_is_refused_whole(phone: Phone, body: Any) -> None:
    response = phone.send("POST", "/api/v1/interactions/batch/", body)
    assert response.status_code == 400
    assert response.json()["code"] in {"no_batch", "no_id"}


# ------------------------------------------------------------------ how often, and at what cost


def test_a_device_that_sends_without_end_is_asked_to_wait(phone: Phone, area: Area) -> None:
    with time_machine.travel(dt.datetime(2026, 3, 3, 12, 0, 1, tzinfo=LONDON), tick=False):
        for _ in range(4):
            moments = [moment_at(area) | {"id": str(uuid.uuid4())} for _ in range(50)]
            assert phone.batch(moments).status_code == 200
        response = phone.put(uuid.uuid4(), moment_at(area))
        assert (response.status_code, response.json()["code"]) == (429, "too_many")
        assert response.headers["Retry-After"] == "599"
    with time_machine.travel(dt.datetime(2026, 3, 3, 12, 10, 1, tzinfo=LONDON), tick=False):
        assert phone.put(uuid.uuid4(), moment_at(area)).status_code == 201


def test_one_network_cannot_invent_people_without_end(db: None, area: Area) -> None:
    statuses = [
        Phone(make_key()).put(uuid.uuid4(), moment_at(area)).status_code for _ in range(302)
    ]
    assert statuses == [201] * 300 + [429] * 2
    assert Contributor.objects.count() == 300


def test_a_moment_costs_two_statements_and_a_batch_no_more(phone: Phone, area: Area) -> None:
    phone.put(uuid.uuid4(), moment_at(area))  # notes the device's day and network
    with CaptureQueriesContext(connection) as one:
        phone.put(uuid.uuid4(), moment_at(area))
    assert len(one) == 2
    moments = [moment_at(area) | {"id": str(uuid.uuid4())} for _ in range(50)]
    with CaptureQueriesContext(connection) as batch:
        phone.batch(moments)
    assert len(batch) == 2


def test_the_description_of_the_api_names_every_answer(client: Any) -> None:
    schema = json.loads(client.get("/api/v1/schema/").content)
    body = schema["paths"]["/api/v1/interactions/{id}/"]["put"]["requestBody"]
    properties = body["content"]["application/json"]["schema"]["properties"]
    assert properties["hard_reasons"]["items"]["enum"] == HardReason.values
    assert set(properties) == {
        *("direction", "kind", "place", "area", "occurred_on", "tie", "is_different", "at_work"),
        *("through_organisation", "hardness", "hard_reasons", "part_of_day", "setting"),
    }
