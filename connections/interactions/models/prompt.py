"""The ordinary-day prompt, and the questions that communities chose for themselves."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.interactions.models.moment import mark_answers_after
from connections.interactions.vocabulary import HardReason
from kinder.accounts.models import Contributor, Organisation, User
from places.models import Area


class Prompt(models.Model):
    """The day drawn on the 1st of a month: "think of …". Answered for 3 days after it."""

    month_on = models.DateField(primary_key=True)
    asked_on = models.DateField(_("the day asked about"), unique=True)
    drawn_at = models.DateTimeField(default=timezone.now, editable=False)
    # When those enrolled on the day were written down, once that day was over.
    asked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("ordinary-day prompt")
        verbose_name_plural = _("ordinary-day prompts")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(month_on__day=1), name="interactions_prompt_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asked_on:%Y-%m-%d}"


class PromptEnrolment(models.Model):
    """That a person wishes to be asked; paused or stopped at any time."""

    contributor = models.OneToOneField(
        Contributor,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="prompt_enrolment",
    )
    enrolled_on = models.DateField(default=timezone.localdate)
    paused_on = models.DateField(null=True, blank=True)
    stopped_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("enrolment for the prompt")
        verbose_name_plural = _("enrolments for the prompt")

    def __str__(self) -> str:
        return str(self.contributor_id)


class PromptAsked(models.Model):
    """That a person was enrolled on the day asked about, and so is asked: the denominator of the
    ordinary day. Written once, when that day is over; a later pause changes nothing in it.

    The numerator is the answers that are in the window. `mail_claimed_at` is set before the mail
    goes out, so that a worker that dies then sends no second one.
    """

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="asked")
    contributor = models.ForeignKey(Contributor, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    mail_claimed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("person asked")
        verbose_name_plural = _("people asked")
        constraints = [
            models.UniqueConstraint(
                "prompt", "contributor", name="interactions_promptasked_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prompt_id} {self.contributor_id}"


class PromptMail(models.Model):
    """Where to send the question to, encrypted; used once its owner has typed the code sent there.

    Of the code only a keyed hash is kept, for an hour and five tries.
    """

    contributor = models.OneToOneField(
        Contributor, on_delete=models.CASCADE, primary_key=True, related_name="prompt_mail"
    )
    ciphertext = models.BinaryField()
    language = models.CharField(max_length=8)
    code_hmac = models.BinaryField(max_length=32, null=True)
    code_sent_at = models.DateTimeField(null=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("address for the prompt")
        verbose_name_plural = _("addresses for the prompt")

    def __str__(self) -> str:
        return str(self.contributor_id)


class PromptAnswer(models.Model):
    """What a person recalls of the day asked about. "None" is a good answer: all zeros.

    `rely` and `kind` are the Scottish Household Survey's agreement items, 1 strongly agree to
    5 strongly disagree; null was skipped. `was_hard` says whether something made kindness hard that
    day, with `hard_reasons` where they were told.
    """

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="answers")
    contributor = models.ForeignKey(Contributor, on_delete=models.CASCADE, related_name="+")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, related_name="+")
    gave = models.PositiveSmallIntegerField(default=0)
    received = models.PositiveSmallIntegerField(default=0)
    noticed = models.PositiveSmallIntegerField(default=0)
    rely = models.PositiveSmallIntegerField(null=True, blank=True)
    kind = models.PositiveSmallIntegerField(null=True, blank=True)
    was_hard = models.BooleanField(null=True, blank=True)
    hard_reasons = ArrayField(
        models.CharField(max_length=16, choices=HardReason),
        default=list,
        db_default=models.Value([], output_field=ArrayField(models.CharField(max_length=16))),
        blank=True,
    )
    is_in_window = models.BooleanField(_("answered in time"))
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("answer to a prompt")
        verbose_name_plural = _("answers to prompts")
        constraints = [
            models.UniqueConstraint(
                "prompt", "contributor", name="interactions_promptanswer_unique"
            ),
            models.CheckConstraint(
                condition=(models.Q(rely__isnull=True) | models.Q(rely__range=(1, 5)))
                & (models.Q(kind__isnull=True) | models.Q(kind__range=(1, 5))),
                name="interactions_promptanswer_agree_1_to_5",
            ),
        ]
        triggers = [
            mark_answers_after(pgtrigger.Insert, month="prompt_id", area="area_id", new="new_rows"),
            mark_answers_after(
                pgtrigger.Update, month="prompt_id", area="area_id", old="old_rows", new="new_rows"
            ),
            mark_answers_after(pgtrigger.Delete, month="prompt_id", area="area_id", old="old_rows"),
        ]

    def __str__(self) -> str:
        return f"{self.prompt_id} {self.contributor_id}"


class Measure(models.Model):
    """A question that a community chose for itself; immutable once asked. Code `M:<area>:<n>`."""

    class Scale(models.TextChoices):
        AGREE_5 = "agree_5", _("Strongly agree to strongly disagree")
        ZERO_TO_TEN = "zero_to_ten", _("0 to 10")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Shown for comment")
        OPEN = "open", _("Asked")
        CLOSED = "closed", _("No longer asked")
        DECLINED = "declined", _("Not taken up")

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="measures")
    number = models.PositiveSmallIntegerField()
    question = models.CharField(_("question"), max_length=200)
    scale = models.CharField(_("answers"), max_length=12, choices=Scale)
    proposed_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="measures")
    author = models.CharField(_("author, as shown"), max_length=120)
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED)
    proposed_on = models.DateField(default=timezone.localdate)
    opened_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("community measure")
        verbose_name_plural = _("community measures")
        constraints = [
            models.UniqueConstraint("area", "number", name="interactions_measure_unique"),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "closed"], opened_on__isnull=False)
                | models.Q(state__in=["proposed", "declined"], opened_on__isnull=True),
                name="interactions_measure_opened",
            ),
        ]
        triggers = [
            # Once people have answered it, another wording would be another question.
            pgtrigger.Protect(
                name="immutable_once_asked",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.state IN ('open', 'closed') AND (NEW.state IN ('proposed', 'declined')"
                    " OR (NEW.question, NEW.scale, NEW.area_id, NEW.number, NEW.author,"
                    " NEW.proposed_by_id, NEW.proposed_on, NEW.opened_on) IS DISTINCT FROM"
                    " (OLD.question, OLD.scale, OLD.area_id, OLD.number, OLD.author,"
                    " OLD.proposed_by_id, OLD.proposed_on, OLD.opened_on))"
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.question

    @property
    def code(self) -> str:
        return f"M:{self.area.code}:{self.number}"


class MeasureComment(models.Model):
    """What a member of an organisation says of a proposed measure, before it is asked."""

    measure = models.ForeignKey(Measure, on_delete=models.CASCADE, related_name="comments")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    written_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    text = models.CharField(_("comment"), max_length=400)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("comment on a measure")
        verbose_name_plural = _("comments on measures")

    def __str__(self) -> str:
        return self.text


class MeasureAnswer(models.Model):
    """A person's answer in a quarter; the last one counts."""

    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="answers")
    contributor = models.ForeignKey(Contributor, on_delete=models.CASCADE, related_name="+")
    quarter_on = models.DateField(_("first day of the quarter"))
    value = models.PositiveSmallIntegerField()
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("answer to a community measure")
        verbose_name_plural = _("answers to community measures")
        constraints = [
            models.UniqueConstraint(
                "measure",
                "contributor",
                "quarter_on",
                name="interactions_measureanswer_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure_id}: {self.value}"
