"""Company: asked for or offered at a public place, by nobody in particular, for an hour or two."""

import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kinder.accounts.models import Contributor
from places.models.gathering import Gathering
from places.models.place import Place
from places.vocabulary import CompanyThing, CompanyWay

LONGEST_COMPANY = timedelta(hours=2)
"""Light-touch (a judgement): long enough for a pot of tea, short enough to say yes to."""


class CompanyNotice(models.Model):
    """That somebody asks for company, or offers it, at one place and time.

    Choices only: no words of one's own, no name, no way to answer. Whoever put it up is kept so
    that they can take it back, and is shown to nobody. It is over when its time is.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    way = models.CharField(_("asked for or offered"), max_length=8, choices=CompanyWay)
    thing = models.CharField(_("what for"), max_length=8, choices=CompanyThing)
    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="company")
    gathering = models.ForeignKey(
        Gathering, on_delete=models.CASCADE, null=True, blank=True, related_name="company"
    )
    language = models.CharField(_("language"), max_length=8, blank=True)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    contributor = models.ForeignKey(Contributor, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("note about company")
        verbose_name_plural = _("notes about company")
        ordering: ClassVar = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at"))
                & models.Q(ends_at__lte=models.F("starts_at") + LONGEST_COMPANY),
                name="places_company_time_boxed",
            ),
        ]
        indexes = [models.Index("place", "ends_at", name="places_company_place")]

    def __str__(self) -> str:
        return f"{self.way} {self.thing} {self.starts_at:%Y-%m-%d %H:%M}"
