"""The hall as a visitor meets it."""

import gzip
import json
import re
import struct
from datetime import date, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.contrib.gis.geos import Point
from django.core.exceptions import ValidationError
from django.template import TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse

from connections.befriending.models import Concern, Service
from connections.indicators.disclosure import K_MIN
from connections.indicators.models import Figure, Quarter, Release
from kinder.accounts.acting import acting
from kinder.accounts.models import Role, Task
from kinder.pages.context import Site
from kinder.pages.neighbourhood import next_release_on
from kinder.pages.search import find
from kinder.pages.templatetags.ui import brand_mark, choice_icon, drawing, icon, kind_icon
from kinder.pages.today import gather_today
from kinder.words import has_words
from places.gatherings import check_recurrence, occasions_between, soon_in
from places.models import Area, AreaAlias, Gathering, PlaceName, Postcode
from places.vocabulary import CostToStay, PlaceKind, PlaceState
from tests.factories import (
    AdministratorFactory,
    CommunityFactory,
    CouncilFactory,
    MembershipFactory,
    NeighbourhoodFactory,
    OrganisationFactory,
    PlaceFactory,
    UserFactory,
    ZoneFactory,
)

LONDON = ZoneInfo("Europe/London")
PUBLIC = ["home", "about", "privacy", "accessibility", "appearance", "search"]
pytestmark = pytest.mark.django_db
# Released figures are read by another role, which sees nothing of an open transaction.
with_figures = pytest.mark.django_db(transaction=True, databases=["default", "reports"])


@pytest.fixture
def zone() -> Area:
    council = CouncilFactory.create(name="Inverbrae")
    community = CommunityFactory.create(name="Harbourside", parent=council)
    neighbourhood = NeighbourhoodFactory.create(name="Harbourside North", parent=community)
    return ZoneFactory.create(name="Harbourside North 01", parent=neighbourhood)


def community_of(zone: Area) -> Area:
    return Area.objects.get(name="Harbourside")


@pytest.mark.parametrize("name", PUBLIC)
def test_public_pages_need_no_account_and_no_script(client: Client, name: str) -> None:
    response = client.get(reverse(f"pages:{name}"))
    page = response.content.decode()
    assert response.status_code == HTTPStatus.OK
    assert len(re.findall(r"<h1\b", page)) == 1
    assert 'href="#main"' in page
    assert '<html lang="en-gb"' in page
    # One script, which keeps what waits on a phone; a test without scripts shows it is not needed.
    scripts = re.findall(r"<script\b[^>]*>", page)
    assert scripts == ['<script type="module" src="/static/js/site.js">']
    assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_the_first_load_of_a_page_is_light(client: Client) -> None:
    response = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    page = response.content
    dist = Path(settings.BASE_DIR) / "static" / "dist"
    css = gzip.compress((dist / "css" / "site.css").read_bytes(), 9)
    font = dist / "fonts" / "atkinson-hyperlegible-next-latin-wght-normal.woff2"
    assert len(page) + len(css) + font.stat().st_size <= 60_000


def test_right_to_left_pages_say_so_and_load_their_letters(client: Client) -> None:
    page = client.get("/ar/about/").content.decode()
    assert '<html lang="ar"' in page
    assert 'dir="rtl"' in page
    assert "css/arabic.css" in page
    assert "css/arabic.css" not in client.get("/about/").content.decode()
    assert "css/cyrillic.css" in client.get("/uk/about/").content.decode()


def test_only_languages_with_words_are_offered(rf: RequestFactory, tmp_path: Path) -> None:
    with override_settings(LOCALE_PATHS=[tmp_path]):
        has_words.cache_clear()
        assert [one.code for one in Site(rf.get("/about/")).languages] == ["en-gb"]
    words = tmp_path / "gd" / "LC_MESSAGES"
    words.mkdir(parents=True)
    # The smallest catalogue: its header, and no words.
    (words / "django.mo").write_bytes(struct.pack("<7I", 0x950412DE, 0, 0, 28, 28, 0, 28))
    with override_settings(LOCALE_PATHS=[tmp_path]):
        has_words.cache_clear()
        languages = Site(rf.get("/about/?x=1")).languages
        assert [(one.name, one.url, one.is_current) for one in languages] == [
            ("English", "/about/?x=1", True),
            ("Gàidhlig", "/gd/about/?x=1", False),
        ]
        request = rf.get("/about/")
        chooser = render_to_string("_parts/languages.html", {"frame": Site(request)})
        assert 'lang="gd"' in chooser
        assert "Gàidhlig" in chooser
    has_words.cache_clear()


def test_the_header_leads_workers_to_their_day(rf: RequestFactory) -> None:
    request = rf.get("/today/")
    request.user = UserFactory.create()
    assert "/today/" not in [link.url for link in Site(request).navigation]
    request.user = MembershipFactory.create(role=Role.WORKER).user
    assert [(link.url, link.is_current) for link in Site(request).navigation][-1] == (
        "/today/",
        True,
    )
    request.user = MembershipFactory.create(role=Role.MEMBER).user
    assert "/today/" not in [link.url for link in Site(request).navigation]


def test_colours_and_text_size_are_kept_without_a_script(client: Client) -> None:
    url = reverse("pages:appearance")
    saved = client.post(url, {"theme": "dark", "text_size": "larger"}, follow=True)
    assert 'data-theme="dark"' in saved.content.decode()
    assert 'data-text="larger"' in saved.content.decode()
    assert "Saved." in saved.content.decode()
    client.post(url, {"theme": "", "text_size": ""})
    assert "data-theme" not in client.get("/about/").content.decode()


def test_a_forged_choice_of_colours_is_refused(client: Client) -> None:
    response = client.post(reverse("pages:appearance"), {"theme": '"><script>'})
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "error-summary" in response.content.decode()
    client.cookies["kinder_theme"] = '"><script>'
    assert "<script>" not in client.get("/about/").content.decode()


def test_the_manifest_describes_icons_that_exist(client: Client) -> None:
    response = client.get(reverse("pages:manifest"))
    assert response.headers["Content-Type"] == "application/manifest+json"
    manifest = json.loads(response.content)
    assert manifest["start_url"] == "/"
    for entry in manifest["icons"]:
        name = entry["src"].removeprefix(settings.STATIC_URL)
        assert (Path(settings.BASE_DIR) / "static" / "dist" / name).is_file(), name


def test_error_pages(client: Client) -> None:
    missing = client.get("/nothing-here/")
    assert missing.status_code == HTTPStatus.NOT_FOUND
    assert "There is nothing at this stop" in missing.content.decode()
    for name in ("400.html", "500.html"):
        page = render_to_string(name)
        assert "<h1>" in page
        assert "/static/css/site.css" in page
    refused = render_to_string("403.html", {"exception": "Please sign in first."})
    assert "Please sign in first." in refused


def test_home_offers_communities_grouped_by_council(client: Client, zone: Area) -> None:
    CommunityFactory.create(name="Braefoot", parent=CouncilFactory.create(name="Strathlowan"))
    page = client.get("/").content.decode()
    assert page.index("Inverbrae") < page.index("Harbourside") < page.index("Strathlowan")
    assert reverse("pages:area", args=[community_of(zone).code]) in page
    assert "Harbourside North" not in page


def test_home_without_communities_offers_councils(client: Client) -> None:
    council = CouncilFactory.create(name="Inverbrae")
    assert reverse("pages:area", args=[council.code]) in client.get("/").content.decode()


def test_home_of_an_empty_site_says_so(client: Client) -> None:
    assert "No areas are loaded yet" in client.get("/").content.decode()


def test_promises_hold_the_number_of_the_gate(client: Client) -> None:
    promise = f"We only show numbers about {K_MIN} people or more."
    assert promise in client.get(reverse("pages:privacy")).content.decode()
    assert promise in client.get(reverse("interactions:log")).content.decode()


def test_the_demo_says_that_it_is_made_up(client: Client) -> None:
    with override_settings(IS_DEMO=True):
        assert "are made up" in client.get("/about/").content.decode()
    assert "are made up" not in client.get("/about/").content.decode()


@with_figures
def test_area_page_counts_places_not_moments(client: Client, zone: Area) -> None:
    PlaceFactory.create(
        name="Rowan Library",
        kind=PlaceKind.LIBRARY,
        area=zone,
        opening_hours="24/7",
        cost_to_stay=CostToStay.FREE,
    )
    PlaceFactory.create(
        name="Kettle",
        area=zone,
        cost_to_stay=CostToStay.NOBODY_MINDS,
        opening_hours="Mo-Su 03:00-03:01",
    )
    PlaceFactory.create(
        name="Secret", area=zone, state=PlaceState.HIDDEN, cost_to_stay=CostToStay.FREE
    )
    with time_machine.travel(datetime(2026, 3, 4, 12, tzinfo=LONDON), tick=False):
        response = client.get(reverse("pages:area", args=[community_of(zone).code]))
    page = re.sub(r"\s+", " ", response.content.decode())
    assert "We are new. We already know 2 places: 2 free to stay, 1 of them open now." in page
    assert page.index("Rowan Library") < page.index("Kettle")
    assert "Secret" not in page
    assert "next on 15 May" in page
    assert "Inverbrae" in page
    assert "Harbourside North" in page
    assert not re.search(r"\d+ moments?\b", page)


@with_figures
def test_area_page_follows_other_codes_and_knows_no_zones(client: Client, zone: Area) -> None:
    community = community_of(zone)
    AreaAlias.objects.create(area=community, code="OLD1")
    moved = client.get(reverse("pages:area", args=["OLD1"]))
    assert moved.status_code == HTTPStatus.MOVED_PERMANENTLY
    assert moved.headers["Location"] == reverse("pages:area", args=[community.code])
    for code in (zone.code, "S00000000"):
        response = client.get(reverse("pages:area", args=[code]))
        assert response.status_code == HTTPStatus.NOT_FOUND


@with_figures
def test_area_page_tells_released_figures_alone(client: Client, zone: Area) -> None:
    community = community_of(zone)
    quarter = Quarter.objects.create(starts_on=date(2025, 10, 1), geography=zone.geography)
    release = Release.objects.create(
        quarter=quarter, geography=zone.geography, method_version="1", state=Release.State.READY
    )
    Figure.objects.create(
        release=release, indicator="A1", area=community, status=Figure.Status.SHOWN,
        people=40, value=37, lower=30, upper=45,
    )  # fmt: skip
    Figure.objects.create(
        release=release, indicator="A3", area=community, status=Figure.Status.SUPPRESSED
    )
    url = reverse("pages:area", args=[community.code])
    assert "in every 1,000 adults" not in client.get(url).content.decode()
    Release.objects.filter(pk=release.pk).update(
        state=Release.State.PUBLISHED, published_at=datetime(2026, 2, 14, tzinfo=LONDON)
    )
    page = client.get(url).content.decode()
    assert "About 37 in every 1,000 adults in Harbourside took part." in page
    assert "Not shown. There are too few answers" in page
    assert "2025 Q4" in page


@with_figures
def test_area_page_lists_what_is_on_with_its_boundaries(client: Client, zone: Area) -> None:
    place = PlaceFactory.create(name="Kettle", area=zone)
    Gathering.objects.create(
        title="Soup and a seat", place=place, minutes=90, recurrence="FREQ=WEEKLY",
        starts_at=datetime(2026, 1, 7, 12, tzinfo=LONDON), state=Gathering.State.SHOWN,
        is_not_asked="Nobody asks why you came.", food="Soup",
    )  # fmt: skip
    Gathering.objects.create(
        title="Not looked at yet", place=place, minutes=30,
        starts_at=datetime(2026, 3, 5, 12, tzinfo=LONDON),
    )  # fmt: skip
    with time_machine.travel(datetime(2026, 3, 4, 9, tzinfo=LONDON), tick=False):
        page = client.get(reverse("pages:area", args=[community_of(zone).code])).content.decode()
    assert page.count("Soup and a seat") == 1
    assert "Again on 11 March." in page
    assert "Wednesday 4 March, noon" in page
    assert "Nobody asks why you came." in page
    assert "Not looked at yet" not in page


def make_gathering(zone: Area, **facts: object) -> Gathering:
    return Gathering.objects.create(
        **{
            "title": "Walk", "place": PlaceFactory.create(area=zone), "minutes": 60,
            "starts_at": datetime(2026, 3, 4, 12, tzinfo=LONDON), "state": Gathering.State.SHOWN,
        } | facts
    )  # fmt: skip


def test_a_weekly_gathering_stays_at_its_hour_when_the_clocks_change(zone: Area) -> None:
    weekly = make_gathering(zone, recurrence="FREQ=WEEKLY;BYDAY=WE", until_on=date(2026, 4, 8))
    start = datetime(2026, 3, 20, tzinfo=LONDON)
    times = [one.starts_at for one in occasions_between(weekly, start, start + timedelta(days=60))]
    assert [at.strftime("%d.%m. %H:%M %z") for at in times] == [
        "25.03. 12:00 +0000",
        "01.04. 12:00 +0100",
        "08.04. 12:00 +0100",
    ]


def test_a_single_gathering_happens_once(zone: Area) -> None:
    once = make_gathering(zone)
    start = datetime(2026, 3, 1, tzinfo=LONDON)
    assert len(list(occasions_between(once, start, start + timedelta(days=30)))) == 1
    assert not list(occasions_between(once, start, start + timedelta(days=2)))
    assert soon_in(community_of(zone), start)[0].ends_at.hour == 13


def test_a_rule_that_is_none_is_refused() -> None:
    check_recurrence("")
    check_recurrence("FREQ=MONTHLY;BYDAY=1MO")
    for value in ("weekly", "FREQ=SOMETIMES", "FREQ=WEEKLY;BYDAY=XX"):
        with pytest.raises(ValidationError):
            check_recurrence(value)


@pytest.mark.parametrize(
    ("today", "due"),
    [
        (date(2026, 1, 1), date(2026, 2, 14)),
        (date(2026, 2, 14), date(2026, 2, 14)),
        (date(2026, 2, 15), date(2026, 5, 15)),
        (date(2026, 8, 15), date(2026, 11, 14)),
        (date(2026, 12, 31), date(2027, 2, 14)),
    ],
)
def test_the_day_of_the_next_release(today: date, due: date) -> None:
    assert next_release_on(today) == due


def test_search_leads_from_a_postcode_to_its_community(client: Client, zone: Area) -> None:
    Postcode.objects.create(code="G20 7TX", point=Point(-4.3, 55.9, srid=4326), area=zone)
    page = client.get(reverse("pages:search"), {"q": " g20 7tx "}).content.decode()
    assert "G20 7TX lies in" in page
    assert page.index("Harbourside</a>") < page.index("Harbourside North</a>")
    unknown = client.get(reverse("pages:search"), {"q": "G20 9ZZ"}).content.decode()
    assert "We couldn't find that postcode" in unknown.replace("&#x27;", "'")


def test_search_forgives_slips_and_hides_what_is_hidden(zone: Area) -> None:
    PlaceFactory.create(name="Harbour Lamp", area=zone)
    PlaceFactory.create(name="Harbour Gone", area=zone, state=PlaceState.HIDDEN)
    PlaceName.objects.create(name="Harbour End", point=Point(-4.3, 55.9, srid=4326), area=zone)
    visitor = UserFactory.create()
    found = find("harbour", user=visitor)
    assert [place.name for place in found.places] == ["Harbour Lamp"]
    assert [(name.name, area.name) for name, area in found.names] == [
        ("Harbour End", "Harbourside")
    ]
    assert "Harbourside" in [area.name for area in find("harborside", user=visitor).areas]
    worker = MembershipFactory.create(role=Role.WORKER).user
    assert len(find("harbour", user=worker).places) == 2
    assert find("h", user=visitor).is_empty
    assert find("zzzzzz", user=visitor).is_empty


def test_search_escapes_what_was_typed(client: Client) -> None:
    response = client.get(reverse("pages:search"), {"q": "<script>alert(1)</script>"})
    assert "<script>alert" not in response.content.decode()


def test_today_asks_for_sign_in(client: Client) -> None:
    response = client.get(reverse("pages:today"))
    assert response.status_code == HTTPStatus.FOUND
    assert reverse("account_login") in response.headers["Location"]


def test_today_shows_what_waits_for_this_worker(zone: Area) -> None:
    membership = MembershipFactory.create(role=Role.WORKER)
    late = Task.objects.create(organisation=membership.organisation, kind=Task.Kind.CHECK_PLACE)
    soon = Task.objects.create(
        organisation=membership.organisation, kind=Task.Kind.MODERATE, due_on=date(2026, 1, 1)
    )
    Task.objects.create(organisation=OrganisationFactory.create(), kind=Task.Kind.MODERATE)
    PlaceFactory.create(area=zone, state=PlaceState.STALE)
    today = gather_today(membership.user)
    assert [task for task, _told in today.tasks] == [soon, late]
    # What people sent is looked at among the rest of it; a bare "check a place" leads nowhere.
    assert [told.url if told else None for _task, told in today.tasks] == ["/moderation/", None]
    assert today.places_to_check == 1
    assert today.open_concerns is None
    assert today.releases_ready == []


def test_today_says_which_place_to_check_and_leads_there(zone: Area) -> None:
    membership = MembershipFactory.create(role=Role.WORKER)
    place = PlaceFactory.create(area=zone, name="The Creel")
    for month in ("2026-10", "2026-11"):
        Task.objects.create(
            organisation=membership.organisation,
            kind=Task.Kind.CHECK_PLACE,
            key=f"place-gone-{place.pk}-{month}",
            object_type="places.place",
            object_id=str(place.pk),
        )
    told = [told for _task, told in gather_today(membership.user).tasks]
    assert [(str(one.words), one.url) for one in told if one] == [
        ("Check a place: The Creel", reverse("places:place", args=[place.code]))
    ] * 2


def test_today_counts_worries_for_safeguarding_leads_alone(zone: Area) -> None:
    lead = MembershipFactory.create(role=Role.LEAD)
    worker = MembershipFactory.create(role=Role.WORKER, organisation=lead.organisation)
    service = Service.objects.create(organisation=lead.organisation, name="Company")
    with acting(user=lead.user):
        Concern.objects.create(service=service, ciphertext=b"closed", raised_by=lead.user)
    assert gather_today(lead.user).open_concerns == 1
    assert gather_today(worker.user).open_concerns is None


def test_today_is_a_page(client: Client, zone: Area) -> None:
    administrator = AdministratorFactory.create()
    quarter = Quarter.objects.create(starts_on=date(2025, 10, 1), geography=zone.geography)
    Release.objects.create(
        quarter=quarter, geography=zone.geography, method_version="1", state=Release.State.READY
    )
    today = gather_today(administrator)
    assert [str(release.quarter) for release in today.releases_ready] == ["2025 Q4"]
    page = render_to_string("pages/today.html", {"today": today, "user": administrator})
    assert "2025 Q4 are ready to look at" in re.sub(r"\s+", " ", page)


def test_icons_and_drawings_are_decoration() -> None:
    for svg in (icon("house"), kind_icon("cafe"), drawing("bench"), brand_mark()):
        assert svg.startswith("<svg ")
        assert 'aria-hidden="true"' in svg
        assert "style=" not in svg
    assert choice_icon({"gave": "hand-heart"}, "gave").startswith("<svg")
    assert choice_icon({}, "gave") == ""
    with pytest.raises(TemplateSyntaxError, match=r"icons\.json"):
        icon("no-such-icon")
    with pytest.raises(TemplateSyntaxError):
        drawing("../mark")


@pytest.mark.parametrize("kind", PlaceKind.values)
def test_every_kind_of_place_has_an_icon(kind: str) -> None:
    assert "<path" in kind_icon(kind)


def test_icons_can_stand_many_times_in_a_page() -> None:
    for kind in PlaceKind.values:
        assert not re.search(r"\s(?:id|style|class)=", kind_icon(kind).partition(">")[2])
