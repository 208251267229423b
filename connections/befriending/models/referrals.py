"""How somebody comes to a service: put forward, looked at together, or taken over from a list."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.models.people import Participant
from connections.befriending.models.services import Service
from connections.befriending.vocabulary import CaseImportState, ReferralSource, ReferralState
from kinder.accounts.models import User
from places.models import Area


class Referral(models.Model):
    """That somebody was put forward for befriending, with their consent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="referrals")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="referrals")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(_("who referred"), max_length=16, choices=ReferralSource)
    referrer = models.CharField(_("name of whoever referred"), max_length=160, blank=True)
    state = models.CharField(max_length=12, choices=ReferralState, default=ReferralState.NEW)
    has_consented = models.BooleanField(_("the person agreed"), default=False)
    consent_noted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    is_eligible = models.BooleanField(_("within what the service offers"), null=True, blank=True)
    received_on = models.DateField(_("received"))
    assessed_on = models.DateField(_("assessed"), null=True, blank=True)
    closed_on = models.DateField(_("closed"), null=True, blank=True)
    reason = models.CharField(_("reason, where closed"), max_length=200, blank=True)
    # An override of the fair order, and why.
    priority = models.SmallIntegerField(default=0)
    priority_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(priority=0) | ~models.Q(priority_reason=""),
                name="befriending_override_has_reason",
            ),
        ]
        indexes = [
            # The waiting list: longest wait first, then the id.
            models.Index("service", "state", "received_on", "id", name="befriending_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.received_on} {self.get_state_display()}"


class Assessment(models.Model):
    """The first talk: what the person hopes for, and what to be careful about (encrypted)."""

    referral = models.OneToOneField(Referral, on_delete=models.CASCADE, related_name="assessment")
    held_on = models.DateField(_("when"))
    held_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    hopes = models.TextField(_("what they hope for"), blank=True)
    risk_ciphertext = models.BinaryField(null=True, editable=False)

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")

    def __str__(self) -> str:
        return f"{self.held_on}"


class CaseImport(models.Model):
    """A list of cases brought along from elsewhere: looked at first, then taken over or not.

    The list is kept encrypted from the look to the decision, a day at most.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    state = models.CharField(
        max_length=12, choices=CaseImportState, default=CaseImportState.LOOKED_AT
    )
    ciphertext = models.BinaryField(null=True, editable=False)
    good_rows = models.PositiveIntegerField(default=0)
    bad_rows = models.PositiveIntegerField(default=0)
    refused_lines = ArrayField(models.PositiveIntegerField(), default=list, blank=True)

    class Meta:
        verbose_name = _("imported case list")
        verbose_name_plural = _("imported case lists")

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d} {self.get_state_display()}"
