"""The agreement between the two: its wording, its versions, and how each side agreed."""

import datetime as dt
import hashlib

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.actions.pairings import lock_pairing, moving
from connections.befriending.facts import read_who
from connections.befriending.models import Agreement, AgreementSignature, Match, Service
from connections.befriending.rules import check_can_run
from connections.befriending.states import Who
from connections.befriending.vocabulary import Side
from kinder.accounts.acting import acting
from kinder.accounts.audit import record
from kinder.accounts.models import User
from kinder.accounts.rules import Refused

LONGEST_CLAUSE = 600
CHANGED = _("The agreement was changed since you read it. Please read it once more.")
TOO_LONG = _("One of the clauses is too long.")
NO_CLAUSES = _("An agreement needs at least one clause.")
SIGNED_ALREADY = _("You have signed this already.")
NOT_YOUR_SIDE = _("Only the two of the pairing sign by themselves; note it as agreed aloud.")


def digest_of(clauses: list[str]) -> str:
    """Return the SHA-256 that stands for a text: its clauses, one a line, in UTF-8."""
    return hashlib.sha256("\n".join(clauses).encode()).hexdigest()


def write_agreement(
    *, by: User, match: Match, clauses: list[str], language: str = "en-gb"
) -> Agreement:
    """Write the next version of a pairing's agreement. Signatures under the former version stay
    with it and do not count for the new one; the same words again make no new version."""
    clauses = _tidy(clauses)
    if not clauses:
        raise Refused(NO_CLAUSES)
    with acting(user=by):
        # Two coordinators who write at once write two versions, one after the other.
        lock_pairing(match)
        newest = Agreement.objects.filter(match=match).order_by("-version").first()
        if newest is not None and newest.text_sha256 == digest_of(clauses):
            check_can_run(by, service=match.service)
            return newest
        with moving(by, match, "write_agreement") as moved:
            match = moved.match
            return Agreement.objects.create(
                match=match,
                version=newest.version + 1 if newest else 1,
                language=language,
                clauses=clauses,
                text_sha256=digest_of(clauses),
                made_by=by,
            )


def _tidy(clauses: list[str]) -> list[str]:
    kept = [" ".join(clause.split()) for clause in clauses if clause.strip()]
    if any(len(clause) > LONGEST_CLAUSE for clause in kept):
        raise Refused(TOO_LONG)
    return kept


def sign_agreement(
    *, by: User, agreement: Agreement, text_sha256: str, reauthenticated_at: dt.datetime
) -> AgreementSignature:
    """Sign as the participant or the volunteer, under the very text that was read: `text_sha256`
    is the one that their page showed."""
    with acting(user=by):
        match = agreement.match
        who = read_who(by, match)
        if who not in (Who.PARTICIPANT, Who.VOLUNTEER):
            raise Refused(NOT_YOUR_SIDE)
        return _sign(by, agreement, Side(who.value), text_sha256, reauthenticated_at)


def note_agreed_aloud(
    *,
    by: User,
    agreement: Agreement,
    side: Side | str,
    text_sha256: str,
    reauthenticated_at: dt.datetime | None = None,
) -> AgreementSignature:
    """Note, as the coordinator, that one side agreed aloud after the text was read to them. It
    counts like a signature."""
    with acting(user=by):
        check_can_run(by, service=agreement.match.service)
        return _sign(by, agreement, Side(side), text_sha256, reauthenticated_at, is_aloud=True)


def _sign(
    by: User,
    agreement: Agreement,
    side: Side,
    text_sha256: str,
    reauthenticated_at: dt.datetime | None,
    *,
    is_aloud: bool = False,
) -> AgreementSignature:
    match = agreement.match
    # Nobody signs while somebody else changes the words.
    lock_pairing(match)
    newest = Agreement.objects.filter(match=match).order_by("-version").first()
    if newest is None or newest.pk != agreement.pk or agreement.text_sha256 != text_sha256:
        raise Refused(CHANGED)
    if AgreementSignature.objects.filter(agreement=agreement, side=side).exists():
        raise Refused(SIGNED_ALREADY)
    # Within the move back to the person: their signature is theirs to write, by the policies.
    with moving(by, match, "sign"), acting(user=by):
        signature = AgreementSignature(
            agreement=agreement,
            side=side,
            text_sha256=text_sha256,
            is_aloud=is_aloud,
            noted_by=by,
            reauthenticated_at=reauthenticated_at,
            signed_at=timezone.now(),
        )
        signature.save(force_insert=True)
        record(
            "sign_agreement",
            agreement,
            by=by,
            organisation=match.service.organisation,
            side=side.value,
            is_aloud=is_aloud,
            text_sha256=text_sha256,
        )
    return signature


def change_template(*, by: User, service: Service, clauses: list[str]) -> Service:
    """Set the service's own wording, from which its next agreements begin; none goes back to the
    template. Agreements that were written keep their text, their SHA-256 and their signatures."""
    check_can_run(by, service=service)
    kept = _tidy(clauses)
    if kept == service.clauses:
        return service
    with acting(user=by):
        service.clauses = kept
        service.save(update_fields=["clauses"])
        record(
            "change_template", service, by=by, organisation=service.organisation, clauses=len(kept)
        )
    return service
