"""The hall: pages that gather from several rooms."""

import datetime as dt
import uuid

from django.utils import timezone

from connections.interactions.models import OrdinaryDay, Thank
from kinder.accounts.models import Decision
from tests.factories import CouncilFactory, PlaceFactory
from tests.factories.accounts import make_user
from tests.security.rows import ADMINISTRATOR, ALL, KEEPERS, SIGNED_IN, Given, Row, Side, thing
from tests.security.table.interactions import THERE, make_community


@thing("area page")
def _area(_side: Side) -> Given:
    return {"code": CouncilFactory.create().code}


@thing("decided")
def _decided(_side: Side) -> Given:
    batch = uuid.uuid4()
    Decision.objects.create(queue="gatherings", object_id="1", verdict="accept", batch=batch)
    return {"batch": batch}


def _make_thanks(side: Side) -> Thank:
    return Thank.objects.create(
        place=PlaceFactory.create(organisation=side.organisation),
        text="For the seat.",
        language="en-gb",
        month_on=dt.date(2026, 1, 1),
        state=Thank.State.ACCEPTED,
        decided_at=timezone.now(),
    )


@thing("card of a place")
def _card(side: Side) -> Given:
    return {"code": _make_thanks(side).place.code, "month": "2026-01"}


@thing("cards of an area")
def _cards(side: Side) -> Given:
    area = _make_thanks(side).place.area
    assert area is not None
    assert area.parent is not None
    return {"code": area.parent.code, "month": "2026-01"}


@thing("ordinary day")
def _ordinary_day(side: Side) -> Given:
    area = make_community(side)
    OrdinaryDay.objects.create(
        area=area, month_on=dt.date(2026, 1, 1), cards=4, planned_by=make_user()
    )
    return {"code": area.code}


# fmt: off
ROWS = [
    Row("pages:home", get=ALL),
    Row("pages:today", get=SIGNED_IN),
    Row("pages:search", get=ALL),
    Row("pages:area", get=ALL, given="area page"),
    Row("pages:sit_sheet", get=ALL, given="area page"),
    Row("pages:sit_card", get=ALL, given="area page"),
    Row("pages:thanks", get=KEEPERS, given="area page"),
    Row("pages:window_cards", get=KEEPERS, given="cards of an area"),
    Row("pages:window_card", get=ALL, given="card of a place"),
    Row("pages:ordinary_day_cards", get=THERE, given="ordinary day"),
    Row("pages:read_back", get=THERE, given="ordinary day"),
    Row("pages:worry", get=ALL, post=ALL),
    Row("pages:moderation", get=KEEPERS, post=KEEPERS),
    Row("pages:take_back", post=KEEPERS, given="decided"),
    Row("pages:let_back_in", post=KEEPERS, given="decided"),
    Row("worker", get=ALL),
    Row("pages:offline", get=ALL),
    Row("pages:waiting", get=ALL),
    Row("pages:setup", get=ADMINISTRATOR),
    Row("pages:about", get=ALL),
    Row("pages:privacy", get=ALL),
    Row("pages:accessibility", get=ALL),
    Row("pages:appearance", get=ALL, post=ALL),
    Row("pages:manifest", get=ALL),
]
# fmt: on
