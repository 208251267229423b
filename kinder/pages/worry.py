"""Report a worry: whom to call comes first, then a few words to the safeguarding leads on duty.

The words go by POST and into one encrypted row. Nothing of them, and no reference, stands in an
address, a cookie, a session or a log.
"""

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from connections.befriending.actions.concerns import MOST_WORDS, NobodyOnDutyError, report_worry
from connections.interactions.spots import list_large_areas
from kinder.accounts.fingerprints import fingerprint
from kinder.accounts.limits import Limit, TooManyError, find_network, spend
from kinder.accounts.rules import Refused
from kinder.accounts.screening import ScreenedForm
from places.models import Area

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

WORRIES_OF_NETWORK = Limit("worries-network", most=20, seconds=3_600)
"""A hall shares a network; nobody has twenty worries an hour (a judgement)."""
SENT_FOR = 3_600
"""Seconds in which the same form, sent again, brings the same reference and no second worry."""


@dataclass(frozen=True)
class HelpLine:
    """Somebody who answers the telephone."""

    name: "_StrOrPromise"
    number: str

    @property
    def address(self) -> str:
        return "tel:" + self.number.replace(" ", "")


_EMERGENCY = HelpLine(gettext_lazy("Danger now: police, ambulance, fire"), "999")
_POLICE = HelpLine(gettext_lazy("Police, not an emergency"), "101")
_HEALTH = HelpLine(gettext_lazy("Health advice, body or mind"), "111")
_LISTENING = HelpLine(gettext_lazy("Samaritans: to talk to somebody"), "116 123")
_CHILDREN = HelpLine(gettext_lazy("Childline, for children"), "0800 1111")

# From the services' own pages; docs/adr/0098 says which. Reviewed with each version.
HELP_LINES: dict[str, tuple[HelpLine, ...]] = {
    "scotland": (
        _EMERGENCY,
        _HEALTH,
        _POLICE,
        HelpLine(gettext_lazy("Domestic abuse and forced marriage"), "0800 027 1234"),
        _LISTENING,
        _CHILDREN,
    ),
    "england": (
        _EMERGENCY,
        _HEALTH,
        _POLICE,
        HelpLine(gettext_lazy("Domestic abuse"), "0808 2000 247"),
        _LISTENING,
        _CHILDREN,
    ),
    # What the other nations share; they add their own lines here.
    "uk": (_EMERGENCY, _POLICE, _LISTENING, _CHILDREN),
}


def list_help_lines() -> tuple[HelpLine, ...]:
    """Return whom to call where this site is run (KINDER_NATION), the most urgent first."""
    return HELP_LINES[settings.NATION]


def list_choices() -> list[tuple[str, Any]]:
    return [
        ("", gettext_lazy("I'd rather not say")),
        *((area.code, area.name) for area in list_large_areas()),
    ]


class WorryForm(ScreenedForm):
    """A few words, and how to be reached, if at all."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    text = forms.CharField(
        label=gettext_lazy("What worries you?"),
        help_text=gettext_lazy("In your own words. You need give no name, yours or anybody's."),
        max_length=MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Write a few words first.")},
    )
    contact = forms.CharField(
        label=gettext_lazy("How can we reach you, if we may?"),
        help_text=gettext_lazy("A telephone number or an e-mail address that is safe to use."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    area = forms.ChoiceField(
        label=gettext_lazy("Which neighbourhood is it about?"),
        choices=list_choices,
        required=False,
    )


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def show_worry(request: HttpRequest) -> HttpResponse:
    """Say whom to call, take a worry, and give its reference at once."""
    form = WorryForm(request.POST or None, initial={"id": uuid.uuid4()})
    if request.method != "POST":
        return _show(request, form)
    if not form.is_valid():
        return _show(request, form, status=422)
    try:
        reference = _pass_on(request, form.cleaned_data)
    except TooManyError as error:
        form.add_error(None, _("We can't take more at the moment. Please call one of the numbers."))
        response = _show(request, form, status=429)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    except NobodyOnDutyError:
        form.add_error(
            None, _("Nobody reads worries here at the moment. Please call one of the numbers.")
        )
        return _show(request, form, status=503)
    except Refused as refusal:
        form.add_error("text", str(refusal.reason))
        return _show(request, form, status=422)
    # No redirect: the reference would stand in an address or a cookie.
    context = {"reference": reference, "lines": list_help_lines()}
    return render(request, "pages/worry_sent.html", context)


def _pass_on(request: HttpRequest, told: dict[str, Any]) -> str:
    """Bring the worry to the leads and return its reference; that of the same form, sent before,
    where a phone tried twice."""
    key = f"worry:{fingerprint('worry', told['id'].bytes).hex()[:32]}"
    if known := cache.get(key):
        return str(known)
    spend((WORRIES_OF_NETWORK, fingerprint("worry", find_network(request).encode()).hex()[:32]))
    area = Area.objects.filter(code=told["area"], geography__is_current=True).first()
    reference = report_worry(text=told["text"], contact=told["contact"], area=area)
    cache.set(key, reference, SENT_FOR)
    return reference


def _show(request: HttpRequest, form: WorryForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "lines": list_help_lines()}
    return render(request, "pages/worry.html", context, status=status)
