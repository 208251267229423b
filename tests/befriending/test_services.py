"""Services are set up by the administrator, in the administration, with their audit."""

import pytest
from django.test import Client

from connections.befriending.actions import add_service, change_service
from connections.befriending.models import Service
from kinder.accounts.models import AuditEvent, Role, User
from kinder.accounts.rules import Refused
from tests.factories import AreaFactory, CouncilFactory, OrganisationFactory, ZoneFactory
from tests.factories.accounts import make_member, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> User:
    return make_user(is_administrator=True)


def test_a_service_is_added_and_changed_with_its_audit(administrator: User) -> None:
    organisation, area = OrganisationFactory.create(), AreaFactory.create()
    service = add_service(
        by=administrator,
        organisation=organisation,
        name="Company",
        areas=[area],
        telephone="0141 496 0000",
        is_on_duty=True,
    )
    assert list(service.areas.all()) == [area]
    change_service(by=administrator, service=service, name="Good company", areas=[])
    assert Service.objects.get().name == "Good company"
    assert not service.areas.exists()
    events = AuditEvent.objects.order_by("id")
    assert [(event.verb, event.organisation_id, event.facts) for event in events] == [
        ("add_service", organisation.pk, {"on_duty": True}),
        ("change_service", organisation.pk, {"fields": ["name", "areas"]}),
    ]


def test_one_service_is_on_duty(administrator: User) -> None:
    organisation = OrganisationFactory.create()
    first = add_service(by=administrator, organisation=organisation, name="A", is_on_duty=True)
    with pytest.raises(Refused, match="Another service"):
        add_service(by=administrator, organisation=organisation, name="B", is_on_duty=True)
    second = add_service(by=administrator, organisation=organisation, name="B")
    with pytest.raises(Refused, match="Another service"):
        change_service(by=administrator, service=second, is_on_duty=True)
    change_service(by=administrator, service=first, is_on_duty=False)
    change_service(by=administrator, service=second, is_on_duty=True)


def test_nobody_else_does() -> None:
    lead = make_member(Role.LEAD)
    with pytest.raises(Refused):
        add_service(by=lead, organisation=OrganisationFactory.create(), name="Mine")
    assert not Service.objects.exists()


def test_the_administration_writes_through_the_actions(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    organisation, council, zone = (
        OrganisationFactory.create(),
        CouncilFactory.create(),
        ZoneFactory.create(),
    )
    page = client.get("/admin/befriending/service/add/").content.decode()
    assert council.name in page
    assert f">{zone.name} (" not in page, "no service is as small as a zone"
    body = {
        "organisation": organisation.pk,
        "name": "Company",
        "telephone": "",
        "hours": "",
        "areas": [council.pk],
        "is_on_duty": "on",
    }
    response = client.post("/admin/befriending/service/add/", body)
    assert response.status_code == 302, response.content
    service = Service.objects.get()
    assert list(service.areas.all()) == [council]
    response = client.post("/admin/befriending/service/add/", body | {"name": "Second"})
    assert "Another service is on duty" in response.content.decode()
    address = f"/admin/befriending/service/{service.pk}/change/"
    response = client.post(address, body | {"name": "Renamed"})
    assert response.status_code == 302, response.content
    assert Service.objects.get().name == "Renamed"
    verbs = AuditEvent.objects.order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["add_service", "change_service"]
    assert client.get(f"/admin/befriending/service/{service.pk}/delete/").status_code == 403
