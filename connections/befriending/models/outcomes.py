"""Outcome scales that a service may ask, and the answers."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.models.people import Participant
from connections.befriending.models.services import Service
from kinder.accounts.models import User


class UploadedScale(models.Model):
    """A scale under somebody's licence, brought along by a service that holds the licence."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="scales")
    code = models.SlugField(_("short name"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    source = models.CharField(_("source"), max_length=300)
    licence = models.CharField(_("licence held by this service"), max_length=300)
    # Questions with their answers and the points of each: see scales.read_uploaded.
    questions = models.JSONField(_("questions"))
    # The score that the scale's owner gives each sum of points; empty where the sum is the score.
    table = models.JSONField(_("table"), default=dict, blank=True)
    # Nobody answers two loneliness scales.
    is_about_loneliness = models.BooleanField(_("asks about loneliness"), default=False)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("uploaded scale")
        verbose_name_plural = _("uploaded scales")
        constraints = [
            models.UniqueConstraint("service", "code", name="befriending_scale_code_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class ScaleAnswer(models.Model):
    """Answers to an outcome scale, with explicit consent, never at the first visit."""

    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="scale_answers"
    )
    # A code of vocabulary.Scale, or of a scale that the service uploaded.
    scale = models.CharField(max_length=40)
    answers = ArrayField(models.PositiveSmallIntegerField(null=True))
    answered_on = models.DateField()
    consented_on = models.DateField(_("agreed to be asked"), null=True)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("answer to an outcome scale")
        verbose_name_plural = _("answers to outcome scales")

    def __str__(self) -> str:
        return f"{self.scale} {self.answered_on}"
