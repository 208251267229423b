"""Pairings: who meets whom, what they agreed, their meetings, reviews, pauses and endings."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.models.people import Participant, Volunteer
from connections.befriending.models.referrals import Referral
from connections.befriending.models.services import Service
from connections.befriending.vocabulary import (
    AskedBy,
    EndingReason,
    MatchState,
    MeetingMode,
    MeetingOutcome,
    Side,
)
from kinder.accounts.models import User
from places.models import Place


class Match(models.Model):
    """A befriending pairing. Nobody is told before both consent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="matches")
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="matches")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="matches")
    volunteer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="matches")
    state = models.CharField(max_length=12, choices=MatchState, default=MatchState.PROPOSED)
    participant_consented_at = models.DateTimeField(null=True, blank=True)
    volunteer_consented_at = models.DateTimeField(null=True, blank=True)
    introduced_on = models.DateField(null=True, blank=True)
    first_met_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    # What each is called by the other, from when they are introduced.
    participant_called = models.CharField(max_length=60, blank=True)
    volunteer_called = models.CharField(max_length=60, blank=True)
    good_to_know = models.TextField(_("good to know for the first meetings"), blank=True)
    # Somebody decided that these two are not to be suggested to each other again.
    is_never_again = models.BooleanField(default=False)
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    decided_because = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("pairing")
        verbose_name_plural = _("pairings")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="active")
                | models.Q(
                    participant_consented_at__isnull=False,
                    volunteer_consented_at__isnull=False,
                ),
                name="befriending_active_has_both_consents",
            ),
            models.CheckConstraint(
                condition=models.Q(state="ended") ^ models.Q(ended_on__isnull=True),
                name="befriending_match_ended_when",
            ),
            models.UniqueConstraint(
                "referral",
                condition=~models.Q(state__in=["ended", "declined"]),
                name="befriending_one_pairing_a_referral",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.id}"


class Agreement(models.Model):
    """The text that both agreed to; its SHA-256 stands for it. A new version supersedes."""

    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="agreements")
    version = models.PositiveSmallIntegerField(default=1)
    language = models.CharField(max_length=8, default="en-gb")
    clauses = models.JSONField(_("clauses"))
    text_sha256 = models.CharField(max_length=64)
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        constraints = [
            models.UniqueConstraint("match", "version", name="befriending_agreement_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.match_id} v{self.version}"


class AgreementSignature(models.Model):
    """That one side agreed: signed, or said aloud and noted by the coordinator."""

    Side = Side

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="signatures")
    side = models.CharField(max_length=12, choices=Side)
    text_sha256 = models.CharField(max_length=64)
    is_aloud = models.BooleanField(_("agreed aloud, noted by the coordinator"), default=False)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reauthenticated_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        constraints = [
            models.UniqueConstraint("agreement", "side", name="befriending_signature_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.side}"


class Arrangement(models.Model):
    """When and where the two meet next."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="arrangements")
    starts_at = models.DateTimeField(_("when"))
    mode = models.CharField(_("how"), max_length=8, choices=MeetingMode)
    place = models.ForeignKey(
        Place, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    is_cancelled = models.BooleanField(default=False)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("arranged meeting")
        verbose_name_plural = _("arranged meetings")
        ordering: ClassVar = ["starts_at"]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}"


class Meeting(models.Model):
    """A befriending meeting, in two taps: met, didn't happen, paused."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="meetings")
    on = models.DateField(_("day"))
    outcome = models.CharField(max_length=12, choices=MeetingOutcome)
    mode = models.CharField(max_length=8, choices=MeetingMode, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    place = models.ForeignKey(
        Place, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note_ciphertext = models.BinaryField(null=True, editable=False)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        ordering: ClassVar = ["-on"]

    def __str__(self) -> str:
        return f"{self.on} {self.get_outcome_display()}"


class Visit(models.Model):
    """A lone home visit: begun, to be over by, and ended; an alarm where no end comes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="visits")
    started_at = models.DateTimeField(_("began"))
    due_at = models.DateTimeField(_("to be over by"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    alarmed_at = models.DateTimeField(_("alarm raised"), null=True, blank=True)
    answered_at = models.DateTimeField(_("somebody saw to it"), null=True, blank=True)

    class Meta:
        verbose_name = _("lone visit")
        verbose_name_plural = _("lone visits")
        ordering: ClassVar = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                "match",
                condition=models.Q(ended_at__isnull=True),
                name="befriending_one_open_visit",
            ),
            models.CheckConstraint(
                condition=models.Q(due_at__gt=models.F("started_at")),
                name="befriending_visit_due_after_start",
            ),
        ]
        indexes = [
            # Visits that nobody has ended, the soonest due first.
            models.Index(
                "due_at",
                condition=models.Q(ended_at__isnull=True),
                name="befriending_visit_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"


class Review(models.Model):
    """A talk with one side about how it goes, by itself, at 4 weeks and 3 months."""

    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="reviews")
    side = models.CharField(max_length=12, choices=Side)
    due_on = models.DateField(_("due"))
    held_on = models.DateField(_("held"), null=True, blank=True)
    goes_on = models.BooleanField(_("wishes to go on"), null=True, blank=True)
    held_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note_ciphertext = models.BinaryField(null=True, editable=False)
    warned_days = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")

    def __str__(self) -> str:
        return f"{self.match_id} {self.due_on}"


class Pause(models.Model):
    """A pause without closure: it keeps the referral and the place."""

    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="pauses")
    from_on = models.DateField()
    until_on = models.DateField(null=True, blank=True)

    asked_by = models.CharField(_("who asked"), max_length=12, choices=AskedBy, blank=True)

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(until_on__isnull=True)
                | models.Q(until_on__gte=models.F("from_on")),
                name="befriending_pause_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.match_id} {self.from_on}"


class Ending(models.Model):
    """How a pairing ended. A reason is never demanded."""

    match = models.OneToOneField(Match, on_delete=models.CASCADE, related_name="ending")
    asked_by = models.CharField(_("who asked"), max_length=12, choices=AskedBy, blank=True)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    is_planned = models.BooleanField(_("planned"))
    reason = models.CharField(max_length=16, choices=EndingReason, blank=True)
    plan = models.TextField(_("what comes after"), blank=True)
    last_met_on = models.DateField(_("last meeting"), null=True, blank=True)
    reviewed_on = models.DateField(_("last review"), null=True, blank=True)

    class Meta:
        verbose_name = _("ending")
        verbose_name_plural = _("endings")

    def __str__(self) -> str:
        return f"{self.match_id} {self.reason}"
