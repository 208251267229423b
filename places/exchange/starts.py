"""How an import begins; one that is begun twice within a moment, by two presses or by a retry, is
one."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from kinder.accounts.audit import record
from kinder.accounts.models import User
from places.exchange.models import PlaceImport

Format = PlaceImport.Format
State = PlaceImport.State
# Within so long the same start by the same person is one that was sent twice, not another.
SAME_WITHIN = dt.timedelta(minutes=1)
UNDER_WAY = (State.FETCHING, State.MAPPING, State.READING, State.LOOKING, State.APPLYING)
# PostgreSQL's advisory locks of two numbers: this one, and one of the fingerprint.
_LOCK = 7_002


@transaction.atomic
def begin_import(
    *,
    by: User | None,
    file_format: str,
    name: str,
    file: "File[Any] | None" = None,
    address: str = "",
    options: Mapping[str, Any] | None = None,
) -> PlaceImport:
    """Take a file, or the address of one; reading begins by itself, once columns are known.

    Pressed twice, or sent again by a retry, it is one import: while the first is under way, the
    same start by the same person within SAME_WITHIN gives the first. No two such starts pass each
    other. A command without a person is taken at its word.
    """
    fingerprint = ""
    if by is not None:
        fingerprint = _fingerprint(by, file_format, name, file, address, options)
        if (first := _begun_already(fingerprint)) is not None:
            return first
    job = PlaceImport(
        format=Format(file_format),
        name=name,
        source=slugify(name)[:40] or "import",
        address=address,
        options=dict(options or {}),
        fingerprint=fingerprint,
        by=by,
        state=State.FETCHING if address else State.READING,
    )
    if job.format in (Format.OSM, Format.OVERPASS):
        # Known by OSM's ids, whichever extract they come from.
        job.source = "osm"
    if file is not None:
        job.file.save(Path(file.name or "file").name, file, save=False)
        job.state = first_state_of(job)
    job.save()
    if by is not None:
        record("begin_import", job, by=by, format=job.format)
    return job


def first_state_of(job: PlaceImport) -> str:
    """Return where a file that is there begins: with its columns, or with reading."""
    if job.format in (Format.CSV, Format.LAYER) and "columns" not in job.options:
        return State.MAPPING
    return State.READING


def _fingerprint(
    by: User,
    file_format: str,
    name: str,
    file: "File[Any] | None",
    address: str,
    options: Mapping[str, Any] | None,
) -> str:
    """Return a digest of all that a start says, with what is in its file."""
    told = [by.pk, str(file_format), name, address, dict(options or {}), file is not None]
    digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode())
    if file is not None:
        for chunk in file.chunks():
            digest.update(chunk)
        file.seek(0)
    return digest.hexdigest()


def _begun_already(fingerprint: str) -> PlaceImport | None:
    """Return the import that this start began a moment ago, None for a first one.

    Whoever asks holds the fingerprint until their transaction ends: another same start waits, and
    then sees what was begun.
    """
    # Four bytes, as a signed number: two that share them only wait for each other.
    key = int.from_bytes(bytes.fromhex(fingerprint[:8]), signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, key])
    return PlaceImport.objects.filter(
        fingerprint=fingerprint,
        state__in=UNDER_WAY,
        created_at__gt=timezone.now() - SAME_WITHIN,
    ).first()
