"""Pages about people: one's own account, the first run, and what the administrator looks after."""

from urllib.parse import urlencode
from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kinder.accounts import actions
from kinder.accounts.audit import PAGE, search_events
from kinder.accounts.decorators import reauthenticated
from kinder.accounts.first_run import create_first_administrator, is_set_up
from kinder.accounts.forms import (
    AuditFilterForm,
    FirstRunForm,
    OrganisationForm,
    PeopleSearchForm,
    RoleForm,
)
from kinder.accounts.middleware import wants_json
from kinder.accounts.models import Membership, Organisation, Role, User
from kinder.accounts.rules import (
    Refused,
    check_administrator,
    check_can_read_audit,
    check_signed_in,
)

MOST_PEOPLE = 100


@login_not_required
def show_refusal(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 with the reason of whatever rule refused."""
    reason = str(exception)
    if wants_json(request):
        return JsonResponse({"detail": reason or _("That is not open to you.")}, status=403)
    return render(request, "403.html", {"exception": reason}, status=403)


@never_cache
@login_not_required
@sensitive_post_parameters("code", "password", "password_again")
@require_http_methods(["GET", "HEAD", "POST"])
def show_first_run(request: HttpRequest) -> HttpResponse:
    """Make the first account, then lead to its second factor. Gone once there is one."""
    if is_set_up():
        raise Http404
    form = FirstRunForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = create_first_administrator(
                code=form.cleaned_data["code"],
                name=form.cleaned_data["name"],
                email=form.cleaned_data["email"],
                password=form.cleaned_data["password"],
            )
        except Refused as error:
            form.add_error("code", str(error))
        else:
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
            record_authentication(request, user, method="password", reauthenticated=True)
            return redirect("mfa_activate_totp")
    return render(
        request, "accounts/first_run.html", {"form": form}, status=422 if form.errors else 200
    )


@never_cache
@require_safe
def show_account(request: HttpRequest) -> HttpResponse:
    """Lead to everything about one's own account."""
    user = check_signed_in(request.user)
    context = {
        "memberships": user.memberships.select_related("organisation").order_by(
            "organisation__name", "role"
        ),
        "has_second_factor": is_mfa_enabled(user),
        "has_password": user.has_usable_password(),
    }
    return render(request, "accounts/account.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def show_organisations(request: HttpRequest) -> HttpResponse:
    """List the organisations and add one."""
    by = check_administrator(request.user)
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        organisation = actions.add_organisation(by=by, **form.cleaned_data)
        messages.success(request, _("“%s” is in the list now.") % organisation.name)
        return redirect("accounts:organisations")
    context = {
        "form": form,
        "organisations": Organisation.objects.prefetch_related("memberships__user"),
    }
    return render(
        request, "accounts/organisations.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def show_organisation(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what an organisation is called and how to reach it."""
    by = check_administrator(request.user)
    organisation = get_object_or_404(Organisation, pk=pk)
    form = OrganisationForm(request.POST or None, instance=organisation)
    if request.method == "POST" and form.is_valid():
        # The form has changed its own copy; the deed compares with the stored one.
        actions.change_organisation(
            by=by, organisation=Organisation.objects.get(pk=pk), **form.cleaned_data
        )
        messages.success(request, _("Saved."))
        return redirect("accounts:organisations")
    context = {"form": form, "organisation": Organisation.objects.get(pk=pk)}
    return render(
        request, "accounts/organisation.html", context, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@reauthenticated(allow_get=True)
def show_people(request: HttpRequest) -> HttpResponse:
    """List who has a role, look for somebody, give a role."""
    by = check_administrator(request.user)
    form = RoleForm(request.POST or None, initial={"organisation": request.GET.get("organisation")})
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                user = actions.add_person(
                    by=by, email=form.cleaned_data["email"], name=form.cleaned_data["name"]
                )
                actions.grant_role(
                    by=by,
                    user=user,
                    organisation=form.cleaned_data["organisation"],
                    role=Role(form.cleaned_data["role"]),
                )
        except Refused as error:
            form.add_error("role", str(error))
        else:
            messages.success(
                request, _("%s can sign in now, with a code sent to their address.") % user
            )
            return redirect("accounts:people")
    search = PeopleSearchForm(request.GET)
    sought = search.cleaned_data["q"] if search.is_valid() else ""
    people = User.objects.filter(is_active=True).prefetch_related("memberships__organisation")
    if sought:
        people = people.filter(Q(name__icontains=sought) | Q(email__icontains=sought))
    else:
        people = people.filter(Q(is_administrator=True) | Q(memberships__isnull=False)).distinct()
    found = list(people.order_by("name", "email")[: MOST_PEOPLE + 1])
    context = {
        "form": form,
        "people": found[:MOST_PEOPLE],
        "has_more": len(found) > MOST_PEOPLE,
        "search": search,
        "most": MOST_PEOPLE,
    }
    return render(request, "accounts/people.html", context, status=422 if form.errors else 200)


@require_POST
@reauthenticated()
def end_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a role away."""
    by = check_administrator(request.user)
    membership = get_object_or_404(Membership.objects.select_related("user", "organisation"), pk=pk)
    actions.revoke_role(
        by=by,
        user=membership.user,
        organisation=membership.organisation,
        role=Role(membership.role),
    )
    messages.success(request, _("The role is taken away."))
    return redirect("accounts:people")


@require_POST
@reauthenticated()
def change_administrator(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make somebody an administrator, or end that."""
    by = check_administrator(request.user)
    user = get_object_or_404(User, pk=pk, is_active=True)
    if request.POST.get("administrator") == "yes":
        actions.make_administrator(by=by, user=user)
        messages.success(request, _("%s is an administrator now.") % user)
    else:
        actions.end_administrator(by=by, user=user)
        messages.success(request, _("%s is no administrator any more.") % user)
    return redirect("accounts:people")


@require_safe
def show_audit(request: HttpRequest) -> HttpResponse:
    """Show who did what to which, when; newest first."""
    check_can_read_audit(request.user)
    form = AuditFilterForm(request.GET)
    is_valid = form.is_valid()
    found = search_events(form.cleaned_data) if is_valid else []
    next_url = ""
    if len(found) > PAGE:
        kept = {
            name: value
            for name, value in request.GET.items()
            if value and name in form.fields and name != "before"
        }
        query = urlencode(kept | {"before": found[PAGE - 1].event.pk})
        next_url = f"{reverse('accounts:audit')}?{query}"
    context = {"form": form, "entries": found[:PAGE], "next_url": next_url}
    return render(request, "accounts/audit.html", context, status=200 if is_valid else 422)
