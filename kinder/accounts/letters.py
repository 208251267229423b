"""Letters that the site sends by itself: a reason, a link, and nothing about anybody.

What a letter is about stands behind the link, for whoever may read it. Letters are text alone.
"""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from kinder.accounts.models import User


def make_link(path: str) -> str:
    """Return the whole address of a path of this site."""
    return f"{settings.SITE_URL}{path}"


def write_letter(
    address: str, template: str, *, language: str = "", **context: Any
) -> EmailMessage:
    """Return a letter in its reader's language, ready to send.

    `template` names two files: NAME_subject.txt, one line, and NAME_message.txt.
    """
    with translation.override(language or settings.LANGUAGE_CODE):
        named = context | {"site_name": settings.SITE_NAME}
        subject = " ".join(render_to_string(f"{template}_subject.txt", named).split())
        text = render_to_string(f"{template}_message.txt", named)
    return EmailMessage(subject=subject, body=text, to=[address])


def send_letter_to(user: User, template: str, **context: Any) -> None:
    """Send a letter to somebody with an account; who may not sign in gets none."""
    if user.is_active:
        write_letter(user.email, template, language=user.language, **context).send()
