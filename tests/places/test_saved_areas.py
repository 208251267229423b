"""Areas and views that workers keep: who sees which, and the pages."""

import json

import pytest
from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from kinder.accounts.models import AuditEvent, Role, User
from kinder.accounts.rules import Refused
from places.models import Geography, PlaceName, Postcode, SavedArea
from places.privacy import erase, export
from places.saving import change_area, delete_area, save_area
from places.shapes import make_circle
from places.vocabulary import AreaLevel
from tests.factories.accounts import make_member, make_organisation, make_user
from tests.factories.places import make_place, make_point, make_square

pytestmark = pytest.mark.django_db
MIDDLE = Point(-4.25, 55.85, srid=4326)
ADD = "/places/areas/new/"


@pytest.fixture
def worker() -> User:
    return make_member(Role.WORKER)


@pytest.fixture
def client(worker: User) -> Client:
    client = Client()
    client.force_login(worker)
    return client


def keep(by: User, name: str = "Round the school", **more: object) -> SavedArea:
    return save_area(
        by=by,
        name=name,
        shape=make_circle(MIDDLE, 800),
        made="circle",
        **more,  # type: ignore[arg-type]
    )


def test_an_area_is_kept_with_its_audit(worker: User) -> None:
    area = keep(worker)
    assert area.geometry.valid
    event = AuditEvent.objects.get(verb="save_area")
    assert event.facts == {"made": "circle"}


@pytest.mark.parametrize("role", [Role.MEMBER])
def test_whoever_works_with_nothing_keeps_no_area(role: Role) -> None:
    with pytest.raises(Refused):
        keep(make_member(role))
    with pytest.raises(Refused):
        keep(make_user())


def test_an_area_is_shared_with_an_organisation_of_ones_own_only(worker: User) -> None:
    with pytest.raises(Refused):
        keep(worker, organisation=make_organisation())
    theirs = worker.memberships.get().organisation
    area = keep(worker, organisation=theirs)
    colleague = make_member(Role.FUNDER, theirs)
    stranger = make_member(Role.WORKER)
    assert list(SavedArea.objects.visible_to(colleague)) == [area]
    assert not SavedArea.objects.visible_to(stranger).exists()
    with pytest.raises(Refused):
        change_area(by=colleague, area=area, name="Mine", organisation=None)
    with pytest.raises(Refused):
        delete_area(by=colleague, area=area)


def test_a_name_is_taken_once(worker: User) -> None:
    area = keep(worker)
    with pytest.raises(ValidationError) as error:
        keep(worker)
    assert "name" in error.value.error_dict
    other = keep(worker, "Another")
    with pytest.raises(ValidationError):
        change_area(by=worker, area=other, name=area.name, organisation=None)


def test_a_person_takes_along_and_erases_their_areas(worker: User) -> None:
    keep(worker)
    assert export(worker)["places.savedarea"][0]["name"] == "Round the school"
    erase(worker)
    assert not SavedArea.objects.exists()


# ------------------------------------------------------------------ pages


@pytest.fixture
def council() -> Geography:
    geography = Geography.objects.create(slug="g", name="G", is_current=True)
    make_square("C1", geography=geography, level=AreaLevel.COUNCIL, name="Southside")
    zone = make_square("N1", geography=geography, level=AreaLevel.INTERMEDIATE, name="Harbour")
    make_square("N2", geography=geography, level=AreaLevel.INTERMEDIATE, name="Hill", west=0.05)
    Postcode.objects.create(code="G20 7TX", point=MIDDLE, area=zone)
    PlaceName.objects.create(name="Wyndford", point=MIDDLE, area=zone)
    return geography


def post(client: Client, **data: object) -> SavedArea | None:
    response = client.post(ADD, {"name": "Mine", **data})
    if response.status_code == 302:
        return SavedArea.objects.get()
    assert response.status_code == 422
    assert b"error-summary" in response.content
    assert b"Mine" in response.content  # nothing typed is lost
    return None


@pytest.mark.parametrize("near", ["G20 7TX", "g207tx", "wyndford", "Harbour"])
def test_a_circle_needs_no_script(client: Client, council: Geography, near: str) -> None:
    area = post(client, how="circle", near=near, metres="500")
    assert area is not None
    assert area.made == "circle"


@pytest.mark.parametrize(
    "data",
    [
        {"how": "circle"},
        {"how": "circle", "near": "ZE9 9ZZ"},
        {"how": "circle", "near": "nowhere at all"},
        {"how": "circle", "near": "G20 7TX", "metres": "5"},
        {"how": "areas"},
        {"how": "areas", "areas": ["X"]},
        {"how": "file"},
        {"how": "drawn"},
        {"how": "drawn", "drawn": "no"},
        {"how": "otherwise"},
        {},
    ],
)
def test_what_is_missing_is_said_and_nothing_is_lost(
    client: Client, council: Geography, data: dict[str, object]
) -> None:
    assert post(client, **data) is None
    assert not SavedArea.objects.exists()


def test_areas_from_the_list_are_put_together(client: Client, council: Geography) -> None:
    area = post(client, how="areas", areas=["N1", "N2"])
    assert area is not None
    assert area.geometry.area == pytest.approx(0.02, rel=0.01)


def test_a_file_and_a_drawing_are_read(client: Client, council: Geography) -> None:
    shape = make_circle(MIDDLE, 400).geojson
    area = post(client, how="file", file=SimpleUploadedFile("a.geojson", shape.encode()))
    assert area is not None
    client.post(ADD, {"name": "Drawn", "how": "drawn", "drawn": shape})
    assert SavedArea.objects.filter(made="drawn").count() == 1


def test_the_page_of_an_area_holds_its_places(client: Client, worker: User) -> None:
    make_place("Inside", point=make_point())
    make_place("Outside", point=make_point(0.5))
    area = keep(worker)
    page = client.get(f"/places/areas/{area.code}/").content.decode()
    assert "Inside" in page
    assert "Outside" not in page
    assert "Round the school" in client.get("/places/areas/").content.decode()
    file = json.loads(client.get(f"/places/areas/{area.code}/area.geojson").content)
    assert file["geometry"]["type"] == "MultiPolygon"
    client.post(f"/places/areas/{area.code}/", {"name": "Renamed"})
    area.refresh_from_db()
    assert area.name == "Renamed"
    assert client.post(f"/places/areas/{area.code}/delete/").status_code == 302
    assert not SavedArea.objects.exists()


def test_nobody_sees_anothers_area(client: Client) -> None:
    other = keep(make_member(Role.WORKER))
    for path in (f"/places/areas/{other.code}/", f"/places/areas/{other.code}/area.geojson"):
        assert client.get(path).status_code == 404
    assert client.post(f"/places/areas/{other.code}/delete/").status_code == 404
    resident = Client()
    resident.force_login(make_user())
    assert resident.get(reverse("places:saved-areas")).status_code == 403
    assert Client().get(ADD).status_code == 302


def test_the_list_asks_a_few_questions_whatever_its_length(
    client: Client, worker: User, django_assert_max_num_queries: object
) -> None:
    for number in range(12):
        keep(worker, f"Area {number}")
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        client.get("/places/areas/")
