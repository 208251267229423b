"""The road of an import that somebody looks over: fetched, read, matched, decided, written, and
taken back where it was a mistake.

Work goes in steps of one transaction each. Whoever works claims the import for as long as their
heart beats; after kill -9 the next worker goes on with the first step that is missing, and all is
the same as if nothing had happened. The wizard's pages, the command and Beat use this alone.
"""

import datetime as dt
import json
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.contrib.gis.gdal.error import GDALException
from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import DataError, IntegrityError, transaction
from django.db.models import CharField, Count, F, Func, Q, Value
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _
from shapely.errors import ShapelyError

from kinder.accounts.audit import record
from kinder.accounts.fetching import JSON_TYPES, TEXT_TYPES, FetchError, fetch
from kinder.accounts.models import User
from kinder.accounts.rules import Refused
from places.actions import PLACES_LAYER, bump_layer, bump_places
from places.actions.importing import bring_in, merge_into, take_back
from places.exchange.batches import ImportRefusedError
from places.exchange.drafts import (
    Draft,
    check_facts,
    guess_columns,
    read_headings,
    read_layer,
    read_osm,
    read_table,
    reject_repeats,
)
from places.exchange.models import ImportRow, PlaceImport
from places.exchange.open_referral import NO_FEED, fetch_services, read_hsds
from places.exchange.overpass import read_overpass
from places.exchange.place_layers import list_layers
from places.exchange.positions import settle_positions
from places.exchange.recognition import match_rows
from places.exchange.starts import first_state_of
from places.exchange.tables import find_encoding
from places.models import Postcode
from places.rules import check_can_keep_places

Format = PlaceImport.Format
State = PlaceImport.State
Decision = ImportRow.Decision
Outcome = ImportRow.Outcome
WORKING = (State.FETCHING, State.READING, State.APPLYING, State.UNDOING)
READ_AT_ONCE = 400
WRITTEN_AT_ONCE = 50
# A worker that has not been heard of for so long is taken for dead.
DEAD_AFTER = dt.timedelta(seconds=90)
# What a list may contain that nobody foresaw: another try would end the same way.
_FAULTS = (ArithmeticError, AttributeError, DataError, GDALException, IntegrityError, LookupError,
           OSError, RuntimeError, ShapelyError, TypeError, ValueError)  # fmt: skip
_log = logging.getLogger(__name__)


class NotNowError(Refused):
    """The import has moved on: this deed is not for its present state."""

    def __init__(self) -> None:
        super().__init__(_("That is not possible as things stand. Please look again."))


# ------------------------------------------------------------------ deeds


def choose_columns(
    *,
    by: User | None,
    job: PlaceImport,
    columns: Mapping[str, str],
    kind: str,
    encoding: str = "",
    layer: str = "",
) -> PlaceImport:
    """Say which column is which, and which kind a row is that says none; reading begins."""
    with _changing(by, job, State.MAPPING) as locked:
        locked.options = {**locked.options, "columns": dict(columns), "kind": kind,
                          "encoding": encoding, "layer": layer}  # fmt: skip
        locked.state = State.READING
        locked.save(update_fields=["options", "state"])
    return locked


def mend_row(*, by: User | None, row: ImportRow, facts: Mapping[str, Any]) -> ImportRow:
    """Mend what a row says; it is checked and matched again. ValidationError says what is wrong."""
    job = PlaceImport.objects.get(pk=row.job_id)
    with _changing(by, job, State.LOOKING):
        locked = ImportRow.objects.select_for_update().get(pk=row.pk)
        merged = {**locked.facts, **facts}
        if merged.get("lon") is None and merged.get("postcode"):
            known = Postcode.objects.filter(code=merged["postcode"]).first()
            if known is not None:
                merged |= {"lon": known.point.x, "lat": known.point.y}
        if problem := check_facts(merged):
            raise ValidationError(problem)
        locked.facts, locked.problem = merged, ""
        if job.rows.filter(reference=locked.reference, problem="").exclude(pk=locked.pk).exists():
            # Two rows with one id: whoever mends the second says that it is a place of its own.
            locked.reference = ""
        locked.save(update_fields=["facts", "problem", "reference"])
        match_rows(job, [locked])
        locked.save(update_fields=["place", "likelihood", "decision"])
    return locked


def refuse_import(*, by: User | None, job: PlaceImport, problem: str) -> PlaceImport:
    """Note that a file cannot be read, and why: its page says so, and how to begin again."""
    with _changing(by, job, State.MAPPING) as locked:
        locked.state, locked.problem = State.FAILED, problem[:400]
        locked.finished_at = timezone.now()
        locked.save(update_fields=["state", "problem", "finished_at"])
        _drop_file(locked)
    return locked


def decide_rows(*, by: User | None, job: PlaceImport, numbers: list[int], decision: str) -> int:
    """Decide about rows; return how many. A row without a match can only be added or left out."""
    with _changing(by, job, State.LOOKING):
        rows = ImportRow.objects.filter(job=job, number__in=numbers, problem="", outcome="")
        if decision in (Decision.FILL, Decision.REPLACE):
            rows = rows.filter(place__isnull=False)
        return rows.update(decision=Decision(decision))


def apply_import(*, by: User | None, job: PlaceImport) -> PlaceImport:
    """Write what was decided; rows that nobody decided about, or that are wrong, are left out."""
    with _changing(by, job, State.LOOKING) as locked:
        locked.state, locked.done, locked.problem = State.APPLYING, 0, ""
        locked.total = _to_apply(locked).count()
        locked.save(update_fields=["state", "done", "total", "problem"])
        if by is not None:
            record("apply_import", locked, by=by, rows=locked.total)
    return locked


def cancel_import(*, by: User | None, job: PlaceImport) -> PlaceImport:
    """Stop: before anything was written the import is given up; while it is being written, what is
    there stays and the rest waits to be looked at."""
    states = (State.FETCHING, State.MAPPING, State.READING, State.LOOKING, State.APPLYING)
    with _changing(by, job, *states) as locked:
        is_begun = locked.rows.exclude(outcome="").exists()
        locked.state = State.LOOKING if is_begun else State.CANCELLED
        if not is_begun:
            locked.finished_at = timezone.now()
            locked.rows.all().delete()
            _drop_file(locked)
        locked.worker = None
        locked.save()
    return locked


def undo_import(*, by: User | None, job: PlaceImport) -> PlaceImport:
    """Take back all that an import wrote, but for places that somebody edited since."""
    with _changing(by, job, State.DONE, State.LOOKING) as locked:
        locked.state, locked.done, locked.problem = State.UNDOING, 0, ""
        locked.total = _to_undo(locked).count()
        locked.save(update_fields=["state", "done", "total", "problem"])
        if by is not None:
            record("undo_import", locked, by=by, rows=locked.total)
    return locked


class _changing:  # noqa: N801 - used as a function
    """Lock an import for a deed of a keeper; NotNowError where its state is another."""

    def __init__(self, by: User | None, job: PlaceImport, *states: str) -> None:
        if by is not None:
            check_can_keep_places(by)
        self._job, self._states = job, states
        self._block = transaction.atomic()

    def __enter__(self) -> PlaceImport:
        self._block.__enter__()
        try:
            locked = PlaceImport.objects.select_for_update().get(pk=self._job.pk)
            if locked.state not in self._states:
                raise NotNowError
        except BaseException as error:
            self._block.__exit__(type(error), error, error.__traceback__)
            raise
        return locked

    def __exit__(self, *error: Any) -> None:
        self._block.__exit__(*error)


# ------------------------------------------------------------------ work


def continue_all() -> int:
    """Go on with every import that has work and no living worker; return how many were taken."""
    taken = 0
    for key in PlaceImport.objects.filter(state__in=WORKING).order_by("id").values_list("id"):
        taken += advance(key[0])
    return taken


def advance(key: int, *, on_step: Callable[[PlaceImport], None] | None = None) -> bool:
    """Work on an import until it waits for somebody; False where another worker is at it."""
    worker = uuid.uuid4()
    now = timezone.now()
    free = Q(worker__isnull=True) | Q(beat_at__isnull=True) | Q(beat_at__lt=now - DEAD_AFTER)
    claimed = PlaceImport.objects.filter(free, pk=key, state__in=WORKING).update(
        worker=worker, beat_at=now
    )
    if not claimed:
        return False
    job = PlaceImport.objects.get(pk=key)
    try:
        for _step in _steps(job, worker):
            if on_step is not None:
                on_step(job)
    except _GoneError:
        return True
    except (ImportRefusedError, FetchError) as error:
        _fail(job, worker, str(getattr(error, "reason", error)))
    except _FAULTS:
        _log.exception("Import %s failed", key)
        _fail(job, worker, "Something in this list cannot be worked out. The administrator can "
                           "read in the log what it is.")  # fmt: skip
    PlaceImport.objects.filter(pk=key, worker=worker).update(worker=None, beat_at=None)
    return True


class _GoneError(Exception):
    """Somebody stopped the import, or another worker has it now."""


def _steps(job: PlaceImport, worker: uuid.UUID) -> Iterator[None]:
    while job.state in WORKING:
        if job.state == State.FETCHING:
            yield from _fetch(job, worker)
        elif job.state == State.READING:
            yield from _read(job, worker)
        elif job.state == State.APPLYING:
            yield from _write(job, worker)
        else:
            yield from _undo(job, worker)
        job.refresh_from_db()


def _hold(job: PlaceImport, worker: uuid.UUID, **changes: Any) -> None:
    """Within a step's transaction: make sure that the import is still ours, as it was."""
    held = PlaceImport.objects.filter(pk=job.pk, worker=worker, state=job.state).update(
        beat_at=timezone.now(), **changes
    )
    if not held:
        raise _GoneError


def _fail(job: PlaceImport, worker: uuid.UUID, problem: str) -> None:
    if job.file.name:
        # It is kept under a name by chance, which says nothing to whoever sent it.
        problem = problem.replace(Path(job.file.name).name, "The file")
    # What was written stays, and can be taken back: the import waits to be looked at.
    is_begun = job.state in (State.APPLYING, State.UNDOING)
    ended = {} if is_begun else {"finished_at": timezone.now()}
    PlaceImport.objects.filter(pk=job.pk, worker=worker).update(
        state=State.LOOKING if is_begun else State.FAILED, problem=problem[:400], **ended
    )
    if not is_begun:
        # Nobody goes on with it: another try begins with the file.
        _drop_file(job)


def _fetch(job: PlaceImport, worker: uuid.UUID) -> Iterator[None]:
    if job.format == Format.HSDS:
        services = fetch_services(job.address, ask=_fetch_json, beat=lambda: _hold(job, worker))
        content = json.dumps({"services": list(services)}).encode()
    else:
        content = fetch(job.address, types=JSON_TYPES | TEXT_TYPES | {"application/octet-stream"}
                        if job.format != Format.LAYER else ()).content  # fmt: skip
    ending = {"csv": ".csv", "layer": ".gpkg", "osm": ".geojson"}.get(job.format, ".json")
    with transaction.atomic():
        job.file.save(f"fetched{ending}", ContentFile(content), save=False)
        state = first_state_of(job)
        _hold(job, worker, file=job.file.name, state=state)
    job.state = state
    yield


def _fetch_json(address: str) -> Any:
    found = fetch(address)
    if found.content_type not in JSON_TYPES:
        what = "a web page" if "html" in found.content_type else "something else than JSON"
        raise ImportRefusedError(f"{NO_FEED} It answers with {what}.")
    try:
        return json.loads(found.content)
    except (ValueError, RecursionError) as error:
        raise ImportRefusedError(f"{NO_FEED} Its JSON is broken or cut off.") from error


def _drafts(job: PlaceImport) -> Iterator[Draft]:
    path = Path(job.file.path)
    if job.format == Format.OSM:
        return read_osm(path)
    if job.format == Format.OVERPASS:
        return read_overpass(path)
    if job.format == Format.CSV:
        drafts = read_table(path, job.options)
    elif job.format == Format.LAYER:
        drafts = read_layer(path, job.options)
    else:
        drafts = read_hsds(path, job.options)
    return reject_repeats(settle_positions(drafts))


@dataclass(frozen=True)
class Look:
    """What a table or layer is like before it is read: its columns, first rows, and which column is
    most likely which; how it is written, or which of its layers it is."""

    headings: list[str]
    sample: list[dict[str, str]]
    guessed: dict[str, str]
    encoding: str = ""
    layer: str = ""
    layers: tuple[str, ...] = ()


def look_into(job: PlaceImport, *, encoding: str = "", layer: str = "") -> Look:
    """Return what a table or layer is like, read in `encoding` where one is named, or of `layer`.

    Columns are guessed as they were chosen for the same list before, else by their headings. Raises
    ImportRefusedError.
    """
    path = Path(job.file.path)
    layers: tuple[str, ...] = ()
    if job.format == Format.LAYER:
        layers = tuple(list_layers(path))
        layer = layer if layer in layers else layers[0]
    else:
        encoding = encoding or find_encoding(path)
    try:
        headings, sample = read_headings(path, job.format, encoding=encoding, layer=layer)
    except ImportRefusedError as error:
        raise ImportRefusedError(str(error).replace(path.name, "The file")) from error
    guessed = guess_columns(headings)
    earlier = PlaceImport.objects.filter(
        source=job.source, format=job.format, options__has_key="columns"
    ).first()
    if earlier is not None:
        chosen = earlier.options["columns"]
        guessed |= {name: heading for name, heading in chosen.items() if heading in headings}
    return Look(headings, sample, guessed, encoding, layer, layers)


def _read(job: PlaceImport, worker: uuid.UUID) -> Iterator[None]:
    # A file is read in the same order each time, so what is there already tells where to go on.
    last = job.rows.order_by("-number").values_list("number", flat=True).first() or 0
    warnings: dict[str, None] = {}
    drafts = _unread(job, last, warnings)
    count = job.rows.count()
    while chunk := list(islice(drafts, READ_AT_ONCE)):
        rows = [
            ImportRow(
                job=job,
                number=draft.number,
                reference=_keepable(draft.reference[:80]),
                facts=_keepable(draft.facts),
                problem=_keepable(draft.problem[:240]),
                notes=[_keepable(note[:240]) for note in draft.notes],
            )
            for draft in chunk
        ]
        match_rows(job, [row for row in rows if not row.problem])
        count += len(rows)
        with transaction.atomic():
            # How many there will be is not known before the end.
            _hold(job, worker, done=count)
            ImportRow.objects.bulk_create(rows)
        job.done = count
        yield
    with transaction.atomic():
        if not count:
            raise ImportRefusedError("There is not one row in it.")
        _hold(
            job,
            worker,
            state=State.LOOKING,
            total=count,
            problem=_keepable(". ".join(warnings))[:400],
        )
    _drop_file(job)
    yield


def _unread(job: PlaceImport, last: int, warnings: dict[str, None]) -> Iterator[Draft]:
    """Yield the drafts behind row `last`; note what any of them says of the list as a whole."""
    for draft in _drafts(job):
        if draft.warning:
            warnings[draft.warning] = None
        if draft.number > last:
            yield draft


def _keepable(value: Any) -> Any:
    """Return what a row says as PostgreSQL keeps it: without NUL and halves of letters."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_keepable(name): _keepable(one) for name, one in value.items()}
    return [_keepable(one) for one in value] if isinstance(value, list | tuple) else value


def _drop_file(job: PlaceImport) -> None:
    """What was read stands in the rows: the file, which may say more, is not kept."""
    if job.file:
        job.file.delete(save=False)
        PlaceImport.objects.filter(pk=job.pk).update(file="")


# ------------------------------------------------------------------ writing


def _to_apply(job: PlaceImport) -> Any:
    return job.rows.filter(problem="", outcome="").exclude(decision="")


def _to_undo(job: PlaceImport) -> Any:
    return job.rows.filter(outcome__in=(Outcome.ADDED, Outcome.CHANGED))


def _write(job: PlaceImport, worker: uuid.UUID) -> Iterator[None]:
    while True:
        with transaction.atomic():
            rows = list(_to_apply(job).select_related("place").order_by("number")[:WRITTEN_AT_ONCE])
            if not rows:
                _hold(job, worker, state=State.DONE, finished_at=timezone.now())
                break
            _hold(job, worker, done=job.done + len(rows))
            moved = [point for row in rows for point in _write_row(job, row)]
            ImportRow.objects.bulk_update(
                rows, ["place", "outcome", "problem", "before_revision", "after_revision"]
            )
            if moved:
                bump_places(moved)
        job.done += len(rows)
        yield
    yield


def _write_row(job: PlaceImport, row: ImportRow) -> list[Point]:
    """Write one row; return where the map is to be drawn anew."""
    about = f"import {job.pk}"
    try:
        if row.decision == Decision.SKIP:
            row.outcome = Outcome.SKIPPED
        elif row.decision == Decision.ADD:
            place = bring_in(
                by=job.by,
                facts=row.facts,
                source=job.source,
                reference=row.reference,
                about=about,
            )
            row.place, row.after_revision, row.outcome = place, place.revision, Outcome.ADDED
            return [place.point]
        elif row.place is None:
            row.outcome, row.problem = Outcome.FAILED, "the place is gone"
        else:
            merged = merge_into(
                by=job.by,
                place=row.place,
                facts=row.facts,
                source=job.source,
                reference=row.reference,
                about=about,
                is_right=row.decision == Decision.REPLACE,
            )
            row.before_revision, row.after_revision = merged.before, merged.after
            is_new = merged.before != merged.after
            row.outcome = Outcome.CHANGED if is_new else Outcome.SAME
            return [merged.stood, merged.place.point] if is_new else []
    except ValidationError as error:
        row.outcome, row.problem = Outcome.FAILED, " ".join(error.messages)[:240]
    return []


def _undo(job: PlaceImport, worker: uuid.UUID) -> Iterator[None]:
    while True:
        with transaction.atomic():
            # The latest first: a place that two rows met goes back through both.
            rows = list(_to_undo(job).select_related("place").order_by("-number")[:WRITTEN_AT_ONCE])
            if not rows:
                _hold(job, worker, state=State.UNDONE, finished_at=timezone.now())
                break
            _hold(job, worker, done=job.done + len(rows))
            for row in rows:
                _undo_row(job, row)
            bump_layer(PLACES_LAYER)
        job.done += len(rows)
        yield
    yield


def _undo_row(job: PlaceImport, row: ImportRow) -> None:
    is_back = row.place is None or take_back(
        by=job.by,
        place=row.place,
        before=None if row.outcome == Outcome.ADDED else row.before_revision,
        after=row.after_revision or 0,
        source=job.source,
        reference=row.reference,
        about=f"import {job.pk}",
    )
    ImportRow.objects.filter(pk=row.pk).update(outcome=Outcome.UNDONE if is_back else Outcome.KEPT)


# ------------------------------------------------------------------ in numbers


def count_rows(job: PlaceImport) -> dict[str, int]:
    """Return how many rows there are of each sort, for the page and the command."""
    counts: dict[str, int] = job.rows.aggregate(
        total=Count("id"),
        wrong=Count("id", filter=~Q(problem="")),
        undecided=Count("id", filter=Q(problem="", decision="")),
        to_add=Count("id", filter=Q(problem="", decision=Decision.ADD)),
        to_merge=Count("id", filter=Q(decision__in=(Decision.FILL, Decision.REPLACE))),
        to_skip=Count("id", filter=Q(decision=Decision.SKIP)),
        noted=Count("id", filter=Q(problem="") & ~Q(notes=[])),
        added=Count("id", filter=Q(outcome=Outcome.ADDED)),
        changed=Count("id", filter=Q(outcome=Outcome.CHANGED)),
        same=Count("id", filter=Q(outcome=Outcome.SAME)),
        failed=Count("id", filter=Q(outcome=Outcome.FAILED)),
        undone=Count("id", filter=Q(outcome=Outcome.UNDONE)),
        kept=Count("id", filter=Q(outcome=Outcome.KEPT)),
    )
    return counts


def count_problems(job: PlaceImport) -> list[tuple[str, int]]:
    """Return why rows are wrong, in a few words, and how many each, the most first: of an extract
    most are simply no places to meet."""
    reason = Func(F("problem"), Value(":"), Value(1), function="split_part")
    found = (
        job.rows.exclude(problem="")
        .annotate(reason=Cast(reason, CharField()))
        .order_by()
        .values_list("reason")
        .annotate(Count("id"))
    )
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))
