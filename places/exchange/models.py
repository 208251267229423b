"""Imports, remembered: what came in, when, and which rows were turned away."""

import datetime as dt
import uuid
from pathlib import PurePath
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import User
from places.models import Place
from places.vocabulary import PlaceKind

LONGEST_STEP = dt.timedelta(seconds=20)


def name_import(_job: "PlaceImport", name: str) -> str:
    """A name by chance, with the ending that says how to read it."""
    suffixes = "".join(PurePath(name).suffixes[-2:])[-12:]
    return f"imports/{uuid.uuid4().hex}{suffixes.lower()}"


class ImportBatch(models.Model):
    """One run of an import: its counts and the report of rejected rows."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    what = models.CharField(_("what"), max_length=24)
    source = models.CharField(_("file"), max_length=240)
    source_sha256 = models.CharField(max_length=64, blank=True)
    is_dry_run = models.BooleanField(_("trial only"), default=False)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created = models.PositiveIntegerField(_("rows created"), default=0)
    changed = models.PositiveIntegerField(_("rows changed"), default=0)
    unchanged = models.PositiveIntegerField(_("rows unchanged"), default=0)
    mended = models.PositiveIntegerField(_("rows mended"), default=0)
    rejected = models.PositiveIntegerField(_("rows rejected"), default=0)
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.what} {self.source}"


class PlaceImport(models.Model):
    """Places on their way into the register that somebody looks over first: what they come from,
    how far they have come, and who looks after it.

    Work is done in steps of one transaction each, so that it can stop anywhere; `worker` and
    `beat_at` say who is at it, and a worker that was killed is followed by another.
    """

    class Format(models.TextChoices):
        OSM = "osm", _("OpenStreetMap extract: GeoJSON or .osm.pbf")
        OVERPASS = "overpass", _("OpenStreetMap by Overpass: JSON")
        CSV = "csv", _("Table: CSV")
        HSDS = "hsds", _("Open Referral UK (HSDS 3): JSON, or the address of a feed")
        LAYER = "layer", _("Map layer: GeoPackage, Shapefile (zip) or any GeoJSON")

    class State(models.TextChoices):
        FETCHING = "fetching", _("Being fetched")
        MAPPING = "mapping", _("Waits for its columns")
        READING = "reading", _("Being read")
        LOOKING = "looking", _("Waits to be looked at")
        APPLYING = "applying", _("Being written")
        DONE = "done", _("In the register")
        UNDOING = "undoing", _("Being taken back")
        UNDONE = "undone", _("Taken back")
        CANCELLED = "cancelled", _("Given up")
        FAILED = "failed", _("Failed")

    format = models.CharField(_("format"), max_length=12, choices=Format)
    name = models.CharField(_("what it is called"), max_length=80)
    # What its places are known by: the same in the next import of the same list.
    source = models.SlugField(_("short name of the source"), max_length=40)
    file = models.FileField(upload_to=name_import, blank=True, max_length=200)
    address = models.URLField(_("address"), max_length=500, blank=True)
    options = models.JSONField(default=dict, blank=True)
    # Of all that it began with, so that the same start sent twice is known.
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State)
    problem = models.CharField(_("what went wrong"), max_length=400, blank=True)
    done = models.PositiveIntegerField(_("rows done"), default=0)
    total = models.PositiveIntegerField(_("rows in all"), default=0)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    worker = models.UUIDField(null=True, blank=True, editable=False)
    beat_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("import of places")
        verbose_name_plural = _("imports of places")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_left_alone(self) -> bool:
        """Tell whether whoever works on it has not been heard of for longer than a step takes."""
        return self.beat_at is not None and timezone.now() - self.beat_at > LONGEST_STEP


class ImportRow(models.Model):
    """One row of an import: what it says, which place it may be, what was decided, what came of
    it."""

    class Decision(models.TextChoices):
        UNDECIDED = "", _("Not decided")
        ADD = "add", _("Add as a new place")
        FILL = "fill", _("Same place: fill in what is missing")
        REPLACE = "replace", _("Same place: the file is right")
        SKIP = "skip", _("Leave out")

    class Outcome(models.TextChoices):
        NONE = "", _("Nothing yet")
        ADDED = "added", _("Added")
        CHANGED = "changed", _("Changed")
        SAME = "same", _("Was so already")
        SKIPPED = "skipped", _("Left out")
        FAILED = "failed", _("Could not be written")
        UNDONE = "undone", _("Taken back")
        KEPT = "kept", _("Stays: somebody edited it since")

    job = models.ForeignKey(PlaceImport, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("row"))
    reference = models.CharField(_("id in the source"), max_length=80, blank=True)
    facts = models.JSONField(default=dict)
    problem = models.CharField(_("what is wrong"), max_length=240, blank=True)
    notes = models.JSONField(default=list)
    place = models.ForeignKey(
        Place, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    likelihood = models.FloatField(_("how likely the same place"), null=True, blank=True)
    decision = models.CharField(
        _("decision"), max_length=8, choices=Decision, blank=True, default=Decision.UNDECIDED
    )
    outcome = models.CharField(
        _("what came of it"), max_length=8, choices=Outcome, blank=True, default=Outcome.NONE
    )
    before_revision = models.PositiveIntegerField(null=True, blank=True)
    after_revision = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("row of an import of places")
        verbose_name_plural = _("rows of imports of places")
        ordering: ClassVar = ["job", "number"]
        constraints = [
            models.UniqueConstraint("job", "number", name="exchange_row_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id}:{self.number}"

    @property
    def kind_label(self) -> str:
        """The kind of place that the row says, in words; "" where it says none."""
        kind = self.facts.get("kind", "")
        return str(PlaceKind(kind).label) if kind in PlaceKind.values else ""


class ImportIssue(models.Model):
    """A row that was mended or rejected, and why."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="issues")
    row = models.PositiveIntegerField(_("row"))
    reference = models.CharField(_("id in the file"), max_length=120, blank=True)
    is_rejected = models.BooleanField(_("rejected"))
    reason = models.CharField(_("reason"), max_length=240)

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of an import")
        ordering: ClassVar = ["batch", "row"]

    def __str__(self) -> str:
        return f"{self.row}: {self.reason}"
