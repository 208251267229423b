"""A place that somebody hides is gone at once from wherever it could be seen."""

import io
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from connections.interactions.models import Thank
from connections.reports.actions import make_next
from kinder.accounts.models import Role
from places.actions import hide_place, rebuild_ancestors, show_place_again
from places.exchange.directory_ids import make_id
from places.models import Area, Gathering, Geography
from places.versions import places_version
from places.vocabulary import AreaLevel
from tests.factories.accounts import make_member
from tests.factories.places import make_place, make_point, make_square
from tests.factories.releases import publish_figures

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "reports"])
NAME, TITLE = "Zephyrine Tearoom", "Zephyrine soup"


def keep_report(area: Area) -> list[str]:
    """Where a report about `area` stands, made and kept in every format."""
    publish_figures([(area, "C1", {"value": 1038.5, "coverage": 82.0})])
    formats = ["csv", "json", "xlsx", "pdf"]
    asked = Client().post(
        f"/reports/build/?area={area.code}",
        {
            "areas": area.code,
            "sections": ["figures", "method"],
            "comparators": [],
            "formats": formats,
            "language": "en-gb",
            "title": "",
        },
    )
    while make_next():
        pass
    return [asked["Location"], *(f"{asked['Location']}{name}/" for name in formats)]


def test_hiding_a_place_hides_it_everywhere_at_once() -> None:
    geography = Geography.objects.create(slug="g", name="G", is_current=True)
    council = make_square("C1", geography=geography, level=AreaLevel.COUNCIL, name="Southside")
    zone = make_square("Z1", geography=geography, parent=council)
    rebuild_ancestors(geography)
    place = make_place(
        NAME, point=make_point(), area=zone, cost_to_stay="free", opening_hours="24/7"
    )
    month_on = (timezone.localdate().replace(day=1) - timedelta(days=1)).replace(day=1)
    Thank.objects.create(
        place=place,
        text="The kettle was on.",
        language="en-gb",
        month_on=month_on,
        state=Thank.State.ACCEPTED,
        decided_at=timezone.now(),
    )
    report = keep_report(council)
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
        f"/places/{place.code}/thanks/{month_on:%Y-%m}.pdf",
        "/areas/C1/where-to-sit.pdf",
        f"/p/{place.code}/",
    ]
    client = Client()

    def read(path: str) -> str | None:
        """What stands at an address, as text; None where nothing does."""
        response = client.get(path, follow=True)
        body = response.getvalue()
        response.close()
        if response.status_code != 200:
            return None
        if response["Content-Type"] == "application/pdf":
            text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
            return " ".join(text.split())
        return body.decode(errors="replace")

    def tells(path: str) -> bool:
        text = read(path) or ""
        return "Zephyrine" in text or place.code in text

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
    # A report is made of figures and of what communities told: one that is kept names no place,
    # before or after.
    assert [path for path in report if not read(path) or tells(path)] == []
    worker = make_member(Role.WORKER)
    hide_place(by=worker, place=place, reason="unsafe")
    assert [path for path in (*where, *report) if tells(path)] == []
    assert not is_on_a_tile()
    place.refresh_from_db()
    show_place_again(by=worker, place=place)
    assert [path for path in where if not tells(path)] == []
    assert is_on_a_tile()
