"""WHAT HAPPENED in befriending, from referral to a good ending, in the words of the practice.

Every table here but Service is under FORCE ROW LEVEL SECURITY (migration 0002): the service's own
people see its rows, concerns only its safeguarding leads, and nobody where nothing is set.
"""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.vocabulary import (
    CheckDecision,
    CheckScheme,
    ConcernState,
    EndingReason,
    MatchState,
    MeetingMode,
    MeetingOutcome,
    ReferralSource,
    ReferralState,
    Scale,
)
from kinder.accounts.models import Organisation, User
from places.models import Area, Place


class Service(models.Model):
    """A befriending service of an organisation. One in a deployment is on duty for residents'
    worries."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="services"
    )
    name = models.CharField(_("name"), max_length=120)
    telephone = models.CharField(_("telephone"), max_length=32, blank=True)
    hours = models.CharField(_("when somebody answers"), max_length=120, blank=True)
    areas = models.ManyToManyField(Area, related_name="+", blank=True)
    is_on_duty = models.BooleanField(_("receives residents' worries"), default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("befriending service")
        verbose_name_plural = _("befriending services")
        ordering: ClassVar = ["name"]
        constraints = [
            models.UniqueConstraint(
                "is_on_duty",
                condition=models.Q(is_on_duty=True),
                name="befriending_one_service_on_duty",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """What participants and volunteers have in common. Home addresses stay in the service's own
    file; `travel_area` is a listed area."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="%(class)ss")
    user = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(class)ss",
    )
    name = models.CharField(_("name"), max_length=120)
    contact = models.CharField(_("how to reach them"), max_length=160, blank=True)
    gender = models.CharField(_("gender"), max_length=40, blank=True)
    prefers_gender = models.CharField(_("wishes to be matched with"), max_length=40, blank=True)
    languages = ArrayField(models.CharField(max_length=8), default=list)
    interests = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    # Hours of the week, 0 = Monday 00–01 … 167 = Sunday 23–24.
    free_hours = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    travel_area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, related_name="+")
    needs = models.TextField(_("what helps, and what to avoid"), blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Participant(Person):
    """Somebody who asked for company."""

    needs_experience = models.BooleanField(_("needs an experienced volunteer"), default=False)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")


class Volunteer(Person):
    """Somebody who befriends: applied, vouched for, trained, supervised."""

    applied_on = models.DateField(_("applied"))
    references_on = models.DateField(_("references taken"), null=True, blank=True)
    trained_on = models.DateField(_("trained"), null=True, blank=True)
    supervised_on = models.DateField(_("last supervision"), null=True, blank=True)
    is_experienced = models.BooleanField(_("experienced"), default=False)
    capacity = models.PositiveSmallIntegerField(_("pairings at a time"), default=1)
    travel_km = models.PositiveSmallIntegerField(_("travels up to (km)"), default=5)
    left_on = models.DateField(_("left"), null=True, blank=True)

    class Meta:
        verbose_name = _("volunteer")
        verbose_name_plural = _("volunteers")


class Check(models.Model):
    """That a volunteer's fitness for the role was checked. Never conviction detail."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="checks")
    scheme = models.CharField(_("scheme"), max_length=12, choices=CheckScheme)
    membership_number = models.CharField(_("membership number"), max_length=40, blank=True)
    role_type = models.CharField(_("type of role"), max_length=80)
    decision = models.CharField(max_length=12, choices=CheckDecision, default=CheckDecision.PENDING)
    decided_on = models.DateField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    expires_on = models.DateField(_("valid until"), null=True, blank=True)
    # The warnings already given (60, 30, 7 days): once each, whatever the workers do.
    warned_days = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)

    class Meta:
        verbose_name = _("check")
        verbose_name_plural = _("checks")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decision="pending")
                ^ models.Q(decided_on__isnull=False, decided_by__isnull=False),
                name="befriending_check_decided_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scheme_display()} {self.get_decision_display()}"


class Referral(models.Model):
    """That somebody was put forward for befriending, with their consent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="referrals")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="referrals")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(_("who referred"), max_length=16, choices=ReferralSource)
    state = models.CharField(max_length=12, choices=ReferralState, default=ReferralState.NEW)
    has_consented = models.BooleanField(_("the person agreed"), default=False)
    received_on = models.DateField(_("received"))
    assessed_on = models.DateField(_("assessed"), null=True, blank=True)
    closed_on = models.DateField(_("closed"), null=True, blank=True)
    reason = models.CharField(_("reason, where not suitable"), max_length=200, blank=True)
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

    class Side(models.TextChoices):
        PARTICIPANT = "participant", _("Participant")
        VOLUNTEER = "volunteer", _("Volunteer")

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
    visit_started_at = models.DateTimeField(_("lone visit began"), null=True, blank=True)
    visit_ended_at = models.DateTimeField(_("lone visit ended"), null=True, blank=True)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        ordering: ClassVar = ["-on"]

    def __str__(self) -> str:
        return f"{self.on} {self.get_outcome_display()}"


class Review(models.Model):
    """A talk with one side about how it goes, by itself, at 4 weeks and 3 months."""

    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="reviews")
    side = models.CharField(max_length=12, choices=AgreementSignature.Side)
    due_on = models.DateField(_("due"))
    held_on = models.DateField(_("held"), null=True, blank=True)
    goes_on = models.BooleanField(_("wishes to go on"), null=True, blank=True)
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


class ScaleAnswer(models.Model):
    """Answers to an outcome scale, with explicit consent, never at the first visit."""

    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="scale_answers"
    )
    scale = models.CharField(max_length=8, choices=Scale)
    answers = ArrayField(models.PositiveSmallIntegerField(null=True))
    answered_on = models.DateField()

    class Meta:
        verbose_name = _("answer to an outcome scale")
        verbose_name_plural = _("answers to outcome scales")

    def __str__(self) -> str:
        return f"{self.scale} {self.answered_on}"


class Concern(models.Model):
    """A worry about somebody's safety. Anyone in the service can raise one; only safeguarding
    leads can read it; never in search, exports, reports, e-mails, logs or task arguments."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="concerns")
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
