"""Befriending services, how they weigh a match, and the notices that went out."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connections.befriending.vocabulary import NoticeKind
from kinder.accounts.models import Organisation, User
from places.models import Area


class ServiceQuerySet(models.QuerySet["Service"]):
    def on_duty(self) -> "Service | None":
        """Return the one service that receives residents' worries, if there is one."""
        return self.filter(is_on_duty=True).select_related("organisation").first()


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
    # The service's own wording of the agreement; empty for the template of vocabulary.py.
    clauses = ArrayField(models.TextField(), default=list, blank=True)
    visit_grace_minutes = models.PositiveSmallIntegerField(
        _("minutes after which a lone visit that has not ended raises an alarm"),
        default=30,
        validators=[MaxValueValidator(240)],
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ServiceQuerySet.as_manager()

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


class MatchingWeights(models.Model):
    """How much each of the five reasons counts in a service's suggestions; a change is a new
    version, so that an old run still says by what it was made."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="weights")
    version = models.PositiveSmallIntegerField(_("version"))
    interests = models.PositiveSmallIntegerField(_("shared interests"), default=30)
    hours = models.PositiveSmallIntegerField(_("shared free hours"), default=25)
    nearness = models.PositiveSmallIntegerField(_("nearness"), default=25)
    language = models.PositiveSmallIntegerField(_("preferred language"), default=10)
    experience = models.PositiveSmallIntegerField(_("experience"), default=10)
    because = models.CharField(_("why"), max_length=200, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("weights of matching")
        verbose_name_plural = _("weights of matching")
        constraints = [
            models.UniqueConstraint("service", "version", name="befriending_weights_unique"),
            models.CheckConstraint(
                condition=models.Q(
                    interests=100
                    - models.F("hours")
                    - models.F("nearness")
                    - models.F("language")
                    - models.F("experience")
                ),
                name="befriending_weights_make_100",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} v{self.version}"


class Notice(models.Model):
    """That somebody was to be told something once: `key` makes a second time impossible.

    The row is written before the mail goes out, so two workers never send it twice; what it is
    about stands in `key` as ids alone.
    """

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=16, choices=NoticeKind)
    key = models.CharField(max_length=140, unique=True)
    recipient = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [
            # What still has to go out.
            models.Index(
                "made_at",
                condition=models.Q(sent_at__isnull=True),
                name="befriending_notice_unsent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.made_at:%Y-%m-%d}"
