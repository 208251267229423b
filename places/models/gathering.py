"""Gatherings: an opportunity to meet at a place, light-touch and time-boxed."""

from typing import ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Contributor, Organisation
from places.models.place import SHOWN_STATES, Place, make_place_code

MOST_AT_ONCE = 6
"""People for whom one device holds a place: a family (a judgement)."""


class GatheringQuerySet(models.QuerySet["Gathering"]):
    """Named questions to what is on."""

    def shown(self) -> Self:
        """What everybody sees: looked at by somebody, at a place that everybody sees."""
        return self.filter(state=Gathering.State.SHOWN, place__state__in=SHOWN_STATES)


class Gathering(models.Model):
    """Something to come along to. The shared meal is the model case.

    Who proposed it is not kept. `confirmed_at` is when its host last said that it goes on.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Waiting to be looked at")
        SHOWN = "shown", _("Shown")
        EXPIRED = "expired", _("Nobody said that it goes on")
        CANCELLED = "cancelled", _("Cancelled")
        HIDDEN = "hidden", _("Hidden")

    code = models.CharField(_("short code"), max_length=12, unique=True, default=make_place_code)
    title = models.CharField(_("title"), max_length=120)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="gatherings")
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="gatherings",
    )
    description = models.TextField(_("what happens"), max_length=1_000, blank=True)
    starts_at = models.DateTimeField(_("first time"))
    minutes = models.PositiveSmallIntegerField(
        _("how long, in minutes"),
        validators=[MinValueValidator(5), MaxValueValidator(720)],
    )
    recurrence = models.CharField(_("repeats (iCalendar RRULE)"), max_length=120, blank=True)
    until_on = models.DateField(_("last date"), null=True, blank=True)
    is_asked = models.CharField(_("what is asked of you"), max_length=200, blank=True)
    is_not_asked = models.CharField(_("what is not asked"), max_length=200, blank=True)
    how_to_leave = models.CharField(_("how to say no or leave"), max_length=200, blank=True)
    food = models.CharField(_("food and drink"), max_length=120, blank=True)
    capacity = models.PositiveSmallIntegerField(_("places, if limited"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.PROPOSED)
    confirmed_at = models.DateTimeField(_("last confirmed"), default=timezone.now)
    asked_at = models.DateTimeField(_("host asked whether it goes on"), null=True, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    objects = GatheringQuerySet.as_manager()

    class Meta:
        verbose_name = _("gathering")
        verbose_name_plural = _("gatherings")
        ordering: ClassVar = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(minutes__range=(5, 720)),
                name="places_gathering_time_boxed",
            ),
            models.CheckConstraint(
                condition=models.Q(capacity__isnull=True) | models.Q(capacity__gte=1),
                name="places_gathering_capacity_is_some",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class CancelledOccasion(models.Model):
    """One time that a gathering does not happen: the local date on which it would have begun."""

    gathering = models.ForeignKey(
        Gathering, on_delete=models.CASCADE, related_name="cancelled_occasions"
    )
    cancelled_on = models.DateField(_("date that is cancelled"))
    why = models.CharField(_("why, for people who look"), max_length=120, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("cancelled time")
        verbose_name_plural = _("cancelled times")
        constraints = [
            models.UniqueConstraint("gathering", "cancelled_on", name="places_cancelled_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.gathering_id} {self.cancelled_on}"


class HeldPlace(models.Model):
    """So many places held for a device at one time of a gathering whose places are limited.

    No name, no contact: the same browser sees it and gives it back.
    """

    gathering = models.ForeignKey(Gathering, on_delete=models.CASCADE, related_name="held_places")
    held_on = models.DateField(_("date of the gathering"))
    people = models.PositiveSmallIntegerField(
        _("people"), validators=[MinValueValidator(1), MaxValueValidator(MOST_AT_ONCE)]
    )
    contributor = models.ForeignKey(Contributor, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("held place")
        verbose_name_plural = _("held places")
        constraints = [
            models.UniqueConstraint(
                "gathering", "held_on", "contributor", name="places_held_once_each"
            ),
            models.CheckConstraint(
                condition=models.Q(people__range=(1, MOST_AT_ONCE)), name="places_held_people"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gathering_id} {self.held_on}: {self.people}"
