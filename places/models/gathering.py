"""Gatherings: an opportunity to meet at a place, light-touch and time-boxed."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Organisation
from places.models.place import Place, make_place_code


class Gathering(models.Model):
    """Something to come along to. The shared meal is the model case."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Waiting to be looked at")
        SHOWN = "shown", _("Shown")
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
    description = models.TextField(_("what happens"), blank=True)
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
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("gathering")
        verbose_name_plural = _("gatherings")
        ordering: ClassVar = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(minutes__range=(5, 720)),
                name="places_gathering_time_boxed",
            ),
        ]

    def __str__(self) -> str:
        return self.title
