"""Showing once more who one is, for those whom allauth has no way to ask.

A resident signs in with e-mailed codes: without a password and without a second step, allauth would
take the session alone for proof. Here a code goes to their address, as when they signed in.
"""

import hmac
import secrets
import time

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.internal.flows.reauthentication import (
    did_recently_reauthenticate,
    get_reauthentication_flows,
    resume_request,
    suspend_request,
)
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kinder.accounts.fingerprints import fingerprint
from kinder.accounts.letters import write_letter
from kinder.accounts.limits import Limit, TooManyError, spend
from kinder.accounts.models import User
from kinder.accounts.rules import Refused

# Without signs that are read for one another: 8 of 20 are 34 bits, and three tries.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8
LIVES_FOR = 600
MOST_TRIES = 3
CODES_OF_ACCOUNT = Limit("proof-codes", most=6, seconds=3_600, guards_secret=True)
TRIES_OF_ACCOUNT = Limit("proof-tries", most=15, seconds=3_600, guards_secret=True)

CODE_IS_WRONG = _("That code is not right. Look at it again, or ask for a new one.")
CODE_IS_OVER = _("That code works no more. Ask for a new one.")
TOO_OFTEN = _("That was too often. Please wait a few minutes.")

_STATE = "kinder_proof"


def is_proven(request: HttpRequest) -> bool:
    """Tell whether the visitor has shown in the last five minutes who they are.

    Whoever has only codes proves it by signing in, too: it is the same code.
    """
    user = request.user
    if not isinstance(user, User):
        return False
    if get_reauthentication_flows(user):
        return bool(did_recently_reauthenticate(request))
    records = get_authentication_records(request, user)
    return any(
        time.time() - record["at"] < app_settings.REAUTHENTICATION_TIMEOUT
        for record in records
        if record.get("method") == "code"
    )


def ask_for_proof(request: HttpRequest, *, then: str = "") -> HttpResponse:
    """Send the visitor to where they show who they are, and back: to the address `then`, or on with
    what they were sending."""
    door = get_adapter().get_reauthentication_methods(request.user)[0]["url"]
    if then:
        return redirect(f"{door}?{urlencode({'next': then})}")
    response: HttpResponse = suspend_request(request, door)
    return response


def send_code(request: HttpRequest, user: User) -> None:
    """Send `user` a new code; the one before works no more. Refused where that was too often."""
    try:
        spend((CODES_OF_ACCOUNT, _name(user)))
    except TooManyError as error:
        raise Refused(TOO_OFTEN) from error
    code = "".join(secrets.choice(ALPHABET) for _sign in range(LENGTH))
    request.session[_STATE] = {
        "digest": _hash(user, code),
        "until": time.time() + LIVES_FOR,
        "tries": 0,
    }
    write_letter(
        user.email,
        "accounts/email/proof",
        language=user.language or get_language() or "",
        code=f"{code[:4]}-{code[4:]}",
    ).send()


def has_code(request: HttpRequest) -> bool:
    """Tell whether a code is on its way that still works."""
    state = request.session.get(_STATE)
    return bool(state and state["until"] > time.time() and state["tries"] < MOST_TRIES)


def check_code(request: HttpRequest, user: User, code: str) -> None:
    """Take `code` as the proof; Refused with the reason where it is wrong or over."""
    if not has_code(request):
        raise Refused(CODE_IS_OVER)
    try:
        spend((TRIES_OF_ACCOUNT, _name(user)))
    except TooManyError as error:
        raise Refused(TOO_OFTEN) from error
    state = request.session[_STATE]
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    if not hmac.compare_digest(state["digest"], _hash(user, plain)):
        state["tries"] += 1
        request.session.modified = True
        raise Refused(CODE_IS_WRONG if has_code(request) else CODE_IS_OVER)
    del request.session[_STATE]
    record_authentication(request, user, method="code", email=user.email, reauthenticated=True)


def go_on(request: HttpRequest) -> HttpResponse:
    """Go on with what the visitor was about when they were asked."""
    response: HttpResponse | None = resume_request(request)
    return response or redirect("accounts:account")


def _hash(user: User, code: str) -> str:
    return fingerprint("proof", f"{user.pk} {code}".encode()).hex()


def _name(user: User) -> str:
    return fingerprint("limit", str(user.pk).encode()).hex()[:32]
