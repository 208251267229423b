"""The history of places: what a place was after each change, by whom, and how to go back."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from places.models.place import Place


class PlaceVersion(models.Model):
    """What the register said of a place after one change.

    `facts` are plain values as places.history writes them; longer words stand in PlaceText and here
    by their digest, so that they can be taken out of the past and nothing else is touched. Who it
    was is a subject of the audit, never an account.
    """

    class Deed(models.TextChoices):
        BEGIN = "begin", _("As it was before the history begins")
        ADD = "add", _("Added")
        SUGGEST = "suggest", _("Suggested by somebody")
        CHANGE = "change", _("Changed")
        CONFIRM = "confirm", _("Confirmed")
        RESIDENTS = "residents", _("Changed by what residents answered")
        ACCEPT = "accept", _("Suggested change accepted")
        CLAIM = "claim", _("Claim accepted")
        HIDE = "hide", _("Hidden")
        SHOW = "show", _("Shown again")
        CLOSE = "close", _("Closed for good")
        REVERT = "revert", _("Put back to an earlier version")
        IMPORT = "import", _("Changed by an import")
        UNDO_IMPORT = "undo_import", _("An import was undone")

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="versions")
    revision = models.PositiveIntegerField(_("version"))
    deed = models.CharField(_("what was done"), max_length=12, choices=Deed)
    actor_id = models.UUIDField(_("who, as a subject of the audit"), null=True, blank=True)
    facts = models.JSONField(_("what the register said then"))
    # The version that was put back, or the import.
    about = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("version of a place")
        verbose_name_plural = _("versions of places")
        ordering: ClassVar = ["-revision"]
        constraints = [
            models.UniqueConstraint("place", "revision", name="places_version_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.place_id} v{self.revision}"


class PlaceText(models.Model):
    """Longer words about a place that some version of it uses; deleting a row takes them out of the
    history for good."""

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="texts")
    digest = models.CharField(max_length=64)
    text = models.TextField()

    class Meta:
        verbose_name = _("words about a place")
        verbose_name_plural = _("words about places")
        constraints = [
            models.UniqueConstraint("place", "digest", name="places_text_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.place_id} {self.digest[:8]}"


class PlaceReference(models.Model):
    """Under which id another source knows a place: a later import finds it by that."""

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="references")
    source = models.CharField(_("source"), max_length=40)
    source_ref = models.CharField(_("id in the source"), max_length=80)

    class Meta:
        verbose_name = _("id of a place elsewhere")
        verbose_name_plural = _("ids of places elsewhere")
        constraints = [
            models.UniqueConstraint("source", "source_ref", name="places_reference_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.source_ref}"
