"""What people agree to: the wordings, and giving, taking back and asking for a consent.

A room registers a Wording for each purpose in its AppConfig.ready. Whoever changes what a wording
says gives it a new version: a consent to the former one then no longer stands for the new words,
and the person is asked again. The very text, in the language it was shown in, is stored once.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from kinder.accounts.audit import record, subject_of
from kinder.accounts.models import ConsentRecord, ConsentWording, Contributor, User
from kinder.accounts.privacy import Person
from kinder.accounts.rules import Refused

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

NOT_THE_WORDING = _("The wording has changed. Please read it once more.")
NOT_YOURS = _("Only the person who agreed can take that back.")


@dataclass(frozen=True)
class Wording:
    """What is agreed to for one purpose.

    `label` names it in a list, `text` is what the person reads and says yes to, `afterwards` what
    happens when they take it back. `on_withdrawal` is the room's answer to that, called with the
    record in the transaction of the withdrawal: what the consent allowed must end there.
    """

    purpose: str
    version: str
    label: "_StrOrPromise"
    text: "_StrOrPromise"
    afterwards: "_StrOrPromise"
    on_withdrawal: Callable[[ConsentRecord], None] | None = None


_wordings: dict[str, Wording] = {}


def register_wording(wording: Wording) -> None:
    """Add the current wording of a purpose; registering it again replaces it."""
    _wordings[wording.purpose] = wording


def current_wording(purpose: str) -> Wording:
    """Return what is asked for `purpose` now; KeyError where no room registered it."""
    return _wordings[purpose]


def find_wording(purpose: str) -> Wording | None:
    """Return the current wording, None for a purpose that no room has any more."""
    return _wordings.get(purpose)


@transaction.atomic
def give(
    *,
    by: User | Contributor,
    purpose: str,
    version: str,
    person: Person | None = None,
    language: str = "",
) -> ConsentRecord:
    """Record that `person` (`by` themselves, unless a worker notes it for them) agrees.

    `version` is the one that the person was shown: Refused where it is not the current one any
    more. `language` is the one they read it in, by default the active one. Giving again what
    stands already changes nothing and returns it.
    """
    wording = current_wording(purpose)
    if version != wording.version:
        raise Refused(NOT_THE_WORDING)
    person = person or by
    language = language or get_language() or ""
    subject = subject_of(person)
    # Two tabs at once: the second waits here and finds what the first wrote.
    type(subject).objects.select_for_update().get(pk=subject.pk)
    standing = subject.consents.filter(purpose=purpose, withdrawn_at=None).first()
    if standing is not None:
        if standing.wording_version == version:
            return standing
        # The new words replace the old; what the consent allows goes on.
        _end(standing)
    consent = ConsentRecord.objects.create(
        subject=subject,
        purpose=purpose,
        wording=_keep_text(wording, language),
        wording_version=version,
        language=language,
    )
    record("give_consent", consent, by=by, purpose=purpose, version=version, language=language)
    return consent


@transaction.atomic
def withdraw(*, by: User | Contributor, consent: ConsentRecord) -> bool:
    """Take a consent back, and let the room end what it allowed; False where that was done before.

    Anybody may take back their own, at once and without a reason; nobody else's (Refused).
    """
    if not consents_of(by).filter(pk=consent.pk).exists():
        raise Refused(NOT_YOURS)
    standing = (
        ConsentRecord.objects.select_for_update().filter(pk=consent.pk, withdrawn_at=None).first()
    )
    if standing is None:
        return False
    _end(standing)
    wording = find_wording(standing.purpose)
    if wording is not None and wording.on_withdrawal is not None:
        wording.on_withdrawal(standing)
    record("withdraw_consent", standing, by=by, purpose=standing.purpose)
    return True


def find_standing(person: Person, purpose: str) -> ConsentRecord | None:
    """Return the consent of `person` that stands for the current wording, None where there is none:
    not given, taken back, or given to words that have changed since."""
    wording = current_wording(purpose)
    return (
        consents_of(person)
        .filter(purpose=purpose, wording_version=wording.version, withdrawn_at=None)
        .first()
    )


def consents_of(person: Person) -> "models.QuerySet[ConsentRecord]":
    """Return the consents of `person`, the newest first: a user's own and those of the contributor
    that they log as."""
    if isinstance(person, User):
        who = models.Q(subject__user=person) | models.Q(subject__contributor__user=person)
    else:
        who = models.Q(subject__contributor=person)
    return ConsentRecord.objects.filter(who).order_by("-given_at", "-pk")


@dataclass(frozen=True)
class Told:
    """A consent as its giver reads it on their own page."""

    consent: ConsentRecord
    label: "_StrOrPromise"
    text: str
    afterwards: "_StrOrPromise"


def tell_consents(consents: Iterable[ConsentRecord]) -> list[Told]:
    """Return each consent with the words that were agreed to, where they are known."""
    told = []
    for consent in consents:
        wording = find_wording(consent.purpose)
        told.append(
            Told(
                consent=consent,
                label=wording.label if wording else consent.purpose,
                text=consent.wording.text if consent.wording else "",
                afterwards=wording.afterwards if wording else "",
            )
        )
    return told


def _end(consent: ConsentRecord) -> None:
    consent.withdrawn_at = timezone.now()
    consent.save(update_fields=["withdrawn_at"])


def _keep_text(wording: Wording, language: str) -> ConsentWording:
    with override(language or None):
        text = str(wording.text)
    parts = (wording.purpose, wording.version, language, text)
    digest = hashlib.sha256("\x00".join(parts).encode()).digest()
    ConsentWording.objects.bulk_create(
        [
            ConsentWording(
                sha256=digest,
                purpose=wording.purpose,
                version=wording.version,
                language=language,
                text=text,
            )
        ],
        ignore_conflicts=True,
    )
    return ConsentWording.objects.get(pk=digest)
