"""The lists behind releases: codes never change, labels are translated."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Cadence(models.TextChoices):
    """How often a figure is published; fixed in advance."""

    QUARTERLY = "quarterly", _("four times a year")
    ANNUAL = "annual", _("once a year")


class Bound(models.TextChoices):
    """What is told of a share that may not be told itself."""

    LOW = "low", _("10 % or less")
    HIGH = "high", _("90 % or more")
    THIRD_LOW = "third_1", _("under 1 in 3")
    THIRD_MIDDLE = "third_2", _("between 1 in 3 and 2 in 3")
    THIRD_HIGH = "third_3", _("2 in 3 or more")
