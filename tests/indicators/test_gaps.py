"""Gaps: what the page says is what the release would, and "what if" equals doing it."""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import time_machine
from django.test import Client

from connections.indicators.gaps import (
    Deed,
    Live,
    Moved,
    WhatIf,
    ask_what_if,
    classify,
    count_open_by_hour,
    find_without_evening,
    read_live,
    read_rows,
    row_of,
    site_of,
)
from kinder.accounts.models import Role
from places.actions import bump_layer, close_place, rebuild_ancestors
from places.hours import weekly_open_hours
from places.models import Area, Geography, Place, Postcode
from places.vocabulary import AreaLevel
from tests.factories.accounts import make_member
from tests.factories.places import make_place, make_point, make_square

pytestmark = pytest.mark.django_db
DAY = "Mo-Fr 09:00-16:00"
EVENING = "Mo-Su 17:00-22:00"


@pytest.fixture
def town() -> Geography:
    """Two neighbourhoods of 1,000 people beside each other, one deprived, with twenty postcodes."""
    geography = Geography.objects.create(slug="g", name="G", is_current=True)
    council = make_square("C1", geography=geography, level=AreaLevel.COUNCIL, name="Southside")
    for number, decile in enumerate((1, 10)):
        west = -0.05 + 0.05 * number
        hood = make_square(
            f"N{number}",
            geography=geography,
            level=AreaLevel.INTERMEDIATE,
            parent=council,
            west=west,
            side=0.05,
            name=("Wyndford", "Hillhead")[number],
        )
        zone = make_square(f"Z{number}", geography=geography, parent=hood, west=west, side=0.05)
        Area.objects.filter(pk=zone.pk).update(deprivation_decile=decile)
        for index in range(10):
            Postcode.objects.create(
                code=f"G{number} {index}AA",
                point=make_point(west + 0.005 * index, 0.001 * index),
                area=zone,
            )
    rebuild_ancestors(geography)
    return geography


def put(name: str, east: float, hours: str, **more: Any) -> Place:
    place = make_place(
        name,
        point=make_point(east, 0.003),
        cost_to_stay=more.pop("cost_to_stay", "free"),
        opening_hours=hours,
        weekly_hours=weekly_open_hours(hours) if hours else None,
        **more,
    )
    bump_layer("places")
    return place


def whole(live: Live) -> tuple[np.ndarray, np.ndarray]:
    return live.score, live.open_share


def test_what_if_a_place_came_equals_that_it_came(town: Geography) -> None:
    put("Library", -0.03, DAY)
    before = read_live(town)
    point = make_point(-0.02, 0.003)
    site = site_of(before.country, point, weekly_open_hours(EVENING) or 0)
    answer = ask_what_if(before, Deed(None, site, hours_after=EVENING))
    put("Kitchen", -0.02, EVENING)
    after = read_live(town)
    people = after.country.homes.people
    assert answer.whole.after == pytest.approx(people @ after.score / people.sum())
    assert answer.whole.open_after == pytest.approx(people @ after.open_share / people.sum())
    assert answer.whole.open_after > answer.whole.open_before
    assert answer.hours.more > 0
    assert answer.hours.less == 0
    by_fifth = {one.quintile: one for one in answer.changes}
    assert set(by_fifth) == {1, 5}
    assert by_fifth[1].difference > by_fifth[5].difference
    assert sum(one.residents for one in answer.changes) == answer.whole.residents == 2_000


def test_what_if_a_place_closed_equals_that_it_closed(town: Geography) -> None:
    put("Library", -0.03, DAY)
    kitchen = put("Kitchen", -0.028, EVENING)
    before = read_live(town)
    row = row_of(before, kitchen)
    assert row is not None
    site = site_of(before.country, kitchen.point, float(before.register.hours[row]))
    answer = ask_what_if(before, Deed(site, None, row))
    close_place(by=make_member(Role.WORKER), place=kitchen)
    after = read_live(town)
    people = after.country.homes.people
    assert answer.whole.after == pytest.approx(people @ after.score / people.sum())
    assert answer.whole.open_after == pytest.approx(people @ after.open_share / people.sum())
    assert answer.hours.less > 0


def test_what_if_hours_changed_equals_that_they_changed(town: Geography) -> None:
    kitchen = put("Kitchen", -0.028, DAY)
    before = read_live(town)
    row = row_of(before, kitchen)
    site = site_of(before.country, kitchen.point, float(before.register.hours[row or 0]))
    later = site._replace(hours=weekly_open_hours(EVENING) or 0)
    answer = ask_what_if(before, Deed(site, later, row, EVENING))
    Place.objects.filter(pk=kitchen.pk).update(
        opening_hours=EVENING, weekly_hours=weekly_open_hours(EVENING)
    )
    bump_layer("places")
    after = read_live(town)
    people = after.country.homes.people
    assert answer.whole.after == pytest.approx(people @ after.score / people.sum())
    assert answer.whole.open_after == pytest.approx(people @ after.open_share / people.sum())


def test_access_equals_place_by_place(town: Geography) -> None:
    """Brute force: each place's hours are shared among the people who can walk there."""
    for number, east in enumerate((-0.045, -0.03, -0.029, 0.01)):
        put(f"Place {number}", east, DAY)
    live = read_live(town)
    expected = np.zeros(live.score.size)
    for x, y, hours in zip(*live.register.xy.T, live.register.hours, strict=True):
        minutes = np.hypot(*(live.country.homes.xy - (x, y)).T) * 1.3 / 80
        weight = np.select([minutes <= 5, minutes <= 10, minutes <= 15], [1, 0.68, 0.22], 0)
        people = live.country.homes.people @ weight
        if people:
            expected += 1_000 * hours / people * weight
    np.testing.assert_allclose(live.score, expected)
    rows = read_rows(live, Area.objects.filter(level="intermediate").order_by("code"))
    assert [row.residents for row in rows] == [1_000, 1_000]
    assert rows[0].access == pytest.approx(expected[:10].mean())


def vary_by_hand(live: Live, fifths: set[int]) -> float:
    """C3 of the residents of some fifths, home by home and place by place."""
    total, kinds_of_all, reached = 0.0, 0.0, set()
    homes, register = live.country.homes, live.register
    for (x, y), people, fifth in zip(homes.xy, homes.people, live.country.quintile, strict=True):
        if int(fifth) not in fifths:
            continue
        counts: dict[str, int] = {}
        for number, (east, north) in enumerate(register.xy):
            if math.hypot(east - x, north - y) * 1.3 / 80 <= 10:
                kind = register.kinds[register.kind[number]]
                counts[kind] = counts.get(kind, 0) + 1
                reached.add(number)
        shares = [count / sum(counts.values()) for count in counts.values()]
        effective = math.exp(-sum(share * math.log(share) for share in shares)) if shares else 0.0
        kinds_of_all += people * effective
        total += people
    return kinds_of_all / total if len(reached) >= 3 else math.nan


def check_variety(before: Live, answer: WhatIf, after: Live) -> None:
    """What was said beforehand is what is counted by hand afterwards."""
    for one in answer.changes:
        for live, said in ((before, one.variety_before), (after, one.variety_after)):
            assert said == pytest.approx(vary_by_hand(live, {one.quintile}), nan_ok=True)
    everybody = {one.quintile for one in answer.changes}
    said = answer.whole.variety_after
    assert said == pytest.approx(vary_by_hand(after, everybody), nan_ok=True)


@pytest.fixture
def street(town: Geography) -> None:
    """Five places of three kinds; one neighbourhood reaches some, the other two of them."""
    put("Library", -0.03, DAY, kind="library")
    put("Reading room", -0.041, DAY, kind="library")
    put("Café", -0.045, "", cost_to_stay="small_purchase", kind="cafe")
    put("Kitchen", -0.005, EVENING, kind="community_centre")
    put("Corner", 0.012, DAY, kind="cafe")


@pytest.mark.usefixtures("street")
@pytest.mark.parametrize("kind", ["community_centre", "park", "cafe"])
@pytest.mark.parametrize("east", [-0.043, -0.002, 0.3])
def test_variety_after_a_place_came_is_what_is_counted(
    town: Geography, kind: str, east: float
) -> None:
    before = read_live(town)
    point = make_point(east, 0.003)
    site = site_of(before.country, point, weekly_open_hours(EVENING) or 0)
    answer = ask_what_if(before, Deed(None, site, hours_after=EVENING, kind=kind))
    put("New", east, EVENING, kind=kind)
    check_variety(before, answer, read_live(town))


@pytest.mark.usefixtures("street")
@pytest.mark.parametrize("name", ["Library", "Café", "Kitchen", "Corner"])
def test_variety_after_a_place_closed_is_what_is_counted(town: Geography, name: str) -> None:
    place = Place.objects.get(name=name)
    before = read_live(town)
    site = site_of(before.country, place.point, 0.0)
    answer = ask_what_if(before, Deed(site, None, row_of(before, place)))
    close_place(by=make_member(Role.WORKER), place=place)
    check_variety(before, answer, read_live(town))


@pytest.mark.usefixtures("street")
def test_other_hours_leave_variety_alone(town: Geography) -> None:
    place = Place.objects.get(name="Library")
    before = read_live(town)
    site = site_of(before.country, place.point, 10.0)
    answer = ask_what_if(before, Deed(site, site, row_of(before, place), DAY))
    check_variety(before, answer, before)
    assert answer.variety == Moved(0, 0)


def test_classes_hold_about_as_many_areas() -> None:
    steps = classify([(pk, float(pk)) for pk in range(60)] + [(99, float("nan"))])
    assert 99 not in steps
    assert [list(steps.values()).count(step) for step in range(1, 7)] == [10] * 6
    assert set(classify([(1, 0.0), (2, 0.0)]).values()) == {1}


@time_machine.travel(datetime(2026, 5, 5, 9, tzinfo=UTC))
def test_the_tuesday_sentence(town: Geography) -> None:
    now = datetime(2026, 5, 5, 9, tzinfo=UTC)
    for east in (-0.05, -0.04, -0.03, -0.02, -0.01):
        put("Day centre", east, DAY)
    assert [area.name for area in find_without_evening(town, now)] == ["Hillhead", "Wyndford"]
    for east in (-0.045, -0.035, -0.025):
        put("Kitchen", east, EVENING)
    assert [area.name for area in find_without_evening(town, now)] == ["Hillhead"]
    hours = dict(count_open_by_hour(now))
    assert (hours[10], hours[18]) == (5, 3)


# ------------------------------------------------------------------ pages


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_member(Role.WORKER))
    return client


def test_the_page_shows_the_layers_least_first(town: Geography, client: Client) -> None:
    put("Library", -0.03, DAY)
    for layer in ("access", "open_share", "variety", "nonsense"):
        page = client.get("/gaps/", {"layer": layer}).content.decode()
        assert page.index("Hillhead") < page.index("Wyndford") or layer != "access"
        assert "Provisional: 100 % of places" in page
    # All of one neighbourhood and none of the other live in zones of the most deprived fifth.
    rows = re.findall(r'<tr data-area-id="\d+">.*?</tr>', page, re.DOTALL)
    last = {
        re.sub(r"<[^>]+>", " ", row).split()[0]: re.findall(r">(\S+)</td>", row)[-1] for row in rows
    }
    assert last == {"Wyndford": "100", "Hillhead": "0"}
    values = json.loads(client.get("/gaps/values/?layer=access").content)
    assert len(values) == 2
    assert {row[1] for row in values} <= {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"deed": "add", "where": "G0 3AA", "hours": EVENING}, "would have more"),
        ({"deed": "add", "where": "Wyndford", "hours": EVENING}, "Nothing would change"),
        ({"deed": "close", "where": "library"}, "would have less"),
        ({"deed": "hours", "where": "Library", "hours": "Mo 10:00-11:00"}, "would have less"),
        ({"deed": "hours", "where": "Library", "hours": DAY}, "Nothing would change"),
    ],
)
def test_what_if_on_the_page(
    town: Geography, client: Client, query: dict[str, str], said: str
) -> None:
    put("Library", -0.03, DAY)
    response = client.get("/gaps/", query)
    assert response.status_code == 200
    assert said in response.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"deed": "add", "where": "nowhere", "hours": EVENING},
        {"deed": "add", "where": "ZE9 9ZZ", "hours": EVENING},
        {"deed": "add", "where": "Wyndford", "hours": ""},
        {"deed": "add", "where": "Wyndford", "hours": "always on"},
        {"deed": "close", "where": "nowhere"},
        {"deed": "hours", "where": "Members", "hours": DAY},
        {"deed": "close", "where": "Library [nothing]"},
        {"deed": "add", "where": "95.5, 0.1", "hours": EVENING},
        {"deed": "add", "where": "Wyndford", "hours": EVENING, "kind": "spaceport"},
        {"deed": "burn", "where": "Library"},
        {"deed": "close", "where": ""},
    ],
)
def test_what_cannot_be_worked_out_is_said(
    town: Geography, client: Client, query: dict[str, str]
) -> None:
    put("Library", -0.03, DAY)
    put("Members", -0.03, DAY, cost_to_stay="members")
    response = client.get("/gaps/", query)
    assert response.status_code == 422
    assert b"error-summary" in response.content


def test_before_areas_are_loaded_the_page_says_so(client: Client) -> None:
    assert b"No areas yet" in client.get("/gaps/").content
    assert client.get("/gaps/values/").json() == []


def test_residents_have_no_business_here(town: Geography) -> None:
    member = Client()
    member.force_login(make_member(Role.MEMBER))
    assert member.get("/gaps/").status_code == 403


def test_today_says_what_is_open(town: Geography, client: Client) -> None:
    put("Library", -0.03, DAY)
    page = client.get("/today/").content.decode()
    assert "Nothing free after 17:00 within 10 minutes of Wyndford." in page
    for number in range(10):
        put("Kitchen", -0.05 + 0.01 * number, EVENING)
    page = client.get("/today/").content.decode()
    assert "Nothing free" not in page
    assert "within 10 minutes of every neighbourhood" in page


def test_what_may_be_several_is_asked(town: Geography, client: Client) -> None:
    put("Library North", -0.03, DAY, address="1 North Road")
    south = put("Library South", -0.02, DAY)
    query = {"deed": "close", "where": "library", "layer": "variety", "level": "zone"}
    response = client.get("/gaps/", query)
    assert response.status_code == 422
    page = response.content.decode()
    assert "choose one below" in page
    assert "Library North, 1 North Road" in page
    # What was looked at stays as it was, and a link asks the same of one of them.
    link = re.search(rf'href="(\?[^"]*where={south.code}[^"]*)"', page)
    assert link is not None
    again = client.get("/gaps/" + link[1].replace("&amp;", "&"))
    assert again.status_code == 200
    said = again.content.decode()
    assert "Library South closed" in said
    assert '<input type="hidden" name="level" value="zone">' in said
    assert '<option value="variety" selected>' in said


def test_what_a_map_writes_is_understood(town: Geography, client: Client) -> None:
    library = put("Library", -0.03, DAY)
    query = {"deed": "add", "where": "55.863000, -4.280000", "hours": EVENING, "kind": "park"}
    page = client.get("/gaps/", query).content.decode()
    assert f"A new place at 55.863000, -4.280000, open {EVENING}" in page
    assert "Variety counts it as: Park" in page
    put("Library", -0.02, DAY)
    asked = client.get("/gaps/", {"deed": "close", "where": "Library"})
    assert asked.status_code == 422, "two are called so"
    query = {"deed": "close", "where": f"Library [{library.code}]"}
    assert "Library closed" in client.get("/gaps/", query).content.decode()


def test_a_place_that_is_not_free_to_stay_is_variety_too(town: Geography, client: Client) -> None:
    for number, kind in enumerate(("cafe", "library", "park")):
        put(f"A {kind}", -0.045 + number / 1000, "", cost_to_stay="small_purchase", kind=kind)
    page = client.get("/gaps/", {"deed": "close", "where": "A cafe"}).content.decode()
    assert "less variety of places within ten minutes" in page
    assert "would have less within a walk" not in page
    assert "fewer than 3" in page


def test_hours_that_only_move_are_not_nothing(town: Geography, client: Client) -> None:
    put("Library", -0.03, "Mo-Fr 09:00-12:00")
    query = {"deed": "hours", "where": "Library", "hours": "Mo-Fr 18:00-21:00"}
    page = client.get("/gaps/", query).content.decode()
    assert "more evenings and weekends with somewhere open" in page
    assert "Nothing would change" not in page


def test_a_place_s_own_page_asks_what_if(town: Geography, client: Client) -> None:
    library = put("Library", -0.03, DAY)
    address = f"/gaps/?about={library.code}#what-if"
    assert address in client.get(f"/places/{library.code}/").content.decode()
    page = client.get("/gaps/", {"about": library.code}).content.decode()
    assert f'value="Library [{library.code}]"' in page
    assert re.search(r'value="close"[^>]* checked', page)
    assert client.get("/gaps/", {"about": "nothing\0"}).status_code == 200


def test_a_new_place_is_put_where_it_says(town: Geography, client: Client) -> None:
    put("Library", -0.03, DAY)
    page = client.get("/gaps/", {"deed": "add", "where": "library", "hours": EVENING}).content
    assert f"A new place at Library, open {EVENING}" in page.decode()
    Area.objects.filter(code="N1").update(name="Wyndford Road")
    put("Wyndford Centre", -0.03, DAY)
    query = {"deed": "add", "where": "wyndford centre", "hours": EVENING}
    assert b"A new place at Wyndford Centre, open" in client.get("/gaps/", query).content
    response = client.get("/gaps/", {"deed": "add", "where": "wynd", "hours": EVENING})
    assert response.status_code == 422
    page = response.content
    assert b"Wyndford Road</a>" in page
    assert b"would have" not in page
