"""The community picture: what a community may see of itself each month, once it voted for it."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import User
from places.models import Area


class PictureVote(models.Model):
    """What a community decided about its picture: the latest vote holds."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="picture_votes")
    voted_on = models.DateField(_("day of the vote"))
    in_favour = models.PositiveSmallIntegerField(_("in favour"))
    against = models.PositiveSmallIntegerField(_("against"))
    is_on = models.BooleanField(_("the picture is shown"))
    recorded_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("vote on the community picture")
        verbose_name_plural = _("votes on community pictures")
        constraints = [
            models.UniqueConstraint("area", "voted_on", name="indicators_picturevote_day"),
            models.CheckConstraint(
                condition=models.Q(is_on=False) | models.Q(in_favour__gt=models.F("against")),
                name="indicators_picturevote_on_by_majority",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.voted_on}"


class Picture(models.Model):
    """A community's picture as of a month's end: names without numbers, never changed.

    `people` is a milestone; `kinds`, `ties` and `reasons` are codes that enough different people
    chose. `contributed` is the month up to which people had contributed: the next picture waits
    until enough different people did so after it.
    """

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="pictures")
    month_on = models.DateField(_("month"))
    shown_on = models.DateField(_("shown from"))
    people = models.PositiveSmallIntegerField(_("people since opening, at least"))
    kinds = ArrayField(models.CharField(max_length=16))
    ties = ArrayField(models.CharField(max_length=16))
    reasons = ArrayField(models.CharField(max_length=16))
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("community picture")
        verbose_name_plural = _("community pictures")
        constraints = [
            models.UniqueConstraint("area", "month_on", name="indicators_picture_month"),
            models.CheckConstraint(
                condition=models.Q(month_on__day=1), name="indicators_picture_month_starts"
            ),
        ]
        triggers = [pgtrigger.Protect(name="immutable", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.area_id} {self.month_on:%Y-%m}"
