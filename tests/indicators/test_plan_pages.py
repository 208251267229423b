"""What the administrator decides ahead or after: cadences, votes on pictures, a revision."""

import datetime as dt
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from connections.indicators import release
from connections.indicators.models import (
    AbuseAlert,
    CadencePlan,
    Picture,
    PictureVote,
    Release,
)
from kinder.accounts.acting import Purpose
from kinder.accounts.models import AuditEvent, Contributor, User
from places.actions import rebuild_ancestors
from places.models import Area
from tests.accounts.proofs import sign_in
from tests.factories import CommunityFactory, CouncilFactory, NeighbourhoodFactory
from tests.factories.accounts import make_user
from tests.indicators.months import (
    FREEZE_DAY,
    LONDON,
    PUBLISH_DAY,
    QUARTER,
    make_month,
    make_person,
)

pytestmark = pytest.mark.django_db
NEXT_YEAR = dt.datetime(2027, 2, 20, 9, tzinfo=LONDON)


def text_of(answer: Any) -> str:
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return unescape(re.sub(r"\s+", " ", plain))


def row_of(answer: Any, mark: str) -> str:
    found = re.search(rf'<tr data-{mark}">(.*?)</tr>', answer.content.decode(), re.S)
    assert found is not None, mark
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[1]))).strip()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(FREEZE_DAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def administrator(clock: time_machine.Traveller) -> User:
    return make_user(is_administrator=True)


@pytest.fixture
def client(administrator: User) -> Client:
    """Of somebody who showed who they are an hour ago."""
    return sign_in(administrator, is_proven=False)


@pytest.fixture
def sure(administrator: User) -> Client:
    """Of somebody who showed it a moment ago."""
    return sign_in(administrator)


@pytest.fixture
def hill() -> Area:
    unknown: dict[str, Any] = {"population": None, "adults": None}
    council = CouncilFactory.create(code="C1", name="Testshire", **unknown)
    community = CommunityFactory.create(code="Y1", name="Pinewood", parent=council, **unknown)
    area: Area = NeighbourhoodFactory.create(code="N1", name="Birkhill", parent=community)
    rebuild_ancestors(area.geography)
    return area


# Cadences


def test_a_year_is_planned_and_planned_anew(client: Client, sure: Client, hill: Area) -> None:
    council = Area.objects.get(code="C1")
    page = client.get("/releases/cadence/")
    assert row_of(page, 'area="C1') == "Testshire four times a year –"
    asked = {"council": council.pk, "from_year": 2027, "cadence": "annual"}
    # Whoever did not show lately who they are is asked, and nothing is done.
    answer = client.post("/releases/cadence/", asked)
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    assert not CadencePlan.objects.exists()
    answer = sure.post("/releases/cadence/", asked, follow=True)
    assert "Testshire will be told of once a year from 2027 on." in text_of(answer)
    assert row_of(answer, 'area="C1') == "Testshire four times a year once a year from 2027 on"
    sure.post("/releases/cadence/", asked | {"cadence": "quarterly"})
    assert CadencePlan.objects.get().cadence == "quarterly"
    assert AuditEvent.objects.filter(verb="cadence.planned").count() == 2


def test_a_year_that_has_begun_is_refused_and_nothing_typed_is_lost(
    client: Client, sure: Client, hill: Area
) -> None:
    council = Area.objects.get(code="C1")
    asked = {"council": council.pk, "from_year": 2026, "cadence": "annual"}
    answer = sure.post("/releases/cadence/", asked)
    assert answer.status_code == 422
    assert "A cadence is fixed before the year begins." in text_of(answer)
    assert 'value="2026"' in answer.content.decode()
    assert f'<option value="{council.pk}" selected' in answer.content.decode()
    answer = sure.post("/releases/cadence/", {"council": hill.pk, "from_year": "soon"})
    assert answer.status_code == 422
    assert not CadencePlan.objects.exists()


@pytest.mark.parametrize(
    ("path", "words"),
    [("/releases/cadence/", "No councils yet"), ("/releases/pictures/", "No communities yet")],
)
def test_before_areas_are_loaded_the_page_says_so(client: Client, path: str, words: str) -> None:
    page = client.get(path)
    assert words in text_of(page)
    assert "<form" not in page.content.decode().partition("<main")[2].partition("</main")[0]


# Pictures


def vote_for(community: Area, **facts: Any) -> dict[str, Any]:
    return {
        "area": community.pk, "voted_on": "2026-04-09", "in_favour": 31, "against": 4,
        "is_on": "yes",
    } | facts  # fmt: skip


def test_a_vote_is_written_down_and_what_is_shown_stands_beside_it(
    client: Client, sure: Client, hill: Area
) -> None:
    community = Area.objects.get(code="Y1")
    assert "No vote yet" in row_of(client.get("/releases/pictures/"), 'area="Y1')
    assert client.post("/releases/pictures/", vote_for(community)).status_code == 302
    assert not PictureVote.objects.exists()
    answer = sure.post("/releases/pictures/", vote_for(community), follow=True)
    assert "The vote is written down." in text_of(answer)
    assert "9 Apr 2026: 31 for, 4 against; shown Nothing yet: too few people so far." in row_of(
        answer, 'area="Y1'
    )
    Picture.objects.create(
        area=community, month_on=dt.date(2026, 4, 1), shown_on=dt.date(2026, 5, 1), people=25,
        kinds=["food", "chat"], ties=[], reasons=[],
    )  # fmt: skip
    shown = row_of(sure.get("/releases/pictures/"), 'area="Y1')
    assert "April 2026: 25 neighbours or more. A chat or a listening ear, Food or a cuppa" in shown
    answer = sure.post(
        "/releases/pictures/",
        vote_for(community, voted_on="2026-04-30", in_favour=4, against=9, is_on="no"),
        follow=True,
    )
    assert row_of(answer, 'area="Y1').endswith("4 for, 9 against; not shown Nothing")
    assert AuditEvent.objects.filter(verb="picture.voted").count() == 2


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"in_favour": 4, "against": 4}, "more votes for it than against"),
        ({"voted_on": "2026-05-02"}, "has not been held yet"),
        ({"voted_on": "yesterday"}, "Enter a valid date"),
        ({"in_favour": -1}, "greater than or equal to 0"),
        ({"is_on": ""}, "This field is required"),
    ],
)
def test_a_vote_that_cannot_be_is_refused(
    client: Client, sure: Client, hill: Area, facts: dict[str, Any], words: str
) -> None:
    community = Area.objects.get(code="Y1")
    answer = sure.post("/releases/pictures/", vote_for(community, **facts))
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert f'<option value="{community.pk}" selected' in answer.content.decode()
    assert not PictureVote.objects.exists()


def test_lists_cost_the_same_however_long_they_are(
    client: Client, hill: Area, django_assert_max_num_queries: Any
) -> None:
    for _ in range(6):
        CommunityFactory.create(parent=CouncilFactory.create(geography=hill.geography))
    for path in ("/releases/pictures/", "/releases/cadence/"):
        with django_assert_max_num_queries(12):
            assert client.get(path).status_code == 200


# A revision


def publish_first(hill: Area) -> tuple[Release, list[Contributor]]:
    people = [make_person() for _ in range(45)]
    for person in people:
        make_month(person, hill, gave=2, received=1)
    quarter = release.freeze_quarter(by=Purpose.RELEASE, quarter_on=QUARTER, now=FREEZE_DAY)
    made = release.start_release(by=Purpose.RELEASE, quarter=quarter)
    release.continue_work()
    made.refresh_from_db()
    release.publish_release(by=Purpose.RELEASE, release=made, now=PUBLISH_DAY)
    return made, people


def test_a_revision_waits_for_its_day(client: Client, sure: Client, hill: Area) -> None:
    publish_first(hill)
    words = "A year's quarters are revised together, from 31 January 2027 on."
    assert words in text_of(sure.get("/releases/2026-Q1/"))
    assert words in text_of(sure.get("/releases/2026-Q1/revise/"))
    answer = sure.post("/releases/2026-Q1/revise/", {"is_sure": "on"}, follow=True)
    assert words in text_of(answer)
    assert Release.objects.count() == 1
    assert sure.get("/releases/2025-Q4/revise/").status_code == 404


def test_a_revision_is_computed_looked_at_and_published(
    administrator: User, hill: Area, clock: time_machine.Traveller
) -> None:
    first, people = publish_first(hill)
    Contributor.objects.filter(pk__in=[one.pk for one in people[:12]]).update(is_blocked=True)
    clock.move_to(NEXT_YEAR)
    somebody = User.objects.get(is_administrator=True)
    client, sure = sign_in(somebody, is_proven=False), sign_in(somebody)
    assert "Revise this quarter" in text_of(client.get("/releases/2026-Q1/"))
    answer = client.get("/releases/2026-Q1/revise/")
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    assert "Revise 2026-Q1?" in text_of(sure.get("/releases/2026-Q1/revise/"))
    answer = sure.post("/releases/2026-Q1/revise/", {})
    assert answer.status_code == 400
    assert "Tick the box" in text_of(answer)
    answer = sure.post("/releases/2026-Q1/revise/", {"is_sure": "on"}, follow=True)
    assert "The revision is being computed." in text_of(answer)
    release.continue_work()
    page = sure.get("/releases/2026-Q1/?indicator=A1&level=community")
    # Three areas above one neighbourhood, the same people in each.
    assert re.search(r"Taking part A1 (\d) 0$", row_of(page, 'code="A1'))
    assert re.search(r"C1 0 \d+$", row_of(page, 'code="C1'))
    assert "The figures as they would be published" in text_of(page)
    answer = sure.post("/releases/2026-Q1/publish/", {"has_looked": "on"}, follow=True)
    assert "The figures are published." in text_of(answer)
    first.refresh_from_db()
    assert first.state == Release.State.SUPERSEDED
    assert "This quarter was revised already." in text_of(answer)
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"quarter.revised", "release.started", "release.published"} <= verbs


# Quarantine


@pytest.mark.parametrize("deed", ["close", "leave-out"])
def test_a_quarter_leaves_quarantine_only_by_somebody_who_showed_who_they_are(
    client: Client, hill: Area, deed: str
) -> None:
    made, _ = publish_first(hill)
    alert = AbuseAlert.objects.create(quarter=made.quarter, area=hill, reason="join_spike")
    answer = client.post(f"/releases/alerts/{alert.pk}/{deed}/")
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    alert.refresh_from_db()
    assert alert.closed_at is None
