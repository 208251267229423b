"""Hiding a place takes it at once from everything that anybody may look at.

Each surface must show the place before, so that none is walked past in vain; afterwards none may,
nor may any other address that is open without signing in.
"""

import datetime as dt
import io
import json
import math
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pypdf import PdfReader
from pytest_django.fixtures import Settings

from connections.reports import reading
from connections.reports.actions import ask_report, make_next
from connections.reports.question import Question
from connections.reports.roles import PUBLISHED_TABLES, REPORTS_ROLE
from connections.reports.vocabulary import Format, State
from kinder.accounts.models import Role
from places.actions import hide_place, rebuild_ancestors, show_place_again
from places.models import Gathering, Geography, Place, PlacePhoto
from places.versions import places_version
from places.vocabulary import AreaLevel, CostToStay
from tests.factories.accounts import make_member
from tests.factories.places import MIDDLE, make_place, make_square
from tests.factories.releases import publish_figures
from tests.security.addresses import list_addresses

pytestmark = pytest.mark.django_db(databases=["default", "reports"])

MARK = "Zanzibarium"
GATHERING = "Quuxfest"


@pytest.fixture
def place(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place in a community with a released report, a gathering at it and a photo of it."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(reading, "READER", "default")
    geography = Geography.objects.create(slug="invented", name="Invented", is_current=True)
    council = make_square("X11000001", geography=geography, level=AreaLevel.COUNCIL, side=0.2)
    community = make_square(
        "X13000001", geography=geography, level=AreaLevel.COMMUNITY, parent=council
    )
    zone = make_square("X10000001", geography=geography, parent=community)
    rebuild_ancestors(geography)
    place = make_place(
        f"{MARK} Library",
        area=zone,
        opening_hours="24/7",
        cost_to_stay=CostToStay.FREE,
        postcode="G20 7TX",
    )
    Gathering.objects.create(
        title=GATHERING,
        place=place,
        minutes=60,
        starts_at=timezone.now() + dt.timedelta(days=1),
        state=Gathering.State.SHOWN,
    )
    picture = io.BytesIO()
    Image.new("RGB", (8, 6)).save(picture, "JPEG")
    photo = PlacePhoto(place=place, alt=f"{MARK} door", state=PlacePhoto.State.SHOWN)
    photo.image.save("door.jpg", ContentFile(picture.getvalue()), save=False)
    photo.width, photo.height = 8, 6
    photo.save()
    publish_figures([(community, "C1", {"value": 38.5, "coverage": 82.0})])
    return place


def read(path: str) -> tuple[int, str]:
    """Ask as a stranger with an empty browser, and follow where one is led; files are read as their
    readers would."""
    response = Client(raise_request_exception=False).get(path, follow=True)
    return response.status_code, words_of(response.getvalue())


def words_of(content: bytes) -> str:
    """The words of a page, of a PDF, or of all that a packed file holds (Excel is one)."""
    if content.startswith(b"%PDF"):
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return "\n".join(words_of(packed.read(name)) for name in packed.namelist())
    return content.decode(errors="replace")


def tile_of(_place: Place) -> str:
    zoom = 12
    lon, lat = MIDDLE

    x = int((lon + 180) / 360 * 2**zoom)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom)
    return reverse("tiles:places", args=[places_version(), zoom, x, y])


def service_of(_place: Place) -> str:
    _status, text = read(reverse("directory:services-at"))
    found = next(
        (one for one in json.loads(text)["contents"] if MARK in json.dumps(one)), {"id": "gone"}
    )
    return reverse("directory:service-at", args=[found["id"]])


SURFACES: dict[str, Callable[[Place], str]] = {
    "page": lambda place: reverse("places:place", args=[place.code]),
    "list": lambda _place: reverse("places:list"),
    "list of a kind": lambda _place: f"{reverse('places:list')}?kind=library&free=on",
    "search": lambda _place: f"{reverse('pages:search')}?q={MARK}",
    "community": lambda _place: reverse("pages:area", args=["X13000001"]),
    "what is on": lambda _place: reverse("places:whats-on"),
    "tile": tile_of,
    "API list": lambda _place: reverse("places-list"),
    "API place": lambda place: reverse("places-detail", args=[place.code]),
    "GeoJSON": lambda _place: reverse("places-geojson"),
    "OGC items": lambda _place: reverse("features:items", args=["places"]),
    "OGC item": lambda place: reverse("features:item", args=["places", place.code]),
    "OGC gatherings": lambda _place: reverse("features:items", args=["gatherings"]),
    "directory": lambda _place: reverse("directory:services-at"),
    "directory entry": service_of,
    "feed of places": lambda _place: reverse("feeds:places"),
    "feed of gatherings": lambda _place: reverse("feeds:whats-on"),
    "calendar": lambda _place: reverse("calendars:feed"),
    "embedded places": lambda _place: reverse("embed:places"),
    "embedded gatherings": lambda _place: reverse("embed:whats-on"),
    "gathering": lambda _place: reverse(
        "places:gathering", args=[Gathering.objects.values_list("code", flat=True).get()]
    ),
    "sheet to fold": lambda _place: reverse("pages:sit_sheet", args=["X13000001"]),
}
# The address of a tile holds its version: what a browser keeps is asked for no more.
VERSIONED = {"tile"}
MARKS = (MARK, GATHERING)


def shows(text: str, place: Place) -> bool:
    return any(mark in text for mark in (*MARKS, place.code))


def make_report() -> dict[str, str]:
    """Make the community's report in every format, to be kept on disk; return where each is."""
    question = Question(period="2026-Q1", areas=("X13000001",), language="en-gb")
    report = ask_report(by=None, question=question, formats=list(Format))
    while make_next():
        pass
    made = {one.format: one for one in report.files.all()}
    assert {one.state for one in made.values()} == {State.READY}
    assert set(made) == set(Format)
    return {str(name): reverse("reports:built_file", args=[report.pk, name]) for name in made}


def test_nothing_that_shows_a_place_may_be_kept_without_asking(place: Place) -> None:
    for label, where in SURFACES.items():
        kept = Client().get(where(place)).headers.get("Cache-Control", "no-cache")
        if label not in VERSIONED:
            assert "max-age" not in kept or "max-age=0" in kept, f"{label}: {kept}"


def test_no_report_can_know_of_a_place(place: Place) -> None:
    """The role that reads reports may read no table in which a place, a gathering or a moment
    stands: a report that is kept shows no place, hidden or not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p') AND has_table_privilege(%s, oid, 'SELECT')",
            [REPORTS_ROLE],
        )
        readable = {name for (name,) in cursor.fetchall()}
    # PostGIS lets everybody read its list of coordinate systems.
    assert readable - {"spatial_ref_sys"} == set(PUBLISHED_TABLES)
    assert not [name for name in readable if "place_" in name or name.endswith("_place")]


def test_hiding_walks_everywhere(place: Place) -> None:
    worker = make_member(Role.WORKER)
    photo = reverse("places:photo", args=[PlacePhoto.objects.get().pk])
    report = reverse("reports:area", args=["X13000001"])
    seen = {label: read(where(place)) for label, where in SURFACES.items()}
    blind = [
        label for label, (status, text) in seen.items() if status != 200 or not shows(text, place)
    ]
    assert blind == [], "these never showed it: the walk would prove nothing"
    assert read(photo)[0] == 200
    assert read(report)[0] == 200
    old_tile = tile_of(place)
    picture = Client().get(reverse("pages:sit_card", args=["X13000001"])).getvalue()
    files = make_report()

    hide_place(by=worker, place=place, reason="asked")

    for label, where in SURFACES.items():
        status, text = read(where(place))
        assert status in {200, 404, 410}, label
        # An address may repeat what was typed into it; the search says so of its own words.
        assert GATHERING not in text, label
        if label != "search":
            assert MARK not in text, label
        else:
            assert place.code not in text, label
    assert MARK not in read(old_tile)[1]
    assert read(photo)[0] == 404
    assert not shows(read(report)[1], place)
    assert Client().get(reverse("pages:sit_card", args=["X13000001"])).getvalue() != picture
    for name, path in files.items():
        status, text = read(path)
        assert status == 200, name
        assert "38.5" in text, f"{name} is not the report"
        assert not shows(text, place), name
    for address in list_addresses():
        if address.is_plain and not address.path.startswith("/admin/"):
            _status, text = read(address.path)
            assert not shows(text, place), address.path

    show_place_again(by=worker, place=place)
    for label, where in SURFACES.items():
        assert shows(read(where(place))[1], place), label
