"""The people of a service: who asked for company, who befriends, and what a volunteer brings."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.models.services import Service
from connections.befriending.vocabulary import (
    CheckDecision,
    CheckScheme,
    ExpenseKind,
    ExpenseState,
    ReferenceState,
)
from kinder.accounts.models import User
from places.models import Area


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
    called = models.CharField(_("what to call them"), max_length=60, blank=True)
    contact = models.CharField(_("how to reach them"), max_length=160, blank=True)
    gender = models.CharField(_("gender"), max_length=40, blank=True)
    prefers_gender = models.CharField(_("wishes to be matched with"), max_length=40, blank=True)
    prefers_because = models.CharField(_("why, if they say"), max_length=200, blank=True)
    # The first one is the language they like best.
    languages = ArrayField(models.CharField(max_length=8), default=list)
    interests = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    # Hours of the week, 0 = Monday 00–01 … 167 = Sunday 23–24.
    free_hours = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    travel_area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, related_name="+")
    communication = models.CharField(_("communication needs"), max_length=200, blank=True)
    needs = models.TextField(_("what helps, and what to avoid"), blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def short_name(self) -> str:
        """What the other side of a pairing reads: never a family name."""
        return self.called or (self.name.split() or [""])[0]


class Participant(Person):
    """Somebody who asked for company."""

    needs_experience = models.BooleanField(_("needs an experienced volunteer"), default=False)

    absence_cover = models.CharField(
        _("who rings when the volunteer is away"), max_length=160, blank=True
    )
    prefers_language = models.CharField(_("language they like best"), max_length=8, blank=True)
    case_import = models.ForeignKey(
        "befriending.CaseImport",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="participants",
    )

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
    declined_on = models.DateField(_("application declined"), null=True, blank=True)
    away_until_on = models.DateField(_("away until"), null=True, blank=True)
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


class Reference(models.Model):
    """Somebody who vouches for a volunteer. What they said is encrypted."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="references")
    referee = models.CharField(_("who vouches"), max_length=160)
    asked_on = models.DateField(_("asked"))
    received_on = models.DateField(_("answered"), null=True, blank=True)
    state = models.CharField(max_length=12, choices=ReferenceState, default=ReferenceState.ASKED)
    note_ciphertext = models.BinaryField(null=True, editable=False)

    class Meta:
        verbose_name = _("reference")
        verbose_name_plural = _("references")
        ordering = ("asked_on", "id")

    def __str__(self) -> str:
        return f"{self.asked_on} {self.get_state_display()}"


class Training(models.Model):
    """A training that a volunteer took."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="trainings")
    title = models.CharField(_("what it was about"), max_length=120)
    held_on = models.DateField(_("when"))
    valid_until_on = models.DateField(_("to be repeated by"), null=True, blank=True)

    class Meta:
        verbose_name = _("training")
        verbose_name_plural = _("trainings")
        ordering = ("-held_on", "-id")

    def __str__(self) -> str:
        return f"{self.held_on} {self.title}"


class Supervision(models.Model):
    """A talk between a volunteer and whoever looks after them."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="supervisions")
    held_on = models.DateField(_("when"))
    held_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    note_ciphertext = models.BinaryField(null=True, editable=False)
    next_on = models.DateField(_("next one"), null=True, blank=True)

    class Meta:
        verbose_name = _("supervision")
        verbose_name_plural = _("supervisions")
        ordering = ("-held_on", "-id")

    def __str__(self) -> str:
        return f"{self.held_on}"


class Expense(models.Model):
    """What befriending cost a volunteer, and whether it was paid back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="expenses")
    on = models.DateField(_("day"))
    kind = models.CharField(_("for what"), max_length=12, choices=ExpenseKind)
    pence = models.PositiveIntegerField(
        _("amount in pence"), validators=[MinValueValidator(1), MaxValueValidator(100_000)]
    )
    state = models.CharField(max_length=12, choices=ExpenseState, default=ExpenseState.CLAIMED)
    reason = models.CharField(_("reason, where refused"), max_length=200, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("expense")
        verbose_name_plural = _("expenses")
        ordering = ("-on", "id")

    def __str__(self) -> str:
        return f"{self.on} {self.get_kind_display()}"

    @property
    def pounds(self) -> str:
        """The amount as it is written on a page, without the sign."""
        return f"{self.pence // 100}.{self.pence % 100:02d}"
