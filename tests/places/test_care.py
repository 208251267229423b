"""What residents do for places, without a script: answer, suggest, tell of a place, send a photo."""

import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from kinder.accounts.limits import OFFERS_OF_DEVICE
from kinder.accounts.models import Contributor, Role
from kinder.accounts.moderation import decide, find_queue, undo
from places.actions import hide_place
from places.models import (
    Geography,
    Place,
    PlaceConfirmation,
    PlacePhoto,
    PlaceSuggestion,
    Postcode,
)
from places.vocabulary import PlaceKind, PlaceState
from tests.factories.accounts import make_member
from tests.factories.places import make_place, make_point, make_square

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def place() -> Place:
    return make_place("Corner Café", kind=PlaceKind.CAFE)


def page_of(place: Place, client: Client) -> str:
    return client.get(reverse("places:place", args=[place.code])).content.decode()


def make_photo() -> SimpleUploadedFile:
    picture = Image.new("RGB", (400, 300), "green")
    exif = Image.Exif()
    exif[0x010F] = "Somebody's camera"
    exif.get_ifd(0x8825)[2] = (55.0, 52.0, 0.0)
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif)
    return SimpleUploadedFile("IMG_Margaret.jpg", out.getvalue(), "image/jpeg")


def test_one_question_at_a_time_and_the_next_one_after_it(client: Client, place: Place) -> None:
    assert "Can you stay here without buying?" in page_of(place, client)
    address = reverse("places:answer", args=[place.code])
    response = client.post(address, {"question": "stay", "answer": "yes"})
    assert response.status_code == 302
    page = page_of(place, client)
    assert "Once others say the same" in page
    assert "Can you stay here without buying?" not in page
    assert "Can you get in without steps?" in page
    other = Client()
    other.post(address, {"question": "stay", "answer": "yes"})
    place.refresh_from_db()
    assert place.cost_to_stay == "nobody_minds"
    assert PlaceConfirmation.objects.values("contributor").distinct().count() == 2


def test_nonsense_is_no_answer(client: Client, place: Place) -> None:
    address = reverse("places:answer", args=[place.code])
    for sent in ({"question": "name", "answer": "yes"}, {"question": "stay", "answer": "maybe"}):
        assert client.post(address, sent).status_code == 404
    assert client.get(address).status_code == 405
    assert not Contributor.objects.exists()


def test_a_device_answers_so_often_and_no_more(client: Client, place: Place) -> None:
    address = reverse("places:answer", args=[place.code])
    for _ in range(OFFERS_OF_DEVICE.most):
        client.post(address, {"question": "stay", "answer": "unknown"})
    PlaceConfirmation.objects.all().delete()
    client.post(address, {"question": "stay", "answer": "yes"})
    assert not PlaceConfirmation.objects.exists()
    assert "That was a lot at once" in page_of(place, client)


def test_a_suggestion_says_only_what_is_different(client: Client, place: Place) -> None:
    address = reverse("places:suggest_change", args=[place.code])
    shown = client.get(address).context["form"]
    same = {name: shown[name].value() or "" for name in shown.fields if name != "gone"}
    response = client.post(address, same)
    assert response.status_code == 422
    assert "different from what stands there" in response.content.decode()
    response = client.post(address, same | {"opening_hours": "9am-5pm", "gone": "on"})
    assert response.status_code == 302
    assert PlaceSuggestion.objects.get().changes == {
        "opening_hours": "Mo-Su 09:00-17:00",
        "gone": True,
    }
    response = client.post(address, same | {"opening_hours": "late", "address": "4 High Street"})
    assert response.status_code == 422
    assert "4 High Street" in response.content.decode()


def test_a_place_that_somebody_tells_of_waits_until_a_keeper_shows_it(client: Client) -> None:
    geography = Geography.objects.create(slug="invented", name="Invented", is_current=True)
    zone = make_square("Z1", geography=geography)
    Postcode.objects.create(code="G20 7TX", point=make_point(0.01), area=zone)
    address = reverse("places:suggest_new")
    sent = {"name": "Bench by the canal", "kind": "bench", "postcode": "G1 1AA"}
    response = client.post(address, sent)
    assert response.status_code == 422
    assert "Bench by the canal" in response.content.decode()
    assert client.post(address, sent | {"postcode": "g207tx"}).status_code == 302
    place = Place.objects.get()
    assert (place.state, place.area) == (PlaceState.SUGGESTED, zone)
    detail = reverse("places:place", args=[place.code])
    assert Client().get(detail).status_code == 404
    worker = make_member(Role.WORKER)
    assert [item.title for item in find_queue("places").waiting(worker)] == ["Bench by the canal"]
    done = decide(by=worker, chosen={"places": [str(place.pk)]}, verdict="accept")
    assert Client().get(detail).status_code == 200
    undo(by=worker, decision_id=done.decisions[0].pk)
    assert Client().get(detail).status_code == 404


def test_a_photo_waits_loses_what_the_camera_said_and_goes_with_the_place(
    client: Client, place: Place
) -> None:
    address = reverse("places:send_photo", args=[place.code])
    response = client.post(address, {"photo": make_photo(), "alt": ""})
    assert response.status_code == 422
    assert not PlacePhoto.objects.exists()
    sent = {"photo": make_photo(), "alt": "A door without a step"}
    assert client.post(address, sent).status_code == 302
    photo = PlacePhoto.objects.get()
    assert "Margaret" not in str(photo.image.name)
    with photo.image.open("rb") as file:
        content = file.read()
    assert b"Somebody's camera" not in content
    assert not dict(Image.open(io.BytesIO(content)).getexif())
    file_address = reverse("places:photo", args=[photo.pk])
    assert Client().get(file_address).status_code == 404
    worker = make_member(Role.WORKER)
    decide(by=worker, chosen={"place-photos": [str(photo.pk)]}, verdict="accept")
    shown = Client().get(file_address)
    assert (shown.status_code, shown.content) == (200, content)
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert "A door without a step" in page_of(place, client)
    hide_place(by=worker, place=place, reason="asked")
    assert Client().get(file_address).status_code == 404


def test_a_photo_that_is_none_is_refused_in_words(client: Client, place: Place) -> None:
    address = reverse("places:send_photo", args=[place.code])
    fake = SimpleUploadedFile("a.jpg", b"<script>alert(1)</script>", "image/jpeg")
    response = client.post(address, {"photo": fake, "alt": "A photo"})
    assert response.status_code == 422
    assert "no photo that we can read" in response.content.decode()
    assert "A photo" in response.content.decode()


def test_a_keepers_page_costs_few_queries(
    client: Client, place: Place, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(make_member(Role.WORKER))
    page_of(place, client)
    with django_assert_max_num_queries(14):
        page_of(place, client)
