"""Worries: anyone in the service raises one, safeguarding leads alone read them."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connections.befriending import actions
from connections.befriending.forms import ConcernForm, ConcernStepForm
from connections.befriending.models import Concern, Match, Service
from connections.befriending.rules import check_can_raise_concern, check_can_read_concerns
from connections.befriending.views.frames import Page, do, find, run_form
from kinder.accounts.acting import acting_as_visitor
from kinder.accounts.decorators import reauthenticated
from kinder.accounts.models import User
from kinder.accounts.rules import Refused, check_signed_in


def _find_service(request: HttpRequest, pk: int, *, to_read: bool) -> tuple[User, Service]:
    user = check_signed_in(request.user)
    service = find(Service.objects.select_related("organisation"), pk=pk)
    check = check_can_read_concerns if to_read else check_can_raise_concern
    try:
        check(user, service=service)
    except Refused as refused:
        raise Http404(_("There is nothing here for you.")) from refused
    return user, service


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def raise_concern(request: HttpRequest, service: int) -> HttpResponse:
    """Tell the safeguarding leads; urgent numbers come first. `?pairing=` names one's own."""
    user, found = _find_service(request, service, to_read=False)
    match = None
    if asked := request.GET.get("pairing", ""):
        try:
            match = Match.objects.filter(pk=UUID(asked), service=found).first()
        except ValueError:
            match = None
    form = ConcernForm(request.POST or None)
    told: list[str] = []

    def deed() -> str:
        told.append(
            actions.raise_concern(
                by=user, service=found, text=form.cleaned_data["text"], match=match
            )
        )
        return reverse("befriending:concern_raised", args=[found.pk, told[0]])

    page = Page(
        title=_("Tell someone you are worried"),
        back_url=reverse("befriending:entry"),
        back_label=_("Befriending"),
        submit=_("Send it to the safeguarding leads"),
        template="befriending/concern_new.html",
    )
    return run_form(request, form, page, deed, service=found)


@never_cache
@require_safe
@acting_as_visitor
def show_raised(request: HttpRequest, service: int, reference: str) -> HttpResponse:
    """Thank whoever told, with the reference."""
    _user, found = _find_service(request, service, to_read=False)
    return render(
        request, "befriending/concern_raised.html", {"service": found, "reference": reference}
    )


@never_cache
@require_safe
@acting_as_visitor
def list_concerns(request: HttpRequest, service: int) -> HttpResponse:
    """The worries of a service, open ones first; none of their words."""
    _user, found = _find_service(request, service, to_read=True)
    order = {"open": 0, "passed_on": 1, "closed": 2}
    concerns = sorted(
        Concern.objects.filter(service=found).select_related("area").defer("ciphertext"),
        key=lambda one: (order[one.state], -one.raised_at.timestamp()),
    )
    return render(request, "befriending/concerns.html", {"service": found, "concerns": concerns})


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@acting_as_visitor
def show_concern(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Read one worry, which is written into the audit, and note what was done."""
    concern = find(Concern.objects.select_related("service__organisation"), pk=pk)
    user, service = _find_service(request, concern.service_id, to_read=True)
    return _show_concern(request, user, service, concern)


@reauthenticated()
def _show_concern(
    request: HttpRequest, user: User, service: Service, concern: Concern
) -> HttpResponse:
    form = ConcernStepForm(request.POST or None)

    def deed() -> str:
        actions.see_to_concern(by=user, concern=concern, **form.cleaned_data)
        return reverse("befriending:concern", args=[concern.pk])

    page = Page(
        title=concern.reference,
        back_url=reverse("befriending:concerns", args=[service.pk]),
        back_label=_("Worries"),
        submit=_("Save"),
        template="befriending/concern.html",
    )
    reading = actions.read_concern(by=user, concern=concern)
    return run_form(request, form, page, deed, done=_("Saved."), reading=reading, service=service)


@require_POST
@acting_as_visitor
def reopen_concern(request: HttpRequest, pk: UUID) -> HttpResponse:
    concern = find(Concern.objects.select_related("service__organisation"), pk=pk)
    user, service = _find_service(request, concern.service_id, to_read=True)
    return do(
        request,
        lambda: actions.see_to_concern(by=user, concern=concern, kind="reopened"),
        reverse("befriending:concerns", args=[service.pk]),
        done=_("Open again."),
    )
