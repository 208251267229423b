"""The page on which everything that waits to be looked at comes together, from every room."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from kinder.accounts.blocking import block_contributors, find_blocks, undo_block
from kinder.accounts.models import Decision, User
from kinder.accounts.moderation import (
    NO_QUEUE,
    Item,
    Queue,
    Verdict,
    decide,
    find_decisions,
    is_undoable,
    queues_of,
    undo_batch,
)
from kinder.accounts.rules import Refused, check_signed_in
from kinder.pages.forms import ModerationFilterForm

BLOCK = "block"
ON_A_PAGE = 20
DECISIONS_SHOWN = 8
DECISIONS_READ = 200


@dataclass(frozen=True)
class Waiting:
    """An item in its queue; `key` is what a form sends back."""

    queue: Queue
    item: Item

    @property
    def key(self) -> str:
        return f"{self.queue.name}|{self.item.id}"


@dataclass(frozen=True)
class Judged:
    """What was decided at once, in words, and whether it can be taken back."""

    batch: uuid.UUID
    queue: str
    verdict: str
    reason: str
    count: int
    decided_at: dt.datetime
    decided_by: User | None
    is_undone: bool
    can_undo: bool


def check_can_moderate(user: object) -> User:
    """Whoever may decide in one queue may open the page; each queue checks once more."""
    by = check_signed_in(user)  # type: ignore[arg-type]
    if not queues_of(by):
        raise Refused(NO_QUEUE)
    return by


@require_http_methods(["GET", "HEAD", "POST"])
def moderate(request: HttpRequest) -> HttpResponse:
    """Show what waits, filtered by the address; take decisions about one thing or many."""
    by = check_can_moderate(request.user)
    if request.method == "POST":
        return _decide(request, by)
    return _show(request, by, request.GET)


@require_POST
def take_back(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """Let all that was decided at once wait again."""
    by = check_can_moderate(request.user)
    try:
        count = undo_batch(by=by, batch=batch)
    except Refused as refused:
        messages.error(request, str(refused.reason))
    else:
        said = ngettext(
            "Taken back: {count} waits again.", "Taken back: {count} wait again.", count
        )
        messages.success(request, said.format(count=count))
    return _answer(request, by)


@require_POST
def let_back_in(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """Let whoever was left out at once count again."""
    by = check_can_moderate(request.user)
    try:
        count = undo_block(by=by, batch=batch)
    except Refused as refused:
        messages.error(request, str(refused.reason))
    else:
        said = ngettext("{count} counts again.", "{count} count again.", count)
        messages.success(request, said.format(count=count))
    return _answer(request, by)


def _decide(request: HttpRequest, by: User) -> HttpResponse:
    verdict, reason, keys = _read_deed(request.POST)
    if verdict == BLOCK:
        return _block(request, by, keys)
    chosen: dict[str, list[str]] = {}
    for key in keys:
        name, _sign, id_ = key.partition("|")
        chosen.setdefault(name, []).append(id_)
    try:
        done = decide(by=by, chosen=chosen, verdict=verdict, reason=reason)
    except Refused as refused:
        # Nothing chosen is lost: the boxes stay ticked, beside what is wrong.
        return _show(request, by, _read_filter(request), problem=str(refused.reason), ticked=keys)
    count = len(done.decisions)
    said = (
        ngettext("Accepted: {count}.", "Accepted: {count}.", count)
        if verdict == Verdict.ACCEPT
        else ngettext("Refused: {count}.", "Refused: {count}.", count)
    ).format(count=count)
    if done.left_out:
        said += " " + _("{count} had been decided by somebody else.").format(count=done.left_out)
    messages.success(request, said)
    return _answer(request, by)


def _block(request: HttpRequest, by: User, keys: list[str]) -> HttpResponse:
    """Leave whoever sent the things out of figures; the things themselves still wait."""
    authors = {
        item.author
        for queue in queues_of(by)
        for item in queue.waiting(by)
        if item.author and f"{queue.name}|{item.id}" in keys
    }
    try:
        block_contributors(by=by, contributors=authors, reason=Decision.Reason.SPAM)
    except Refused as refused:
        return _show(request, by, _read_filter(request), problem=str(refused.reason), ticked=keys)
    messages.success(request, _("Whoever sent it counts in no figure from now on."))
    return _answer(request, by)


def _read_deed(form: QueryDict) -> tuple[str, str, list[str]]:
    """Return verdict, reason and keys of a form: a button of one row names all three, the bar
    above uses the boxes that are ticked."""
    one = form.get("one", "")
    if one:
        verdict, reason, key = (*one.split(":", 2), "", "")[:3]
        return verdict, reason, [key] if key else []
    return form.get("verdict", ""), form.get("reason", ""), form.getlist("chosen")


def _answer(request: HttpRequest, by: User) -> HttpResponse:
    """After a deed: the list again in its place, or the page again at its address."""
    if request.headers.get("HX-Request") == "true":
        return _show(request, by, _read_filter(request))
    query = _read_filter(request).urlencode()
    return redirect(reverse("pages:moderation") + (f"?{query}" if query else ""))


def _read_filter(request: HttpRequest) -> QueryDict:
    """The question of the page that the form was sent from."""
    return QueryDict(request.POST.get("filter", "")[:400])


def _show(
    request: HttpRequest,
    by: User,
    question: QueryDict,
    *,
    problem: str = "",
    ticked: Iterable[str] = (),
) -> HttpResponse:
    mine = queues_of(by)
    lists = {queue.name: [Waiting(queue, item) for item in queue.waiting(by)] for queue in mine}
    everything = [waiting for one in lists.values() for waiting in one]
    form = ModerationFilterForm(
        question,
        queues=[(queue.name, f"{queue.label} ({len(lists[queue.name])})") for queue in mine],
        areas=sorted({waiting.item.area for waiting in everything if waiting.item.area}),
    )
    found = _filter(everything, form.cleaned_data if form.is_valid() else {})
    page = Paginator(found, ON_A_PAGE).get_page(question.get("page"))
    labels = {queue.name: str(queue.label) for queue in mine}
    is_part = request.headers.get("HX-Request") == "true"
    return render(
        request,
        "pages/_moderation_list.html" if is_part else "pages/moderation.html",
        {
            "form": form,
            "page": page,
            "total": len(everything),
            "problem": problem,
            "ticked": set(ticked),
            "filter": _without_page(question),
            "previous_url": _page_url(question, page, -1),
            "next_url": _page_url(question, page, +1),
            "decisions": _tell_decided(by, labels),
            "blocks": find_blocks(by)[:DECISIONS_SHOWN],
            "reasons": Decision.Reason.choices,
        },
        # htmx puts only answers that went well in their place.
        status=422 if problem and not is_part else 200,
    )


def _filter(everything: list[Waiting], wanted: dict[str, str]) -> list[Waiting]:
    found = sorted(everything, key=lambda waiting: (waiting.item.since_at, waiting.key))
    if name := wanted.get("queue"):
        found = [waiting for waiting in found if waiting.queue.name == name]
    if area := wanted.get("area"):
        found = [waiting for waiting in found if waiting.item.area == area]
    if wanted.get("signs"):
        found = [waiting for waiting in found if waiting.item.signals]
    if words := wanted.get("words", "").casefold():
        found = [
            waiting
            for waiting in found
            if words in f"{waiting.item.title}\n{waiting.item.text}".casefold()
        ]
    if wanted.get("order") == "new":
        found.reverse()
    return found


def _without_page(question: QueryDict) -> str:
    kept = question.copy()
    kept.pop("page", None)
    return kept.urlencode()


def _page_url(question: QueryDict, page: "Page[Waiting]", step: int) -> str:
    if not (page.has_previous() if step < 0 else page.has_next()):
        return ""
    turned = question.copy()
    turned["page"] = str(page.number + step)
    return f"{reverse('pages:moderation')}?{turned.urlencode()}"


def _tell_decided(by: User, labels: dict[str, str]) -> list[Judged]:
    batches: dict[uuid.UUID, list[Decision]] = {}
    for decision in find_decisions(by, most=DECISIONS_READ):
        batches.setdefault(decision.batch, []).append(decision)
    return [
        Judged(
            batch=batch,
            queue=", ".join(sorted({labels[one.queue] for one in made})),
            verdict=str(made[0].get_verdict_display()),
            reason=str(made[0].get_reason_display()) if made[0].reason else "",
            count=len(made),
            decided_at=made[0].decided_at,
            decided_by=made[0].decided_by,
            is_undone=all(one.undone_at for one in made),
            can_undo=any(is_undoable(one) for one in made),
        )
        for batch, made in list(batches.items())[:DECISIONS_SHOWN]
    ]
