"""Letters of the site: a link and a reason, in the reader's language, to whoever may sign in."""

from pathlib import Path

import pytest
from django.conf import settings as of_site
from django.core import mail
from django.test import override_settings

from kinder.accounts.letters import make_link, send_letter_to, write_letter
from tests.factories.accounts import make_user


@pytest.fixture
def letter(tmp_path: Path, settings: object) -> str:
    (tmp_path / "note_subject.txt").write_text("A note\nfrom {{ site_name }}\n")
    (tmp_path / "note_message.txt").write_text("Look here: {{ link }}\n")
    engine = dict(of_site.TEMPLATES[0]) | {"DIRS": [tmp_path]}
    settings.TEMPLATES = [engine]  # type: ignore[attr-defined]
    return "note"


def test_a_link_leads_to_where_the_site_stands() -> None:
    with override_settings(SITE_URL="https://kinder.example.org"):
        assert make_link("/today/") == "https://kinder.example.org/today/"


def test_a_letter_has_one_line_as_its_subject(letter: str) -> None:
    written = write_letter("someone@example.org", letter, link="x")
    assert written.subject == "A note from Kinder"
    assert written.body == "Look here: x\n"
    assert written.to == ["someone@example.org"]


@pytest.mark.django_db
def test_who_may_not_sign_in_gets_no_letter(letter: str) -> None:
    user = make_user()
    user.is_active = False
    send_letter_to(user, letter, link="x")
    assert mail.outbox == []
    user.is_active = True
    send_letter_to(user, letter, link="x")
    assert len(mail.outbox) == 1
