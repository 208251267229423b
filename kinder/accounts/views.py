"""One's own account and the first run; what rules refuse."""

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kinder.accounts import helping
from kinder.accounts.first_run import create_first_administrator, is_set_up
from kinder.accounts.forms import FirstRunForm, ProfileForm
from kinder.accounts.middleware import wants_json
from kinder.accounts.rules import Refused, can_look_after_people, check_signed_in


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
        "looks_after_people": can_look_after_people(user),
    }
    return render(request, "accounts/account.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change_profile(request: HttpRequest) -> HttpResponse:
    """Change one's own name and the language of letters."""
    user = check_signed_in(request.user)
    form = ProfileForm(
        request.POST if request.method == "POST" else None,
        initial={"name": user.name, "language": user.language},
    )
    if request.method == "POST" and form.is_valid():
        helping.change_profile(by=user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("accounts:account")
    return render(
        request, "accounts/profile.html", {"form": form}, status=422 if form.errors else 200
    )


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign out of another browser."""
    user = check_signed_in(request.user)
    session = get_object_or_404(UserSession, pk=pk, user=user)
    helping.end_session(by=user, session=session)
    messages.success(request, _("That browser is signed out."))
    return redirect("usersessions_list")
