"""Releases: frozen, computed and published by administrators."""

import datetime as dt

from django.utils import timezone

from connections.indicators.models import AbuseAlert, Quarter, Release
from places.models import Geography
from tests.factories import GeographyFactory, NeighbourhoodFactory
from tests.security.rows import ADMINISTRATOR, ALL, WORKING, Given, Row, Side, thing

QUARTER_ON = dt.date(2025, 1, 1)


@thing("quarter")
def _quarter(_side: Side) -> Given:
    Quarter.objects.get_or_create(
        starts_on=QUARTER_ON, defaults={"geography": GeographyFactory.create()}
    )
    return {"quarter_on": QUARTER_ON}


@thing("frozen quarter")
def _frozen(side: Side) -> Given:
    _quarter(side)
    Quarter.objects.filter(pk=QUARTER_ON).update(frozen_at=timezone.now(), watermark="ab" * 32)
    return {"quarter_on": QUARTER_ON}


@thing("release in work")
def _release(side: Side) -> Given:
    _quarter(side)
    Release.objects.get_or_create(
        quarter_id=QUARTER_ON,
        geography=Geography.objects.get(is_current=True),
        defaults={"state": Release.State.READY, "method_version": "1", "watermark": "ab" * 32},
    )
    return {"quarter_on": QUARTER_ON}


@thing("alert")
def _alert(side: Side) -> Given:
    _quarter(side)
    area = NeighbourhoodFactory.create()
    alert = AbuseAlert.objects.create(quarter_id=QUARTER_ON, area=area, reason="join_spike")
    return {"alert": alert.pk}


# fmt: off
ROWS = [
    Row("indicators:gaps", get=WORKING),
    Row("indicators:gap-values", get=WORKING),
    Row("indicators:method", get=ALL),
    Row("indicators:releases", get=ADMINISTRATOR),
    Row("indicators:close_alert", post=ADMINISTRATOR, given="alert"),
    Row("indicators:leave_out", post=ADMINISTRATOR, given="alert"),
    Row("indicators:release", get=ADMINISTRATOR, given="release in work"),
    Row("indicators:progress", get=ADMINISTRATOR, given="release in work"),
    Row("indicators:freeze", post=ADMINISTRATOR, given="quarter"),
    Row("indicators:start", post=ADMINISTRATOR, given="quarter"),
    Row("indicators:withdraw", post=ADMINISTRATOR, given="release in work"),
    Row("indicators:revise", get=ADMINISTRATOR, post=ADMINISTRATOR, given="frozen quarter"),
    Row("indicators:cadences", get=ADMINISTRATOR, post=ADMINISTRATOR),
    Row("indicators:pictures", get=ADMINISTRATOR, post=ADMINISTRATOR),
    Row("indicators:publish", get=ADMINISTRATOR, post=ADMINISTRATOR, given="release in work"),
]
# fmt: on
