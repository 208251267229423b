"""Areas that a reader draws: snapped to the blocks of a release, and told from released figures."""

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.contrib.gis.geos import MultiPolygon
from django.utils import timezone
from django.utils.translation import gettext as _

from connections.indicators.definitions import Indicator
from connections.indicators.drawn_areas import read_drawn, snap
from connections.indicators.models import Release
from connections.reports import reading, wording
from connections.reports.models import DrawnShape
from places.models import Area

KEPT = dt.timedelta(days=90)
"""After the last look (a judgement): a quarter's release stands that long."""


@dataclass(frozen=True)
class DrawnLine:
    """One figure of a drawn area, in words; `value` is empty where it is not shown."""

    indicator: Indicator
    value: str
    interval: str
    people: str
    uncovered: int


@dataclass(frozen=True)
class DrawnReport:
    """What can be told of a drawn area, and how far it had to be snapped."""

    release: Release
    names: list[str]
    residents: int
    people: int
    uncovered: int
    is_large_enough: bool
    lines: list[DrawnLine]


def keep_shape(*, shape: MultiPolygon, made: str) -> DrawnShape:
    """Return the row of a shape, made now or there from before: the same land, the same address."""
    digest = hashlib.sha256(bytes(shape.wkb)).hexdigest()
    DrawnShape.objects.bulk_create(
        [DrawnShape(sha256=digest, geometry=shape, made=made)], ignore_conflicts=True
    )
    return DrawnShape.objects.get(sha256=digest)


def read_shape(release: Release, shape: DrawnShape) -> DrawnReport:
    """Return the drawn area's figures. Raises Refused where nobody of the release lives there."""
    if shape.last_used_on != timezone.localdate():
        shape.last_used_on = timezone.localdate()
        shape.save(update_fields=["last_used_on"])
    snapped = snap(release, shape.geometry, using=reading.READER)
    lines = []
    for figure in read_drawn(snapped, using=reading.READER):
        custom, indicator = figure.custom, figure.indicator
        if custom is None:
            lines.append(DrawnLine(indicator, "", "", "", 0))
            continue
        interval = ""
        if custom.low is not None and custom.high is not None:
            interval = _("%(low)s to %(high)s") % {
                "low": wording.drawn_value(indicator, custom.low).removesuffix(" %"),
                "high": wording.drawn_value(indicator, custom.high).removesuffix(" %"),
            }
        lines.append(
            DrawnLine(
                indicator,
                wording.drawn_value(indicator, custom.value),
                interval,
                str(custom.n) if custom.n else "",
                custom.uncovered,
            )
        )
    names = Area.objects.using(reading.READER).filter(pk__in=list(snapped.blocks))
    return DrawnReport(
        release=release,
        names=sorted(names.values_list("name", flat=True)),
        residents=snapped.residents,
        people=snapped.people,
        uncovered=snapped.uncovered,
        is_large_enough=snapped.is_large_enough,
        lines=lines,
    )


def forget_shapes(now: dt.datetime, /, *, is_dry_run: bool) -> int:
    """Delete shapes that nobody has looked at for KEPT; return how many."""
    old = DrawnShape.objects.filter(last_used_on__lt=timezone.localdate(now) - KEPT)
    return old.count() if is_dry_run else old.delete()[0]
