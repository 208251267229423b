"""The pages on which somebody without an account takes their moments along to another phone."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from connections.interactions.forms import CodeForm
from connections.interactions.views import SeeOther
from kinder.accounts.devices import find_device, make_key, read_key, set_cookie
from kinder.accounts.limits import TooManyError, charge_recovery, find_network
from kinder.accounts.recovery import enter_code, make_code
from kinder.accounts.rules import Refused


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show_code(request: HttpRequest) -> HttpResponse:
    """Make a code and show it once, to be printed, copied or downloaded."""
    device = find_device(read_key(request))
    person = device.contributor if device else None
    context = {
        "can_make": person is not None,
        "has_code": person is not None and person.has_recovery_code,
    }
    if request.method != "POST" or person is None:
        return render(request, "interactions/code.html", context)
    try:
        code = make_code(by=person)
    except Refused as refused:
        return render(request, "interactions/code.html", context | {"refused": refused}, status=403)
    if "download" in request.POST:
        words = _("Kinder: the code of your moments")
        return HttpResponse(
            f"{words}\n\n{code}\n\n{request.build_absolute_uri(reverse('interactions:enter_code'))}\n",
            content_type="text/plain; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="kinder-code.txt"'},
        )
    return render(request, "interactions/code.html", context | {"code": code})


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def type_code(request: HttpRequest) -> HttpResponse:
    """Take a code, and make this browser one of that person's."""
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        key = read_key(request) or make_key()
        status = 422
        try:
            charge_recovery(key=key, network=find_network(request))
            if form.is_valid():
                enter_code(key=key, code=form.cleaned_data["code"])
                messages.success(request, _("Welcome back. Your moments are here."))
                back = SeeOther(reverse("interactions:mine"))
                set_cookie(back, request, key)
                return back
        except Refused as refused:
            form.add_error("code", str(refused))
        except TooManyError as error:
            form.add_error(None, _("That was many tries. Please wait an hour and try again."))
            response = render(request, "interactions/enter_code.html", {"form": form}, status=429)
            response.headers["Retry-After"] = str(error.retry_after)
            return response
    return render(request, "interactions/enter_code.html", {"form": form}, status=status)
