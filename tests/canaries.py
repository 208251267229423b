"""Listens to every test of the suite: what befriending is told of people leaves it nowhere.

Whatever is stored as a name, an address, a reason or a note of a service's people, and whatever is
encrypted, is a canary for the rest of that test. At its end no log line, task argument, cache key,
letter or error page that came about meanwhile may hold one. Each worker of the suite listens to its
own tests, so it does not matter how they are divided.
"""

import json
import logging
from collections.abc import Callable
from functools import wraps
from html import unescape
from typing import Any
from urllib.parse import unquote_plus

from celery.signals import before_task_publish, task_prerun
from cryptography.fernet import MultiFernet
from django.core import mail
from django.core.cache.backends.base import BaseCache
from django.core.handlers.base import BaseHandler
from django.db.models import Model
from django.db.models.signals import post_save
from django.http.response import HttpResponseBase

from kinder.redaction import RedactingFormatter

TOLD = {
    "befriending.participant": (
        *("name", "contact", "needs", "communication", "absence_cover", "prefers_because"),
    ),
    "befriending.volunteer": ("name", "contact", "needs", "communication", "prefers_because"),
    "befriending.referral": ("referrer", "reason", "priority_reason"),
    "befriending.assessment": ("hopes",),
    "befriending.match": ("good_to_know", "decided_because"),
    "befriending.ending": ("plan",),
    "befriending.reference": ("referee",),
    "befriending.check": ("membership_number",),
    "befriending.expense": ("reason",),
}
"""Where befriending keeps what people told it."""

FAMILY_NAMES = ("Birnie", "Tulloch", "Gowrie")
"""Those of the factories' people: looked for by themselves too."""

LEAST = 8
"""Shorter words than these, and single ones, may stand anywhere by chance."""

# A form that comes back with what was typed is no error page, but its sender's own; and what
# somebody typed may come back to them on any page.
NOT_ERRORS = frozenset({422})


class Canaries:
    """What is known to be private in the running test, and all that was said meanwhile."""

    def __init__(self) -> None:
        self.private: set[str] = set()
        self.log_records: list[logging.LogRecord] = []
        self.said: list[tuple[str, str]] = []

    def forget(self) -> None:
        """Begin again, as each test does."""
        self.private.clear()
        self.log_records.clear()
        self.said.clear()

    def keep(self, text: object) -> None:
        """Note something private, if it is long enough to be known by."""
        if not isinstance(text, str):
            return
        words = " ".join(text.split())
        if len(words) >= LEAST and " " in words:
            self.private.add(words)
            self.private.update(name for name in FAMILY_NAMES if name in words)

    def say(self, where: str, what: object) -> None:
        self.said.append((where, str(what)))

    def find(self) -> set[tuple[str, str]]:
        """Return where something private was said, and what."""
        if not self.private:
            return set()
        formatter = RedactingFormatter("%(name)s %(message)s")
        said = [*self.said, *(("log line", formatter.format(one)) for one in self.log_records)]
        for letter in getattr(mail, "outbox", []):
            said.append(("letter", f"{letter.subject} {letter.body} {letter.to}"))
        return {
            (where, private)
            for where, what in said
            for private in self.private
            if private in " ".join(unquote_plus(unescape(what)).split())
        }


canaries = Canaries()


def listen() -> None:
    """Begin to listen, once in a process."""
    _listen_to_what_is_told()
    _listen_to_logs()
    before_task_publish.connect(_hear_task_sent, weak=False)
    task_prerun.connect(_hear_task_run, weak=False)
    BaseCache.make_key = _hear_keys(BaseCache.make_key)  # type: ignore[method-assign]
    BaseHandler.get_response = _hear_errors(  # type: ignore[method-assign]
        BaseHandler.get_response
    )


def _listen_to_what_is_told() -> None:
    def keep_row(instance: Model, **_more: Any) -> None:
        for name in TOLD.get(instance._meta.label_lower, ()):
            canaries.keep(getattr(instance, name))

    post_save.connect(keep_row, weak=False)
    encrypt = MultiFernet.encrypt

    @wraps(encrypt)
    def keep_and_encrypt(box: MultiFernet, msg: bytes) -> bytes:
        text = msg.decode()
        try:
            told = json.loads(text)
        except ValueError:
            told = text
        for part in told.values() if isinstance(told, dict) else [text]:
            canaries.keep(part)
        return encrypt(box, msg)

    MultiFernet.encrypt = keep_and_encrypt  # type: ignore[method-assign, assignment]


def _listen_to_logs() -> None:
    make = logging.getLogRecordFactory()

    def make_and_keep(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = make(*args, **kwargs)
        canaries.log_records.append(record)
        return record

    logging.setLogRecordFactory(make_and_keep)


def _hear_task_sent(body: object, headers: object, **_more: Any) -> None:
    canaries.say("task argument", (body, headers))


def _hear_task_run(args: object, kwargs: object, **_more: Any) -> None:
    canaries.say("task argument", (args, kwargs))


def _hear_keys(make_key: Callable[..., str]) -> Callable[..., str]:
    @wraps(make_key)
    def hear(cache: BaseCache, key: Any, version: int | None = None) -> str:
        made = make_key(cache, key, version)
        canaries.say("cache key", made)
        return made

    return hear


def _hear_errors(
    get_response: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    @wraps(get_response)
    def hear(handler: BaseHandler, request: Any) -> HttpResponseBase:
        response = get_response(handler, request)
        if response.status_code >= 400 and response.status_code not in NOT_ERRORS:
            content = getattr(response, "content", b"").decode(errors="replace")
            page = " ".join(unescape(content).split())
            for typed in request.POST.values():
                page = page.replace(" ".join(str(typed).split()), "")
            canaries.say(f"error page {response.status_code}", page)
        return response

    return hear
