"""Imports, remembered: what came in, when, and which rows were turned away."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import User


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
