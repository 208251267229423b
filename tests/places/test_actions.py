"""Writes to the register, and the upkeep of areas."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from kinder.accounts.models import AuditEvent, Membership, Organisation, Role, User
from kinder.accounts.rules import Refused
from places.actions import (
    ConflictError,
    Resolved,
    add_place,
    bump_layer,
    change_place,
    close_place,
    confirm_place,
    find_area,
    finest_level,
    hide_place,
    rebuild_ancestors,
    resolve_areas,
    resolve_place_names,
    show_place_again,
)
from places.models import AreaAncestor, Geography, LayerVersion, Place, PlaceName, Postcode
from places.postcodes import tidy_postcode
from places.vocabulary import AreaLevel, PlaceState
from tests.factories.places import make_place, make_point, make_square

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker() -> User:
    user = User.objects.create_user("worker@example.org")
    organisation = Organisation.objects.create(name="Cuppa and Company")
    Membership.objects.create(user=user, organisation=organisation, role=Role.WORKER)
    return user


@pytest.fixture
def geography() -> Geography:
    """Two zones side by side in one council."""
    geography = Geography.objects.create(slug="invented", name="Invented", is_current=True)
    council = make_square("C1", geography=geography, level=AreaLevel.COUNCIL, side=0.2)
    make_square("Z1", geography=geography, parent=council)
    make_square("Z2", geography=geography, parent=council, west=0.05)
    return geography


def version() -> int:
    found = LayerVersion.objects.filter(layer="places").first()
    return found.version if found else 1


def test_a_worker_adds_a_place_that_everybody_sees(worker: User, geography: Geography) -> None:
    before = version()
    place = add_place(
        by=worker,
        name="Riverside Café",
        kind="cafe",
        point=make_point(0.1),
        postcode="g20 7tx",
        opening_hours="Mo–Fr 09:00-17:00;",
        cost_to_stay="nobody_minds",
        welcome={"step_free": "yes"},
    )
    place.refresh_from_db()
    assert place in Place.objects.shown()
    assert (place.postcode, place.opening_hours) == ("G20 7TX", "Mo-Fr 09:00-17:00")
    assert place.weekly_hours == 40
    assert place.area is not None
    assert place.area.code == "Z2"
    assert place.is_free_to_stay
    assert place.confirmed_at is not None
    assert list(place.welcomes.values_list("attribute", "value")) == [("step_free", "yes")]
    assert version() > before
    assert AuditEvent.objects.get(verb="add_place").object_id == str(place.pk)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"opening_hours": "whenever"}, "opening_hours"),
        ({"kind": "castle"}, "kind"),
        ({"name": ""}, "name"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"point": make_point(0, 40)}, "point"),
    ],
)
def test_a_wrong_field_is_named(worker: User, facts: dict[str, str], field: str) -> None:
    sound = {"name": "Bench", "kind": "bench", "point": make_point()}
    with pytest.raises(ValidationError) as caught:
        add_place(by=worker, **{**sound, **facts})  # type: ignore[arg-type]
    assert field in caught.value.message_dict
    assert not Place.objects.exists()


def test_only_keepers_write(worker: User) -> None:
    resident = User.objects.create_user("resident@example.org")
    place = make_place()
    deeds: tuple[Callable[[], object], ...] = (
        lambda: add_place(by=resident, name="Bench", kind="bench", point=make_point()),
        lambda: change_place(by=resident, place=place, changes={"name": "Mine"}),
        lambda: hide_place(by=resident, place=place, reason="other"),
        lambda: close_place(by=resident, place=place),
        lambda: confirm_place(by=resident, place=place),
    )
    for deed in deeds:
        with pytest.raises(Refused):
            deed()
    assert version() == 1


def test_change_guards_against_a_later_change(worker: User, geography: Geography) -> None:
    place = make_place("Old name", point=make_point())
    changed = change_place(
        by=worker,
        place=place,
        changes={"name": "New name", "point": make_point(0.1)},
        if_revision=1,
    )
    assert (changed.name, changed.revision) == ("New name", 2)
    assert changed.area is not None
    assert changed.area.code == "Z2"
    with pytest.raises(ConflictError):
        change_place(by=worker, place=place, changes={"name": "Other"}, if_revision=1)
    with pytest.raises(ValueError, match="state"):
        change_place(by=worker, place=place, changes={"state": "hidden"})


def test_hiding_needs_a_reason_and_can_be_undone(worker: User) -> None:
    place = make_place()
    with pytest.raises(Refused):
        hide_place(by=worker, place=place, reason="")
    before = version()
    hide_place(by=worker, place=place, reason="unsafe")
    assert not Place.objects.shown().exists()
    assert version() > before
    assert AuditEvent.objects.get(verb="hide_place").facts == {
        "before": "verified",
        "reason": "unsafe",
    }
    with pytest.raises(Refused):
        hide_place(by=worker, place=place, reason="unsafe")
    show_place_again(by=worker, place=place)
    assert Place.objects.shown().get() == place
    with pytest.raises(Refused):
        show_place_again(by=worker, place=place)


def test_confirming_shows_a_stale_place_as_checked(worker: User) -> None:
    place = make_place(state=PlaceState.STALE)
    confirmed = confirm_place(by=worker, place=place)
    assert confirmed.state == PlaceState.VERIFIED
    assert confirmed.confirmed_at is not None
    assert place.confirmed_at is not None
    assert confirmed.confirmed_at > place.confirmed_at
    assert confirmed.confirmations.get().user == worker
    closed = close_place(by=worker, place=place)
    with pytest.raises(Refused):
        confirm_place(by=worker, place=closed)


def test_areas_are_resolved_in_one_statement(geography: Geography) -> None:
    west, east = make_place(point=make_point()), make_place(point=make_point(0.1))
    outside = make_place(point=make_point(3, 3))
    on_the_border = make_place(point=make_point(0.05))
    zone_2 = geography.areas.get(code="Z2")
    Postcode.objects.create(code="G20 7TX", point=make_point(), area=zone_2)
    looked_up = make_place(point=make_point(), postcode="G20 7TX")
    assert resolve_areas() == Resolved(inside=4, outside=1)
    codes = dict(Place.objects.values_list("pk", "area__code"))
    assert codes == {
        west.pk: "Z1",
        east.pk: "Z2",
        outside.pk: None,
        on_the_border.pk: "Z1",
        looked_up.pk: "Z2",
    }
    for place in Place.objects.all():
        assert find_area(place.point, postcode=place.postcode) == place.area


def test_place_names_are_resolved(geography: Geography) -> None:
    PlaceName.objects.create(name="Wyndford", point=make_point(0.1))
    assert resolve_place_names() == Resolved(inside=1, outside=0)
    assert PlaceName.objects.get().area == geography.areas.get(code="Z2")


def test_ancestors_hold_each_area_and_all_above(geography: Geography) -> None:
    for _twice in range(2):
        assert rebuild_ancestors(geography) == 5
        rows = AreaAncestor.objects.values_list("area__code", "ancestor__code", "depth")
        assert set(rows) == {
            ("C1", "C1", 0),
            ("Z1", "Z1", 0),
            ("Z1", "C1", 1),
            ("Z2", "Z2", 0),
            ("Z2", "C1", 1),
        }
    assert finest_level(geography) == AreaLevel.ZONE


def test_without_areas_a_place_stands_anywhere() -> None:
    make_place()
    assert resolve_areas() == Resolved(inside=0, outside=1)
    assert find_area(make_point()) is None


def test_versions_rise() -> None:
    assert bump_layer("somewhere") == 2
    assert bump_layer("somewhere") == 3


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("g207tx", "G20 7TX"),
        ("EC1A 1BB", "EC1A 1BB"),
        (" m1-1ae ", "M1 1AE"),
        ("Maryhill", None),
        ("", None),
    ],
)
def test_postcodes_are_tidied(typed: str, kept: str | None) -> None:
    assert tidy_postcode(typed) == kept
