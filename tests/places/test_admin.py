"""The register in the administration: written through the same actions as everywhere."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from kinder.accounts.models import AuditEvent, Role
from places.models import Geography, LayerVersion, Place
from tests.factories.accounts import make_member, make_user
from tests.factories.places import make_place, make_square

pytestmark = pytest.mark.django_db

NO_INLINES = {
    f"{prefix}-{part}": "0"
    for prefix in ("welcomes", "alt_names")
    for part in ("TOTAL_FORMS", "INITIAL_FORMS")
}
PLACE: dict[str, Any] = {
    "name": "Soup Kitchen",
    "kind": "community_meal",
    "lat": "55.85",
    "lon": "-4.25",
    "cost_to_stay": "free",
    "opening_hours": "Tu 12:00-14:00",
}


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user(is_administrator=True))
    return client


def version() -> int:
    found = LayerVersion.objects.filter(layer="places").first()
    return found.version if found else 1


def test_every_list_and_form_opens(admin: Client) -> None:
    make_place(area=make_square("Z1", geography=Geography.objects.create(slug="g", name="G")))
    for model in ("place", "gathering", "geography", "area", "postcode", "placename"):
        address = reverse(f"admin:places_{model}_changelist")
        assert admin.get(address, {"q": "x"}).status_code == 200
    for model in ("place", "gathering"):
        assert admin.get(reverse(f"admin:places_{model}_add")).status_code == 200
    area = Geography.objects.get().areas.get()
    assert admin.get(reverse("admin:places_area_change", args=[area.pk])).status_code == 200
    assert admin.post(reverse("admin:places_area_change", args=[area.pk])).status_code == 403


def test_adding_and_changing_are_audited_and_seen(admin: Client) -> None:
    admin.post(reverse("admin:places_place_add"), PLACE | NO_INLINES)
    place = Place.objects.get()
    assert (place.name, place.weekly_hours, place.state) == ("Soup Kitchen", 2, "verified")
    before = version()
    address = reverse("admin:places_place_change", args=[place.pk])
    admin.post(address, PLACE | NO_INLINES | {"name": "Soup and a Seat", "lon": "-4.2"})
    place.refresh_from_db()
    assert (place.name, place.revision) == ("Soup and a Seat", 2)
    assert place.point.x == -4.2
    assert version() > before
    before = version()
    admin.post(
        address,
        PLACE
        | NO_INLINES
        | {
            "welcomes-TOTAL_FORMS": "1",
            "welcomes-0-place": place.pk,
            "welcomes-0-attribute": "step_free",
            "welcomes-0-value": "yes",
        },
    )
    assert place.welcomes.get().attribute == "step_free"
    assert version() > before
    verbs = list(AuditEvent.objects.order_by("id").values_list("verb", flat=True))
    assert verbs[:2] == ["add_place", "change_place"]


def test_wrong_hours_are_refused(admin: Client) -> None:
    answer = admin.post(
        reverse("admin:places_place_add"), PLACE | NO_INLINES | {"opening_hours": "at noon"}
    )
    assert "We can&#x27;t read these opening hours" in answer.content.decode()
    assert not Place.objects.exists()


def test_hiding_asks_why(admin: Client) -> None:
    place = make_place("Back Green")
    address = reverse("admin:places_place_changelist")
    question = admin.post(address, {"action": "hide", "_selected_action": [place.pk]})
    assert "Back Green" in question.content.decode()
    place.refresh_from_db()
    assert place.state == "verified"
    admin.post(address, {"action": "hide", "_selected_action": [place.pk], "reason": "private"})
    place.refresh_from_db()
    assert place.state == "hidden"
    answer = admin.post(
        address,
        {"action": "hide", "_selected_action": [place.pk], "reason": "private"},
        follow=True,
    )
    assert "This place is hidden already." in answer.content.decode()
    admin.post(address, {"action": "show_again", "_selected_action": [place.pk]})
    place.refresh_from_db()
    assert place.state == "verified"


def test_setting_up_a_gathering_is_audited(admin: Client) -> None:
    place = make_place()
    facts = {
        "title": "Soup",
        "place": place.pk,
        "starts_at_0": "2026-03-10",
        "starts_at_1": "12:00",
        "minutes": "60",
        "state": "shown",
    }
    address = reverse("admin:places_gathering_add")
    answer = admin.post(address, facts | {"recurrence": "sometimes"})
    assert "FREQ=WEEKLY" in answer.content.decode()
    admin.post(address, facts | {"recurrence": "FREQ=WEEKLY;BYDAY=TU"})
    assert place.gatherings.get().title == "Soup"
    assert AuditEvent.objects.filter(verb="add_gathering").count() == 1


def test_being_a_worker_does_not_open_it(client: Client) -> None:
    client.force_login(make_member(Role.WORKER))
    assert client.get(reverse("admin:places_place_changelist")).status_code == 302
