"""One's own data, with an account or without: see what is held, take it away, erase it."""

from typing import Any

from django.apps import apps
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kinder.accounts import actions, consents, privacy
from kinder.accounts.devices import find_device, forget_cookie, read_key
from kinder.accounts.forms import EraseForm, ProofForm
from kinder.accounts.models import ConsentRecord, Contributor, User
from kinder.accounts.proving import ask_for_proof, check_code, go_on, has_code, is_proven, send_code
from kinder.accounts.retention import list_rules
from kinder.accounts.rules import Refused, check_signed_in
from kinder.accounts.takeaway import write_json, write_tables


@login_not_required
@never_cache
@require_safe
def show_my_data(request: HttpRequest) -> HttpResponse:
    """Show what every room holds about the visitor, and the ways to take it or end it."""
    person = _find_person(request)
    context: dict[str, Any] = {
        "person": person,
        "has_account": isinstance(person, User),
        "must_sign_in": _must_sign_in(person),
        "is_proven": request.GET.get("asked") == "1" and is_proven(request),
    }
    if person is not None and not context["must_sign_in"]:
        counted = actions.count_rows(by=person, person=person)
        context |= {
            "held": [(holding, rows) for holding, rows in counted if rows],
            "not_held": [holding for holding, rows in counted if not rows],
            "consents": consents.tell_consents(
                consents.consents_of(person).select_related("wording")
            ),
        }
    return render(request, "accounts/my_data.html", context)


@login_not_required
@never_cache
@require_POST
def download(request: HttpRequest) -> HttpResponse:
    """Hand the visitor all that is held about them: `format` is json or csv."""
    person = _check_person(request)
    if isinstance(person, User) and not is_proven(request):
        # Back to the page and not on with the download: the browser would stay where it was asked.
        return ask_for_proof(request, then=f"{reverse('accounts:my_data')}?asked=1")
    exported = actions.export_person(by=person, person=person)
    stem = f"kinder-my-data-{timezone.localdate():%Y-%m-%d}"
    if request.POST.get("format") == "csv":
        return _as_file(write_tables(exported), "application/zip", f"{stem}.zip")
    return _as_file(write_json(exported), "application/json", f"{stem}.json")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Erase all that is held about the visitor, after saying what goes and asking once more."""
    person = _check_person(request)
    form = EraseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if isinstance(person, User) and not is_proven(request):
            return ask_for_proof(request, then=f"{reverse('accounts:erase')}?sure=1")
        try:
            actions.erase_person(by=person, person=person)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            if isinstance(person, User):
                logout(request)
            response = redirect("accounts:erased")
            forget_cookie(response)
            return response
    is_sure = request.method == "POST" or request.GET.get("sure") == "1"
    context = {
        "form": form,
        "is_sure": is_sure,
        "has_account": isinstance(person, User),
        "held": [
            holding
            for holding, rows in actions.count_rows(by=person, person=person)
            if rows or holding.stays
        ],
    }
    return render(request, "accounts/erase.html", context, status=422 if form.errors else 200)


@login_not_required
@never_cache
@require_safe
def show_erased(request: HttpRequest) -> HttpResponse:
    """Say that it is done."""
    return render(request, "accounts/erased.html")


@login_not_required
@never_cache
@require_POST
def withdraw_consent(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a consent back: at once, without a reason and without being asked who one is again."""
    person = _check_person(request)
    consent = get_object_or_404(ConsentRecord, pk=pk)
    if not consents.consents_of(person).filter(pk=consent.pk).exists():
        raise Http404
    consents.withdraw(by=person, consent=consent)
    messages.success(request, _("You took it back. Thank you for telling us."))
    return redirect("accounts:my_data")


@login_not_required
@require_safe
def show_data_protection(request: HttpRequest) -> HttpResponse:
    """Tell everybody all that is held about people, from the registry and the models themselves."""
    holdings = [
        (holding, [_describe_table(label) for label in holding.models])
        for room in privacy.rooms()
        for holding in room.describe()
    ]
    return render(
        request, "accounts/data_protection.html", {"holdings": holdings, "rules": list_rules()}
    )


def _describe_table(label: str) -> tuple[str, list[str]]:
    model = apps.get_model(label)
    return str(model._meta.verbose_name), [
        str(field.verbose_name) for field in model._meta.concrete_fields
    ]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """Ask for a code that was sent to the visitor's own address."""
    user = check_signed_in(request.user)
    form = ProofForm(request.POST if "code" in request.POST else None)
    try:
        if request.method == "POST" and form.is_valid():
            check_code(request, user, form.cleaned_data["code"])
            return go_on(request)
        if (request.method == "POST" and "code" not in request.POST) or not has_code(request):
            send_code(request, user)
            if request.method == "POST":
                messages.success(request, _("A new code is on its way."))
    except Refused as error:
        if not form.is_bound:
            form = ProofForm({"code": ""})
            form.errors.clear()
        form.add_error("code", str(error))
    context = {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")}
    return render(request, "accounts/prove.html", context, status=422 if form.errors else 200)


def _find_person(request: HttpRequest) -> User | Contributor | None:
    if isinstance(request.user, User):
        return request.user
    device = find_device(read_key(request))
    return Contributor.objects.get(pk=device.contributor_id) if device else None


def _must_sign_in(person: User | Contributor | None) -> bool:
    """A phone of somebody with an account shows the account's data to nobody who only holds it."""
    return isinstance(person, Contributor) and person.user_id is not None


def _check_person(request: HttpRequest) -> User | Contributor:
    person = _find_person(request)
    if person is None:
        raise Refused(_("We hold nothing that this browser could open."))
    if _must_sign_in(person):
        raise Refused(_("This phone belongs to an account. Please sign in first."))
    return person


def _as_file(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
