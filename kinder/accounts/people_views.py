"""Pages about people and organisations, for administrators and, within their own, coordinators."""

from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kinder.accounts import actions, helping, invitations
from kinder.accounts.decorators import reauthenticated
from kinder.accounts.devices import read_key
from kinder.accounts.forms import (
    AcceptForm,
    InvitationForm,
    OrganisationForm,
    PeopleSearchForm,
    RoleForm,
)
from kinder.accounts.middleware import lacks_second_factor
from kinder.accounts.models import Invitation, Membership, Organisation, Role, User
from kinder.accounts.people import invitations_of, memberships_of, organisations_of, people_of
from kinder.accounts.rules import (
    GIVEN_BY_COORDINATORS,
    Refused,
    check_administrator,
    check_can_change_organisation,
    check_can_end_role,
    check_can_look_after_people,
)

MOST_PEOPLE = 100
MOST_INVITATIONS = 200


@require_http_methods(["GET", "HEAD", "POST"])
def show_organisations(request: HttpRequest) -> HttpResponse:
    """List the organisations that the visitor looks after; an administrator adds one."""
    by = check_can_look_after_people(request.user)
    form = OrganisationForm(request.POST or None) if by.is_administrator else None
    if request.method == "POST":
        by = check_administrator(by)
        if form and form.is_valid():
            organisation = actions.add_organisation(by=by, **form.cleaned_data)
            messages.success(request, _("“%s” is in the list now.") % organisation.name)
            return redirect("accounts:organisations")
    context = {
        "form": form,
        "organisations": organisations_of(by).prefetch_related("memberships__user"),
    }
    status = 422 if form and form.errors else 200
    return render(request, "accounts/organisations.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def show_organisation(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what an organisation is called and how to reach it."""
    by = check_can_look_after_people(request.user)
    organisation = get_object_or_404(organisations_of(by), pk=pk)
    check_can_change_organisation(by, organisation=organisation)
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
@reauthenticated(check=check_administrator, allow_get=True)
def show_people(request: HttpRequest) -> HttpResponse:
    """List who has a role and look for somebody; an administrator gives roles without a letter."""
    by = check_can_look_after_people(request.user)
    form = None
    if by.is_administrator:
        form = RoleForm(
            request.POST or None, initial={"organisation": request.GET.get("organisation")}
        )
    if request.method == "POST":
        by = check_administrator(by)
        if form and form.is_valid():
            try:
                user = _give_role(by, form)
            except Refused as error:
                form.add_error("role", str(error))
            else:
                messages.success(
                    request, _("%s can sign in now, with a code sent to their address.") % user
                )
                return redirect("accounts:people")
    search = PeopleSearchForm(request.GET)
    sought = search.cleaned_data["q"] if search.is_valid() else ""
    found = list(people_of(by, sought=sought)[: MOST_PEOPLE + 1])
    context = {
        "form": form,
        "people": found[:MOST_PEOPLE],
        "has_more": len(found) > MOST_PEOPLE,
        "search": search,
        "most": MOST_PEOPLE,
        "may_end": Role.values if by.is_administrator else sorted(GIVEN_BY_COORDINATORS),
    }
    status = 422 if form and form.errors else 200
    return render(request, "accounts/people.html", context, status=status)


@transaction.atomic
def _give_role(by: User, form: RoleForm) -> User:
    user = actions.add_person(
        by=by, email=form.cleaned_data["email"], name=form.cleaned_data["name"]
    )
    actions.grant_role(
        by=by,
        user=user,
        organisation=form.cleaned_data["organisation"],
        role=Role(form.cleaned_data["role"]),
    )
    return user


@require_POST
def end_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a role away."""
    by = check_can_look_after_people(request.user)
    membership = get_object_or_404(memberships_of(by), pk=pk)
    check_can_end_role(by, organisation=membership.organisation_id, role=membership.role)
    return _end_role(request, by, membership)


@reauthenticated()
def _end_role(request: HttpRequest, by: User, membership: Membership) -> HttpResponse:
    actions.revoke_role(
        by=by,
        user=membership.user,
        organisation=membership.organisation,
        role=Role(membership.role),
    )
    messages.success(request, _("The role is taken away."))
    return redirect("accounts:people")


@require_POST
@reauthenticated(check=check_administrator)
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
def show_person(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show how somebody signs in, and the ways to help them."""
    by = check_administrator(request.user)
    person = get_object_or_404(User, pk=pk)
    context = {
        "person": person,
        "is_self": person.pk == by.pk,
        "memberships": person.memberships.select_related("organisation").order_by(
            "organisation__name", "role"
        ),
        "factors": Authenticator.objects.filter(user=person)
        .exclude(type=Authenticator.Type.RECOVERY_CODES)
        .count(),
        "sessions": UserSession.objects.filter(user=person).count(),
    }
    return render(request, "accounts/person.html", context)


HELP = {
    "reset": (
        helping.reset_second_factor,
        gettext_lazy("The second step is taken away. They are told."),
    ),
    "sign_out": (helping.end_all_sessions, gettext_lazy("They are signed out everywhere.")),
    "close": (helping.close_account, gettext_lazy("They cannot sign in any more.")),
    "open": (helping.open_account, gettext_lazy("They can sign in again.")),
}


@require_POST
@reauthenticated(check=check_administrator)
def help_person(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Do what `deed` says for somebody's account."""
    by = check_administrator(request.user)
    person = get_object_or_404(User, pk=pk)
    deed, done = HELP.get(request.POST.get("deed", ""), (None, ""))
    if deed is None:
        return HttpResponse(status=400)
    deed(by=by, whom=person)
    messages.success(request, str(done))
    return redirect("accounts:person", person.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@reauthenticated(check=check_administrator)
def erase_person(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Erase somebody who asked for it and cannot do it themselves, after asking once more."""
    by = check_administrator(request.user)
    person = get_object_or_404(User, pk=pk)
    if request.method != "POST":
        return render(request, "accounts/erase_person.html", {"person": person})
    actions.erase_person(by=by, person=person)
    messages.success(request, _("All that was held about them is erased."))
    return redirect("accounts:people")


@require_http_methods(["GET", "HEAD", "POST"])
@reauthenticated(check=check_can_look_after_people, allow_get=True)
def show_invitations(request: HttpRequest) -> HttpResponse:
    """List who is invited, and invite somebody."""
    by = check_can_look_after_people(request.user)
    form = InvitationForm(
        request.POST if request.method == "POST" else None,
        by=by,
        initial={"organisation": request.GET.get("organisation")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            invitations.invite(
                by=by,
                email=form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                organisation=form.cleaned_data["organisation"],
                role=Role(form.cleaned_data["role"]),
            )
        except Refused as error:
            form.add_error("email", str(error))
        else:
            messages.success(
                request, _("A letter is on its way to %s.") % form.cleaned_data["email"]
            )
            return redirect("accounts:invitations")
    everything = list(invitations_of(by).order_by("-made_at")[:MOST_INVITATIONS])
    context = {
        "form": form,
        "open": [one for one in everything if not (one.accepted_at or one.revoked_at)],
        "ended": [one for one in everything if one.accepted_at or one.revoked_at],
        "now": timezone.now(),
    }
    return render(request, "accounts/invitations.html", context, status=422 if form.errors else 200)


@require_POST
def change_invitation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send an invitation again, or take it back."""
    by = check_can_look_after_people(request.user)
    invitation = get_object_or_404(invitations_of(by), pk=pk)
    return _change_invitation(request, by, invitation)


@reauthenticated()
def _change_invitation(request: HttpRequest, by: User, invitation: Invitation) -> HttpResponse:
    if request.POST.get("deed") == "revoke":
        invitations.revoke(by=by, invitation=invitation)
        messages.success(request, _("The invitation is taken back."))
    else:
        invitations.resend(by=by, invitation=invitation)
        messages.success(request, _("A new letter is on its way. The former works no more."))
    return redirect("accounts:invitations")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Let whoever holds the letter take the role; looking changes nothing, for scanners look."""
    invitation = invitations.find_invitation(token)
    if invitation is None:
        return render(request, "accounts/invitation_over.html", status=404)
    user = request.user if isinstance(request.user, User) else None
    form = AcceptForm(
        request.POST if request.method == "POST" else None, initial={"name": invitation.name}
    )
    if request.method == "POST" and form.is_valid():
        try:
            accepted = invitations.accept(
                token=token, by=user, name=form.cleaned_data.get("name", "")
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            if user is None:
                login(request, accepted, backend=settings.AUTHENTICATION_BACKENDS[0])
                record_authentication(request, accepted, method="code", email=accepted.email)
                actions.link_device(by=accepted, key=read_key(request))
            messages.success(
                request,
                _("Welcome. You are in “%s” now.") % invitation.organisation.name,
            )
            return redirect("mfa_index" if lacks_second_factor(accepted) else "accounts:account")
    context = {
        "invitation": invitation,
        "form": form,
        "is_other": user is not None and user.email != invitation.email,
        "must_sign_in": user is None and invitations.has_account(invitation),
    }
    return render(request, "accounts/accept.html", context, status=422 if form.errors else 200)
