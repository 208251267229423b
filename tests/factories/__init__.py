"""Test data for every room: the smallest true thing of each kind.

zone = ZoneFactory()                      # with its neighbourhood, community and council
place = PlaceFactory(area=zone, kind=PlaceKind.LIBRARY)
InteractionFactory(contributor=person, place=place, occurred_on=date(2026, 3, 5))
"""

# factory-boy declares fields by untyped calls; what `.create()` returns is typed.
# mypy: disable-error-code="attr-defined,no-untyped-call,assignment,untyped-decorator"

import hashlib
import uuid
from datetime import date
from typing import Any

import factory
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.utils import timezone
from factory.django import DjangoModelFactory

from connections.interactions.models import Difficulty, Interaction
from connections.interactions.vocabulary import Direction, HardReason, MomentKind
from kinder.accounts.models import Contributor, Device, Membership, Organisation, Role, User
from places.models import Area, AreaAncestor, Geography, Place
from places.vocabulary import AreaLevel, PlaceKind, PlaceState


def make_square(longitude: float, latitude: float, size: float = 0.01) -> MultiPolygon:
    """Return a square of `size` degrees with its lower left corner at the position."""
    return MultiPolygon(
        Polygon.from_bbox((longitude, latitude, longitude + size, latitude + size)), srid=4326
    )


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    name = factory.Sequence(lambda n: f"Person {n}")


class AdministratorFactory(UserFactory):
    is_administrator = True
    is_staff = True


class OrganisationFactory(DjangoModelFactory[Organisation]):
    class Meta:
        model = Organisation

    name = factory.Sequence(lambda n: f"Neighbours together {n}")


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    role = Role.WORKER


class ContributorFactory(DjangoModelFactory[Contributor]):
    class Meta:
        model = Contributor


class DeviceFactory(DjangoModelFactory[Device]):
    class Meta:
        model = Device

    contributor = factory.SubFactory(ContributorFactory)
    key_hmac = factory.Sequence(lambda n: hashlib.sha256(str(n).encode()).digest())


class GeographyFactory(DjangoModelFactory[Geography]):
    """The current geography: every area that names none belongs to the same one."""

    class Meta:
        model = Geography
        django_get_or_create = ("slug",)

    slug = "test-2011"
    name = "Areas for tests"
    is_current = True


class AreaFactory(DjangoModelFactory[Area]):
    """An area with its ancestors' rows; side by side with every other one of the factory."""

    class Meta:
        model = Area
        skip_postgeneration_save = True

    geography = factory.SubFactory(GeographyFactory)
    code = factory.Sequence(lambda n: f"S99{n:06d}")
    name = factory.Sequence(lambda n: f"Area {n}")
    level = AreaLevel.INTERMEDIATE
    parent = None
    geometry = factory.Sequence(
        lambda n: make_square(-4.3 + 0.01 * (n % 100), 55.8 + 0.01 * (n // 100 % 100))
    )
    point = factory.LazyAttribute(lambda area: area.geometry.point_on_surface)
    population = 1_000
    adults = 800

    @factory.post_generation
    def ancestors(self: Any, create: bool, extracted: object, **kwargs: object) -> None:
        if not create:
            return
        above = (
            AreaAncestor.objects.filter(area=self.parent).values_list("ancestor_id", "depth")
            if self.parent
            else []
        )
        AreaAncestor.objects.bulk_create(
            [
                AreaAncestor(area=self, ancestor=self, depth=0),
                *(
                    AreaAncestor(area=self, ancestor_id=ancestor, depth=depth + 1)
                    for ancestor, depth in above
                ),
            ]
        )


class CouncilFactory(AreaFactory):
    level = AreaLevel.COUNCIL


class CommunityFactory(AreaFactory):
    level = AreaLevel.COMMUNITY
    parent = factory.SubFactory(CouncilFactory)


class NeighbourhoodFactory(AreaFactory):
    """An intermediate zone."""

    parent = factory.SubFactory(CommunityFactory)


class ZoneFactory(AreaFactory):
    level = AreaLevel.ZONE
    parent = factory.SubFactory(NeighbourhoodFactory)


class PlaceFactory(DjangoModelFactory[Place]):
    class Meta:
        model = Place

    name = factory.Sequence(lambda n: f"The Green Café {n}")
    kind = PlaceKind.CAFE
    area = factory.SubFactory(ZoneFactory)
    point = factory.LazyAttribute(
        lambda place: place.area.point if place.area else Point(-4.25, 55.86, srid=4326)
    )
    state = PlaceState.VERIFIED


class MomentFactory(DjangoModelFactory[Any]):
    class Meta:
        abstract = True

    contributor = factory.SubFactory(ContributorFactory)
    area = factory.SubFactory(NeighbourhoodFactory)
    occurred_on = factory.LazyFunction(timezone.localdate)
    month_on = factory.LazyAttribute(lambda moment: _first_of_month(moment.occurred_on))
    body_sha256 = factory.LazyFunction(lambda: hashlib.sha256(uuid.uuid4().bytes).digest())


class InteractionFactory(MomentFactory):
    class Meta:
        model = Interaction

    direction = Direction.GAVE
    kind = MomentKind.HELLO


class DifficultyFactory(MomentFactory):
    class Meta:
        model = Difficulty

    reasons = factory.LazyFunction(lambda: [HardReason.NO_TIME.value])


def _first_of_month(day: date) -> date:
    return day.replace(day=1)
