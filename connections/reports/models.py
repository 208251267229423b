"""WHAT WE TELL: reports that a funder downloads, made from a release, never from rows."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.indicators.models import Release
from kinder.accounts.models import User
from places.models import Area


class AreaReport(models.Model):
    """A report on an area: kept by content hash, so that the same question is answered at once."""

    class Format(models.TextChoices):
        HTML = "html", _("Web page")
        PDF = "pdf", _("PDF")
        CSV = "csv", _("CSV")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="reports")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    format = models.CharField(max_length=8, choices=Format)
    language = models.CharField(max_length=8, default="en-gb")
    # What was asked: release, area, format, language, method and template version.
    question_sha256 = models.CharField(max_length=64, unique=True)
    file = models.FileField(upload_to="reports/%Y/%m/")
    content_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    bytes = models.PositiveIntegerField(_("size in bytes"))
    requested_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("area report")
        verbose_name_plural = _("area reports")
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.area_id} {self.release_id} {self.format}"
