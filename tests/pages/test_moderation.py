"""The page on which everything that waits comes together."""

import datetime as dt
import re

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from kinder.accounts.blocking import UNDO_FOR, block_contributors
from kinder.accounts.models import AuditEvent, Contributor, Decision, Role, User
from places.models import Gathering
from tests.factories import PlaceFactory
from tests.factories.accounts import make_member, make_user

pytestmark = pytest.mark.django_db

ADDRESS = "/moderation/"
BY_HTMX = {"HX-Request": "true"}


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_member(Role.WORKER))
    return client


def make_gathering(title: str = "Soup at noon", **fields: object) -> Gathering:
    return Gathering.objects.create(
        title=title,
        place=PlaceFactory.create(),
        starts_at=timezone.now() + dt.timedelta(days=3),
        minutes=60,
        **fields,
    )


def key_of(gathering: Gathering) -> str:
    return f"gatherings|{gathering.pk}"


def test_an_empty_page_says_so(client: Client) -> None:
    assert "Nothing waits" in client.get(ADDRESS).content.decode()


def test_the_page_shows_text_area_age_and_signs(client: Client) -> None:
    gathering = make_gathering(description="Win at www.casino.example <b>now</b>")
    Gathering.objects.update(created_at=timezone.now() - dt.timedelta(days=2))
    page = client.get(ADDRESS).content.decode()
    assert "www.casino.example &lt;b&gt;now&lt;/b&gt;" in page
    assert "Has a link" in page
    assert "2\xa0days" in page
    assert gathering.place.area
    assert gathering.place.area.name in page


def test_filters_stand_in_the_address(client: Client) -> None:
    make_gathering("Soup", description="call 0141 496 0000 now")
    tea = make_gathering("Tea")
    assert tea.place.area
    for question, seen, unseen in (
        ("?words=tea", "Tea", "Soup"),
        ("?signs=on", "Soup", "<strong>Tea"),
        (f"?area={tea.place.area.name}", "Tea", "<strong>Soup"),
    ):
        page = client.get(ADDRESS + question).content.decode()
        assert f"<strong>{seen}</strong>" in page
        assert f"<strong>{unseen}</strong>" not in page
    assert "Nothing fits that" in client.get(ADDRESS + "?words=zzz").content.decode()
    for odd in ("?queue=x", "?page=x", "?page=999", "?area=%00", "?order=%27"):
        assert client.get(ADDRESS + odd).status_code == 200, odd


def test_one_button_decides_and_comes_back_to_the_same_list(client: Client) -> None:
    gathering = make_gathering()
    body = {"one": f"accept::{key_of(gathering)}", "filter": "words=soup"}
    response = client.post(ADDRESS, body)
    assert response["Location"] == "/moderation/?words=soup"
    gathering.refresh_from_db()
    assert gathering.state == "shown"
    page = client.get(ADDRESS).content.decode()
    assert "Accepted: 1." in page
    assert "Undo" in page


def test_many_are_refused_at_once_with_a_reason_and_taken_back(client: Client) -> None:
    gatherings = [make_gathering(f"Number {number}") for number in range(3)]
    keys = [key_of(one) for one in gatherings]
    wrong = client.post(ADDRESS, {"chosen": keys[:2], "verdict": "refuse"})
    assert wrong.status_code == 422
    page = wrong.content.decode()
    assert "Please choose a reason" in page
    assert page.count("checked") >= 2, "what was ticked stays ticked"
    client.post(ADDRESS, {"chosen": keys[:2], "verdict": "refuse", "reason": "twice"})
    assert Gathering.objects.filter(state="hidden").count() == 2
    batch = Decision.objects.values_list("batch", flat=True).distinct().get()
    client.post(f"{ADDRESS}undo/{batch}/")
    assert Gathering.objects.filter(state="proposed").count() == 3
    assert "taken back" in client.get(ADDRESS).content.decode()
    client.post(f"{ADDRESS}undo/{batch}/")
    assert "already" in client.get(ADDRESS).content.decode()


def test_htmx_gets_the_list_alone(client: Client) -> None:
    gathering = make_gathering()
    part = client.post(ADDRESS, {"one": f"accept::{key_of(gathering)}"}, headers=BY_HTMX)
    page = part.content.decode()
    assert part.status_code == 200
    assert "<html" not in page
    assert "Accepted: 1." in page
    wrong = client.post(ADDRESS, {"verdict": "accept"}, headers=BY_HTMX)
    assert "choose something" in wrong.content.decode()


@pytest.mark.parametrize("role", [Role.MEMBER, Role.FUNDER, None])
def test_nobody_else_opens_it(role: Role | None) -> None:
    client = Client()
    client.force_login(make_member(role) if role else make_user())
    assert client.get(ADDRESS).status_code == 403
    assert client.post(ADDRESS, {"verdict": "accept"}).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"one": "accept"},
        {"one": "accept::"},
        {"one": "::"},
        {"one": "refuse:spam:gatherings|x"},
        {"one": "accept::nowhere|1"},
        {"verdict": "burn", "chosen": ["gatherings|1"]},
        {"verdict": "accept", "chosen": ["gatherings|9" + "9" * 40]},
        {"verdict": "accept", "chosen": ["\x00"]},
    ],
)
def test_bent_forms_change_nothing_and_break_nothing(
    client: Client, body: dict[str, object]
) -> None:
    make_gathering()
    assert client.post(ADDRESS, body).status_code == 422
    assert Gathering.objects.get().state == "proposed"


def test_who_was_left_out_can_be_let_back_in(client: Client) -> None:
    people = [Contributor.objects.create() for _ in range(3)]
    worker = User.objects.get(pk=client.session["_auth_user_id"])
    block_contributors(by=worker, contributors=[one.pk for one in people[:2]], reason="spam")
    page = client.get(ADDRESS).content.decode()
    assert "Left out of all figures" in page
    assert "2 people" in page
    [address] = re.findall(r'action="(/moderation/left-out/[^"]+)"', page)
    # Another worker's deeds are not mine to take back; an administrator sees everybody's.
    other, administrator = Client(), Client()
    other.force_login(make_member(Role.WORKER))
    administrator.force_login(make_user(is_administrator=True, has_second_factor=True))
    assert "Left out of all figures" not in other.get(ADDRESS).content.decode()
    other.post(address)
    assert Contributor.objects.filter(is_blocked=True).count() == 2
    assert address in administrator.get(ADDRESS).content.decode()
    assert "2 count again." in client.post(address, follow=True).content.decode()
    assert not Contributor.objects.filter(is_blocked=True).exists()
    page = client.post(address, follow=True).content.decode()
    assert "They count again already." in page
    assert "Left out of all figures" not in page
    assert AuditEvent.objects.filter(verb="unblock_contributor").count() == 2


def test_a_block_of_long_ago_is_not_listed(client: Client) -> None:
    person = Contributor.objects.create()
    worker = User.objects.get(pk=client.session["_auth_user_id"])
    with time_machine.travel(timezone.now() - UNDO_FOR - dt.timedelta(minutes=1)):
        block_contributors(by=worker, contributors=[person.pk], reason="spam")
    assert "Left out of all figures" not in client.get(ADDRESS).content.decode()


def test_the_page_asks_the_same_for_one_as_for_many(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        make_gathering(f"Number {number}")
    with django_assert_max_num_queries(14):
        client.get(ADDRESS)
