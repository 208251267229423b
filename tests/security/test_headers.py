"""Error pages carry the headers too, tell nothing, and pages about people stay in no cache.

ASVS 3.4 (headers), 14.3.2 (caches), 16.5.1 (errors tell nothing).
"""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from connections.reports import reading
from tests.factories.accounts import make_user
from tests.security.headers import check_headers
from tests.security.rows import DEVICE, World
from tests.security.test_every_address import ROWS

pytestmark = pytest.mark.django_db(databases=["default", "reports"])


def test_error_pages_carry_the_headers_too() -> None:
    client = Client(raise_request_exception=False)
    missing = client.get("/nothing-here/")
    assert missing.status_code == 404
    check_headers(missing.headers, "404")
    wrong_host = client.get("/", headers={"Host": "elsewhere.example"})
    assert wrong_host.status_code == 400
    wrong_method = client.delete("/about/")
    assert wrong_method.status_code == 405
    check_headers(wrong_method.headers, "405")
    forged = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "a@example.org"})
    assert forged.status_code == 403
    check_headers(forged.headers, "403 csrf")
    client.force_login(make_user())
    refused = client.get("/people/")
    assert refused.status_code == 403
    check_headers(refused.headers, "403")


def test_a_broken_page_carries_the_headers_and_tells_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def break_it(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("the password is kettle")

    monkeypatch.setattr("kinder.pages.views.render", break_it)
    response = Client(raise_request_exception=False).get("/about/")
    assert response.status_code == 500
    check_headers(response.headers, "500")
    assert b"kettle" not in response.content
    assert b"RuntimeError" not in response.content


def test_pages_about_people_are_kept_by_no_cache() -> None:
    client = Client()
    client.force_login(make_user(is_administrator=True))
    for path in ("/accounts/", "/people/", "/organisations/", "/audit/", "/accounts/sessions/"):
        assert "no-store" in client.get(path)["Cache-Control"], path


def test_what_a_phone_alone_may_see_is_kept_by_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """14.3.2: on a shared phone the next one finds nothing in the browser's memory."""
    monkeypatch.setattr(reading, "READER", "default")
    world = World(DEVICE)
    looked_at = 0
    for row in ROWS.values():
        is_own = f"own:{DEVICE}" in row.get.split()
        is_personal = row.name.startswith(("interactions:mine", "interactions:my_", "accounts:"))
        if not is_own and not (is_personal and DEVICE in row.get.split()):
            continue
        path = reverse(row.name, kwargs=dict(world.make(row.given, is_own=True)))
        response = world.client().get(path, dict(row.query))
        if response.status_code != 200 or row.name == "accounts:data_protection":
            continue
        looked_at += 1
        assert "no-store" in response.headers.get("Cache-Control", ""), path
    assert looked_at >= 5


@pytest.mark.parametrize("path", ["/areas/%00/", "/static/%00", "/tiles/%00", "/%00"])
def test_a_sign_that_no_address_has_is_refused_with_all_headers(path: str) -> None:
    """2.2.1"""
    response = Client(raise_request_exception=False).get(path)
    assert response.status_code == 400
    check_headers(response.headers, path)


def test_only_embeds_may_be_framed_and_they_know_nobody(settings: Settings) -> None:
    """3.4.6"""
    settings.EMBEDDED_BY = ["https://example.org"]
    client = Client(raise_request_exception=False)
    client.force_login(make_user())
    for path in ("/embed/nothing/", "/ur/embed/nothing/"):
        response = client.get(path)
        assert "X-Frame-Options" not in response.headers
        assert "frame-ancestors https://example.org" in response["Content-Security-Policy"]
        assert not response.cookies
    for path in ("/about/", "/embedded/", "/about/embed/"):
        assert "frame-ancestors 'none'" in client.get(path)["Content-Security-Policy"]
