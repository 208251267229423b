"""Erasures that outlast a restored backup.

An erasure leaves a tombstone: the kind and an HMAC of the key. A backup from before the erasure
holds the person and not the tombstone, so tombstones are also kept in a ledger outside of the
database (KINDER_TOMBSTONES): a line for each, appended and never restored. `reapply` brings ledger
and table together and erases again whom they name.
"""

import json
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from kinder.accounts import privacy
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.audit import record
from kinder.accounts.fingerprints import fingerprint, fingerprints
from kinder.accounts.models import Contributor, Tombstone, User
from kinder.accounts.privacy import Person

logger = logging.getLogger(__name__)

_USE = "tombstone"
NAMELESS = "@erased.invalid"
"""Where the address of an account ends that had to stay as a nameless row."""


@dataclass(frozen=True)
class Reapplied:
    """What `reapply` did: tombstones that the database had lost, and people erased again."""

    learned: int
    erased: int


def hash_key(person: Person) -> bytes:
    """Return what a tombstone keeps of a person's key."""
    return fingerprint(_USE, str(person.pk).encode())


def raise_stone(person: Person) -> Tombstone:
    """Leave the tombstone of `person`; the ledger gets it when the erasure is committed."""
    stone, _is_new = Tombstone.objects.get_or_create(
        kind=person._meta.label_lower, key_hmac=hash_key(person)
    )
    transaction.on_commit(lambda: _append([stone]))
    return stone


def erase_everywhere(persons: list[Person]) -> dict[str, int]:
    """Let every room erase `persons`, accounts last; return how many rows went, by room."""
    rooms = sorted(privacy.rooms(), key=lambda room: room.name == privacy.OWN_ROOM)
    return {room.name: sum(room.erase(one) for one in persons) for room in rooms}


def reapply() -> Reapplied:
    """Bring ledger and table together, and erase again whoever came back with a backup.

    Each person is one transaction; running it again finds nothing.
    """
    learned = _learn()
    erased = 0
    for person in _find_risen():
        with acting(purpose=Purpose.ERASE):
            stone = raise_stone(person)
            counts = erase_everywhere([person])
            record("reapply_tombstone", stone, by=Purpose.ERASE, rows=counts)
            erased += 1
    return Reapplied(learned=learned, erased=erased)


def _find_risen() -> Iterator[Person]:
    """Yield contributors before accounts: an account's rows point at its contributor."""
    keys: dict[str, set[bytes]] = {}
    for kind, key in Tombstone.objects.values_list("kind", "key_hmac"):
        keys.setdefault(kind, set()).add(bytes(key))
    living: Iterable[type[Contributor] | type[User]] = (Contributor, User)
    for model in living:
        wanted = keys.get(model._meta.label_lower, set())
        if not wanted:
            continue
        everybody = model._default_manager.values_list("pk", flat=True)
        if model is User:
            # A nameless row is all that the erasure left; there is nothing to erase again.
            everybody = everybody.exclude(email__endswith=NAMELESS)  # type: ignore[misc]
        for pk in list(everybody):
            if not wanted.isdisjoint(fingerprints(_USE, str(pk).encode())):
                yield model._default_manager.get(pk=pk)


def _learn() -> int:
    """Take tombstones from the ledger that the table lacks, and give it those that it lacks."""
    written = set(_read())
    held = {(kind, bytes(key)) for kind, key in Tombstone.objects.values_list("kind", "key_hmac")}
    missing = sorted(written - held)
    Tombstone.objects.bulk_create(
        [Tombstone(kind=kind, key_hmac=key) for kind, key in missing], ignore_conflicts=True
    )
    unwritten = [
        stone
        for stone in Tombstone.objects.all()
        if (stone.kind, bytes(stone.key_hmac)) not in written
    ]
    _append(unwritten)
    return len(missing)


def _read() -> Iterator[tuple[str, bytes]]:
    ledger = Path(settings.TOMBSTONES)
    if not ledger.exists():
        return
    for number, line in enumerate(ledger.read_text().splitlines(), start=1):
        try:
            stone = json.loads(line)
            yield stone["kind"], bytes.fromhex(stone["key"])
        except (ValueError, KeyError, TypeError):
            # A machine that lost its power may leave half a line; the rest counts.
            logger.warning("Line %d of the ledger of tombstones cannot be read", number)


def _append(stones: list[Tombstone]) -> None:
    """Append to the ledger, through to the disk. An erasure that is done is not undone because the
    ledger cannot be written: it is logged, and `reapply` writes what is missing."""
    if not stones:
        return
    lines = "".join(
        json.dumps(
            {
                "kind": stone.kind,
                "key": bytes(stone.key_hmac).hex(),
                "at": timezone.localtime(stone.created_at).isoformat(timespec="seconds"),
            }
        )
        + "\n"
        for stone in stones
    )
    ledger = Path(settings.TOMBSTONES)
    try:
        ledger.parent.mkdir(parents=True, exist_ok=True)
        # One write of whole lines at the end: two processes do not mix theirs.
        descriptor = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if ledger.stat().st_size and not _ends_a_line(ledger):
                lines = "\n" + lines
            os.write(descriptor, lines.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        logger.exception("The ledger of tombstones cannot be written")


def _ends_a_line(ledger: Path) -> bool:
    with ledger.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
