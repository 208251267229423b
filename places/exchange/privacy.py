"""How long what people brought in stays: rows of lists, their files, reports of commands."""

import datetime as dt
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from kinder.accounts.privacy import Holding, Person, RetentionRule, Room, register
from kinder.accounts.retention import BATCH, let_go_of
from places.exchange.models import ImportIssue, ImportRow, PlaceImport

State = PlaceImport.State
KEPT_FOR = dt.timedelta(days=90)
"""How long the words of an import can be looked up after it ended, and how long one waits for
somebody to look at it (a judgement: a quarter of a year, in which a mistake is seen)."""
ENDED = (State.DONE, State.UNDONE, State.CANCELLED, State.FAILED)
WAITING = (State.MAPPING, State.LOOKING)


def describe() -> list[Holding]:
    """Who brought something in is told by the register, whose history it belongs to."""
    return []


def export(_person: Person) -> dict[str, list[dict[str, Any]]]:
    return {}


def erase(_person: Person) -> int:
    """Nothing here bears a name: `by` is set to nobody with the account."""
    return 0


def _ended_rows(now: dt.datetime) -> QuerySet[ImportRow]:
    """Rows of imports that ended long ago and still say what the list said."""
    return ImportRow.objects.filter(
        job__state__in=ENDED, job__finished_at__lt=now - KEPT_FOR
    ).exclude(facts={}, notes=[])


def _forget_rows(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    """Empty rows of what the list said. What became of each stays, and so does taking it back:
    that needs the place, its revisions and the row's id alone."""
    due = _ended_rows(now)
    if is_dry_run:
        return due.count()
    keys = list(due.order_by("pk").values_list("pk", flat=True)[:BATCH])
    rows = ImportRow.objects.filter(pk__in=keys)
    rows.filter(place__isnull=True).update(reference="")
    return rows.update(facts={}, notes=[])


def _give_up_imports(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    """Give up imports that waited for somebody all the while: their rows and files go. One of which
    a part was written is done with that part."""
    due = PlaceImport.objects.filter(
        Q(beat_at__isnull=True) | Q(beat_at__lt=now - KEPT_FOR),
        state__in=WAITING,
        created_at__lt=now - KEPT_FOR,
    )
    if is_dry_run:
        return due.count()
    given_up = 0
    for job in due.select_for_update().order_by("pk")[:BATCH]:
        job.rows.filter(outcome="").delete()
        if job.file:
            job.file.delete(save=False)
        job.file = ""
        job.state = State.DONE if job.rows.exists() else State.CANCELLED
        job.finished_at, job.worker = timezone.now(), None
        job.save(update_fields=["file", "state", "finished_at", "worker"])
        given_up += 1
    return given_up


def _let_go_of_reports(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    due = ImportIssue.objects.filter(batch__started_at__lt=now - KEPT_FOR)
    return let_go_of(due, is_dry_run=is_dry_run)


RETENTION = (
    RetentionRule(
        name="exchange.import_rows",
        what=gettext_lazy("What the rows of a list of places said."),
        why=gettext_lazy("So that a mistake can be found; afterwards the register says it."),
        how_long=gettext_lazy("90 days after the list was written, taken back or given up."),
        source=gettext_lazy("The need it serves: lists may hold more than the register takes."),
        apply=_forget_rows,
    ),
    RetentionRule(
        name="exchange.waiting_imports",
        what=gettext_lazy("Lists of places that nobody looked at to the end, and their files."),
        why=gettext_lazy("So that somebody can go on with them."),
        how_long=gettext_lazy("90 days after they were brought in."),
        source=gettext_lazy("The need it serves: an older list is brought in anew."),
        apply=_give_up_imports,
    ),
    RetentionRule(
        name="exchange.import_reports",
        what=gettext_lazy("Reports of rows that an import turned away or mended."),
        why=gettext_lazy("So that whoever looks after a file can mend it."),
        how_long=gettext_lazy("90 days after the import."),
        source=gettext_lazy("The need it serves: the counts stay."),
        apply=_let_go_of_reports,
    ),
)


def register_room() -> None:
    register(
        Room(
            name="exchange",
            describe=describe,
            export=export,
            erase=erase,
            retention=RETENTION,
        )
    )
