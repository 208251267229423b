"""The columns of a moment in a table without marks."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from connections.interactions.models.moment import Moment
from places.models import Place


class PlainMoment(Moment):
    place = models.ForeignKey(Place, on_delete=models.SET_NULL, null=True, related_name="+")
    direction = models.CharField(max_length=8)
    kind = models.CharField(max_length=12)
    tie = models.CharField(max_length=16, null=True)
    is_different = models.CharField(max_length=8, null=True)
    at_work = models.CharField(max_length=8, null=True)
    through_organisation = models.CharField(max_length=8, null=True)
    hardness = models.CharField(max_length=8, null=True)
    hard_reasons = ArrayField(models.CharField(max_length=16), default=list)
    part_of_day = models.CharField(max_length=12, null=True)
    setting = models.CharField(max_length=12, null=True)

    class Meta:
        app_label = "plain"
        indexes = [
            models.Index("contributor", "month_on", name="plain_person_month"),
            models.Index("area", "month_on", name="plain_area_month"),
        ]
