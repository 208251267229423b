"""The administrator's road from an open quarter to a published one, and the public method page."""

import datetime as dt
import re
from collections.abc import Iterator
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import NoReverseMatch, reverse

from connections.indicators import (
    access,
    custom_areas,
    disclosure,
    eligibility,
    method_page,
    picture,
    publish,
    quarters,
    release,
    statistics,
)
from connections.indicators.definitions import INDICATORS
from connections.indicators.lenses import change, clusters, inequality
from connections.indicators.models import AbuseAlert, Figure, Quarter, Release
from connections.reports import reading
from kinder.accounts.acting import Purpose
from kinder.accounts.models import Role, User
from tests.accounts.proofs import current_code, sign_in
from tests.factories import CouncilFactory, NeighbourhoodFactory
from tests.factories.accounts import make_member, make_user
from tests.factories.releases import publish_figures
from tests.indicators.months import FREEZE_DAY, PUBLISH_DAY, QUARTER, make_month, make_person

pytestmark = pytest.mark.django_db


def text_of(html: bytes) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.decode())))


def row_of(html: bytes, quarter: str) -> str:
    found = re.search(rf'<tr data-quarter="{quarter}">(.*?)</tr>', html.decode(), re.S)
    assert found is not None
    return text_of(found[1].encode())


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(FREEZE_DAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def administrator(clock: time_machine.Traveller) -> User:
    return make_user(is_administrator=True)


@pytest.fixture
def client(administrator: User) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


def confirm(client: Client, user: User) -> str:
    """Sign in, and confirm with a code of the second factor; return where that leads."""
    client.force_login(user)
    answer = client.post(
        "/accounts/2fa/reauthenticate/",
        {"code": current_code(user), "next": "/releases/2026-Q1/publish/"},
    )
    assert answer.status_code == 302
    return str(answer["Location"])


@pytest.fixture
def people() -> None:
    area = NeighbourhoodFactory.create(code="N1", name="Birkhill")
    for number in range(40):
        make_month(make_person(), area, gave=2, received=number % 2, logs=4)


def make_ready() -> Release:
    quarter = release.freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=FREEZE_DAY)
    made = release.start_release(by=Purpose.RELEASE, quarter=quarter)
    release.continue_work()
    made.refresh_from_db()
    return made


def test_the_whole_road_by_buttons(
    client: Client, administrator: User, people: None, clock: time_machine.Traveller
) -> None:
    clock.move_to(FREEZE_DAY - dt.timedelta(days=1))
    page = client.get("/releases/").content
    assert "The quarter can be frozen from 1 May 2026 on" in row_of(page, "2026-Q1")
    assert "2026-Q2" in text_of(page)
    clock.move_to(FREEZE_DAY)
    assert "Freeze" in row_of(client.get("/releases/").content, "2026-Q1")
    answer = client.post("/releases/2026-Q1/freeze/", follow=True)
    assert "The quarter is frozen" in text_of(answer.content)
    assert "Compute" in row_of(answer.content, "2026-Q1")
    answer = client.post("/releases/2026-Q1/start/", follow=True)
    assert "0 / 2" in text_of(answer.content)
    assert b'hx-trigger="every 2s"' in answer.content
    assert "0 / 2" in text_of(client.get("/releases/2026-Q1/progress/").content)
    release.continue_work()
    assert client.get("/releases/2026-Q1/progress/")["HX-Refresh"] == "true"
    answer = client.get("/releases/2026-Q1/?indicator=A1&level=intermediate")
    words = text_of(answer.content)
    assert "published 45 days after a quarter's end: from 15 May 2026 on" in words
    assert "Birkhill N1 50 35.7 to 68.1 – 40" in words
    clock.move_to(PUBLISH_DAY)
    assert confirm(client, administrator) == "/releases/2026-Q1/publish/"
    assert "Publish" in row_of(client.get("/releases/").content, "2026-Q1")
    answer = client.get("/releases/2026-Q1/publish/")
    assert "nobody can change them afterwards" in text_of(answer.content)
    answer = client.post("/releases/2026-Q1/publish/", {})
    assert answer.status_code == 400
    assert "tick the box" in text_of(answer.content)
    answer = client.post("/releases/2026-Q1/publish/", {"has_looked": "on"}, follow=True)
    assert "The figures are published." in text_of(answer.content)
    assert Release.objects.get().state == Release.State.PUBLISHED
    words = row_of(client.get("/releases/").content, "2026-Q1")
    assert "Published on 15 May 2026" in words
    assert "Compute a new version" in words


def test_publishing_asks_who_it_is_when_that_was_not_confirmed_lately(
    client: Client, administrator: User, people: None, clock: time_machine.Traveller
) -> None:
    make_ready()
    clock.move_to(PUBLISH_DAY)
    confirm(client, administrator)
    assert client.get("/releases/2026-Q1/publish/").status_code == 200
    clock.shift(dt.timedelta(minutes=6))
    for answer in (
        client.get("/releases/2026-Q1/publish/"),
        client.post("/releases/2026-Q1/publish/", {"has_looked": "on"}),
    ):
        assert answer.status_code == 302
        assert "reauthenticate" in answer["Location"]
    assert Release.objects.get().state == Release.State.READY


def test_a_warning_is_shown_and_closed(administrator: User, people: None) -> None:
    client = sign_in(administrator)
    made = make_ready()
    area = Figure.objects.filter(area__code="N1")[0].area
    AbuseAlert.objects.create(quarter=made.quarter, area=area, reason="join_spike")
    answer = client.get("/releases/2026-Q1/")
    assert "Far more people than usual joined in Birkhill" in text_of(answer.content)
    alert = AbuseAlert.objects.get()
    answer = client.post(f"/releases/alerts/{alert.pk}/close/", follow=True)
    assert "The warning is closed." in text_of(answer.content)
    assert AbuseAlert.objects.get().closed_at is not None
    answer = client.post(f"/releases/alerts/{alert.pk}/close/", follow=True)
    assert "closed already" in text_of(answer.content)


def test_figures_may_be_set_aside(client: Client, people: None) -> None:
    make_ready()
    answer = client.post("/releases/2026-Q1/set-aside/", follow=True)
    assert "set aside" in text_of(answer.content)
    assert Release.objects.get().state == Release.State.WITHDRAWN
    assert "Compute" in row_of(answer.content, "2026-Q1")


def test_a_refusal_is_said_with_its_reason(
    client: Client, people: None, clock: time_machine.Traveller
) -> None:
    clock.move_to(FREEZE_DAY - dt.timedelta(days=1))
    answer = client.post("/releases/2026-Q1/freeze/", follow=True)
    assert "can be frozen from 1 May 2026 on" in text_of(answer.content)
    assert not Quarter.objects.exists()


@pytest.mark.parametrize("query", ["indicator=nothing", "level=street", "page=x", "page=-1"])
def test_nonsense_in_the_address_is_said_not_crashed(
    query: str, client: Client, people: None
) -> None:
    make_ready()
    answer = client.get(f"/releases/2026-Q1/?{query}")
    assert answer.status_code == 200
    assert "Please look at this again" in text_of(answer.content)


def test_pages_that_are_not_there(client: Client, people: None) -> None:
    for path in ("2026-Q1/", "2026-Q1/progress/", "2026-Q1/publish/", "2026-Q5/", "2026-02/"):
        assert client.get(f"/releases/{path}").status_code == 404
    for path in ("start", "set-aside"):
        assert client.post(f"/releases/2026-Q1/{path}/").status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("indicators:release", kwargs={"quarter_on": "last month"})


def test_before_the_first_moment_the_page_says_so(client: Client) -> None:
    assert "No moments yet" in text_of(client.get("/releases/").content)


EVERY_PATH = [
    ("get", "/releases/"),
    ("get", "/releases/2026-Q1/"),
    ("get", "/releases/2026-Q1/progress/"),
    ("post", "/releases/2026-Q1/freeze/"),
    ("post", "/releases/2026-Q1/start/"),
    ("post", "/releases/2026-Q1/set-aside/"),
    ("post", "/releases/2026-Q1/publish/"),
    ("post", "/releases/alerts/00000000-0000-0000-0000-000000000000/close/"),
]


@pytest.mark.parametrize(("verb", "path"), EVERY_PATH)
def test_releases_are_the_administrators_alone(
    verb: str, path: str, people: None, clock: time_machine.Traveller
) -> None:
    make_ready()
    stranger = Client()
    answer = getattr(stranger, verb)(path)
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]
    stranger.force_login(make_member(Role.COORDINATOR))
    assert getattr(stranger, verb)(path).status_code == 403
    assert Release.objects.get().state == Release.State.READY


@pytest.mark.parametrize(("verb", "path"), EVERY_PATH)
def test_a_deed_is_never_done_by_following_a_link(
    verb: str, path: str, client: Client, people: None
) -> None:
    if verb == "post" and not path.endswith("/publish/"):
        assert client.get(path).status_code == 405
    else:
        assert client.delete(path).status_code == 405


def test_the_method_page_is_the_registry(db: None) -> None:
    answer = Client().get("/method/")
    assert answer.status_code == 200
    html = answer.content.decode()
    assert re.findall(r'data-indicator="([^"]+)"', html) == list(INDICATORS)
    words = text_of(answer.content)
    for one in INDICATORS.values():
        assert str(one.name) in words
        assert str(one.formula) in words
        assert str(one.question) in words
    for one in INDICATORS.values():
        if not one.is_variant:
            assert str(one.caveat) in words
            assert str(one.cannot_tell) in words
    assert "10 people at least stand behind every number" in words
    assert "Source: Australian Bureau of Statistics, rule of 10." in words
    assert "70 % of the places within a walk are checked" in words
    assert "5 moments of one person count on a day" in words


# Numbers that shape the work and no figure: how it is divided, kept, laid out or drawn in memory.
NOT_TOLD = {
    (access, "PLACES_AT_ONCE"),
    (release, "DUE_QUARTERS"),
    (release, "LOCKS"),
    (publish, "ROWS_AT_ONCE"),
    # Told as LEAST and LEAST_REASON, which hold it.
    (picture, "FORGED"),
}
MODULES = (
    access, change, clusters, custom_areas, disclosure, eligibility, inequality, picture, publish,
    quarters, release, statistics,
)  # fmt: skip


def test_every_number_that_a_figure_hangs_on_is_on_the_method_page() -> None:
    """A new constant has to be told, with its source, or said here not to matter."""
    told = {constant.value for _, _, found in method_page.NUMBERS for constant in found}
    for module in MODULES:
        for name, value in vars(module).items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if name.isupper() and is_number and (module, name) not in NOT_TOLD:
                assert value in told, f"{module.__name__}.{name}"
    assert all(str(one.source) for _, _, found in method_page.NUMBERS for one in found)


def test_registry_method_page_and_report_say_the_same(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report names, asks, forms and warns in the registry's words, as the page does."""
    monkeypatch.setattr(reading, "READER", "default")
    council = CouncilFactory.create(code="C1", parent=None)
    shown = {"value": 3.0, "lower": 2.0, "upper": 4.0, "people": 60}
    publish_figures([(council, code, shown) for code in INDICATORS])
    report = text_of(Client().get("/reports/C1/").content)
    method = text_of(Client().get("/method/").content)
    for one in INDICATORS.values():
        assert str(one.name) in report, one.code
        assert str(one.name) in method, one.code
        if not one.is_variant:
            for text in (one.question, one.caveat, one.cannot_tell, one.formula):
                assert str(text) in report, one.code
                assert str(text) in method, one.code


@pytest.mark.parametrize(
    "name", ["quarter", "release", "figure", "abusealert", "cadenceplan", "picturevote", "picture"]
)
def test_the_administration_lets_look_and_no_more(name: str, client: Client, people: None) -> None:
    made = make_ready()
    AbuseAlert.objects.create(quarter=made.quarter, area_id=_any_area(), reason="join_spike")
    answer = client.get(f"/admin/indicators/{name}/")
    assert answer.status_code == 200
    assert client.get(f"/admin/indicators/{name}/add/").status_code == 403


def _any_area() -> int:
    return Figure.objects.values_list("area", flat=True)[0]
