"""Every page of befriending as its people see it, and as strangers try it."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.urls import get_resolver, reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from connections.befriending import actions
from connections.befriending.models import (
    Agreement,
    Check,
    Match,
    Reference,
    Referral,
    Review,
    Suggestion,
)
from connections.befriending.scale_files import EXAMPLE, read_scale_file
from connections.befriending.suggesting import continue_runs
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import User
from tests.e2e.looking import (
    TOO_WIDE,
    find_cut_text,
    find_small_targets,
    find_violations,
    walk_by_keyboard,
)
from tests.factories import NeighbourhoodFactory
from tests.factories.accounts import make_user
from tests.factories.cases import Case, make_active, make_case, make_ready, make_waiting
from tests.pictures import take_picture
from tests.security.sessions import open_session

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True, databases=["default", "reports"]),
]


@dataclass
class Told:
    """A service in which something of everything has happened."""

    case: Case
    match: Match
    waiting: Referral
    suggestion: Suggestion
    agreement: Agreement
    review: Review
    check: Check
    reference: Reference


@pytest.fixture
def told(transactional_db: None) -> Told:
    case = make_case(NeighbourhoodFactory.create(name="Harbourside North"))
    by, service = case.coordinator, case.service
    match = make_active(case)
    today = timezone.localdate()
    for ago, outcome in ((40, "met"), (26, "met"), (12, "missed"), (5, "missed")):
        actions.note_meeting(
            by=by,
            match=match,
            id=uuid.uuid4(),
            on=today - timedelta(days=ago),
            outcome=outcome,
            mode="out" if outcome == "met" else "",
            minutes=60 if outcome == "met" else None,
            note="We sat by the harbour." if ago == 40 else "",
        )
    waiting = make_waiting(service, case.area, days=120, name="Edith Gowrie")
    make_waiting(service, case.area, days=9, state="new", name="Jock Speirs")
    make_waiting(service, case.area, days=70, name="Irena Zielinska", languages=["pl"])
    ready = make_ready(service, case.area, by, name="Morag Lyle", valid_for=20)
    check = actions.ask_check(
        by=by, volunteer=ready, scheme="pvg", membership_number="", role_type="Befriending adults"
    )
    reference = actions.ask_reference(by=by, volunteer=ready, referee="A neighbour", asked_on=today)
    for ago, answers in ((20, [3, 2, 3]), (2, [2, 2, 1])):
        day = today - timedelta(days=ago)
        actions.note_scale_answers(
            by=by,
            participant=case.participant,
            scale="ucla3",
            answers=answers,
            answered_on=day,
            consented_on=day,
        )
    actions.upload_scale(by=by, service=service, file=read_scale_file(EXAMPLE))
    actions.claim_expense(
        by=case.volunteer_user, volunteer=case.volunteer, on=today, kind="cuppa", pence=340
    )
    actions.start_matching(by=by, service=service)
    continue_runs()
    actions.raise_concern(by=case.volunteer_user, service=service, text="He sits in the cold.")
    with acting(purpose=Purpose.MIGRATE):
        return Told(
            case=case,
            match=match,
            waiting=waiting,
            suggestion=Suggestion.objects.filter(referral=waiting).earliest("rank"),
            agreement=Agreement.objects.get(match=match),
            review=Review.objects.filter(match=match).earliest("due_on"),
            check=check,
            reference=reference,
        )


@dataclass(frozen=True)
class Shown:
    """A page, who sees it, and its address: the name of its URL with what it is asked for."""

    name: str
    who: str
    arguments: Callable[[Told], list[Any]]
    picture: str = ""

    def address(self, told: Told) -> str:
        return reverse(f"befriending:{self.name}", args=self.arguments(told))

    def user(self, told: Told) -> User:
        found: User = getattr(told.case, self.who)
        return found


def _service(told: Told) -> list[Any]:
    return [told.case.service.pk]


def _match(told: Told) -> list[Any]:
    return [told.match.pk]


def _waiting(told: Told) -> list[Any]:
    return [told.waiting.pk]


def _volunteer(told: Told) -> list[Any]:
    return [told.case.volunteer.pk]


def _move(verb: str, told: Told) -> list[Any]:
    return [told.match.pk, verb]


STAFF, VOLUNTEER, PARTICIPANT = "coordinator", "volunteer_user", "participant_user"
PAGES = [
    *(
        Shown(name, STAFF, _service)
        for name in (
            *("board", "due", "set_up", "outcomes", "scale_upload", "cases", "referral_new"),
            *("volunteers", "volunteer_new", "matching", "weights"),
        )
    ),
    *(Shown(name, STAFF, _waiting) for name in ("referral", "assess", "priority", "propose")),
    Shown("referral_close", STAFF, lambda told: [told.waiting.pk, "find_unsuitable"]),
    Shown("participant_edit", STAFF, lambda told: [told.waiting.participant_id]),
    Shown("scales", STAFF, lambda told: [told.case.participant.pk]),
    Shown("scale_answers", STAFF, lambda told: [told.case.participant.pk, "ucla3"]),
    *(Shown(name, STAFF, _volunteer) for name in ("volunteer", "volunteer_edit")),
    Shown("volunteer_add", STAFF, lambda told: [told.case.volunteer.pk, "supervision"]),
    Shown("check_decide", STAFF, lambda told: [told.check.pk]),
    Shown("reference_answer", STAFF, lambda told: [told.reference.pk]),
    Shown("suggestion_weigh", STAFF, lambda told: [told.suggestion.pk, "hold"]),
    *(
        Shown(name, STAFF, _match)
        for name in ("pairing", "agreement_write", "arrange", "review_new")
    ),
    *(
        Shown("pairing_form", STAFF, partial(_move, verb), verb)
        for verb in ("pause", "suspend", "plan_ending", "end")
    ),
    Shown("review", STAFF, lambda told: [told.review.pk]),
    Shown("agreement", PARTICIPANT, lambda told: [told.agreement.pk]),
    Shown("meeting_new", VOLUNTEER, _match),
    Shown("concern_new", PARTICIPANT, _service),
    Shown("concerns", "lead", _service),
    Shown("mine", PARTICIPANT, lambda _told: [], "participant"),
    Shown("mine", VOLUNTEER, lambda _told: [], "volunteer"),
    Shown("my_pairing", PARTICIPANT, _match, "participant"),
    Shown("my_pairing", VOLUNTEER, _match, "volunteer"),
    Shown("my_stop", PARTICIPANT, _match),
    Shown("my_visit", VOLUNTEER, _match),
    Shown("my_expense", VOLUNTEER, lambda _told: []),
]
OPENED_ELSEWHERE = {
    # They ask first who one is: tests/e2e/test_befriending.py and tests/befriending/test_pages.py.
    *("agreement_sign", "concern", "take_away"),
    # No page of its own: it leads to one of the others, or needs a reference of one's own.
    *("entry", "concern_raised", "expense_refuse"),
}
NAMES = ("Agnes", "Birnie", "Tulloch", "Gowrie", "Speirs", "Zielinska", "Lyle", "harbour")


@pytest.fixture
def open_as(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    contexts = []

    def open_it(user: User | None, address: str, *, width: int = 360, **kind: Any) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 800}, **kind
        )
        contexts.append(context)
        if user is not None:
            context.add_cookies([open_session(user, live_server.url)])
        page = context.new_page()
        page.goto(address)
        return page

    yield open_it
    for context in contexts:
        context.close()


def _to_the_end(page: Page) -> None:
    # The way out stays in view while one scrolls; at the end nothing lies under it.
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")


@pytest.mark.parametrize("shown", PAGES, ids=lambda one: f"{one.name}-{one.picture or one.who}")
def test_page(told: Told, open_as: Callable[..., Page], shown: Shown) -> None:
    user, address = shown.user(told), shown.address(told)
    name = f"befriending-{shown.name}{'-' if shown.picture else ''}{shown.picture}"
    page = open_as(user, address)
    assert page.locator("h1").count() == 1
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 800})
            page.evaluate("scrollTo(0, 0)")
            take_picture(page, f"{name}-{width}-{theme}")
        _to_the_end(page)
        assert find_violations(page) == [], theme
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 320, "height": 800})
    assert not page.evaluate(TOO_WIDE)
    assert find_small_targets(page) == []
    assert find_cut_text(page) == []
    page.evaluate("scrollTo(0, 0)")
    walk_by_keyboard(page)
    page.goto(f"/ur{address}")
    assert page.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    take_picture(page, f"{name}-320-urdu")
    _to_the_end(page)
    assert find_violations(page) == []


def test_pages_need_no_script(told: Told, open_as: Callable[..., Page]) -> None:
    for shown in PAGES:
        page = open_as(shown.user(told), shown.address(told), java_script_enabled=False)
        assert page.locator("h1").count() == 1, shown.name
        assert page.locator("main").inner_text().strip()
        page.context.close()


def test_every_page_of_befriending_is_looked_at() -> None:
    known = {shown.name for shown in PAGES} | OPENED_ELSEWHERE
    deeds = {
        *("cases_take", "referral_move", "volunteer_move", "expense_decide", "matching_run"),
        *("matching_stop", "suggestion_accept", "pairing_move", "agreement_aloud", "meeting_put"),
        *("meeting_undo", "visit_answer", "concern_reopen", "my_wish", "my_visit_end"),
        *("task_done", "scale_remove", "answers_back", "my_consent"),
    }
    names = {
        str(name)
        for name in get_resolver("connections.befriending.urls").reverse_dict
        if isinstance(name, str)
    }
    assert names == known | deeds


@pytest.mark.parametrize("stranger", ["nobody", "resident", "coordinator elsewhere", "worker"])
def test_a_stranger_tries_every_address(
    told: Told, open_as: Callable[..., Page], live_server: LiveServer, stranger: str
) -> None:
    """Whoever has no part in a service finds nothing there, in the browser as elsewhere."""
    others = make_case(told.case.area, name="Otherside")
    user = {
        "nobody": None,
        "resident": make_user(),
        "coordinator elsewhere": others.coordinator,
        "worker": told.case.worker,
    }[stranger]
    page = open_as(user, "/")
    tried = 0
    for shown in PAGES:
        if shown.name in {"mine", "my_expense"} or (
            stranger == "worker" and shown.name == "concern_new"
        ):
            continue  # one's own, or theirs: whoever works there may be worried
        address = shown.address(told)
        response = page.goto(address)
        assert response is not None
        if user is None:
            assert "/accounts/login/" in page.url, address
        else:
            assert response.status in {403, 404}, (address, response.status)
        seen = page.content()
        assert not [name for name in NAMES if name in seen], address
        tried += 1
    assert tried > 35
    for name in ("mine", "my_expense"):
        response = page.goto(reverse(f"befriending:{name}"))
        assert response is not None
        assert response.status == 404 or user is None
        assert not [name for name in NAMES if name in page.content()]
