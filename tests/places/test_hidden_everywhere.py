"""A place that somebody hides is gone at once from wherever it could be seen."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from kinder.accounts.models import Role
from places.actions import hide_place, rebuild_ancestors, show_place_again
from places.exchange.directory_ids import make_id
from places.models import Gathering, Geography
from places.versions import places_version
from places.vocabulary import AreaLevel
from tests.factories.accounts import make_member
from tests.factories.places import make_place, make_point, make_square

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "reports"])
NAME, TITLE = "Zephyrine Tearoom", "Zephyrine soup"


def test_hiding_a_place_hides_it_everywhere_at_once() -> None:
    geography = Geography.objects.create(slug="g", name="G", is_current=True)
    council = make_square("C1", geography=geography, level=AreaLevel.COUNCIL, name="Southside")
    zone = make_square("Z1", geography=geography, parent=council)
    rebuild_ancestors(geography)
    place = make_place(
        NAME, point=make_point(), area=zone, cost_to_stay="free", opening_hours="24/7"
    )
    gathering = Gathering.objects.create(
        title=TITLE,
        place=place,
        minutes=60,
        recurrence="FREQ=DAILY",
        starts_at=timezone.now() - timedelta(days=3),
        state=Gathering.State.SHOWN,
    )
    where = [
        "/places/",
        "/places/?q=zephyrine",
        f"/places/{place.code}/",
        "/search/?q=zephyrine",
        "/areas/C1/",
        "/api/v1/places/",
        "/api/v1/places.geojson",
        f"/api/v1/places/{place.code}/",
        "/whats-on/",
        f"/whats-on/{gathering.code}/",
        "/whats-on.ics",
        f"/whats-on/{gathering.code}.ics",
        "/feeds/places.atom",
        "/feeds/whats-on.atom",
        "/embed/places/",
        "/embed/whats-on/",
        "/ogc/collections/places/items",
        f"/ogc/collections/places/items/{place.code}",
        "/ogc/collections/gatherings/items",
        f"/ogc/collections/gatherings/items/{gathering.code}",
        "/open-referral/services",
        f"/open-referral/services/{make_id('place', place.pk)}",
        f"/open-referral/services/{make_id('gathering', gathering.pk)}",
        "/open-referral/service_at_locations",
    ]
    client = Client()

    def tells(path: str) -> bool:
        response = client.get(path)
        text = response.content.decode(errors="replace")
        return response.status_code == 200 and ("Zephyrine" in text or place.code in text)

    def is_on_a_tile() -> bool:
        # The tile around the place, at a zoom that shows single ones.
        x, y = int((-4.25 + 180) / 360 * 2**14), 5130
        found = [
            client.get(f"/tiles/places/{places_version()}/14/{x}/{row}.mvt").content
            for row in range(y - 40, y + 40)
        ]
        return any(NAME.encode() in body for body in found)

    assert [path for path in where if not tells(path)] == []
    assert is_on_a_tile()
    worker = make_member(Role.WORKER)
    hide_place(by=worker, place=place, reason="unsafe")
    assert [path for path in where if tells(path)] == []
    assert not is_on_a_tile()
    place.refresh_from_db()
    show_place_again(by=worker, place=place)
    assert [path for path in where if not tells(path)] == []
    assert is_on_a_tile()
