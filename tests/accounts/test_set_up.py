"""The steps of a new deployment: what is loaded says which are done, for the administrator alone."""

import pytest
from django.test import Client
from pytest_django import Settings

from kinder.accounts.models import Membership, Role
from kinder.pages.setup import list_steps
from places.models import Population, Postcode
from tests.factories import NeighbourhoodFactory, OrganisationFactory, PlaceFactory, UserFactory
from tests.factories.accounts import make_member, make_user

pytestmark = pytest.mark.django_db


def list_done() -> list[bool]:
    administrator = make_user(is_administrator=True)
    return [step.is_done for step in list_steps(administrator)]


def test_each_step_is_done_by_what_is_loaded(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert list_done() == [True, False, False, False, False, False, False]
    area = NeighbourhoodFactory.create()
    assert list_done() == [True, True, False, False, False, False, False]
    Population.objects.create(area=area, year=2024, residents=900, source="invented")
    Postcode.objects.create(code="ZZ11AA", area=area, point=area.point)
    PlaceFactory.create(area=area)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    organisation = OrganisationFactory.create()
    assert list_done() == [True, True, True, True, True, True, False]
    Membership.objects.create(
        user=UserFactory.create(), organisation=organisation, role=Role.WORKER
    )
    assert all(list_done())


def test_the_page_shows_the_commands_and_counts(client: Client) -> None:
    client.force_login(make_user(is_administrator=True))
    NeighbourhoodFactory.create()
    page = client.get("/set-up/").content.decode()
    assert "bin/manage import_areas FILE --geography NAME --level council" in page
    assert "Neighbourhood: 1" in page
    assert "postcodes: 0" in page


def test_it_is_for_the_administrator_alone(client: Client) -> None:
    assert client.get("/set-up/").status_code == 302
    client.force_login(make_member(Role.LEAD))
    assert client.get("/set-up/").status_code == 403
