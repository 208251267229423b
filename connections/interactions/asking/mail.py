"""The question by e-mail, for whoever left an address: confirmed by a code, sent once a month.

The address is encrypted, is no account, and is used for nothing else. Mail scanners open links: so
a code confirms, and the link that ends the mails leads to a page with a button.
"""

import datetime as dt
import logging
import secrets
import uuid

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, override

from connections.interactions.asking.rules import ANSWER_DAYS, last_day_to_answer
from connections.interactions.models import Prompt, PromptAnswer, PromptAsked, PromptMail
from kinder.accounts.encryption import decrypt, encrypt
from kinder.accounts.fingerprints import fingerprint, fingerprints
from kinder.accounts.letters import make_link, write_letter
from kinder.accounts.limits import Limit, spend
from kinder.accounts.models import Contributor
from kinder.accounts.rules import Refused

log = logging.getLogger("kinder.asking")

CODE_LIVES = dt.timedelta(hours=1)
MOST_TRIES = 5
EARLIEST_HOUR = 9
"""Nobody's telephone rings at night for this (local time)."""
CODES_OF_PERSON = Limit("prompt-codes-person", most=5, seconds=3_600, guards_secret=True)
CODES_OF_ADDRESS = Limit("prompt-codes-address", most=4, seconds=86_400, guards_secret=True)
CODES_OF_NETWORK = Limit("prompt-codes-network", most=40, seconds=3_600, guards_secret=True)

WRONG_CODE = gettext_lazy(
    "That is not the code, or it is too old. Look again, or ask for a new one."
)

NOT_WHOLE = gettext_lazy("This link is not whole. Copy all of it from the mail.")

_CODE, _ADDRESS = "prompt code", "prompt address"
_SIGNER = Signer(salt="interactions.prompt_mail")


def offer_address(*, by: Contributor, address: str, network: str = "") -> None:
    """Keep `address` for `by` and send a code there; TooManyError where that was done too often.

    A new address waits until its code is typed; the former one is gone.
    """
    address = address.strip()
    spend(
        (CODES_OF_PERSON, str(by.pk)),
        (CODES_OF_ADDRESS, fingerprint(_ADDRESS, address.lower().encode()).hex()[:32]),
        (CODES_OF_NETWORK, fingerprint(_ADDRESS, network.encode()).hex()[:32]),
    )
    code = f"{secrets.randbelow(1_000_000):06d}"
    PromptMail.objects.update_or_create(
        contributor=by,
        defaults={
            "ciphertext": encrypt(address),
            "language": get_language() or settings.LANGUAGE_CODE,
            "code_hmac": _hash_code(by, code),
            "code_sent_at": timezone.now(),
            "code_tries": 0,
            "confirmed_at": None,
        },
    )
    language = get_language() or ""
    write_letter(address, "interactions/mail/code", language=language, code=code).send()


def _hash_code(contributor: Contributor, code: str) -> bytes:
    return fingerprint(_CODE, f"{contributor.pk} {code}".encode())


def confirm_address(*, by: Contributor, code: str) -> None:
    """Use the address from now on; Refused for a wrong code, an old one, or the sixth try."""
    # Outside any transaction of ours: a try counts although it is refused.
    if not PromptMail.objects.filter(pk=by.pk, code_tries__lt=MOST_TRIES).update(
        code_tries=F("code_tries") + 1
    ):
        raise Refused(WRONG_CODE)
    digits = "".join(sign for sign in code if sign.isdecimal())
    confirmed = PromptMail.objects.filter(
        pk=by.pk,
        code_hmac__in=fingerprints(_CODE, f"{by.pk} {digits}".encode()),
        code_sent_at__gt=timezone.now() - CODE_LIVES,
    ).update(confirmed_at=timezone.now(), code_hmac=None, code_sent_at=None, code_tries=0)
    if not confirmed:
        raise Refused(WRONG_CODE)


def remove_address(*, by: Contributor) -> None:
    """Forget the address; the question is then asked on a visit only."""
    PromptMail.objects.filter(pk=by.pk).delete()


def read_address(contributor: Contributor) -> tuple[str, bool] | None:
    """Return the address of `contributor` and whether it is confirmed, None without one."""
    mail = PromptMail.objects.filter(pk=contributor.pk).first()
    return (decrypt(mail.ciphertext), mail.confirmed_at is not None) if mail else None


def make_leave_token(contributor_id: uuid.UUID) -> str:
    """Return what stands in the link at the foot of a mail."""
    return _SIGNER.sign(str(contributor_id))


def leave_by_token(*, token: str) -> None:
    """Forget the address that `token` was sent to. Refused for a forged one."""
    try:
        pk = uuid.UUID(_SIGNER.unsign(token))
    except (BadSignature, ValueError):
        raise Refused(NOT_WHOLE) from None
    PromptMail.objects.filter(pk=pk).delete()


# ------------------------------------------------------------------ sending


def send_due(*, now: dt.datetime | None = None, most: int = 200) -> int:
    """Send the open question to whoever left an address and has not answered; return how many.

    Each is claimed in a transaction of its own before it is sent: whatever happens to the worker
    then, nobody is written to twice. A mail that the server refused is tried again by the next run.
    """
    now = now or timezone.now()
    here = timezone.localtime(now)
    if here.hour < EARLIEST_HOUR:
        return 0
    today = here.date()
    sent = 0
    open_now = Prompt.objects.filter(
        asked_at__isnull=False,
        asked_on__lt=today,
        asked_on__gte=today - dt.timedelta(days=ANSWER_DAYS),
    )
    for prompt in open_now.order_by("asked_on"):
        tried: set[int] = set()
        while sent < most and (claim := _claim(prompt, now, tried)) is not None:
            tried.add(claim.pk)
            sent += _send(prompt, claim)
    return sent


@transaction.atomic
def _claim(prompt: Prompt, now: dt.datetime, tried: set[int]) -> PromptAsked | None:
    answered = PromptAnswer.objects.filter(prompt=prompt).values("contributor")
    claim = (
        PromptAsked.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(
            prompt=prompt,
            mail_claimed_at__isnull=True,
            contributor__prompt_mail__confirmed_at__isnull=False,
            contributor__prompt_enrolment__paused_on__isnull=True,
            contributor__prompt_enrolment__stopped_on__isnull=True,
        )
        .exclude(contributor__in=answered)
        .exclude(pk__in=tried)
        .order_by("pk")
        .first()
    )
    if claim is not None:
        claim.mail_claimed_at = now
        claim.save(update_fields=["mail_claimed_at"])
    return claim


def _send(prompt: Prompt, claim: PromptAsked) -> int:
    mail = PromptMail.objects.filter(pk=claim.contributor_id, confirmed_at__isnull=False).first()
    if mail is None:
        return 0
    message = write_question(prompt, mail)
    try:
        message.send()
    except OSError:
        # smtplib's errors are OSErrors. No address in the log.
        log.warning("The question of %s could not be sent to one person.", prompt.month_on)
        PromptAsked.objects.filter(pk=claim.pk).update(mail_claimed_at=None)
        return 0
    return 1


def write_question(prompt: Prompt, mail: PromptMail) -> EmailMessage:
    """Return the letter with the question, in the language in which the address was left."""
    with override(mail.language):
        leave_url = make_link(reverse("interactions:leave_mail", args=[make_leave_token(mail.pk)]))
        url = make_link(reverse("interactions:day"))
    message = write_letter(
        decrypt(mail.ciphertext),
        "interactions/mail/question",
        language=mail.language,
        day=prompt.asked_on,
        until_on=last_day_to_answer(prompt),
        url=url,
        leave_url=leave_url,
    )
    message.extra_headers = {
        "List-Unsubscribe": f"<{leave_url}>",
        "Auto-Submitted": "auto-generated",
    }
    return message
