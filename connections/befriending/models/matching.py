"""What matching suggested, and why: kept until the next run, for a person to decide."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.models.people import Volunteer
from connections.befriending.models.referrals import Referral
from connections.befriending.models.services import MatchingWeights, Service
from connections.befriending.vocabulary import Constraint, RunState
from kinder.accounts.models import User


class MatchingRun(models.Model):
    """One run of matching over a service's waiting list."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="matching_runs")
    weights = models.ForeignKey(
        MatchingWeights, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=12, choices=RunState, default=RunState.QUEUED)
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)
    on = models.DateField(_("day for which it was made"), default=timezone.localdate)
    progress = models.PositiveSmallIntegerField(default=0)
    participants = models.PositiveIntegerField(default=0)
    volunteers = models.PositiveIntegerField(default=0)
    assigned = models.PositiveIntegerField(default=0)
    # The same people and weights give the same hash and the same suggestions.
    input_sha256 = models.CharField(max_length=64, blank=True)
    refused_because = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("run of matching")
        verbose_name_plural = _("runs of matching")
        ordering: ClassVar = ["-made_at"]
        constraints = [
            models.UniqueConstraint(
                "service",
                condition=models.Q(state__in=["queued", "running"]),
                name="befriending_one_run_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d %H:%M} {self.get_state_display()}"


class Suggestion(models.Model):
    """One of the best volunteers for somebody who waits, with the five reasons."""

    run = models.ForeignKey(MatchingRun, on_delete=models.CASCADE, related_name="suggestions")
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="+")
    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="+")
    rank = models.PositiveSmallIntegerField()
    score = models.PositiveSmallIntegerField()
    is_assigned = models.BooleanField(default=False)
    # Points of each reason: interests, hours, nearness, language, experience; and what is shared.
    points = models.JSONField()
    shared = models.JSONField()

    class Meta:
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        ordering: ClassVar = ["run", "referral", "rank"]
        constraints = [
            models.UniqueConstraint(
                "run", "referral", "volunteer", name="befriending_suggestion_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.rank}"


class Unmatched(models.Model):
    """Somebody for whom nobody was found, and what stands in the way: the recruitment list."""

    run = models.ForeignKey(MatchingRun, on_delete=models.CASCADE, related_name="unmatched")
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="+")
    constraint = models.CharField(max_length=16, choices=Constraint)
    detail = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("somebody nobody was found for")
        verbose_name_plural = _("people nobody was found for")

    def __str__(self) -> str:
        return f"{self.run_id} {self.constraint}"
