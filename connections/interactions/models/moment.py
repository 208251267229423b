"""Moments: one logged everyday act each, and the marks by which figures follow them."""

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.interactions.vocabulary import (
    AtWork,
    Direction,
    Hardness,
    HardReason,
    MomentKind,
    PartOfDay,
    Setting,
    Tie,
    YesNoUnsure,
)
from kinder.accounts.models import Contributor, Device
from places.models import Area, Place

SHARDS = 16
"""Into how many parts the marks are divided, each swept by one worker at a time: a power of 2,
because the triggers take it from a hash by `& (SHARDS - 1)`."""


def _mark_after(
    operation: pgtrigger.Operation, *, old: str | None = None, new: str | None = None
) -> pgtrigger.Trigger:
    """Return the trigger that marks the keys of all rows that one statement touched.

    One trigger for each operation: PostgreSQL refuses transition tables on a trigger of several.
    """
    rows = " UNION ".join(
        f"SELECT contributor_id, month_on, area_id FROM {table}"  # noqa: S608
        for table in (old, new)
        if table
    )
    return pgtrigger.Trigger(
        name=f"mark_after_{operation}".lower(),
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(old=old, new=new),  # type: ignore[no-untyped-call]
        func=f"""
            INSERT INTO interactions_dirtymark (shard, month_on, area_id, contributor_id)
            SELECT DISTINCT uuid_hash(contributor_id) & {SHARDS - 1},
                   month_on, area_id, contributor_id
            FROM ({rows}) AS touched;
            RETURN NULL;
        """,  # noqa: S608 (constants only)
    )


def mark_answers_after(
    operation: pgtrigger.Operation,
    *,
    month: str,
    area: str,
    old: str | None = None,
    new: str | None = None,
) -> pgtrigger.Trigger:
    """Return the trigger that marks the months of answers that one statement touched; `month` and
    `area` are the columns that hold them."""
    rows = " UNION ".join(
        f"SELECT contributor_id, {month} AS month_on, coalesce({area}, 0) AS area_id FROM {table}"  # noqa: S608
        for table in (old, new)
        if table
    )
    return pgtrigger.Trigger(
        name=f"mark_answers_after_{operation}".lower(),
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(old=old, new=new),  # type: ignore[no-untyped-call]
        func=f"""
            INSERT INTO interactions_dirtymark (shard, month_on, area_id, contributor_id, is_answer)
            SELECT DISTINCT uuid_hash(contributor_id) & {SHARDS - 1},
                   month_on, area_id, contributor_id, TRUE
            FROM ({rows}) AS touched;
            RETURN NULL;
        """,  # noqa: S608 (constants only)
    )


class Moment(models.Model):
    """What an act and a difficulty have in common. The id is made on the device: a retry is the
    same row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Each is the first column of an index below: one of its own would only cost writes.
    contributor = models.ForeignKey(
        Contributor, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    device = models.ForeignKey(Device, on_delete=models.SET_NULL, null=True, related_name="+")
    # Where it happened, resolved at write so that no statistic needs a spatial join.
    area = models.ForeignKey(Area, on_delete=models.PROTECT, db_index=False, related_name="+")
    occurred_on = models.DateField(_("day"))
    month_on = models.DateField(_("month"), editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    body_sha256 = models.BinaryField(max_length=32, editable=False)

    class Meta:
        abstract = True


class Interaction(Moment):
    """One logged everyday act. Only direction, kind and place or area are asked for; whatever is
    null was skipped, and a skipped answer is never a No."""

    place = models.ForeignKey(
        Place, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    direction = models.CharField(max_length=8, choices=Direction)
    kind = models.CharField(max_length=12, choices=MomentKind)
    tie = models.CharField(max_length=16, choices=Tie, null=True, blank=True)
    is_different = models.CharField(max_length=8, choices=YesNoUnsure, null=True, blank=True)
    at_work = models.CharField(max_length=8, choices=AtWork, null=True, blank=True)
    through_organisation = models.CharField(
        max_length=8, choices=YesNoUnsure, null=True, blank=True
    )
    hardness = models.CharField(max_length=8, choices=Hardness, null=True, blank=True)
    hard_reasons = ArrayField(
        models.CharField(max_length=16, choices=HardReason), default=list, blank=True
    )
    part_of_day = models.CharField(max_length=12, choices=PartOfDay, null=True, blank=True)
    setting = models.CharField(max_length=12, choices=Setting, null=True, blank=True)

    class Meta:
        verbose_name = _("moment")
        verbose_name_plural = _("moments")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(month_on__day=1), name="interactions_month_starts"
            ),
            # Everything but a public place keeps the area only.
            models.CheckConstraint(
                condition=models.Q(place__isnull=True)
                | models.Q(setting__isnull=True)
                | models.Q(setting="place"),
                name="interactions_place_only_at_a_place",
            ),
        ]
        indexes = [
            # A sweep recomputes one person's month.
            models.Index("contributor", "month_on", name="interactions_person_month"),
            # An area that goes asks whether anything happened there.
            models.Index("area", "month_on", name="interactions_area_month"),
            # A quarter is read out of all years: rows lie in the order in which they came, so a
            # range of months for each stretch of the table is enough, and costs a write nothing.
            BrinIndex(
                fields=["month_on"],
                name="interactions_months_lie",
                autosummarize=True,
                pages_per_range=64,
            ),
        ]
        triggers = [
            _mark_after(pgtrigger.Insert, new="new_rows"),
            _mark_after(pgtrigger.Update, old="old_rows", new="new_rows"),
            _mark_after(pgtrigger.Delete, old="old_rows"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Note(models.Model):
    """The author's private words beside a moment, encrypted; in a table of its own so that what
    statistics read holds no prose."""

    interaction = models.OneToOneField(
        Interaction, on_delete=models.CASCADE, primary_key=True, related_name="note"
    )
    ciphertext = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("private note")
        verbose_name_plural = _("private notes")

    def __str__(self) -> str:
        return str(self.interaction_id)


class Difficulty(Moment):
    """“I wanted to, but it was hard here”: reasons, never an act."""

    reasons = ArrayField(models.CharField(max_length=16, choices=HardReason), default=list)

    class Meta:
        verbose_name = _("difficulty")
        verbose_name_plural = _("difficulties")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(month_on__day=1), name="difficulty_month_starts"
            ),
        ]
        indexes = [
            models.Index("contributor", "month_on", name="difficulty_person_month"),
            models.Index("area", "month_on", name="difficulty_area_month"),
        ]
        # Whether kindness was hard is counted with the answers to the ordinary day.
        triggers = [
            mark_answers_after(pgtrigger.Insert, month="month_on", area="area_id", new="new_rows"),
            mark_answers_after(
                pgtrigger.Update, month="month_on", area="area_id", old="old_rows", new="new_rows"
            ),
            mark_answers_after(pgtrigger.Delete, month="month_on", area="area_id", old="old_rows"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class DeletedMoment(models.Model):
    """That an id was deleted, so that a late retry from a queue does not bring it back.

    Holds a keyed hash of the id and nothing else; kept for 60 days, longer than the 30 days in
    which a queued moment is accepted.
    """

    id_hmac = models.BinaryField(max_length=32, primary_key=True)
    deleted_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("trace of a deleted moment")
        verbose_name_plural = _("traces of deleted moments")

    def __str__(self) -> str:
        return f"{self.deleted_at:%Y-%m-%d}"


class HomeArea(models.Model):
    """The area that a person says is home: an intermediate zone or larger."""

    contributor = models.OneToOneField(
        Contributor, on_delete=models.CASCADE, primary_key=True, related_name="home"
    )
    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+")
    chosen_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("home area")
        verbose_name_plural = _("home areas")

    def __str__(self) -> str:
        return f"{self.contributor_id}: {self.area_id}"


class DirtyMark(models.Model):
    """That a person's month in an area must be counted again. Append-only, written by triggers;
    a sweep deletes what it has counted. No unique key and no foreign key: nothing to wait for.

    `is_answer` where it is the month's answers to the ordinary day (and difficulties) that changed;
    the area is then only a note, 0 where none was told.
    """

    shard = models.PositiveSmallIntegerField()
    month_on = models.DateField()
    area_id = models.BigIntegerField()
    contributor_id = models.UUIDField()
    is_answer = models.BooleanField(db_default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("mark to count again")
        verbose_name_plural = _("marks to count again")
        indexes = [
            # A sweep takes the oldest marks of its shard.
            models.Index("shard", "id", name="interactions_dirty_shard"),
        ]

    def __str__(self) -> str:
        return f"{self.month_on} {self.area_id} {self.contributor_id}"
