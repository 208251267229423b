"""Signing in, in a real browser: the first run, codes by e-mail, an app, recovery codes, a passkey."""

import re
import time
from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from axe_playwright_python.sync_playwright import Axe
from django.core.mail import EmailMessage
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from kinder.accounts.first_run import make_setup_code
from kinder.accounts.models import Organisation, Role, User
from tests.factories.accounts import make_member, make_user
from tests.pictures import take_picture

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]
PASSWORD = "four kettles humming softly"


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page that may not say anything to the console: a refused script or style says so there."""
    context = browser.new_context(base_url=live_server.url, viewport={"width": 360, "height": 800})
    said: list[str] = []
    opened = context.new_page()
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    context.close()
    # The browser tells of statuses that these tests ask for, and of a font that a busy machine
    # brought late.
    expected = re.compile(r"status of (404|422|403)|was preloaded using link preload")
    assert [line for line in said if not expected.search(line)] == []


def look_at(page: Page, name: str) -> None:
    """Keep the page as four pictures and hold it to the rules of accessibility in both themes."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 800})
            take_picture(page, f"{name}-{width}-{theme}")
        assert not page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        violations = Axe().run(page).response["violations"]
        assert [(found["id"], found["nodes"][0]["html"]) for found in violations] == []
    page.emulate_media(color_scheme="light")


def make_totp_code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def read_code(mail: EmailMessage) -> str:
    """The code stands on a line of its own."""
    found = re.search(r"^([A-Z0-9]{2,}(?:-?[A-Z0-9]+)*)$", str(mail.body), re.MULTILINE)
    assert found, mail.body
    return found[1]


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def set_up_app(page: Page) -> str:
    """Set up an authenticator app on the page that asks for it; return its secret."""
    secret = page.locator("#authenticator_secret").text_content()
    assert secret
    page.get_by_label("Authenticator code").fill(make_totp_code(secret))
    press(page, "Go on")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    return secret


def test_first_run_leads_from_nothing_to_a_working_deployment(page: Page) -> None:
    code = make_setup_code()
    page.goto("/first-run/")
    look_at(page, "first-run")
    page.get_by_label("Set-up code").fill(code.lower())
    page.get_by_label("Your name").fill("Ailsa Administrator")
    page.get_by_label("Your e-mail address").fill("Ailsa@example.org")
    page.get_by_label("A password").fill("password1234")
    page.get_by_label("The same password again").fill("password1234")
    press(page, "Make the account")
    expect(page.get_by_role("alert")).to_contain_text("too common")
    page.get_by_label("A password").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    press(page, "Make the account")
    expect(page.get_by_role("heading", name="Set up an app that shows codes")).to_be_visible()

    # Nothing else opens before the second step is there.
    page.goto("/set-up/")
    expect(page.get_by_role("heading", name="Your second step")).to_be_visible()
    look_at(page, "second-step")
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_text("I can't scan it").click()
    look_at(page, "second-step-app")
    set_up_app(page)
    look_at(page, "recovery-codes")

    page.get_by_role("link", name="I have kept them: go on").click()
    expect(page.get_by_role("heading", name="Set up this Kinder")).to_be_visible()
    look_at(page, "set-up")
    page.get_by_role("main").get_by_role("link", name="Organisations").click()
    page.get_by_label("Name", exact=True).fill("Harbour Neighbours")
    look_at(page, "organisations")
    press(page, "Add")
    page.get_by_role("link", name="Give somebody a role").click()
    page.get_by_label("E-mail address", exact=True).fill("worker@example.org")
    page.get_by_label("Organisation").select_option(label="Harbour Neighbours")
    page.get_by_label("Role", exact=True).select_option("worker")
    press(page, "Give the role")
    expect(page.get_by_role("main")).to_contain_text("worker@example.org")
    look_at(page, "people")

    page.goto("/audit/")
    for verb in ("create_first_administrator", "add_organisation", "add_person", "grant_role"):
        expect(page.get_by_role("rowheader", name=verb, exact=True)).to_be_visible()
    look_at(page, "audit")
    assert User.objects.get(email="worker@example.org").roles == {Role.WORKER}

    response = page.goto("/first-run/")
    assert response is not None
    assert response.status == 404


def test_a_worker_gets_in_by_a_code_and_no_further_than_set_up(
    page: Page, mailoutbox: list[EmailMessage]
) -> None:
    worker = make_member(Role.WORKER, has_second_factor=False)
    page.goto("/accounts/login/?next=/accounts/")
    look_at(page, "sign-in")
    page.get_by_label("E-mail address").fill(worker.email)
    press(page, "Go on")
    look_at(page, "sign-in-code")
    page.get_by_label("Code").fill(read_code(mailoutbox[-1]))
    press(page, "Go on")
    for path in ("/accounts/", "/", "/people/", "/accounts/password/change/", "/today/"):
        page.goto(path)
        expect(page.get_by_role("heading", name="Your second step")).to_be_visible()
    page.get_by_role("link", name="Set up an app").click()
    secret = set_up_app(page)
    page.get_by_role("link", name="I have kept them: go on").click()
    page.goto("/accounts/")
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    look_at(page, "account")
    page.goto("/accounts/sessions/")
    look_at(page, "sessions")
    page.goto("/accounts/password/set/")
    look_at(page, "password")
    page.goto("/accounts/email/")
    look_at(page, "email-address")
    page.goto("/accounts/sessions/")
    press(page, "Sign out")

    # The next time both steps are asked for.
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(worker.email)
    press(page, "Go on")
    page.get_by_label("Code").fill(read_code(mailoutbox[-1]))
    press(page, "Go on")
    expect(page.get_by_role("heading", name="Your second step")).to_be_visible()
    look_at(page, "sign-in-second-step")
    page.get_by_label("Code").fill("000000")
    press(page, "Sign in")
    expect(page.get_by_role("alert")).to_contain_text("not right")
    # Whoever is half-way in is sent back to the second step, and sees nothing else.
    page.goto("/accounts/")
    expect(page.get_by_role("heading", name="Your second step")).to_be_visible()
    page.get_by_label("Code").fill(make_totp_code(secret))
    press(page, "Sign in")
    page.goto("/accounts/")
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()


def test_a_resident_makes_an_account_with_nothing_but_an_address(
    page: Page, mailoutbox: list[EmailMessage]
) -> None:
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Make one").click()
    look_at(page, "sign-up")
    page.get_by_label("Email").fill("resident@example.org")
    press(page, "Send me a code")
    page.get_by_label("Code").fill(read_code(mailoutbox[-1]))
    press(page, "Go on")
    page.goto("/accounts/")
    expect(page.get_by_role("main")).to_contain_text("resident@example.org")
    user = User.objects.get(email="resident@example.org")
    assert not user.has_usable_password()
    assert not user.needs_second_factor


def test_a_passkey_is_both_steps_at_once(page: Page, mailoutbox: list[EmailMessage]) -> None:
    worker = make_member(Role.WORKER, has_second_factor=False)
    client = page.context.new_cdp_session(page)
    client.send("WebAuthn.enable")
    client.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(worker.email)
    press(page, "Go on")
    page.get_by_label("Code").fill(read_code(mailoutbox[-1]))
    press(page, "Go on")
    page.get_by_role("link", name="Add a passkey").click()
    look_at(page, "passkey-add")
    page.get_by_label("Passwordless").check()
    press(page, "Add it")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/accounts/2fa/webauthn/")
    look_at(page, "passkeys")
    page.goto("/accounts/logout/")
    look_at(page, "sign-out")
    press(page, "Sign out")

    page.goto("/accounts/login/?next=/accounts/")
    press(page, "Use a passkey")
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()


def test_changing_roles_asks_once_more_who_it_is(page: Page) -> None:
    administrator = make_user(is_administrator=True, password=PASSWORD, has_second_factor=False)
    organisation = Organisation.objects.create(name="Kite Hill")
    page.goto("/accounts/login/?next=/people/")
    page.get_by_label("E-mail address").fill(administrator.email)
    page.get_by_text("I have a password").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Go on")
    page.get_by_role("link", name="Set up an app").click()
    secret = set_up_app(page)
    page.goto("/people/")
    page.get_by_label("E-mail address", exact=True).fill("lead@example.org")
    page.get_by_label("Organisation").select_option(str(organisation.pk))
    page.get_by_label("Role", exact=True).select_option("lead")
    press(page, "Give the role")
    expect(page.get_by_role("heading", name="Show that it is you")).to_be_visible()
    look_at(page, "reauthenticate")
    assert not User.objects.filter(email="lead@example.org").exists()
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Go on")
    # The form that was sent before is kept and goes on.
    expect(page.get_by_role("main")).to_contain_text("lead@example.org")
    assert User.objects.get(email="lead@example.org").roles == {Role.LEAD}
    assert secret
