"""Open Referral UK: every answer fits the schema, pages hold each thing once, nothing about people."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from kinder.accounts.models import Role
from places.actions import hide_place
from places.exchange.directory_ids import SORTS, make_id, name_id, read_id
from places.models import Gathering, Place, Postcode
from places.vocabulary import WelcomeAttribute
from tests.factories import ZoneFactory
from tests.factories.accounts import make_member, make_organisation
from tests.factories.places import make_place, make_point
from tests.places.test_gatherings import make

pytestmark = pytest.mark.django_db
ROOT = "/open-referral"
LISTS = ("services", "service_at_locations", "organizations", "taxonomies", "taxonomy_terms")


@pytest.fixture
def town() -> list[Place]:
    hub = make_organisation("The hub")
    places = [
        make_place(
            f"Place {number:02}",
            kind="cafe" if number % 2 else "library",
            point=make_point(number / 1000),
            organisation=hub if number == 0 else None,
            address="1 Rope Walk" if number == 0 else "",
            postcode="G20 7TX" if number == 0 else "",
            telephone="0141 496 0000",
            opening_hours="Mo-Fr 09:00-17:00",
            cost_to_stay="free",
            welcome={"step_free": "yes", "warm": "no"},
        )
        for number in range(7)
    ]
    make(places[0], organisation=hub, food="Soup", language="pl", until_on="2031-01-01")
    make(places[1], recurrence="FREQ=DAILY", capacity=5)
    make(places[2], recurrence="FREQ=MONTHLY;BYDAY=2TU")
    make(title="Nobody looked", state=Gathering.State.PROPOSED)
    make(recurrence="", starts_at=timezone.now() - timedelta(days=2))
    return places


def ask(path: str, status: int = 200, **query: str | int) -> dict[str, Any]:
    response = Client().get(f"{ROOT}/{path}", query)
    assert response.status_code == status, response.content
    assert response["Access-Control-Allow-Origin"] == "*"
    answer: dict[str, Any] = json.loads(response.content)
    return answer


@pytest.fixture(scope="session")
def schemas(sample_data: Path) -> dict[str, Draft202012Validator]:
    folder = sample_data / "directory" / "hsds_3_schema"
    whole = {path.name: json.loads(path.read_text()) for path in folder.glob("*.json")}
    registry: Registry[Any] = Registry().with_resources(
        [
            (address, Resource.from_contents(schema, default_specification=_draft()))
            for name, schema in whole.items()
            for address in {name, schema.get("$id", name)}
        ]
    )
    return {
        name.removesuffix(".json"): Draft202012Validator(
            schema, registry=registry, format_checker=FormatChecker()
        )
        for name, schema in whole.items()
    }


def _draft() -> Any:
    from referencing.jsonschema import DRAFT202012

    return DRAFT202012


SCHEMA_OF = {
    "services": "service",
    "service_at_locations": "service_at_location",
    "organizations": "organization",
    "taxonomies": "taxonomy",
    "taxonomy_terms": "taxonomy_term",
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("full", ["true", "false"])
def test_every_answer_fits_the_schema(
    town: list[Place], schemas: dict[str, Draft202012Validator], name: str, full: str
) -> None:
    validator = schemas[SCHEMA_OF[name]]
    rows = ask(name, full=full)["contents"]
    assert rows
    for row in rows:
        for one in (row, ask(f"{name}/{row['id']}")):
            wrong = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(one)]
            assert wrong == [], one


def test_the_base_says_which_version_it_is() -> None:
    assert ask("")["version"] == "3.0"


@pytest.mark.parametrize("size", [1, 3, 10, 11])
def test_pages_hold_each_service_once(town: list[Place], size: int) -> None:
    names, number = [], 1
    while True:
        page = ask("services", per_page=size, page=number)
        names += [row["name"] for row in page["contents"]]
        assert page["size"] == len(page["contents"])
        if page["last_page"]:
            break
        number += 1
    # The place at which only the past happened is one too.
    assert len(names) == page["total_items"] == Place.objects.count() + 3
    assert page["total_pages"] == number
    assert ask("services", per_page=size, page=number + 5)["empty"]


def test_a_service_tells_what_the_register_knows(town: list[Place]) -> None:
    row = ask(f"services/{make_id('place', town[0].pk)}")
    assert row["organization"]["name"] == "The hub"
    at = row["service_at_locations"][0]["location"]
    assert at["addresses"][0]["postal_code"] == "G20 7TX"
    assert at["accessibility"][0]["description"] == "Step-free"
    assert row["cost_options"][0]["amount"] == 0
    assert row["schedules"][0]["description"] == "Mo-Fr 09:00-17:00"
    kinds = [one["taxonomy_term"]["code"] for one in row["attributes"]]
    assert kinds[0] == "library"
    assert "warm" in kinds
    gathering = Gathering.objects.get(food="Soup")
    told = ask(f"services/{make_id('gathering', gathering.pk)}")["schedules"][0]
    assert (told["freq"], told["byday"], told["opens_at"], told["closes_at"]) == (
        "WEEKLY",
        "TU",
        "12:00",
        "13:30",
    )


def test_lists_are_narrowed(town: list[Place]) -> None:
    zone = ZoneFactory.create()
    Postcode.objects.create(code="G20 7TX", point=town[0].point, area=zone)
    hub = ask("organizations")["contents"][0]["id"]
    assert ask("services", search="place 03")["total_items"] == 1
    assert ask("services", organization_id=hub)["total_items"] == 2
    assert ask("services", organization_id=make_id("organisation", 999))["total_items"] == 0
    assert ask("services", taxonomy_term_id=name_id("place-kinds", "cafe"))["total_items"] == 4
    assert ask("services", taxonomy_term_id=name_id("welcome", "warm"))["total_items"] == 0
    assert ask("services", modified_after="2001-01-01")["total_items"] > 9
    assert ask("services", modified_after="2101-01-01T00:00:00Z")["total_items"] == 0
    near = ask("service_at_locations", postcode="g207tx", proximity=100)
    assert {row["location"]["name"] for row in near["contents"]} >= {"Place 00", "Place 01"}
    assert "Place 05" not in {row["location"]["name"] for row in near["contents"]}
    assert ask("taxonomy_terms", taxonomy_id=name_id("welcome"))["total_items"] == len(
        WelcomeAttribute
    )


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=x", "per_page=-1", "modified_after=x", "postcode=ZE9 9ZZ", "proximity=0"],
)
def test_a_question_without_an_answer_says_why(query: str) -> None:
    assert ask(f"service_at_locations?{query}", status=400)["description"]


def test_what_is_hidden_or_never_was_is_404(town: list[Place]) -> None:
    hidden = town[0]
    hide_place(by=make_member(Role.WORKER), place=hidden, reason="unsafe")
    gathering = Gathering.objects.get(food="Soup")
    for path in (
        f"services/{make_id('place', hidden.pk)}",
        f"services/{make_id('gathering', gathering.pk)}",
        f"service_at_locations/{make_id('place at', hidden.pk)}",
        f"services/{make_id('place at', town[1].pk)}",
        "services/x",
        "organizations/00000000-0000-0000-0000-000000000000",
        f"organizations/{make_id('organisation', make_organisation().pk)}",
        "taxonomies/x",
        "taxonomy_terms/x",
    ):
        ask(path, status=404)
    assert "The hub" not in json.dumps(ask("services", full="true"))


def test_nothing_is_told_of_people(town: list[Place]) -> None:
    worker = make_member(Role.WORKER, town[0].organisation, email="ana@example.org")
    whole = "".join(json.dumps(ask(name, full="true")) for name in LISTS)
    assert worker.email not in whole
    assert worker.name not in whole


def test_a_list_asks_a_few_questions_whatever_its_length(
    town: list[Place], django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(10):
        ask("services", full="true")


@given(sort=st.sampled_from(SORTS), key=st.integers(0, 2**62 - 1))
def test_an_id_leads_back_to_its_row(sort: str, key: int) -> None:
    assert read_id(make_id(sort, key)) == (sort, key)


@given(st.uuids() | st.text())
def test_a_strangers_id_leads_nowhere(text: object) -> None:
    assert read_id(str(text)) is None
