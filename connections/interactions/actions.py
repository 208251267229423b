"""Writes about moments: log, correct, delete, undo, hand over, erase.

A moment is its own record, so logging writes no audit row; deeds of workers do.
"""

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db import connection, transaction
from django.utils import timezone

from connections.interactions.diary import can_undo, find_moment
from connections.interactions.models import DeletedMoment, Difficulty, Interaction, Note
from connections.interactions.rules import (
    DeletedMomentError,
    InvalidMomentError,
    MomentError,
    OtherMomentError,
    StaleRevisionError,
    UnknownMomentError,
    check_day,
)
from connections.interactions.shape import Facts, write_canonically
from connections.interactions.spots import LISTED_LEVELS, Spot, find_spot
from connections.interactions.vocabulary import Direction, Setting
from kinder.accounts.encryption import encrypt
from kinder.accounts.fingerprints import fingerprint, fingerprints
from kinder.accounts.models import Contributor, Device
from places.models.place import SHOWN_STATES
from places.vocabulary import SENSITIVE_KINDS

TRACES_FOR = dt.timedelta(days=60)
"""How long a deleted id is remembered: longer than a queued moment is accepted."""

_BODY, _TRACE = "moment", "deleted moment"
_SIGNER = Signer(salt="interactions.undo")


@dataclass(frozen=True)
class Outcome:
    """What became of one moment of a batch: written, written before, or refused."""

    id: uuid.UUID
    is_new: bool = False
    revision: int = 0
    error: MomentError | None = None


def log_interaction(
    *,
    by: Contributor,
    id: uuid.UUID,  # noqa: A002
    device: Device | None,
    facts: Facts,
) -> Interaction:
    """Write one moment, once: the same id with the same facts again returns what stands.

    Raises InvalidMomentError, OtherMomentError (other facts under the id), UnknownMomentError
    (somebody else's id) or DeletedMomentError, and has then written nothing.
    """
    [outcome] = log_interactions(by=by, device=device, moments=[(id, facts)])
    if outcome.error:
        raise outcome.error
    return Interaction.objects.get(pk=id)


def log_interactions(
    *, by: Contributor, device: Device | None, moments: Sequence[tuple[uuid.UUID, Facts]]
) -> list[Outcome]:
    """Write moments, each once, and tell what became of each, in their order.

    One statement writes them all; whatever it leaves out is asked about afterwards, which is rare.
    An id that comes twice in one batch is answered like one that comes again later.
    """
    today = timezone.localdate()
    outcomes: dict[int, Outcome] = {}
    fresh: dict[uuid.UUID, int] = {}
    bodies: dict[int, bytes] = {}
    for n, (id_, facts) in enumerate(moments):
        try:
            check_day(facts["occurred_on"], today=today)
        except InvalidMomentError as error:
            outcomes[n] = Outcome(id_, error=error)
            continue
        bodies[n] = id_.bytes + write_canonically(facts)
        fresh.setdefault(id_, n)
    written = _write(by, device, [(id_, moments[n][1], bodies[n]) for id_, n in fresh.items()])
    for id_ in written:
        outcomes[fresh[id_]] = Outcome(id_, is_new=True, revision=1)
    for n, body in bodies.items():
        if n not in outcomes:
            outcomes[n] = _explain(by, *moments[n], body)
    return [outcomes[n] for n in range(len(moments))]


def _write(
    by: Contributor, device: Device | None, moments: Sequence[tuple[uuid.UUID, Facts, bytes]]
) -> set[uuid.UUID]:
    """Write what can be written, and return its ids."""
    if not moments:
        return set()
    rows = json.dumps(
        [
            {
                **facts,
                "id": str(id_),
                "occurred_on": facts["occurred_on"].isoformat(),
                "tie": None if facts["direction"] == Direction.NOTICED else facts["tie"],
                "body": f"\\x{fingerprint(_BODY, body).hex()}",
                "traces": [f"\\x{trace.hex()}" for trace in fingerprints(_TRACE, id_.bytes)],
            }
            for id_, facts, body in moments
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM interactions_write(%s, %s, %s, %s, %s, %s, %s, %s)",
            [rows, by.pk, device.pk if device else None, timezone.now(), *_WHAT_COUNTS],
        )
        return {row[0] for row in cursor.fetchall()}


_WHAT_COUNTS = (
    [kind.value for kind in SENSITIVE_KINDS],
    [level.value for level in LISTED_LEVELS],
    [state.value for state in SHOWN_STATES],
    Setting.PLACE.value,
)


def _explain(by: Contributor, id_: uuid.UUID, facts: Facts, body: bytes) -> Outcome:
    """Tell why a moment was not written now."""
    if _is_deleted(id_):
        return Outcome(id_, error=DeletedMomentError())
    stands = (
        Interaction.objects.filter(pk=id_)
        .values_list("contributor_id", "body_sha256", "revision")
        .first()
    )
    if stands is None:
        try:
            find_spot(place=facts["place"], area=facts["area"])
        except InvalidMomentError as error:
            return Outcome(id_, error=error)
        # Deleted by another request between the two statements.
        return Outcome(id_, error=DeletedMomentError())
    contributor_id, fingerprint_then, revision = stands
    if contributor_id != by.pk:
        return Outcome(id_, error=UnknownMomentError())
    if bytes(fingerprint_then) not in fingerprints(_BODY, body):
        return Outcome(id_, error=OtherMomentError())
    return Outcome(id_, revision=revision)


@transaction.atomic
def correct_interaction(
    *,
    by: Contributor,
    id: uuid.UUID,  # noqa: A002
    revision: int,
    changes: Mapping[str, Any],
) -> Interaction:
    """Change facts of one's own moment, as long as it still is at `revision`.

    `changes` come from shape.read_changes. What must not be kept with the new facts is dropped:
    the place anywhere but at a place, the tie of something one only saw.
    """
    moment = Interaction.objects.select_for_update().filter(pk=id, contributor=by).first()
    if moment is None:
        raise DeletedMomentError if _is_deleted(id) else UnknownMomentError
    if moment.revision != revision:
        raise StaleRevisionError(moment.revision)
    for name, value in changes.items():
        if name not in ("place", "area"):
            setattr(moment, name, value)
    if "occurred_on" in changes:
        check_day(moment.occurred_on)
        moment.month_on = moment.occurred_on.replace(day=1)
    if "place" in changes or "area" in changes:
        spot = find_spot(place=changes.get("place"), area=changes.get("area"))
        moment.area, moment.place = spot.area, spot.place_for(moment.setting)
    if moment.setting not in (None, Setting.PLACE):
        moment.place = None
    if moment.direction == Direction.NOTICED:
        moment.tie = None
    moment.revision += 1
    moment.updated_at = timezone.now()
    moment.save()
    return moment


@transaction.atomic
def answer_more(
    *,
    by: Contributor,
    moment: Interaction,
    revision: int,
    changes: Mapping[str, Any],
    note: str | None,
) -> None:
    """Keep what somebody tells once a moment is saved; `note` is None where it stays as it was."""
    if changes:
        correct_interaction(by=by, id=moment.pk, revision=revision, changes=changes)
    if note is not None:
        write_note(by=by, moment=moment, text=note)


@transaction.atomic
def write_note(*, by: Contributor, moment: Interaction, text: str) -> None:
    """Keep private words beside one's own moment; empty ones take them away.

    The words are taken as they come: whoever lets somebody write them has asked the form about
    names first.
    """
    if moment.contributor_id != by.pk:
        raise UnknownMomentError
    if text:
        Note.objects.update_or_create(
            interaction=moment, defaults={"ciphertext": encrypt(text), "created_at": timezone.now()}
        )
    else:
        Note.objects.filter(interaction=moment).delete()


@transaction.atomic
def correct_difficulty(
    *,
    by: Contributor,
    id: uuid.UUID,  # noqa: A002
    revision: int,
    spot: Spot,
    occurred_on: dt.date,
    reasons: Sequence[str],
) -> Difficulty:
    """Change what one said was hard, as long as it still is at `revision`."""
    difficulty = Difficulty.objects.select_for_update().filter(pk=id, contributor=by).first()
    if difficulty is None:
        raise DeletedMomentError if _is_deleted(id) else UnknownMomentError
    if difficulty.revision != revision:
        raise StaleRevisionError(difficulty.revision)
    if occurred_on != difficulty.occurred_on:
        check_day(occurred_on)
    difficulty.area = spot.area
    difficulty.occurred_on, difficulty.month_on = occurred_on, occurred_on.replace(day=1)
    difficulty.reasons = list(reasons)
    difficulty.revision += 1
    difficulty.updated_at = timezone.now()
    difficulty.save()
    return difficulty


@transaction.atomic
def log_difficulty(
    *,
    by: Contributor,
    id: uuid.UUID,  # noqa: A002
    device: Device | None,
    spot: Spot,
    occurred_on: dt.date,
    reasons: Sequence[str],
) -> Difficulty:
    """Write that somebody wanted to and it was hard here, once. It keeps the area only."""
    check_day(occurred_on)
    if _is_deleted(id):
        raise DeletedMomentError
    body = id.bytes + write_canonically(
        {"area": spot.area.code, "occurred_on": occurred_on, "reasons": sorted(reasons)}
    )
    difficulty, is_new = Difficulty.objects.get_or_create(
        pk=id,
        defaults={
            "contributor": by,
            "device": device,
            "area": spot.area,
            "occurred_on": occurred_on,
            "month_on": occurred_on.replace(day=1),
            "reasons": list(reasons),
            "body_sha256": fingerprint(_BODY, body),
        },
    )
    if not is_new and difficulty.contributor_id != by.pk:
        raise UnknownMomentError
    if not is_new and bytes(difficulty.body_sha256) not in fingerprints(_BODY, body):
        raise OtherMomentError
    return difficulty


@transaction.atomic
def delete_moment(*, by: Contributor, id: uuid.UUID) -> None:  # noqa: A002
    """Delete one's own moment or difficulty for ever."""
    found = 0
    for model in (Interaction, Difficulty):
        found += model.objects.filter(pk=id, contributor=by).delete()[0]
    if not found:
        raise DeletedMomentError if _is_deleted(id) else UnknownMomentError
    remember_deleted([id])


def make_undo_token(moment: Interaction | Difficulty) -> str:
    """Return what lets its holder take `moment` back, until UNDO_FOR after it arrived."""
    return _SIGNER.sign(str(moment.pk))


def undo_moment(*, token: str) -> None:
    """Delete the moment that `token` was made for; whoever holds the token in time may.

    Raises UnknownMomentError for a forged token and for one that ran out, DeletedMomentError where
    the moment is gone already.
    """
    try:
        moment_id = uuid.UUID(_SIGNER.unsign(token))
    except (BadSignature, ValueError):
        raise UnknownMomentError from None
    moment = find_moment(moment_id)
    if moment is None:
        raise DeletedMomentError
    if not can_undo(moment):
        raise UnknownMomentError
    delete_moment(by=moment.contributor, id=moment_id)


def remember_deleted(ids: Iterable[uuid.UUID]) -> None:
    """Note that these ids were deleted, so that a late retry does not bring them back."""
    DeletedMoment.objects.bulk_create(
        [DeletedMoment(id_hmac=fingerprint(_TRACE, id_.bytes)) for id_ in ids],
        ignore_conflicts=True,
        batch_size=1_000,
    )


def _is_deleted(id_: uuid.UUID) -> bool:
    return DeletedMoment.objects.filter(id_hmac__in=fingerprints(_TRACE, id_.bytes)).exists()
