"""The lists behind releases: codes never change, labels are translated."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Cadence(models.TextChoices):
    """How often a figure is published; fixed in advance."""

    QUARTERLY = "quarterly", _("four times a year")
    ANNUAL = "annual", _("once a year")
