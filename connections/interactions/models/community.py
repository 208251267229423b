"""What a community hears of itself (what was heard and done, stories, thanks), and the places that
it puts first."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import ConsentRecord, Contributor, Organisation, User
from places.models import Area, Place


class Heard(models.Model):
    """Something heard separately from three people or more, signed by a moderator: no counts, no
    recognisable detail."""

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="heard")
    text = models.CharField(_("what we heard"), max_length=280)
    heard_from_3 = models.BooleanField(_("heard separately from 3 people or more"))
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    month_on = models.DateField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    hidden_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("what we heard")
        verbose_name_plural = _("what we heard")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(heard_from_3=True),
                name="interactions_heard_from_three",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Response(models.Model):
    """You said, together we did."""

    heard = models.ForeignKey(Heard, on_delete=models.CASCADE, related_name="responses")
    text = models.CharField(_("what we did together"), max_length=280)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    done_on = models.DateField(_("when"))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    hidden_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("response")
        verbose_name_plural = _("responses")

    def __str__(self) -> str:
        return self.text


class Story(models.Model):
    """A note shared by its author, who approved the final wording; published by two people in a
    monthly batch, with month and community only.

    The author approves by offering; a moderator who changes the wording sends it back to them. A
    story that was withdrawn keeps no words.
    """

    class State(models.TextChoices):
        OFFERED = "offered", _("Offered")
        EDITED = "edited", _("Waiting for the author")
        APPROVED = "approved", _("Approved by the author")
        PUBLISHED = "published", _("Published")
        DECLINED = "declined", _("Not published")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    contributor = models.ForeignKey(
        Contributor, on_delete=models.CASCADE, null=True, related_name="+"
    )
    consent = models.ForeignKey(ConsentRecord, on_delete=models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="stories")
    month_on = models.DateField()
    text = models.TextField(_("wording"), max_length=1200, blank=True)
    language = models.CharField(max_length=8)
    state = models.CharField(max_length=12, choices=State, default=State.OFFERED)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    approved_at = models.DateTimeField(null=True, blank=True)
    first_signed_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    second_signed_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # When the second of them signed: the batch of the next month takes it.
    signed_at = models.DateTimeField(null=True, blank=True)
    published_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("story")
        verbose_name_plural = _("stories")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="published")
                | (
                    models.Q(approved_at__isnull=False)
                    & models.Q(first_signed_by__isnull=False)
                    & models.Q(second_signed_by__isnull=False)
                    & ~models.Q(first_signed_by=models.F("second_signed_by"))
                ),
                name="interactions_story_two_people_publish",
            ),
            models.CheckConstraint(
                condition=models.Q(state="withdrawn", text="")
                | models.Q(state="declined")
                | (~models.Q(state__in=["withdrawn", "declined"]) & ~models.Q(text="")),
                name="interactions_story_words_while_wanted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month_on:%Y-%m} {self.state}"


class Thank(models.Model):
    """Nameless thanks to a place, shown after a moderator has read them, on a monthly card.

    At a kind of place that would say too much of a person nobody is kept beside the words, so that
    they can not be taken back later; the page says so.
    """

    class State(models.TextChoices):
        OFFERED = "offered", _("Waiting to be read")
        ACCEPTED = "accepted", _("Goes on the card")
        DECLINED = "declined", _("Not taken")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="thanks")
    contributor = models.ForeignKey(
        Contributor, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    text = models.CharField(_("thanks"), max_length=160)
    language = models.CharField(max_length=8)
    month_on = models.DateField()
    state = models.CharField(max_length=12, choices=State, default=State.OFFERED)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("thanks to a place")
        verbose_name_plural = _("thanks to places")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(month_on__day=1), name="interactions_thank_month"
            ),
            models.CheckConstraint(
                condition=models.Q(state="offered", decided_at__isnull=True)
                | (~models.Q(state="offered") & models.Q(decided_at__isnull=False)),
                name="interactions_thank_decided",
            ),
        ]
        indexes = [
            # A moderator's queue, the oldest first.
            models.Index(
                "created_at",
                condition=models.Q(state="offered"),
                name="interactions_thank_waiting",
            ),
            # A place's card of a month.
            models.Index("place", "month_on", name="interactions_thank_card"),
        ]

    def __str__(self) -> str:
        return f"{self.month_on:%Y-%m} {self.state}"


class PinnedPlace(models.Model):
    """A place that somebody who works in a community put first where a moment's place is chosen.

    Who did it stands in the audit. How often it is chosen plays no part, and is not counted.
    """

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="pinned_places")
    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="pinned_in")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("pinned place")
        verbose_name_plural = _("pinned places")
        constraints = [
            models.UniqueConstraint("area", "place", name="interactions_pinned_once"),
        ]

    def __str__(self) -> str:
        return f"{self.area_id}: {self.place_id}"
