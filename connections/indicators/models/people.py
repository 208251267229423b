"""Frozen and running counts of people: nothing here ever leaves the room."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from connections.befriending.models import Participant, ScaleAnswer
from places.models import Area, Geography


class ContributorMonth(models.Model):
    """One row for each person, area and month, counted absolutely from live moments.

    All counts are after the daily cap (the first 5 moments of a person's day). `ties` holds the
    counts in the order of vocabulary.Tie; `seen_on` the days on which moments arrived, which
    eligibility and home area ask for. No foreign key to the person: erasure deletes by key, and a
    sweep that races it must not fail.
    """

    contributor_id = models.UUIDField()
    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+")
    month_on = models.DateField()
    logs = models.PositiveSmallIntegerField()
    gave = models.PositiveSmallIntegerField()
    received = models.PositiveSmallIntegerField()
    noticed = models.PositiveSmallIntegerField()
    different = models.PositiveSmallIntegerField()
    different_answered = models.PositiveSmallIntegerField()
    beyond = models.PositiveSmallIntegerField()
    beyond_answered = models.PositiveSmallIntegerField()
    in_role = models.PositiveSmallIntegerField(db_default=0)
    at_place = models.PositiveSmallIntegerField()
    ties = ArrayField(models.PositiveSmallIntegerField(), size=6)
    seen_on = ArrayField(models.DateField())
    last_on = models.DateField()

    class Meta:
        verbose_name = _("contributor's month")
        verbose_name_plural = _("contributors' months")
        constraints = [
            models.UniqueConstraint(
                "contributor_id",
                "month_on",
                "area",
                name="indicators_contributormonth_key",
            ),
        ]
        indexes = [
            # The freeze reads three months.
            models.Index("month_on", name="indicators_month"),
        ]

    def __str__(self) -> str:
        return f"{self.month_on} {self.area_id} {self.contributor_id}"


class AnswerMonth(models.Model):
    """One row for each person and month in which they answered the ordinary-day question in time,
    or told of a difficulty: the twin of ContributorMonth, kept equal to the live answers.

    `answered_on` is the day on which the answer came, null where there is only a difficulty;
    `reasons` what made it hard, of both. No foreign key to the person, as in ContributorMonth.
    """

    contributor_id = models.UUIDField()
    month_on = models.DateField()
    area = models.ForeignKey(Area, on_delete=models.CASCADE, null=True, related_name="+")
    answered_on = models.DateField(null=True)
    gave = models.PositiveSmallIntegerField()
    received = models.PositiveSmallIntegerField()
    noticed = models.PositiveSmallIntegerField()
    rely = models.PositiveSmallIntegerField(null=True)
    kind = models.PositiveSmallIntegerField(null=True)
    was_hard = models.BooleanField(null=True)
    reasons = ArrayField(models.CharField(max_length=16))

    class Meta:
        verbose_name = _("contributor's answers of a month")
        verbose_name_plural = _("contributors' answers of months")
        constraints = [
            models.UniqueConstraint(
                "contributor_id", "month_on", name="indicators_answermonth_key"
            ),
        ]
        indexes = [models.Index("month_on", name="indicators_answers_month")]

    def __str__(self) -> str:
        return f"{self.month_on} {self.contributor_id}"


class Quarter(models.Model):
    """A calendar quarter, frozen once on day 31 after its end."""

    starts_on = models.DateField(primary_key=True)
    geography = models.ForeignKey(Geography, on_delete=models.PROTECT, related_name="+")
    frozen_at = models.DateTimeField(null=True, blank=True)
    watermark = models.CharField(_("SHA-256 of the frozen rows"), max_length=64, blank=True)
    # 1 as first frozen, 2 after the annual revision: each has frozen rows of its own.
    revision = models.PositiveSmallIntegerField(default=1)
    revised_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("quarter")
        verbose_name_plural = _("quarters")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(starts_on__day=1, starts_on__month__in=[1, 4, 7, 10]),
                name="indicators_quarter_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(frozen_at__isnull=True, watermark="")
                | models.Q(frozen_at__isnull=False) & ~models.Q(watermark=""),
                name="indicators_quarter_frozen_with_watermark",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on.year} Q{(self.starts_on.month + 2) // 3}"


class QuarterContributor(models.Model):
    """A person's quarter, frozen: home area and eligibility fixed.

    Counts are after the daily cap only; `components` applies the cap of a quarter. Erasure
    deletes the row, and a release that is not published yet is computed again without it.
    """

    quarter = models.ForeignKey(
        Quarter, on_delete=models.CASCADE, related_name="contributors", db_index=False
    )
    revision = models.PositiveSmallIntegerField(default=1, db_default=1)
    contributor_id = models.UUIDField()
    # The finest area known, a neighbourhood or larger; the council where no more is known.
    home = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+")
    council = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+", db_index=False)
    is_eligible = models.BooleanField()
    # The tests of those who answered the ordinary-day question: one answer suffices.
    is_answering = models.BooleanField(db_default=False)
    logs = models.PositiveIntegerField()
    gave = models.PositiveIntegerField()
    received = models.PositiveIntegerField()
    noticed = models.PositiveIntegerField()
    different = models.PositiveIntegerField()
    different_answered = models.PositiveIntegerField()
    beyond = models.PositiveIntegerField()
    beyond_answered = models.PositiveIntegerField()
    in_role = models.PositiveIntegerField(db_default=0)
    at_place = models.PositiveIntegerField()
    ties = ArrayField(models.PositiveIntegerField(), size=6)
    # The ordinary day: how often asked and answered; acts of the days answered for, each day
    # capped; the last agreement told; whether it was hard, and why.
    asked = models.PositiveSmallIntegerField(db_default=0)
    answered = models.PositiveSmallIntegerField(db_default=0)
    day_acts = models.PositiveSmallIntegerField(db_default=0)
    day_gave = models.PositiveSmallIntegerField(db_default=0)
    day_received = models.PositiveSmallIntegerField(db_default=0)
    day_noticed = models.PositiveSmallIntegerField(db_default=0)
    rely = models.PositiveSmallIntegerField(null=True)
    kind = models.PositiveSmallIntegerField(null=True)
    was_hard = models.BooleanField(null=True)
    reasons = ArrayField(models.CharField(max_length=16), null=True)
    # Answers to communities' own questions, by the key of the measure.
    measures = models.JSONField(null=True)

    class Meta:
        verbose_name = _("contributor's quarter")
        verbose_name_plural = _("contributors' quarters")
        constraints = [
            models.UniqueConstraint(
                "quarter",
                "revision",
                "contributor_id",
                name="indicators_quartercontributor_one",
            ),
        ]
        indexes = [
            # A worker computes one council of one quarter.
            models.Index("quarter", "council", name="indicators_quarter_council"),
            # An erasure finds the person in every quarter.
            models.Index("contributor_id", name="indicators_quarter_person"),
        ]

    def __str__(self) -> str:
        return f"{self.quarter_id} {self.contributor_id}"


class QuarterReferral(models.Model):
    """A referral to a befriending service as it stood at a quarter's freeze: dates, and nothing
    that names anybody. An erasure of the participant takes it along."""

    class Ending(models.TextChoices):
        NONE = "", _("Not ended")
        PLANNED = "planned", _("Planned")
        APART = "apart", _("Died or moved away")
        UNPLANNED = "unplanned", _("Not planned")

    quarter = models.ForeignKey(
        Quarter, on_delete=models.CASCADE, related_name="referrals", db_index=False
    )
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="+")
    # One row a referral; the pairing is the one that met, the first of several.
    number = models.PositiveSmallIntegerField()
    council = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+", db_index=False)
    received_on = models.DateField()
    met_on = models.DateField(null=True)
    left_on = models.DateField(_("left the list without meeting"), null=True)
    ended_on = models.DateField(null=True)
    ending = models.CharField(max_length=12, choices=Ending, blank=True)

    class Meta:
        verbose_name = _("frozen referral")
        verbose_name_plural = _("frozen referrals")
        constraints = [
            models.UniqueConstraint(
                "quarter", "participant", "number", name="indicators_quarterreferral_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quarter_id} {self.received_on}"


class QuarterOutcome(models.Model):
    """What somebody scored on a loneliness scale at first and at last, as it stood at the freeze of
    a year's last quarter: two numbers and no answers. Where the answers are erased or taken back,
    the row goes with them."""

    quarter = models.ForeignKey(
        Quarter, on_delete=models.CASCADE, related_name="outcomes", db_index=False
    )
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="+")
    council = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+", db_index=False)
    scale = models.CharField(max_length=40)
    first_answer = models.ForeignKey(ScaleAnswer, on_delete=models.CASCADE, related_name="+")
    # Null where nothing was answered again.
    latest_answer = models.ForeignKey(
        ScaleAnswer, on_delete=models.CASCADE, null=True, related_name="+"
    )
    # Null where too much was skipped for a score.
    first = models.PositiveSmallIntegerField(null=True)
    latest = models.PositiveSmallIntegerField(null=True)

    class Meta:
        verbose_name = _("frozen outcome")
        verbose_name_plural = _("frozen outcomes")
        constraints = [
            models.UniqueConstraint("quarter", "participant", name="indicators_quarteroutcome_one"),
        ]

    def __str__(self) -> str:
        return f"{self.quarter_id} {self.scale}"
