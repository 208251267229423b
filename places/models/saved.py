"""What workers keep for themselves: areas they drew, and views of their map."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.contrib.gis.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Organisation, User
from places.models.place import make_place_code

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class SavedQuerySet(models.QuerySet[Any]):
    """Whose is whose."""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """One's own, and what others shared with an organisation that one belongs to."""
        if not isinstance(user, User):
            return self.none()
        theirs = [organisation for organisation, _role in user.role_pairs]
        return self.filter(models.Q(owner=user) | models.Q(organisation__in=theirs))


class SavedArea(models.Model):
    """A piece of land that a worker or funder drew: never a person's position.

    Without an organisation only its owner sees it.
    """

    class Made(models.TextChoices):
        DRAWN = "drawn", _("Drawn on the map")
        CIRCLE = "circle", _("A circle around a point")
        FILE = "file", _("From a file")
        AREAS = "areas", _("Areas put together")

    code = models.CharField(_("short code"), max_length=12, unique=True, default=make_place_code)
    name = models.CharField(_("name"), max_length=120)
    geometry = models.MultiPolygonField(_("area"), srid=4326)
    made = models.CharField(_("how it was made"), max_length=8, choices=Made)
    owner = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="saved_areas", verbose_name=_("owner")
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="saved_areas",
        verbose_name=_("shared with"),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SavedQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved area")
        verbose_name_plural = _("saved areas")
        ordering: ClassVar = ["name", "id"]
        constraints = [
            models.UniqueConstraint("owner", "name", name="places_savedarea_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class SavedView(models.Model):
    """A view of the workers' map: its filters as they stand in the address."""

    name = models.CharField(_("name"), max_length=120)
    query = models.CharField(_("filters"), max_length=1_000, blank=True)
    owner = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="saved_views", verbose_name=_("owner")
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="saved_views",
        verbose_name=_("shared with"),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SavedQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering: ClassVar = ["name", "id"]
        constraints = [
            models.UniqueConstraint("owner", "name", name="places_savedview_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name
