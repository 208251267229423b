"""Looking after places together: photos, and organisations that answer for a place."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Contributor, Organisation, User
from places.models.place import Place


def name_photo(_photo: "PlacePhoto", _name: str) -> str:
    """A name by chance: what the file was called may name a person."""
    return f"places/{uuid.uuid4().hex}.jpg"


class PlacePhoto(models.Model):
    """A picture of a place, without what the camera added, described in words for who cannot see
    it. Nobody but keepers sees one before somebody has looked at it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting to be looked at")
        SHOWN = "shown", _("Shown")
        HIDDEN = "hidden", _("Hidden")

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="photos")
    image = models.ImageField(
        _("photo"), upload_to=name_photo, width_field="width", height_field="height"
    )
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    alt = models.CharField(_("what it shows, in words"), max_length=200)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    contributor = models.ForeignKey(
        Contributor, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    user = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("photo of a place")
        verbose_name_plural = _("photos of places")
        ordering: ClassVar = ["id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(alt=""), name="places_photo_has_words"),
        ]

    def __str__(self) -> str:
        return self.alt


class PlaceClaim(models.Model):
    """An organisation says that a place is theirs; a keeper of the register decides."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="claims")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="place_claims"
    )
    user = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("claim to a place")
        verbose_name_plural = _("claims to places")
        constraints = [
            models.UniqueConstraint(
                "place",
                "organisation",
                condition=models.Q(state="open"),
                name="places_claim_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open") ^ models.Q(decided_at__isnull=False),
                name="places_claim_decided_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} claims {self.place_id}"
