"""What this room holds about somebody with an account, and how it lets go of it."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connections.reports.actions import forget_reports
from connections.reports.drawn import forget_shapes
from connections.reports.models import ApiKey, FigureView, ReportRequest, ReportSchedule
from kinder.accounts.models import User
from kinder.accounts.privacy import Holding, Person, RetentionRule, Room, register


def describe() -> list[Holding]:
    return [
        Holding(
            model=ReportRequest._meta.label_lower,
            what=_("The reports you asked for."),
            why=_("So that you find them again, and for the letter when they are ready."),
            how_long=_("As long as the report is kept, 90 days, or until you leave."),
        ),
        Holding(
            model=ReportSchedule._meta.label_lower,
            what=_("The reports you want at each release."),
            why=_("So that they are made for you."),
            how_long=_("Until you stop them or leave."),
        ),
        Holding(
            model=FigureView._meta.label_lower,
            what=_("Views of figures that you kept."),
            why=_("So that you find them again."),
            how_long=_("Until you delete them or leave."),
        ),
        Holding(
            model=ApiKey._meta.label_lower,
            what=_("Keys that you made for programs: what they are for, never the key itself."),
            why=_("So that you can end a key."),
            how_long=_("Until you leave."),
        ),
    ]


def export(person: Person) -> dict[str, list[dict[str, Any]]]:
    """Return the person's requests, orders, views and keys as plain data."""
    return {
        model._meta.label_lower: [dict(row) for row in _of(model, person).values(*fields)]
        for model, fields in (
            (ReportRequest, ("report__question", "wants_email", "emailed_at", "created_at")),
            (ReportSchedule, ("name", "question", "formats", "wants_email", "created_at")),
            (FigureView, ("name", "address", "created_at")),
            (ApiKey, ("name", "scopes", "start", "created_at", "last_used_on", "revoked_at")),
        )
    }


@transaction.atomic
def erase(person: Person) -> int:
    """Delete all of it; return the rows. Reports themselves are of nobody and stay."""
    return sum(
        _of(model, person).delete()[0]
        for model in (ReportRequest, ReportSchedule, FigureView, ApiKey)
    )


def _of(model: type[Any], person: Person) -> QuerySet[Any]:
    found: QuerySet[Any] = model.objects.order_by("created_at")
    return found.filter(user=person) if isinstance(person, User) else found.none()


def _let_go(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    return forget_reports(now, is_dry_run=is_dry_run)


RETENTION = (
    RetentionRule(
        name="reports.files",
        what=gettext_lazy("Files of reports, and who asked for them."),
        why=gettext_lazy("So that the same question is answered at once."),
        how_long=gettext_lazy(
            "90 days after somebody asked last; at once where a story in it was withdrawn."
        ),
        source=gettext_lazy("The need that it serves: a quarter's release stands that long."),
        apply=_let_go,
    ),
    RetentionRule(
        name="reports.drawn_shapes",
        what=gettext_lazy("Pieces of land that readers drew, of nobody."),
        why=gettext_lazy("So that an address that was shared leads somewhere."),
        how_long=gettext_lazy("90 days after somebody looked last."),
        source=gettext_lazy("The need that it serves: a quarter's release stands that long."),
        apply=forget_shapes,
    ),
)


def register_room() -> None:
    register(
        Room(name="reports", describe=describe, export=export, erase=erase, retention=RETENTION)
    )
