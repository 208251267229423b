"""Places: third spaces, what makes them welcoming, and who may speak for them."""

import secrets
from typing import TYPE_CHECKING, ClassVar, Self

from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Transform
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Contributor, Organisation, User
from places.models.area import Area
from places.vocabulary import (
    FREE_TO_STAY,
    SENSITIVE_KINDS,
    Answer,
    CostToStay,
    PlaceKind,
    PlaceState,
    WelcomeAttribute,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

# No vowels (no words by accident), no 0/O, 1/l: read aloud and typed from a poster.
CODE_ALPHABET = "bcdfghjkmnpqrstvwxz23456789"
SHOWN_STATES = (PlaceState.VERIFIED, PlaceState.STALE)


def make_place_code() -> str:
    """Return a short public code: 27⁷ ≈ 10¹⁰ of them."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(7))


class PlaceQuerySet(models.QuerySet["Place"]):
    """Named questions to the register."""

    def shown(self) -> Self:
        """Places that everybody sees: pages, tiles, feeds."""
        return self.filter(state__in=SHOWN_STATES)

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Workers and the administrator see every state; everybody else what is shown."""
        if isinstance(user, User) and (
            user.is_administrator or user.roles & {"worker", "coordinator", "lead"}
        ):
            return self
        return self.shown()

    def free_to_stay(self) -> Self:
        """Places where staying costs nothing or nobody minds."""
        return self.filter(cost_to_stay__in=FREE_TO_STAY)


class Place(models.Model):
    """A third space: anywhere people meet on their own terms. It needs no owner."""

    code = models.CharField(_("short code"), max_length=12, unique=True, default=make_place_code)
    name = models.CharField(_("name"), max_length=160)
    kind = models.CharField(_("kind"), max_length=24, choices=PlaceKind)
    point = models.PointField(_("position"), srid=4326)
    point_3857 = models.GeneratedField(
        expression=Transform("point", 3857),
        output_field=models.PointField(srid=3857),
        db_persist=True,
    )
    footprint = models.MultiPolygonField(_("footprint"), srid=4326, null=True, blank=True)
    area = models.ForeignKey(
        Area, on_delete=models.PROTECT, null=True, blank=True, related_name="places"
    )
    address = models.CharField(_("address"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=8, blank=True)
    description = models.TextField(_("description"), blank=True)
    website = models.URLField(_("website"), blank=True)
    telephone = models.CharField(_("telephone"), max_length=32, blank=True)
    opening_hours = models.CharField(_("opening hours (OSM syntax)"), max_length=512, blank=True)
    # Kept as they were written, because nobody can work out from them when it is open.
    are_hours_unread = models.BooleanField(
        _("hours are words only"), default=False, db_default=False
    )
    weekly_hours = models.FloatField(
        _("hours open in an ordinary week"), null=True, blank=True, editable=False
    )
    cost_to_stay = models.CharField(
        _("cost to stay"), max_length=16, choices=CostToStay, default=CostToStay.UNKNOWN
    )
    cost_checked_on = models.DateField(_("month the cost was checked"), null=True, blank=True)
    who_for = models.CharField(
        _("for whom, and when"),
        max_length=160,
        blank=True,
        db_default="",
        help_text=_("Empty where it is for everyone."),
    )
    languages = ArrayField(
        models.CharField(max_length=8),
        verbose_name=_("languages spoken there"),
        default=list,
        db_default=[],
        blank=True,
    )
    is_booking_needed = models.BooleanField(_("booking needed"), default=False)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="places",
        help_text=_("A place needs no organisation behind it."),
    )
    state = models.CharField(
        _("state"), max_length=12, choices=PlaceState, default=PlaceState.SUGGESTED
    )
    source = models.CharField(_("source"), max_length=40, blank=True)
    source_ref = models.CharField(_("id in the source"), max_length=80, blank=True)
    confirmed_at = models.DateTimeField(_("last confirmed"), null=True, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering: ClassVar = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                "source",
                "source_ref",
                condition=~models.Q(source_ref=""),
                name="places_place_source_unique",
            ),
        ]
        indexes = [
            # The places of an area, page by page.
            models.Index("area", "name", "id", name="places_place_area_name"),
            models.Index("name", "id", name="places_place_name_id"),
            # Freshness: what was not confirmed for longest.
            models.Index("state", "confirmed_at", name="places_place_freshness"),
            # Tiles, the places in a rectangle and the nearest ones: of what everybody sees.
            GistIndex(
                "point_3857",
                condition=models.Q(state__in=SHOWN_STATES),
                name="places_place_point_3857",
            ),
            # The open places among those shown: which hours are there at all.
            models.Index(
                "opening_hours",
                condition=models.Q(state__in=SHOWN_STATES),
                name="places_place_hours",
            ),
            GinIndex(fields=["name"], opclasses=["gin_trgm_ops"], name="places_place_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_free_to_stay(self) -> bool:
        return self.cost_to_stay in FREE_TO_STAY

    @property
    def is_sensitive(self) -> bool:
        """A moment logged here keeps its area only."""
        return self.kind in SENSITIVE_KINDS


class PlaceAltName(models.Model):
    """Another name of a place, in a language."""

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="alt_names")
    language = models.CharField(_("language"), max_length=8)
    name = models.CharField(_("name"), max_length=160)

    class Meta:
        verbose_name = _("other name")
        verbose_name_plural = _("other names")
        constraints = [
            models.UniqueConstraint("place", "language", "name", name="places_altname_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class Welcome(models.Model):
    """One thing that makes a place welcoming, for whom, and when it was checked."""

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="welcomes")
    attribute = models.CharField(_("what"), max_length=24, choices=WelcomeAttribute)
    value = models.CharField(_("answer"), max_length=8, choices=Answer, default=Answer.UNKNOWN)
    for_whom = models.CharField(_("for whom, and when"), max_length=160, blank=True)
    checked_on = models.DateField(_("month checked"), null=True, blank=True)

    class Meta:
        verbose_name = _("welcome")
        verbose_name_plural = _("welcomes")
        constraints = [
            models.UniqueConstraint("place", "attribute", name="places_welcome_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.get_attribute_display()}: {self.get_value_display()}"


class PlaceConfirmation(models.Model):
    """A resident's or worker's answer to one question about a place."""

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="confirmations")
    question = models.CharField(_("question"), max_length=24)
    answer = models.CharField(_("answer"), max_length=8, choices=Answer)
    contributor = models.ForeignKey(
        Contributor, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    user = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # The first day of the half year in which the answer counts once for each person.
    period_on = models.DateField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("confirmation")
        verbose_name_plural = _("confirmations")
        constraints = [
            models.UniqueConstraint(
                "place",
                "question",
                "contributor",
                "period_on",
                condition=models.Q(contributor__isnull=False, period_on__isnull=False),
                name="places_confirmation_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place_id} {self.question}: {self.answer}"


class PlaceSuggestion(models.Model):
    """A change that somebody proposes; `base_revision` shows a conflict with a later edit."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="suggestions")
    base_revision = models.PositiveIntegerField()
    changes = models.JSONField(_("changed fields"))
    contributor = models.ForeignKey(
        Contributor, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("suggested change")
        verbose_name_plural = _("suggested changes")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="open") ^ models.Q(decided_at__isnull=False),
                name="places_suggestion_decided_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place_id} ({self.state})"


class OrganisationArea(models.Model):
    """Where an organisation works."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="works_in"
    )
    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="organisations")

    class Meta:
        verbose_name = _("area of an organisation")
        verbose_name_plural = _("areas of organisations")
        constraints = [
            models.UniqueConstraint("organisation", "area", name="places_orgarea_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} in {self.area_id}"
