"""Every page and letter about accounts is in our own words and within our own frame."""

from pathlib import Path

import allauth
import pytest
from django.conf import settings
from django.test import Client

from tests.factories.accounts import PASSWORD, make_user

OURS = Path(settings.BASE_DIR) / "templates"
THEIRS = Path(str(allauth.__file__)).parent / "templates"
# Of ways to sign in that are switched off (telephone numbers, links in mail, sign-up by passkey,
# trusted browsers), and what only hands on to a layout of ours.
UNUSED = {
    "account/email.html",
    "account/email_confirm.html",
    "account/password_reset_done.html",
    "account/signup_by_passkey.html",
    "account/email/email_confirmation_signup_message.txt",
    "account/email/email_confirmation_signup_subject.txt",
    "account/email/password_reset_key_message.txt",
    "account/email/password_reset_key_subject.txt",
    "account/email/password_reset_message.txt",
    "account/email/password_reset_subject.txt",
    "mfa/trust.html",
    "mfa/recovery_codes/download.txt",
    "mfa/webauthn/signup_form.html",
}


def test_no_page_and_no_letter_is_left_in_others_words() -> None:
    missing = []
    for room in ("account", "mfa", "usersessions"):
        for path in sorted((THEIRS / room).rglob("*.*")):
            name = path.relative_to(THEIRS).as_posix()
            is_layout = "/base" in name or "phone" in name or "/snippets/" in name
            if name not in UNUSED and not is_layout and not (OURS / name).exists():
                missing.append(name)
    assert missing == []


@pytest.mark.django_db
def test_whoever_tries_too_often_is_told_in_our_words() -> None:
    client = Client()
    user = make_user(password=PASSWORD, has_second_factor=False)
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    for _try in range(12):
        response = client.post("/accounts/password/change/", {"oldpassword": "x"})
    assert response.status_code == 429
    assert "What you typed is still there" in response.content.decode()
    assert "default-src 'none'" in response["Content-Security-Policy"]
