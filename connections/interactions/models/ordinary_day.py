"""Our Ordinary Day: once a year a community answers the month's question together."""

from django.db import models
from django.db.models.functions import ExtractYear
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Contributor, User
from places.models import Area


class OrdinaryDay(models.Model):
    """That everybody in a community is asked the question of one month, once a year.

    The day asked about is the one that the month's Prompt drew: nobody knows it before it is over.
    Of `cards` numbered cards the first `handed_out` went to people; each of these is one person
    asked.
    """

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="ordinary_days")
    month_on = models.DateField(_("month"))
    cards = models.PositiveSmallIntegerField(_("cards to print"))
    handed_out = models.PositiveSmallIntegerField(_("cards handed out"), default=0)
    planned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("our ordinary day")
        verbose_name_plural = _("our ordinary days")
        constraints = [
            models.UniqueConstraint(
                "area", ExtractYear("month_on"), name="interactions_ordinaryday_once_a_year"
            ),
            # The first two months of a quarter: whoever is new in its last fortnight is left out.
            models.CheckConstraint(
                condition=models.Q(month_on__day=1)
                & models.Q(month_on__month__in=[1, 2, 4, 5, 7, 8, 10, 11]),
                name="interactions_ordinaryday_month",
            ),
            models.CheckConstraint(
                condition=models.Q(handed_out__lte=models.F("cards")),
                name="interactions_ordinaryday_handed_out",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.area_id} {self.month_on:%Y-%m}"


class OrdinaryDayCard(models.Model):
    """A numbered card that was handed out: one person, known by nothing but the number.

    Typed in on a phone, it becomes that phone's person, if they were not asked already.
    """

    day = models.ForeignKey(OrdinaryDay, on_delete=models.CASCADE, related_name="issued")
    number = models.PositiveSmallIntegerField()
    contributor = models.ForeignKey(Contributor, on_delete=models.CASCADE, related_name="cards")
    # When it was typed in by a worker, or taken to a phone.
    used_at = models.DateTimeField(null=True, blank=True)
    entered_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("card of an ordinary day")
        verbose_name_plural = _("cards of ordinary days")
        constraints = [
            models.UniqueConstraint("day", "number", name="interactions_card_unique"),
            models.UniqueConstraint("day", "contributor", name="interactions_card_one_each"),
        ]

    def __str__(self) -> str:
        return f"{self.day_id}/{self.number}"
