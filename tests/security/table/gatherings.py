"""What is on: the list, one gathering, places held, and whoever looks after them."""

from datetime import timedelta

from django.utils import timezone

from places.models import CompanyNotice, Gathering, SavedView
from tests.factories import PlaceFactory
from tests.security.rows import ALL, KEEPERS, WITH_FACTOR, Given, Row, Side, thing

HOSTS = f"{KEEPERS} own:member own:funder"


@thing("gathering")
def _gathering(side: Side) -> Given:
    gathering = Gathering.objects.create(
        title="Soup and a seat",
        place=PlaceFactory.create(),
        organisation=side.organisation,
        minutes=60,
        starts_at=timezone.now(),
        recurrence="FREQ=DAILY",
        capacity=5,
        state=Gathering.State.SHOWN,
    )
    return {"code": gathering.code}


@thing("company")
def _company(side: Side) -> Given:
    starts_at = timezone.now()
    notice = CompanyNotice.objects.create(
        way="ask",
        thing="chat",
        place=PlaceFactory.create(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        contributor=side.contributor,
    )
    return {"id": notice.pk}


@thing("desk tile")
def _desk_tile(_side: Side) -> Given:
    PlaceFactory.create()
    return {"z": 5, "x": 15, "y": 10}


@thing("saved view")
def _saved_view(side: Side) -> Given:
    view = SavedView.objects.create(
        name=side.mark, query="state=stale", owner=side.visitor, organisation=side.organisation
    )
    return {"number": view.pk}


# fmt: off
ROWS = [
    Row("places:whats-on", get=ALL),
    Row("places:suggest-gathering", get=ALL, post=ALL),
    Row("places:add-gathering", get=WITH_FACTOR, post=WITH_FACTOR),
    Row("places:gatherings", get=WITH_FACTOR),
    Row("places:gathering", get=ALL, given="gathering"),
    Row("places:change-gathering", get=HOSTS, post=HOSTS, given="gathering"),
    Row("places:do-gathering", post=HOSTS, given="gathering", body={"deed": "confirm"}),
    Row("places:hold-place", post=ALL, given="gathering"),
    Row("places:give-back-place", post=ALL, given="gathering"),
    Row("places:company", get=ALL, post=ALL, given="place"),
    Row("places:gathering-company", get=ALL, post=ALL, given="gathering"),
    Row("places:own-company", get="own:device", given="company"),
    Row("places:take-back-company", post="own:device", given="company"),
    Row("places:take-down-company", post=KEEPERS, given="company"),
    Row("places:desk", get=KEEPERS),
    Row("places:desk-tile", get=KEEPERS, given="desk tile"),
    Row("places:edit-in-bulk", post=KEEPERS),
    Row("places:undo-edit", post=KEEPERS),
    Row("places:keep-view", post=KEEPERS),
    Row("places:forget-view", post="own:worker own:coordinator own:lead own:administrator",
        given="saved view"),
    Row("places:posters", get=WITH_FACTOR),
    Row("places:print-posters", get=WITH_FACTOR),
    Row("calendars:feed", get=ALL),
    Row("calendars:gathering", get=ALL, given="gathering"),
]
# fmt: on
