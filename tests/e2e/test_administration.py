"""The administration runs under the site's own Content-Security-Policy."""

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from connections.befriending.models import Service
from tests.factories import CouncilFactory, OrganisationFactory
from tests.factories.accounts import make_user
from tests.security.sessions import open_session

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]


def test_a_service_is_set_up_in_it(browser: Browser, live_server: LiveServer) -> None:
    organisation, council = OrganisationFactory.create(), CouncilFactory.create(name="Whinsay")
    administrator = make_user(is_administrator=True)
    context = browser.new_context(base_url=live_server.url)
    context.add_cookies([open_session(administrator, live_server.url)])
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in ("/admin/", "/admin/accounts/auditevent/", "/admin/accounts/user/"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto("/admin/befriending/service/add/")
    page.get_by_label("Organisation").select_option(str(organisation.pk))
    page.get_by_label("Name:").fill("Company")
    page.locator("#id_areas_from").select_option(str(council.pk))
    page.get_by_role("button", name="Choose selected areas").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("listitem").filter(has_text="added successfully")).to_be_visible()
    assert list(Service.objects.get().areas.all()) == [council]
    context.close()
    assert said == []
