"""WHAT WE TELL: reports that a funder downloads, made from releases, never from rows."""

import uuid
from typing import Any, ClassVar

from django.contrib.gis.db.models import MultiPolygonField
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.indicators.models import Release
from connections.reports.question import MAX_TITLE, Question
from connections.reports.vocabulary import Format, Scope, State
from kinder.accounts.models import User
from places.models import Area


class AreaReport(models.Model):
    """A question and its answer: kept by content hash, so that who asks again is answered at once.

    `voices_sha256` is the hash of the stories and of what was heard that stand in it: as soon as
    one is withdrawn the hash of what may be told differs, and the report is served no more.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="reports")
    # Plain data of question.Question: areas, sections, comparators, title, language.
    question = models.JSONField()
    question_sha256 = models.CharField(max_length=64, unique=True)
    voices_sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("area report")
        verbose_name_plural = _("area reports")
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.release_id} {self.question_sha256[:12]}"

    @property
    def asked(self) -> Question:
        return Question.from_data(self.question)


class ReportFile(models.Model):
    """One format of a report: asked for, then made by whichever worker takes it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(AreaReport, on_delete=models.CASCADE, related_name="files")
    format = models.CharField(max_length=8, choices=Format)
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Where the table is the queue: not before this moment, after a failure.
    due_at = models.DateTimeField(default=timezone.now)
    file = models.FileField(upload_to="reports/%Y/%m/", blank=True)
    content_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)
    bytes = models.PositiveBigIntegerField(_("size in bytes"), default=0)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("file of a report")
        verbose_name_plural = _("files of reports")
        constraints = [
            models.UniqueConstraint("report", "format", name="reports_file_unique"),
            models.CheckConstraint(
                condition=~models.Q(state="ready")
                | (~models.Q(content_sha256="") & ~models.Q(file="")),
                name="reports_file_ready_is_whole",
            ),
        ]
        indexes = [
            # A worker asks every few seconds for what is left to make.
            models.Index(
                "due_at", condition=models.Q(state="waiting"), name="reports_file_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.format}"


class ReportRequest(models.Model):
    """That somebody with an account asked for a report: their list, and the letter when done."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="report_requests")
    report = models.ForeignKey(AreaReport, on_delete=models.CASCADE, related_name="requests")
    wants_email = models.BooleanField(_("e-mail me when it is ready"), default=False)
    emailed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("request for a report")
        verbose_name_plural = _("requests for reports")
        ordering: ClassVar = ["-created_at"]
        constraints = [
            models.UniqueConstraint("user", "report", name="reports_request_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.report_id}"


class ReportSchedule(models.Model):
    """A question to ask again at each release, for somebody's workspace."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="report_schedules")
    name = models.CharField(_("name"), max_length=MAX_TITLE)
    question = models.JSONField()
    formats = ArrayField(models.CharField(max_length=8, choices=Format))
    wants_email = models.BooleanField(_("e-mail me when it is ready"), default=True)
    # The newest release that was asked: one report a release, whatever the workers do.
    last_release = models.ForeignKey(
        Release, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("standing order of reports")
        verbose_name_plural = _("standing orders of reports")
        ordering: ClassVar = ["name", "created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def asked(self) -> Question:
        return Question.from_data(self.question)


class FigureView(models.Model):
    """An address of figures under a name of one's own; the address itself holds all state."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="figure_views")
    name = models.CharField(_("name"), max_length=MAX_TITLE)
    address = models.CharField(_("address"), max_length=4000)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("kept view of figures")
        verbose_name_plural = _("kept views of figures")
        ordering: ClassVar = ["name", "created_at"]

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """A key for machines: only its HMAC is kept, so that nobody can read it here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(_("what it is for"), max_length=80)
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope))
    key_hmac = models.BinaryField(max_length=32, unique=True, editable=False)
    # The first characters, so that its owner knows which is which.
    start = models.CharField(max_length=12, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_on = models.DateField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("key of the API")
        verbose_name_plural = _("keys of the API")
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.start}…"


class Benchmark(models.Model):
    """A figure of a survey by others, shown beside ours with its year and wording: for example the
    Scottish Household Survey's neighbourhood questions for a council."""

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="benchmarks")
    indicator = models.CharField(max_length=24)
    value = models.DecimalField(max_digits=7, decimal_places=2)
    lower = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    upper = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    year = models.PositiveSmallIntegerField()
    source = models.CharField(_("survey"), max_length=160)
    wording = models.CharField(_("the survey's question"), max_length=300)

    class Meta:
        verbose_name = _("benchmark")
        verbose_name_plural = _("benchmarks")
        constraints = [
            models.UniqueConstraint(
                "area", "indicator", "year", "source", name="reports_benchmark_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.indicator} {self.year}"


class DrawnShape(models.Model):
    """A piece of land that a reader drew, kept under an address that can be shared: of nobody."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    geometry = MultiPolygonField(srid=4326)
    made = models.CharField(max_length=16)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_on = models.DateField(default=timezone.localdate)

    class Meta:
        verbose_name = _("drawn shape")
        verbose_name_plural = _("drawn shapes")

    def __str__(self) -> str:
        return str(self.pk)


class Published(models.Model):
    """What a community tells by itself, read through views that hold published rows alone."""

    area = models.ForeignKey(Area, on_delete=models.DO_NOTHING, related_name="+")
    month_on = models.DateField()
    text = models.TextField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.month_on:%Y-%m} {self.pk}"

    def as_data(self) -> dict[str, Any]:
        return {"id": self.pk, "month": self.month_on.isoformat(), "text": self.text}


class PublishedStory(Published):
    """A story with standing consent, published by two people: month and community only."""

    language = models.CharField(max_length=8)

    class Meta:
        managed = False
        db_table = "reports_published_story"


class PublishedHeard(Published):
    """What was heard separately from three people or more."""

    class Meta:
        managed = False
        db_table = "reports_published_heard"


class PublishedResponse(Published):
    """You said, together we did."""

    heard_id = models.BigIntegerField()
    organisation = models.CharField(max_length=160)

    class Meta:
        managed = False
        db_table = "reports_published_response"
