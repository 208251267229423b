"""What every page's frame needs to know, as `frame` in templates."""

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse, translate_url
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy

from connections.befriending.board import has_own
from connections.indicators.disclosure import K_MIN
from kinder.accounts.models import User
from kinder.words import has_words, is_machine_made

THEME_COOKIE = "kinder_theme"
TEXT_COOKIE = "kinder_text"
THEMES = ("light", "dark")
TEXT_SIZES = ("large", "larger")


@dataclass(frozen=True)
class Language:
    """A language this deployment has words for, with its own name and this page's address in it."""

    code: str
    name: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class Link:
    label: str | Promise
    url: str
    is_current: bool


# Pages in the header, by URL name; the audience is everyone or those who work for an organisation.
NAVIGATION: tuple[tuple[str, str | Promise, bool], ...] = (
    ("places:list", gettext_lazy("Places"), False),
    ("places:whats-on", gettext_lazy("What's on"), False),
    ("reports:index", gettext_lazy("Figures"), False),
    ("befriending:entry", gettext_lazy("Befriending"), True),
    ("pages:today", gettext_lazy("Today"), True),
)
OWN_BEFRIENDING: tuple[str, str | Promise] = ("befriending:mine", gettext_lazy("My befriending"))
"""For whoever is befriended or befriends, and works nowhere."""

KNOWN_FOR_SECONDS = 300
"""Whether somebody has pages of befriending of their own is asked of the database this often."""


class Site:
    """The frame of one page: lazily worked out, as error pages and fragments use little of it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.name = settings.SITE_NAME
        self.is_demo = settings.IS_DEMO
        # What a promise on a page says is what the gate does.
        self.least_people = K_MIN

    @cached_property
    def theme(self) -> str:
        """The reader's own choice of light or dark, "" to follow the device."""
        chosen = self._request.COOKIES.get(THEME_COOKIE, "")
        return chosen if chosen in THEMES else ""

    @cached_property
    def text_size(self) -> str:
        """The reader's own choice of larger text, "" for the usual."""
        chosen = self._request.COOKIES.get(TEXT_COOKIE, "")
        return chosen if chosen in TEXT_SIZES else ""

    @cached_property
    def languages(self) -> list[Language]:
        """The languages to choose from; fewer than two need no choice."""
        here = self._request.get_full_path()
        now = get_language()
        return [
            Language(
                code=code, name=str(name), url=translate_url(here, code), is_current=code == now
            )
            for code, name in settings.LANGUAGES
            if has_words(code)
        ]

    @cached_property
    def is_machine_made(self) -> bool:
        """Whether a machine made the words of this page, and no speaker confirmed them."""
        return is_machine_made(get_language() or "")

    @property
    def owner(self) -> str:
        """A mark of who is signed in, for what waits on a phone that others use too."""
        user = getattr(self._request, "user", None)
        if not isinstance(user, User):
            return ""
        return salted_hmac("kinder.outbox", str(user.pk), algorithm="sha256").hexdigest()[:16]

    @property
    def english_url(self) -> str:
        """This page in the language that it was written in."""
        return translate_url(self._request.get_full_path(), settings.LANGUAGE_CODE)

    @cached_property
    def language_name(self) -> str:
        return next((one.name for one in self.languages if one.is_current), "English")

    @cached_property
    def navigation(self) -> list[Link]:
        """The links of the header that this reader may follow."""
        user = getattr(self._request, "user", None)
        is_worker = isinstance(user, User) and user.needs_second_factor
        links = []
        for name, label, for_workers in NAVIGATION:
            if for_workers and not is_worker:
                continue
            try:
                url = reverse(name)
            except NoReverseMatch:
                continue
            links.append(Link(label, url, is_current=self._request.path.startswith(url)))
        if isinstance(user, User) and not is_worker and _has_befriending(user):
            name, label = OWN_BEFRIENDING
            url = reverse(name)
            links.append(Link(label, url, is_current=self._request.path.startswith(url)))
        return links


def _has_befriending(user: User) -> bool:
    key = f"own-befriending:{user.pk}"
    known = cache.get(key)
    if known is None:
        known = has_own(user)
        cache.set(key, known, KNOWN_FOR_SECONDS)
    return bool(known)


def frame(request: HttpRequest) -> dict[str, Site]:
    """Context processor: the frame of the page."""
    return {"frame": Site(request)}
