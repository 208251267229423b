"""A crawler over the whole resolver: nobody meets an error, and every answer carries its headers.

ASVS 3.4 (headers), 8.2 and 8.3 (authorisation), 16.5 (error handling).
"""

import pytest
from django.test import Client
from django.urls import reverse

from kinder.accounts.models import Role, User
from tests.factories.accounts import make_member, make_user
from tests.security.addresses import Address, list_addresses

pytestmark = pytest.mark.django_db(databases=["default", "reports"])

PLAIN = [address for address in list_addresses() if address.is_plain]
# Open to everybody, by name; whatever is not here asks to sign in first. A new page that is meant to
# be public is added by hand, and so thought about.
PUBLIC = frozenset(
    {
        "account_confirm_login_code",
        "account_confirm_password_reset_code",
        "account_complete_password_reset",
        "account_email_verification_sent",
        "account_inactive",
        "account_login",
        "account_logout",
        "account_password_reset_completed",
        "account_request_login_code",
        "account_reset_password",
        "account_signup",
        "accounts:download",
        "accounts:erase",
        "accounts:erased",
        "accounts:first_run",
        "accounts:my_data",
        "accounts:withdraw_consent",
        "admin:login",
        "device:poster",
        "features:api",
        "features:collection",
        "features:collections",
        "features:conformance",
        "features:item",
        "features:items",
        "features:landing",
        "difficulty",
        "indicators:method",
        "interaction",
        "interaction-batch",
        "interactions:delete",
        "interactions:hard",
        "interactions:hard_offline",
        "interactions:log",
        "interactions:log_offline",
        "interactions:mine",
        "interactions:saved",
        "interactions:undo",
        "interactions:where",
        "mfa_authenticate",
        "mfa_login_webauthn",
        "pages:about",
        "pages:accessibility",
        "pages:appearance",
        "pages:area",
        "pages:home",
        "pages:manifest",
        "pages:offline",
        "pages:privacy",
        "pages:search",
        "pages:waiting",
        "places-detail",
        "places-geojson",
        "places-list",
        "places:list",
        "places:place",
        "reports:area",
        "reports:compare",
        "reports:cancel",
        "reports:built_file",
        "reports:built",
        "reports:build",
        "reports:again",
        "reports:download",
        "reports:index",
        "reports:map",
        "reports:newest",
        "reports:values",
        "schema",
        "tiles:areas",
        "tiles:places",
        "worker",
    }
)
WHO = ("nobody", "resident", "administrator", *(role.value for role in Role))


def make_person(who: str) -> User | None:
    if who == "nobody":
        return None
    if who in Role.values:
        return make_member(Role(who))
    return make_user(is_administrator=who == "administrator")


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_address_breaks_and_each_answer_has_its_headers(who: str, method: str) -> None:
    person = make_person(who)
    client = Client(raise_request_exception=False)
    for address in PLAIN:
        if person and "_auth_user_id" not in client.session:
            client.force_login(person)
        response = client.generic(method, address.path)
        # Read to the end, or a file stays open.
        assert response.getvalue() is not None
        assert response.status_code < 500, f"{method} {address.path} as {who}"
        check_headers(response.headers, address.path)


def check_headers(headers: object, path: str) -> None:
    found = {name.lower(): value for name, value in dict(headers).items()}  # type: ignore[call-overload]
    policy = found.get("content-security-policy", "")
    assert "default-src 'none'" in policy, path
    assert "unsafe" not in policy, path
    assert "frame-ancestors 'none'" in policy or path.startswith("/embed/"), path
    assert found["x-content-type-options"] == "nosniff", path
    assert found["referrer-policy"] == "same-origin", path
    assert found["cross-origin-opener-policy"] == "same-origin", path
    assert found["cross-origin-resource-policy"] in {"same-origin", "cross-origin"}, path
    assert "camera=()" in found["permissions-policy"], path
    assert found.get("x-frame-options", "DENY") == "DENY", path


@pytest.mark.parametrize("address", list_addresses(), ids=lambda address: address.path)
def test_an_address_asks_to_sign_in_unless_it_is_listed_as_public(address: Address) -> None:
    is_open = not getattr(address.view, "login_required", True) or _is_open_api(address.view)
    has_own_gate = address.name.startswith("admin:") or address.view.__module__.startswith(
        "django.contrib.admin"
    )
    if has_own_gate:
        return
    assert not is_open or address.name in PUBLIC, address


def _is_open_api(view: object) -> bool:
    api = getattr(view, "cls", None)
    return api is not None and not any(
        permission.__name__.startswith("IsA") for permission in api.permission_classes
    )


def test_the_administration_opens_for_administrators_alone() -> None:
    paths = [reverse(f"admin:{model}_changelist") for model in ADMINISTERED]
    for who in WHO:
        client = Client()
        if person := make_person(who):
            client.force_login(person)
        for path in ["/admin/", *paths]:
            response = client.get(path)
            if who == "administrator":
                assert response.status_code == 200, path
            elif who == "nobody":
                response = client.get(path, follow=True)
                assert response.redirect_chain[-1][0].startswith("/accounts/login/?next="), path
            else:
                response = client.get(path, follow=True)
                assert response.status_code == 403, (path, who)


ADMINISTERED = [
    "accounts_user",
    "accounts_organisation",
    "accounts_membership",
    "accounts_consentrecord",
    "accounts_task",
    "accounts_tombstone",
    "accounts_auditevent",
    "befriending_service",
]


def test_the_administration_of_people_only_looks() -> None:
    client = Client()
    administrator = make_user(is_administrator=True)
    client.force_login(administrator)
    for model in ADMINISTERED[:-1]:
        assert client.get(reverse(f"admin:{model}_add")).status_code == 403
    address = reverse("admin:accounts_user_change", args=[administrator.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"name": "Changed"}).status_code == 403
    assert (
        client.post(reverse("admin:accounts_user_delete", args=[administrator.pk])).status_code
        == 403
    )


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


def test_the_walk_finds_what_it_should() -> None:
    names = {address.name for address in list_addresses()}
    assert {"pages:home", "account_login", "accounts:people", "schema", "admin:index"} <= names
    assert len(PLAIN) > 40
