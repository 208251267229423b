"""The island's places: about 250, along its streets, some of them stale, suggested or closed.

Pure but for the lists of places.vocabulary. Times are days before the day of loading, so that the
register looks looked-after whenever the demo is loaded.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import MultiPolygon, Point

from demo.place_lists import (
    COSTS,
    COUNTS,
    FOR_WHOM,
    HOURS,
    NAMES,
    STREETS,
    WELCOMES,
    Street,
)
from demo.shapes import to_lonlat
from demo.town import SEED, Town
from places.models.place import CODE_ALPHABET
from places.vocabulary import Answer, CostToStay, PlaceKind, PlaceState

# Kinds that lie a walk away from the shops.
OFF_STREET = {
    PlaceKind.PARK: 350.0,
    PlaceKind.ALLOTMENT: 500.0,
    PlaceKind.PLAYGROUND: 300.0,
    PlaceKind.SPORT: 350.0,
    PlaceKind.SCHOOL_GATE: 300.0,
    PlaceKind.WORSHIP: 180.0,
    PlaceKind.HEALTH: 180.0,
    PlaceKind.BENCH: 220.0,
    PlaceKind.COMMUNITY_CENTRE: 160.0,
}
# Who runs some of them: a key of demo.organisations.
HOSTS = {
    "Inverwhin Community Hub": "hub",
    "The Long Table": "table",
    "The Old Sail Loft": "hub",
    "Whinfield Community Centre": "whinfield",
    "Whinfield Soup Lunch": "whinfield",
    "Whinfield Community Garden": "whinfield",
    "Inverwhin Library": "council",
    "Whinfield Library": "council",
    "Kirkbrae Library": "council",
    "Eastness Library": "council",
    "Inverwhin Mosque and Centre": "mosque",
    "St Torran's Parish Church": "kirk",
    "Harbour Pantry": "table",
    "Second Wind": "befriend",
    "Tarrick Community Centre": "north",
    "Kinlarrig Community Centre": "north",
}


# Settlements whose places have names of their own; elsewhere they are called after the village,
# but for some kinds.
LARGER = ("Inverwhin", "Whinfield", "Skerravoe", "Tarrick")
ANYWHERE = (PlaceKind.CAFE, PlaceKind.PUB, PlaceKind.LOCAL_SHOP)
# Gatherings happen there, or somebody answers for them: they are open and looked after.
LOOKED_AFTER = frozenset(HOSTS) | {
    "Provost's Park",
    "Ropewalk Gardens",
    "Skerravoe Community Centre",
    "Harbour steps bench",
}


@dataclass(frozen=True)
class WelcomeSpec:
    attribute: str
    value: str
    for_whom: str
    checked_days_ago: int


@dataclass(frozen=True)
class PlaceSpec:
    code: str
    name: str
    kind: PlaceKind
    settlement: str
    point: Point
    zone: str
    address: str
    postcode: str
    hours: str
    cost: CostToStay
    needs_booking: bool
    host: str | None
    state: PlaceState
    created_days_ago: int
    confirmed_days_ago: int | None
    welcomes: tuple[WelcomeSpec, ...]


def make_register(town: Town, seed: int = SEED) -> list[PlaceSpec]:
    """Every place of the island, in the order of settlements and kinds."""
    rng = np.random.default_rng([seed, 2])
    finder = _Finder(town)
    used: set[str] = set()
    specs: list[PlaceSpec] = []
    for settlement, counts in COUNTS.items():
        streets = [street for street in STREETS if street.settlement == settlement]
        for kind, count in counts.items():
            for _ in range(count):
                street = streets[min(int(rng.geometric(0.55)) - 1, len(streets) - 1)]
                name = _pick_name(kind, settlement, street, used)
                point = _put(kind, street, finder, rng)
                specs.append(_describe(name, kind, street, point, finder, rng))
    return specs


class _Finder:
    """Which zone and which nearest postcode a point has."""

    def __init__(self, town: Town) -> None:
        self.zones = town.at_level("zone")
        self.shapes = np.array([zone.geometry for zone in self.zones])
        self.land: MultiPolygon = town.by_code["X92000001"].geometry
        self.codes = town.postcodes
        self.spots = np.array([(spot.point.x, spot.point.y) for spot in town.postcodes])
        shapely.prepare(self.land)
        shapely.prepare(self.shapes)

    def zone_of(self, point: Point) -> str:
        return self.zones[int(shapely.contains(self.shapes, point).argmax())].code

    def postcode_near(self, point: Point, zone: str) -> str:
        """The nearest postcode of the same zone, so that lookup and position agree."""
        same = np.array([spot.zone == zone for spot in self.codes])
        away = np.hypot(*(self.spots - (point.x, point.y)).T) + ~same * 90.0
        return self.codes[int(away.argmin())].code


def _pick_name(kind: PlaceKind, settlement: str, street: Street, used: set[str]) -> str:
    streets = [other.name for other in STREETS]
    unique = streets.count(street.name) == 1
    where = street.name if unique else f"{settlement} {street.name}"
    for pattern in NAMES[kind]:
        own = "{" not in pattern
        if own and settlement not in LARGER and kind not in ANYWHERE:
            continue
        name = pattern.format(s=settlement, r=where)
        if name not in used and not (own and "Inverwhin" in name and settlement != "Inverwhin"):
            used.add(name)
            return name
    raise ValueError(f"No name is left for {kind} in {settlement}: add one to NAMES.")


def _put(kind: PlaceKind, street: Street, finder: _Finder, rng: np.random.Generator) -> Point:
    """A point along the street, on either side, on land."""
    angle = np.radians(90 - street.bearing)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    away = OFF_STREET.get(kind, 14.0)
    while True:
        step = rng.normal(0, street.length / 4)
        side = rng.choice([-1, 1]) * (10 + rng.uniform(0.3, 1.0) * away)
        spot = np.array([street.x, street.y]) * 1_000 + along * step + across * side
        point = to_lonlat(Point(*spot))
        if finder.land.contains(point):
            return point
        away *= 0.9  # back from the water


def _describe(
    name: str,
    kind: PlaceKind,
    street: Street,
    point: Point,
    finder: _Finder,
    rng: np.random.Generator,
) -> PlaceSpec:
    zone = finder.zone_of(point)
    state = _pick_state(rng)
    if name in LOOKED_AFTER:
        state = PlaceState.VERIFIED
    confirmed = _confirmed(state, rng)
    costs = COSTS[kind]
    weights = np.array([weight for _, weight in costs], dtype=float)
    cost = costs[int(rng.choice(len(costs), p=weights / weights.sum()))][0]
    number = int(rng.integers(1, 120))
    on_street = kind not in OFF_STREET
    return PlaceSpec(
        code="".join(rng.choice(list(CODE_ALPHABET), 7)),
        name=name,
        kind=kind,
        settlement=street.settlement,
        point=point,
        zone=zone,
        address=f"{number} {street.name}, {street.settlement}"
        if on_street
        else f"off {street.name}, {street.settlement}",
        postcode=finder.postcode_near(point, zone),
        hours=str(rng.choice(HOURS[kind])) if rng.random() < 0.93 else "",
        cost=cost,
        needs_booking=kind is PlaceKind.SPORT and bool(rng.random() < 0.3),
        host=HOSTS.get(name),
        state=state,
        created_days_ago=int(rng.triangular(400, 1_250, 1_300)),
        confirmed_days_ago=confirmed,
        welcomes=_welcomes(kind, confirmed or 200, rng),
    )


def _pick_state(rng: np.random.Generator) -> PlaceState:
    states = [
        PlaceState.VERIFIED,
        PlaceState.STALE,
        PlaceState.SUGGESTED,
        PlaceState.CLOSED,
        PlaceState.HIDDEN,
    ]
    return states[int(rng.choice(len(states), p=[0.81, 0.09, 0.04, 0.04, 0.02]))]


def _confirmed(state: PlaceState, rng: np.random.Generator) -> int | None:
    if state is PlaceState.SUGGESTED:
        return None
    if state is PlaceState.VERIFIED:
        return int(rng.integers(2, 175))
    return int(rng.integers(190, 520))


def _welcomes(kind: PlaceKind, checked: int, rng: np.random.Generator) -> tuple[WelcomeSpec, ...]:
    found = []
    for attribute, likely in WELCOMES.get(kind, {}).items():
        if rng.random() < 0.18:  # nobody has looked yet
            continue
        value = Answer.YES if rng.random() * 100 < likely else Answer.NO
        whom = FOR_WHOM.get(kind, "") if attribute == "greeted" else ""
        ago = checked + int(rng.integers(0, 60))
        found.append(WelcomeSpec(attribute.value, value.value, whom, ago))
    return tuple(found)
