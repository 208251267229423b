"""Worries about somebody's safety, and what their readers did about them."""

import secrets
import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.models.pairings import Match
from connections.befriending.models.services import Service
from connections.befriending.vocabulary import ConcernSource, ConcernState, ConcernStepKind
from kinder.accounts.models import User
from places.models import Area

# Without letters and digits that look or sound alike.
_SIGNS = "ABCDEFGHJKMNPQRTUVWXYZ2346789"


def make_reference() -> str:
    """Return a random reference that can be read out over the telephone."""
    signs = [secrets.choice(_SIGNS) for _n in range(8)]
    return f"{''.join(signs[:4])}-{''.join(signs[4:])}"


class Concern(models.Model):
    """A worry about somebody's safety. Anyone in the service can raise one; only safeguarding
    leads can read it; never in search, exports, reports, e-mails, logs or task arguments."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="concerns")
    # What whoever raised it can quote; says nothing by itself.
    reference = models.CharField(max_length=12, unique=True, default=make_reference)
    source = models.CharField(max_length=12, choices=ConcernSource, default=ConcernSource.SERVICE)
    area = models.ForeignKey(
        Area, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    match = models.ForeignKey(
        Match, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ciphertext = models.BinaryField()
    raised_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=12, choices=ConcernState, default=ConcernState.OPEN)
    raised_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("concern")
        verbose_name_plural = _("concerns")

    def __str__(self) -> str:
        return str(self.id)


class ConcernStep(models.Model):
    """What a safeguarding lead did about a concern; as private as the concern itself."""

    concern = models.ForeignKey(Concern, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=12, choices=ConcernStepKind)
    ciphertext = models.BinaryField(null=True, editable=False)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("step on a concern")
        verbose_name_plural = _("steps on concerns")
        ordering = ("made_at", "id")

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d} {self.kind}"
