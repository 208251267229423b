"""A community's page, what is printed from it, and the page for worries."""

import datetime as dt
import logging
import re
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from connections.befriending.models import Concern, Service
from connections.interactions.models import Measure, OrdinaryDay, Thank
from kinder.accounts.acting import Purpose, acting
from kinder.accounts.models import Role
from kinder.accounts.screening import stamp
from kinder.pages import sheets
from kinder.pages.worry import HELP_LINES, WORRIES_OF_NETWORK
from places.models import Area, OrganisationArea, Welcome
from places.vocabulary import Answer, CostToStay, WelcomeAttribute
from tests.factories import (
    CommunityFactory,
    NeighbourhoodFactory,
    OrganisationFactory,
    PlaceFactory,
    ZoneFactory,
)
from tests.factories.accounts import make_member, make_organisation
from tests.factories.releases import publish_figures

pytestmark = pytest.mark.django_db(databases=["default", "reports"])


@pytest.fixture
def community(db: None) -> Area:
    return CommunityFactory.create(name="Harbourside")


def read(path: str, client: Client | None = None) -> str:
    response = (client or Client()).get(path)
    assert response.status_code == 200, path
    return response.content.decode()


class TestCommunity:
    def test_it_is_full_on_the_first_day(self, community: Area) -> None:
        page = read(f"/areas/{community.code}/")
        assert "We are new." in page
        assert "Nothing is written down yet." in page
        assert "Who can see this?" in page
        assert "if enough people answer" in page
        assert "no one has logged" not in page.lower()

    # The reports' own connection sees nothing of a transaction that is still open.
    @pytest.mark.django_db(transaction=True, databases=["default", "reports"])
    def test_what_is_not_shown_here_is_told_of_the_larger_area_and_says_so(
        self, community: Area
    ) -> None:
        assert community.parent is not None
        publish_figures(
            [
                (community, "A3", {}),
                (community.parent, "A3", {"people": 140, "value": 62.0, "lower": 57, "upper": 67}),
                (community, "C1", {"value": 38.5, "coverage": 82.0}),
                (community.parent, "C1", {"value": 11.5, "coverage": 82.0}),
            ]
        )
        page = read(f"/areas/{community.code}/")
        assert f"This is the number of {community.parent.name}." in page
        assert "38.5" in page or "39" in page
        assert "11.5" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)

    def test_own_questions_name_who_asks_and_since_when(self, community: Area) -> None:
        Measure.objects.create(
            area=community,
            number=1,
            question="The quay is for everybody.",
            scale=Measure.Scale.AGREE_5,
            proposed_by=OrganisationFactory.create(),
            author="Harbour Neighbours",
            state=Measure.State.OPEN,
            opened_on=dt.date(2026, 2, 3),
        )
        page = read(f"/areas/{community.code}/")
        assert "The quay is for everybody." in page
        assert "Harbour Neighbours, asked since February 2026." in page

    def test_deeds_are_offered_to_who_works_there_alone(self, community: Area) -> None:
        organisation = make_organisation()
        OrganisationArea.objects.create(organisation=organisation, area=community)
        for person, sees in (
            (make_member(Role.WORKER, organisation), True),
            (make_member(Role.WORKER), False),
        ):
            client = Client()
            client.force_login(person)
            assert ("Because you work here" in read(f"/areas/{community.code}/", client)) is sees
        assert "Because you work here" not in read(f"/areas/{community.code}/")

    def test_more_places_and_voices_ask_no_more_of_the_database(
        self, community: Area, django_assert_max_num_queries: object
    ) -> None:
        zone = ZoneFactory.create(parent=NeighbourhoodFactory.create(parent=community))
        for _ in range(10):
            PlaceFactory.create(area=zone, cost_to_stay=CostToStay.FREE)
        with django_assert_max_num_queries(24):  # type: ignore[operator]
            read(f"/areas/{community.code}/")


class TestSheets:
    @pytest.fixture
    def library(self, community: Area) -> None:
        zone = ZoneFactory.create(parent=NeighbourhoodFactory.create(parent=community))
        place = PlaceFactory.create(
            name="Rowan Library",
            area=zone,
            cost_to_stay=CostToStay.FREE,
            opening_hours="Mo-Fr 09:00-17:00",
        )
        Welcome.objects.create(
            place=place,
            attribute=WelcomeAttribute.STEP_FREE,
            value=Answer.YES,
            checked_on=timezone.localdate(),
        )
        PlaceFactory.create(name="The Dear Hotel", area=zone, cost_to_stay=CostToStay.ENTRY_FEE)

    @pytest.mark.usefixtures("library")
    def test_the_fold_out_lists_what_is_free_with_hours_and_welcome(self, community: Area) -> None:
        at = timezone.make_aware(dt.datetime(2026, 11, 18, 12))
        words = sheets.word_sit_sheet(community, path="/areas/X/", at=at)
        [place] = words["places"]
        assert (place["name"], place["welcome"]) == ("Rowan Library", "Step-free")
        assert place["hours"] == "Mon–Fri 9 a.m. to 5 p.m."
        assert "<svg" in words["qr"]

    @pytest.mark.usefixtures("library")
    def test_the_files_are_what_they_say(self, community: Area) -> None:
        sheet = Client().get(f"/areas/{community.code}/where-to-sit.pdf")
        assert sheet["Content-Type"] == "application/pdf"
        assert sheet.content.startswith(b"%PDF")
        card = Client().get(f"/areas/{community.code}/where-to-sit.png")
        assert card.content.startswith(b"\x89PNG")
        width, height = (int.from_bytes(card.content[n : n + 4]) for n in (16, 20))
        assert (width, height) == (1200, 630)

    def test_an_area_without_a_place_prints_too(self, community: Area) -> None:
        for name in ("where-to-sit.pdf", "where-to-sit.png"):
            assert Client().get(f"/areas/{community.code}/{name}").status_code == 200
        assert Client().get("/areas/X1/where-to-sit.pdf").status_code == 404

    @pytest.mark.parametrize("language", ["ar", "uk", "ur"])
    def test_other_letters_print_or_fall_back(self, community: Area, language: str) -> None:
        response = Client().get(f"/{language}/areas/{community.code}/where-to-sit.pdf")
        assert response.content.startswith(b"%PDF")

    def test_workers_print_the_window_cards_of_a_month_that_is_over(self, community: Area) -> None:
        zone = ZoneFactory.create(parent=NeighbourhoodFactory.create(parent=community))
        month_on = (timezone.localdate().replace(day=1) - dt.timedelta(days=1)).replace(day=1)
        for name in ("Rowan Library", "The Long Table"):
            Thank.objects.create(
                place=PlaceFactory.create(name=name, area=zone),
                text="For the seat.",
                language="en-gb",
                month_on=month_on,
                state=Thank.State.ACCEPTED,
                decided_at=timezone.now(),
            )
        client = Client()
        client.force_login(make_member(Role.WORKER))
        page = read(f"/areas/{community.code}/thanks/", client)
        assert "Rowan Library" in page
        cards = client.get(f"/areas/{community.code}/thanks/{month_on:%Y-%m}.pdf")
        assert cards.content.startswith(b"%PDF")
        for path in (f"{timezone.localdate():%Y-%m}", "2020-01", "nonsense"):
            assert client.get(f"/areas/{community.code}/thanks/{path}.pdf").status_code == 404
        client.force_login(make_member(Role.FUNDER))
        assert client.get(f"/areas/{community.code}/thanks/").status_code == 403

    def test_what_is_read_back_holds_no_count_of_answers(self, community: Area) -> None:
        day = OrdinaryDay.objects.create(
            area=community,
            month_on=dt.date(2026, 5, 1),
            cards=777 // 2,
            handed_out=123,
            planned_by=make_member(Role.WORKER),
        )
        words = sheets.word_read_back(
            day, today=dt.date(2026, 5, 20), next_release_on=dt.date(2026, 8, 14)
        )
        told = repr(words)
        assert "123" not in told
        assert "388" not in told
        assert "14 August 2026" in told


class TestWorry:
    @pytest.fixture
    def service(self, db: None) -> Service:
        organisation = make_organisation("Harbour Befriending")
        return Service.objects.create(
            organisation=organisation, name="Harbour Befriending", is_on_duty=True
        )

    def sent(self, **more: str) -> dict[str, str]:
        return {
            "id": str(uuid.uuid4()),
            "asked_at": stamp(timezone.now() - dt.timedelta(seconds=20)),
            "text": "My neighbour's kettle has been quiet.",
            **more,
        }

    def test_whom_to_call_stands_first(self, db: None) -> None:
        page = read("/worry/")
        assert page.index('href="tel:999"') < page.index("<form method")
        assert "Leave this page now" in page
        for lines in HELP_LINES.values():
            assert lines[0].number == "999"

    def test_it_reaches_the_leads_and_gives_a_reference_once(
        self, service: Service, caplog: pytest.LogCaptureFixture
    ) -> None:
        client = Client()
        sent = self.sent(contact="07700 900123")
        with caplog.at_level(logging.DEBUG):
            first = client.post("/worry/", sent)
            again = client.post("/worry/", sent)
        assert first.status_code == again.status_code == 200
        with acting(purpose=Purpose.ERASE):
            [concern] = Concern.objects.all()
        reference = concern.reference
        assert reference in first.content.decode()
        assert reference in again.content.decode()
        assert "no-store" in first["Cache-Control"]
        for secret in ("kettle", "900123", reference):
            assert secret not in caplog.text
            assert secret not in first.headers.get("Location", "")
            assert all(secret not in cookie.value for cookie in client.cookies.values())
        assert "sessionid" not in client.cookies

    def test_with_nobody_on_duty_it_says_to_call_and_loses_nothing(self, db: None) -> None:
        response = Client().post("/worry/", self.sent())
        assert response.status_code == 503
        page = response.content.decode()
        assert "kettle has been quiet" in page
        assert "call one of the numbers" in page

    def test_an_empty_or_hasty_form_is_shown_again(self, service: Service) -> None:
        assert Client().post("/worry/", self.sent(text=" ")).status_code == 422
        assert Client().post("/worry/", self.sent(asked_at=stamp())).status_code == 422
        assert Client().post("/worry/", self.sent(company_website="x")).status_code == 422
        with acting(purpose=Purpose.ERASE):
            assert not Concern.objects.exists()

    def test_a_flood_ends(self, service: Service) -> None:
        client = Client()
        codes = [
            client.post("/worry/", self.sent()).status_code
            for _ in range(WORRIES_OF_NETWORK.most + 1)
        ]
        assert codes[-1] == 429
        assert set(codes[:-1]) == {200}
