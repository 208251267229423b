"""Pages of those who keep the register: editing, two who edit at once, history, walks, claims."""

import csv
from datetime import date
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from kinder.accounts.models import Contributor, Membership, Role, User
from places.actions import change_place, hide_place, suggest_change
from places.editing import PlaceForm
from places.history import take_facts
from places.hours import InvalidHoursError, check_hours, tidy_hours
from places.models import Geography, Place, PlaceClaim, PlaceSuggestion, PlaceVersion, Postcode
from places.vocabulary import PlaceState
from places.week import describe_rules, read_week
from tests.factories.accounts import make_member, make_organisation, make_user
from tests.factories.places import make_place, make_point, make_square

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker() -> User:
    return make_member(Role.WORKER)


@pytest.fixture
def keeper(client: Client, worker: User) -> Client:
    client.force_login(worker)
    return client


@pytest.fixture
def place() -> Place:
    return make_place(
        "Rowan Library",
        opening_hours="Mo-Fr 09:00-17:00; Dec 24-26 off",
        welcome={"toilet": "yes"},
        languages=["gd"],
    )


def fill(place: Place | None, **changes: object) -> dict[str, object]:
    """What a browser would send of the form as it is shown, with `changes`."""
    facts, texts = take_facts(place) if place else (None, {})
    form = PlaceForm(facts=facts, texts=texts)
    sent: dict[str, object] = {"revision": place.revision if place else ""}
    for name, field in form.fields.items():
        value = form.get_initial_for_field(field, name)
        if value not in (None, False, ""):
            sent.setdefault(name, "on" if value is True else value)
    sent |= changes
    return {name: value for name, value in sent.items() if value is not None}


def edit_url(place: Place) -> str:
    return reverse("places:edit", args=[place.code])


def test_saving_what_nobody_touched_changes_nothing(keeper: Client, place: Place) -> None:
    assert keeper.post(edit_url(place), fill(place)).status_code == 302
    place.refresh_from_db()
    assert place.revision == 1
    assert place.opening_hours == "Mo-Fr 09:00-17:00; Dec 24-26 off"
    assert not PlaceVersion.objects.exists()


def test_the_form_says_in_which_month_something_was_checked(keeper: Client, place: Place) -> None:
    place.welcomes.update(checked_on=date(2026, 8, 1))
    page = keeper.get(edit_url(place)).content.decode()
    assert '<span class="meta nowrap">August 2026</span>' in page


def test_only_what_was_changed_is_written(keeper: Client, place: Place) -> None:
    sent = fill(place, name="Rowan Library and Garden", hours_5="10-14", hours_holidays="closed",
                is_step_free="yes", whom_step_free="ramp at the back", name_0="Caorann",
                language_0="gd", cost_to_stay="free", description="Big windows.")  # fmt: skip
    assert keeper.post(edit_url(place), sent).status_code == 302
    place.refresh_from_db()
    assert place.name == "Rowan Library and Garden"
    assert place.opening_hours == "Mo-Fr 09:00-17:00; Sa 10:00-14:00; PH off; Dec 24-26 off"
    assert place.cost_checked_on is not None
    assert place.weekly_hours == 44
    told = place.welcomes.get(attribute="step_free")
    assert (told.value, told.for_whom) == ("yes", "ramp at the back")
    assert [(other.language, other.name) for other in place.alt_names.all()] == [("gd", "Caorann")]
    page = keeper.get(reverse("places:history", args=[place.code])).content.decode()
    assert "Rowan Library and Garden" in page
    assert "ramp at the back" in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "This field is required"),
        ("position", "here", "Write it like this"),
        ("position", "-4.2, 255.8", "Latitude comes first"),
        ("hours_1", "sometimes", "Write times like"),
        ("hours_1", "25-99", "no such time"),
        ("outline", "{", "no GeoJSON"),
        ("website", "not an address", "URL"),
    ],
)
def test_what_cannot_be_saved_is_said_and_nothing_typed_is_lost(
    keeper: Client, place: Place, field: str, value: str, words: str
) -> None:
    response = keeper.post(edit_url(place), fill(place, **{field: value, "address": "My street 1"}))
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert "My street 1" in page
    assert "error-summary" in page
    place.refresh_from_db()
    assert place.address == ""


def test_hours_that_nobody_can_work_out_are_kept_as_words_when_asked(
    keeper: Client, place: Place
) -> None:
    sent = fill(place, hours_mode="written", hours_written="when the light is on")
    response = keeper.post(edit_url(place), sent)
    assert response.status_code == 422
    keeper.post(edit_url(place), sent | {"hours_words_only": "on"})
    place.refresh_from_db()
    assert (place.opening_hours, place.are_hours_unread) == ("when the light is on", True)
    assert place.weekly_hours is None
    listed = keeper.get(reverse("places:check"), {"why": "hours"}).content.decode()
    assert "hours are words only" in listed
    public = Client().get(reverse("places:place", args=[place.code])).content.decode()
    assert "when the light is on" in public


def test_a_place_is_added_where_its_postcode_lies(keeper: Client) -> None:
    geography = Geography.objects.create(slug="invented", name="Invented", is_current=True)
    zone = make_square("Z1", geography=geography)
    Postcode.objects.create(code="G20 7TX", point=make_point(0.01), area=zone)
    sent = fill(None, name="Corner Café", kind="cafe", postcode="g20 7tx", hours_mode="always")
    response = keeper.post(reverse("places:new"), sent)
    place = Place.objects.get()
    assert response.headers["Location"] == reverse("places:place", args=[place.code])
    assert (place.point.coords, place.area, place.opening_hours) == (
        make_point(0.01).coords,
        zone,
        "24/7",
    )
    assert place.state == PlaceState.VERIFIED


def test_two_who_edit_different_things_both_keep_what_they_wrote(
    keeper: Client, worker: User, place: Place
) -> None:
    mine = fill(place, address="12 My Street")
    change_place(by=worker, place=place, changes={"telephone": "0141 000 0000"})
    response = keeper.post(edit_url(place), mine)
    page = response.content.decode()
    assert response.status_code == 409
    assert "0141 000 0000" in page
    assert "12 My Street" in page
    place.refresh_from_db()
    assert place.address == ""
    again = {name: value for name, value in mine.items() if name != "telephone"}
    again |= {"revision": place.revision, "telephone": "0141 000 0000"}
    assert keeper.post(edit_url(place), again).status_code == 302
    place.refresh_from_db()
    assert (place.address, place.telephone) == ("12 My Street", "0141 000 0000")


def test_two_who_edit_the_same_thing_see_both(keeper: Client, worker: User, place: Place) -> None:
    mine = fill(place, name="My name for it")
    change_place(by=worker, place=place, changes={"name": "Their name for it"})
    response = keeper.post(edit_url(place), mine)
    page = response.content.decode()
    assert "My name for it" in page
    assert "Their name for it" in page
    assert response.context["clashes"][0].label == "Name"
    assert response.context["form"]["name"].value() == "My name for it"
    assert response.context["form"]["revision"].value() == place.revision + 1


def test_going_back_from_the_page(keeper: Client, worker: User, place: Place) -> None:
    change_place(by=worker, place=place, changes={"name": "Wrong"})
    address = reverse("places:revert", args=[place.code])
    keeper.post(address, {"to": "1", "revision": "1"})
    place.refresh_from_db()
    assert place.name == "Wrong"
    keeper.post(address, {"to": "1", "revision": "2"})
    place.refresh_from_db()
    assert (place.name, place.revision) == ("Rowan Library", 3)


def test_residents_and_funders_do_not_edit(client: Client, place: Place) -> None:
    addresses = [
        edit_url(place),
        reverse("places:history", args=[place.code]),
        reverse("places:check"),
        reverse("places:walk"),
        reverse("places:suggestions"),
        reverse("places:claims"),
        reverse("places:new"),
    ]
    assert {client.get(address).status_code for address in addresses} == {302}
    client.force_login(make_member(Role.FUNDER))
    assert {client.get(address).status_code for address in addresses} == {403}
    act = reverse("places:act", args=[place.code])
    assert client.post(act, {"deed": "hide", "reason": "asked"}).status_code == 403


def test_deeds_of_one_press(keeper: Client, place: Place) -> None:
    address = reverse("places:act", args=[place.code])
    states = []
    for sent in (
        {"deed": "confirm"},
        {"deed": "hide", "reason": "asked"},
        {"deed": "show"},
        {"deed": "close"},
        {"deed": "show"},
    ):
        keeper.post(address, sent)
        place.refresh_from_db()
        states.append(place.state)
    assert states == ["verified", "hidden", "verified", "closed", "verified"]
    assert keeper.post(address, {"deed": "hide", "reason": "because"}).status_code == 403
    assert keeper.post(address, {"deed": "dance"}).status_code == 404
    elsewhere = keeper.post(address, {"deed": "confirm", "next": "https://elsewhere.example/"})
    assert elsewhere.headers["Location"] == reverse("places:place", args=[place.code])


def test_the_list_to_check_asks_the_database_a_fixed_number_of_times(
    keeper: Client, django_assert_max_num_queries: object
) -> None:
    for _ in range(12):
        make_place(state=PlaceState.STALE)
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        page = keeper.get(reverse("places:check")).content.decode()
    assert page.count('value="confirm"') == 12


def test_a_walk_takes_the_short_way_round(keeper: Client) -> None:
    for number, east in enumerate((0.03, 0.0, 0.02, 0.01)):
        make_place(f"Stop {number}", point=make_point(east), state=PlaceState.STALE)
    response = keeper.get(reverse("places:walk"), {"count": "4"})
    names = [place.name for place, _metres in response.context["walk"].stops]
    assert names in (
        ["Stop 1", "Stop 3", "Stop 2", "Stop 0"],
        ["Stop 1", "Stop 0", "Stop 2", "Stop 3"],
    )
    assert "☐" in response.content.decode()
    assert keeper.get(reverse("places:walk"), {"near": "nowhere at all"}).status_code == 200


def test_a_suggestion_is_taken_field_by_field(keeper: Client, worker: User, place: Place) -> None:
    person = Contributor.objects.create()
    suggestion = suggest_change(
        by=person,
        place=place,
        changes={"name": "Rowan Reading Room", "address": "2 Side Street"},
        base_revision=place.revision,
    )
    change_place(by=worker, place=place, changes={"address": "3 Side Street"})
    response = keeper.get(reverse("places:suggestions"))
    ((_one, fields, _gone, _can_change),) = response.context["suggestions"]
    assert {field.field: field.is_conflict for field in fields} == {"name": False, "address": True}
    address = reverse("places:decide_suggestion", args=[suggestion.pk])
    keeper.post(address, {"field": ["name"]})
    place.refresh_from_db()
    assert (place.name, place.address) == ("Rowan Reading Room", "3 Side Street")
    suggestion.refresh_from_db()
    assert suggestion.state == PlaceSuggestion.State.ACCEPTED
    keeper.post(address, {"decline": "1"})
    suggestion.refresh_from_db()
    assert suggestion.state == PlaceSuggestion.State.ACCEPTED


def test_suggested_hours_are_told_in_words_and_as_written(keeper: Client, place: Place) -> None:
    Place.objects.filter(pk=place.pk).update(opening_hours="Mo-Fr 09:00-17:00")
    place.refresh_from_db()
    changes = {"opening_hours": "Sa 10:00-12:00; PH off"}
    suggest_change(by=None, place=place, changes=changes, base_revision=place.revision)
    response = keeper.get(reverse("places:suggestions"))
    ((_one, (field,), _gone, _can_change),) = response.context["suggestions"]
    assert field.label == "Opening hours"
    assert field.now.startswith("Monday to Friday: 9 a.m. to 5 p.m.")
    assert field.proposed.startswith("Saturday: 10 a.m. to noon")
    assert field.proposed.endswith("Public holidays: closed")
    page = response.content.decode()
    assert "As it is written" in page
    assert "<bdi>Mo-Fr 09:00-17:00</bdi>" in page
    assert "<bdi>Sa 10:00-12:00; PH off</bdi>" in page


def test_hours_that_no_row_can_say_are_told_as_written_once(keeper: Client, place: Place) -> None:
    Place.objects.filter(pk=place.pk).update(opening_hours="")
    place.refresh_from_db()
    written = "Mo-Fr sunrise-sunset"
    changes = {"opening_hours": written}
    suggest_change(by=None, place=place, changes=changes, base_revision=place.revision)
    page = keeper.get(reverse("places:suggestions")).content.decode()
    assert page.count(written) == 1
    assert "As it is written" not in page


def test_a_suggestion_that_came_true_can_only_be_laid_aside(
    keeper: Client, worker: User, place: Place
) -> None:
    suggest_change(
        by=None, place=place, changes={"address": "2 Side Street"}, base_revision=place.revision
    )
    assert "Change what is ticked" in keeper.get(reverse("places:suggestions")).content.decode()
    change_place(by=worker, place=place, changes={"address": "2 Side Street"})
    page = keeper.get(reverse("places:suggestions")).content.decode()
    assert "is so already" in page
    assert "Change what is ticked" not in page
    assert "Leave it as it is" in page


def test_an_organisation_claims_a_place_and_a_worker_decides(client: Client, place: Place) -> None:
    organisation = make_organisation("The Reading Trust")
    member = make_user()
    Membership.objects.create(user=member, organisation=organisation, role=Role.MEMBER)
    client.force_login(member)
    address = reverse("places:claim", args=[place.code])
    assert client.post(address, {"organisation": make_organisation().pk}).status_code == 422
    assert client.post(address, {"organisation": organisation.pk}).status_code == 302
    assert client.post(address, {"organisation": organisation.pk}).status_code == 422
    client.force_login(make_member(Role.WORKER))
    claim = PlaceClaim.objects.get()
    client.post(reverse("places:claims"), {"claim": claim.pk, "accept": "1"})
    place.refresh_from_db()
    assert place.organisation == organisation
    assert (
        PlaceVersion.objects.get(place=place, deed="claim").facts["organisation"] == organisation.pk
    )


def test_a_hidden_place_takes_no_answers_and_no_suggestions(worker: User, place: Place) -> None:
    hide_place(by=worker, place=place, reason="asked")
    visitor = Client()
    for name in ("answer", "suggest_change"):
        sent = {"question": "toilet", "answer": "yes", "revision": 1, "name": "X"}
        assert visitor.post(reverse(f"places:{name}", args=[place.code]), sent).status_code == 404


def test_real_hours_come_through_the_form_unchanged(sample_data: Path) -> None:
    """Every value that can be worked out is shown in words or as written, and a form that is opened
    and saved changes no letter of it; the others are kept as words. docs/imports.md has the share."""
    path = sample_data / "opening_hours" / "osm_real_values_ODbL.csv"
    with path.open(encoding="utf-8", newline="") as file:
        values = [row["opening_hours"] for row in csv.DictReader(file)]
    read = rows = 0
    place = Place(name="Somewhere", kind="cafe", point=make_point())
    for value in values:
        place.opening_hours = value
        place.are_hours_unread = not _is_hours(value)
        place.pk = None
        facts = {**_plain_facts(place), "opening_hours": value}
        form = PlaceForm(facts=facts, texts={})
        sent = {
            name: form.get_initial_for_field(field, name)
            for name, field in form.fields.items()
            if form.get_initial_for_field(field, name) not in (None, False, "")
        }
        again = PlaceForm(sent, facts=facts, texts={})
        assert again.is_valid(), (value, again.errors)
        assert again.cleaned_data["opening_hours"].strip() in (value.strip(), tidy_hours(value))
        assert again.cleaned_data["are_hours_unread"] is place.are_hours_unread
        read += not place.are_hours_unread
        if not place.are_hours_unread and read_week(value) is not None:
            rows += 1
            assert describe_rules(value), value
    assert (len(values), read, rows) == (1439, 1410, 1327)


def _is_hours(value: str) -> bool:
    try:
        check_hours(value)
    except InvalidHoursError:
        return False
    return True


def _plain_facts(place: Place) -> dict[str, object]:
    return {
        "name": place.name,
        "kind": place.kind,
        "address": "",
        "postcode": "",
        "website": "",
        "telephone": "",
        "are_hours_unread": place.are_hours_unread,
        "cost_to_stay": "unknown",
        "languages": [],
        "is_booking_needed": False,
        "description": "",
        "who_for": "",
        "point": [place.point.x, place.point.y],
        "footprint": None,
        "organisation": None,
        "alt_names": [],
        "welcomes": {},
    }
