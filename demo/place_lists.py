"""What the island's places are called, where its streets run, and when its doors are open.

All names are invented. Hours are in the OSM syntax.
"""

from dataclasses import dataclass

from places.vocabulary import CostToStay, PlaceKind
from places.vocabulary import WelcomeAttribute as W

K = PlaceKind


@dataclass(frozen=True)
class Street:
    """A straight street: its middle in kilometres, its bearing (degrees, 90 runs east), length
    in metres, and the settlement it belongs to."""

    name: str
    settlement: str
    x: float
    y: float
    bearing: float
    length: float


STREETS = (
    Street("High Street", "Inverwhin", 4.25, -1.75, 160, 900),
    Street("Harbour Street", "Inverwhin", 4.75, -2.35, 100, 700),
    Street("Kirk Wynd", "Inverwhin", 3.75, -1.65, 60, 450),
    Street("Station Brae", "Inverwhin", 4.75, -1.35, 20, 500),
    Street("Whinfield Road", "Whinfield", 2.2, -1.4, 95, 900),
    Street("Mill Lane", "Whinfield", 1.9, -2.25, 150, 500),
    Street("Kirkbrae Road", "Kirkbrae", 4.2, -0.35, 10, 800),
    Street("Larrig Avenue", "Kirkbrae", 5.2, -0.3, 80, 500),
    Street("Links Road", "Eastness", 6.8, -2.6, 110, 800),
    Street("Tolbrae Street", "Eastness", 5.95, -1.8, 30, 500),
    Street("Main Street", "Skerravoe", -6.9, -2.85, 100, 600),
    Street("Main Street", "Balwhinnie", -7.35, 5.35, 60, 600),
    Street("Shore Road", "Kilmarrin", -2.45, -6.85, 85, 400),
    Street("Lochside", "Kinlarrig", -1.45, 2.25, 120, 500),
    Street("Main Street", "Auchterwhin", 0.4, -0.6, 90, 400),
    Street("Main Street", "Tarrick", 8.25, 2.3, 20, 600),
    Street("Pier Road", "Ardtarrick", 3.25, 6.9, 10, 400),
    Street("The Cross", "Drumwhin", 5.3, 4.3, 70, 250),
)

# How many of each kind a settlement has, in the order of importance of its streets.
TOWN_CENTRE = {
    K.SUPERMARKET: 2, K.LOCAL_SHOP: 7, K.POST_OFFICE: 1, K.CAFE: 9, K.TAKEAWAY: 4, K.PUB: 5,
    K.SOCIAL_CLUB: 2, K.HAIRDRESSER: 4, K.LAUNDERETTE: 1, K.CHARITY_SHOP: 4,
    K.SHOPPING_CENTRE: 1, K.MARKET: 1, K.LIBRARY: 1, K.COMMUNITY_CENTRE: 3, K.WORSHIP: 3,
    K.COMMUNITY_MEAL: 2, K.SCHOOL_GATE: 2, K.HEALTH: 3, K.PARK: 3, K.ALLOTMENT: 1,
    K.PLAYGROUND: 2, K.SPORT: 2, K.ARTS: 4, K.BENCH: 6,
}  # fmt: skip
SUBURB = {
    K.SUPERMARKET: 1, K.LOCAL_SHOP: 3, K.POST_OFFICE: 1, K.CAFE: 2, K.TAKEAWAY: 2, K.PUB: 1,
    K.HAIRDRESSER: 2, K.LAUNDERETTE: 1, K.CHARITY_SHOP: 1, K.LIBRARY: 1,
    K.COMMUNITY_CENTRE: 2, K.WORSHIP: 2, K.COMMUNITY_MEAL: 1, K.SCHOOL_GATE: 2, K.HEALTH: 1,
    K.PARK: 2, K.ALLOTMENT: 1, K.PLAYGROUND: 2, K.SPORT: 1, K.BENCH: 4,
}  # fmt: skip
VILLAGE = {
    K.LOCAL_SHOP: 1, K.POST_OFFICE: 1, K.CAFE: 1, K.PUB: 1, K.HAIRDRESSER: 1,
    K.COMMUNITY_CENTRE: 1, K.WORSHIP: 1, K.SCHOOL_GATE: 1, K.HEALTH: 1, K.PARK: 1,
    K.PLAYGROUND: 1, K.BENCH: 2, K.SOCIAL_CLUB: 1, K.TAKEAWAY: 1, K.SPORT: 1,
}  # fmt: skip
SMALL_VILLAGE = {
    K.LOCAL_SHOP: 1, K.PUB: 1, K.COMMUNITY_CENTRE: 1, K.PLAYGROUND: 1, K.BENCH: 1, K.CAFE: 1,
}  # fmt: skip

COUNTS = {
    "Inverwhin": TOWN_CENTRE,
    "Whinfield": SUBURB,
    "Kirkbrae": SUBURB,
    "Eastness": SUBURB,
    "Skerravoe": VILLAGE,
    "Balwhinnie": VILLAGE,
    "Kinlarrig": VILLAGE,
    "Tarrick": VILLAGE,
    "Kilmarrin": SMALL_VILLAGE,
    "Auchterwhin": SMALL_VILLAGE,
    "Ardtarrick": SMALL_VILLAGE,
    "Drumwhin": SMALL_VILLAGE,
}

# Names, each used once; {s} is the settlement, {r} the street.
NAMES: dict[K, tuple[str, ...]] = {
    K.SUPERMARKET: ("Braemarket", "Larrig Foods", "{s} Superstore"),
    K.LOCAL_SHOP: (
        "Pirie's Newsagents", "Gow the Baker", "The Green Basket", "Anwar's Minimarket",
        "J. Laing, Butcher", "Corner Stores", "Kowalski Delikatesy", "The Wee Loaf",
        "Whinside Stores", "Islay & Daughter, Grocers", "Daybreak Stores", "Mathers' Bakery",
        "The Paper Shop", "{s} Stores", "{s} Bakery", "{s} Butcher", "{s} Paper Shop",
    ),
    K.POST_OFFICE: ("{s} Post Office",),
    K.CAFE: (
        "The Creel", "Café Selkie", "The Warm Teapot", "Larrig Bakehouse", "The Kist",
        "Nonna's on the Harbour", "The Blether", "Puffin Coffee", "The Old Ticket Hall",
        "Gorse & Honey", "The Kettle", "Cuppa Whin", "Tide Table", "The Scone Room",
        "The Bothy Café", "{s} Tearoom", "The {s} Kettle",
    ),
    K.TAKEAWAY: (
        "The Golden Haddock", "Spice of Whinsay", "Jade Garden", "Harbour Fries", "Pizza Marina",
        "The Chip Inn", "Anatolia Kebab", "{s} Fish Bar", "{s} Fryer",
    ),
    K.PUB: (
        "The Anchor and Thistle", "The Whin Bush", "The Fiddler's Elbow", "The Ferryman",
        "The Stag's Rest", "The Lobster Pot", "The Drover's Halt", "The {s} Arms",
    ),
    K.SOCIAL_CLUB: ("Inverwhin Bowling Club", "Harbour Workers' Club", "{s} Social Club"),
    K.HAIRDRESSER: (
        "Sandy's Barbers", "Curl Up and Dye It", "Snips", "Hair by Morag", "The Gents' Chair",
        "Shear Joy", "{s} Hair", "{s} Barbers",
    ),
    K.LAUNDERETTE: ("The Soap Box", "{s} Launderette"),
    K.CHARITY_SHOP: ("Second Wind", "Lifeboat Locker", "The Hospice Shelf", "Kind Hands",
                     "{s} Good-as-New"),
    K.SHOPPING_CENTRE: ("The Ropeworks Centre",),
    K.MARKET: ("Inverwhin Friday Market",),
    K.LIBRARY: ("Inverwhin Library", "{s} Library"),
    K.COMMUNITY_CENTRE: (
        "The Old Sail Loft", "Harbour Hall", "Inverwhin Community Hub", "{s} Community Centre",
        "The {s} Hall",
    ),
    K.WORSHIP: ("St Torran's Parish Church", "Inverwhin Mosque and Centre",
                "Our Lady of the Shore", "{s} Kirk", "{s} Gospel Hall"),
    K.COMMUNITY_MEAL: ("The Long Table", "Harbour Pantry", "{s} Soup Lunch", "{s} Pantry"),
    K.SCHOOL_GATE: ("Inverwhin Academy gate", "Harbour Primary gate", "{s} Primary gate",
                    "{s} Nursery"),
    K.HEALTH: ("Inverwhin Health Centre", "Harbour Pharmacy", "Whinsay Cottage Hospital",
               "{s} Surgery"),
    K.PARK: ("Provost's Park", "Ropewalk Gardens", "The Drying Green", "{s} Park", "{s} Green"),
    K.ALLOTMENT: ("Back o' the Kirk Allotments", "{s} Community Garden"),
    K.PLAYGROUND: ("Pirate Ship Playpark", "Ropewalk Swings", "{s} Playpark", "{s} Swings"),
    K.SPORT: ("Inverwhin Pool", "Harbour Boxing Gym", "{s} Sports Hall", "{s} Pitches"),
    K.ARTS: ("The Lantern Picture House", "Whinsay Museum", "The Net Store Gallery",
             "Inverwhin Little Theatre", "{s} Arts Room"),
    K.BENCH: ("Harbour steps bench", "Mercat Cross", "Ferry terminal shelter", "Bus station",
              "Lifeboat bench", "Kirk Wynd seat", "{r} bus shelter", "{s} war memorial seat",
              "{s} viewpoint bench", "{r} bench", "{s} square"),
}  # fmt: skip

_ALWAYS = ("24/7",)
HOURS: dict[K, tuple[str, ...]] = {
    K.SUPERMARKET: ("Mo-Sa 07:00-22:00; Su 08:00-20:00", "Mo-Su 07:00-23:00"),
    K.LOCAL_SHOP: ("Mo-Sa 07:00-21:00; Su 08:00-18:00", "Mo-Fr 08:30-17:30; Sa 08:30-16:00",
                   "Mo-Sa 06:00-18:00; Su 07:00-13:00"),
    K.POST_OFFICE: ("Mo-Fr 09:00-17:30; Sa 09:00-12:30; PH off",),
    K.CAFE: ("Mo-Sa 09:00-17:00", "Tu-Su 10:00-16:30", "Mo-Fr 08:00-16:00; Sa 09:00-16:00",
             "We-Su 09:30-17:00; Fr-Sa 18:00-21:00"),
    K.TAKEAWAY: ("Tu-Su 16:00-22:00", "Mo-Su 12:00-14:00,16:30-22:30", "We-Mo 16:00-23:00"),
    K.PUB: ("Mo-Th 12:00-23:00; Fr-Sa 12:00-24:00; Su 12:30-22:00", "Mo-Su 11:00-23:00"),
    K.SOCIAL_CLUB: ("Mo-Fr 18:00-23:00; Sa-Su 12:00-23:00",),
    K.HAIRDRESSER: ("Tu-Fr 09:00-17:30; Sa 08:30-16:00", "Tu-We 09:00-17:00; Th 10:00-20:00; "
                    "Fr-Sa 09:00-17:00"),
    K.LAUNDERETTE: ("Mo-Su 08:00-20:00",),
    K.CHARITY_SHOP: ("Mo-Sa 10:00-16:30", "Mo-Fr 10:00-16:00"),
    K.SHOPPING_CENTRE: ("Mo-Sa 08:00-19:00; Su 10:00-17:00",),
    K.MARKET: ("Fr 09:00-14:00",),
    K.LIBRARY: ("Mo,We 10:00-17:00; Tu,Th 10:00-19:30; Fr-Sa 10:00-16:00; PH off",
                "Mo-Tu 13:00-17:00; Th 10:00-13:00,14:00-18:00; Sa 10:00-13:00; PH off"),
    K.COMMUNITY_CENTRE: ("Mo-Fr 09:00-21:00; Sa 10:00-16:00; PH off",
                         "Mo-Th 10:00-20:30; Fr 10:00-15:00; Su 13:00-17:00",
                         "Mo 18:00-21:00; We 10:00-15:00; Fr 18:00-21:00"),
    K.WORSHIP: ("Su 10:00-13:00; We 10:00-12:00", "Mo-Su 10:00-16:00"),
    K.COMMUNITY_MEAL: ("Tu,Th 12:00-14:00", "We 12:00-14:30; Fr 17:00-19:00"),
    K.SCHOOL_GATE: ("Mo-Fr 08:30-09:15,14:45-15:30; PH off",),
    K.HEALTH: ("Mo-Fr 08:30-18:00; PH off", "Mo-Fr 09:00-17:30; Sa 09:00-13:00"),
    K.PARK: _ALWAYS,
    K.ALLOTMENT: ("sunrise-sunset", "Mo-Su 09:00-18:00"),
    K.PLAYGROUND: _ALWAYS,
    K.SPORT: ("Mo-Fr 07:00-21:30; Sa-Su 09:00-17:00", "Mo-Fr 16:00-21:00; Sa 09:00-13:00"),
    K.ARTS: ("We-Su 11:00-17:00", "Tu-Sa 10:00-16:00", "Th-Su 17:00-22:00"),
    K.BENCH: _ALWAYS,
}  # fmt: skip

C = CostToStay
COSTS: dict[K, tuple[tuple[CostToStay, int], ...]] = {
    K.SUPERMARKET: ((C.NOBODY_MINDS, 3), (C.UNKNOWN, 1)),
    K.LOCAL_SHOP: ((C.NOBODY_MINDS, 2), (C.SMALL_PURCHASE, 2), (C.UNKNOWN, 2)),
    K.POST_OFFICE: ((C.NOBODY_MINDS, 2), (C.UNKNOWN, 1)),
    K.CAFE: ((C.SMALL_PURCHASE, 6), (C.NOBODY_MINDS, 3), (C.UNKNOWN, 1)),
    K.TAKEAWAY: ((C.SMALL_PURCHASE, 4), (C.UNKNOWN, 1)),
    K.PUB: ((C.SMALL_PURCHASE, 5), (C.UNKNOWN, 1)),
    K.SOCIAL_CLUB: ((C.MEMBERS, 3), (C.SMALL_PURCHASE, 1)),
    K.HAIRDRESSER: ((C.SMALL_PURCHASE, 3), (C.NOBODY_MINDS, 1)),
    K.LAUNDERETTE: ((C.NOBODY_MINDS, 2), (C.SMALL_PURCHASE, 1)),
    K.CHARITY_SHOP: ((C.NOBODY_MINDS, 1),),
    K.SHOPPING_CENTRE: ((C.FREE, 1),),
    K.MARKET: ((C.FREE, 1),),
    K.LIBRARY: ((C.FREE, 1),),
    K.COMMUNITY_CENTRE: ((C.FREE, 5), (C.UNKNOWN, 1)),
    K.WORSHIP: ((C.FREE, 1),),
    K.COMMUNITY_MEAL: ((C.FREE, 1),),
    K.SCHOOL_GATE: ((C.FREE, 2), (C.UNKNOWN, 1)),
    K.HEALTH: ((C.UNKNOWN, 1),),
    K.PARK: ((C.FREE, 1),),
    K.ALLOTMENT: ((C.MEMBERS, 1), (C.FREE, 1)),
    K.PLAYGROUND: ((C.FREE, 1),),
    K.SPORT: ((C.ENTRY_FEE, 3), (C.FREE, 1)),
    K.ARTS: ((C.ENTRY_FEE, 2), (C.FREE, 1)),
    K.BENCH: ((C.FREE, 1),),
}

# What a kind is usually like: how likely a yes, out of 100. What is not listed is not known.
WELCOMES: dict[K, dict[W, int]] = {
    K.CAFE: {W.SEATS_WITH_BACKS: 95, W.TOILET: 85, W.STEP_FREE: 60, W.WARM: 98, W.FOOD: 100,
             W.FINE_ALONE: 90, W.GREETED: 75, W.WIFI: 70, W.CHILDREN: 85, W.DOGS: 45,
             W.CHARGING: 50, W.WATER: 70, W.FINE_NOT_TO_TALK: 80, W.ALCOHOL_FREE: 85},
    K.LIBRARY: {W.NOT_MOVED_ON: 100, W.NO_SIGN_UP: 100, W.SEATS_WITH_BACKS: 100, W.TOILET: 90,
                W.ACCESSIBLE_TOILET: 85, W.STEP_FREE: 95, W.WARM: 100, W.WIFI: 100,
                W.CHARGING: 95, W.CHILDREN: 100, W.TEENAGERS: 95, W.QUIET_TIMES: 95,
                W.FINE_ALONE: 100, W.FINE_NOT_TO_TALK: 100, W.HEARING_LOOP: 80, W.BUS_NEAR: 90},
    K.COMMUNITY_CENTRE: {W.NOT_MOVED_ON: 90, W.NO_SIGN_UP: 80, W.GREETED: 95, W.TOILET: 100,
                         W.ACCESSIBLE_TOILET: 85, W.STEP_FREE: 85, W.WARM: 92, W.FOOD: 60,
                         W.CHILDREN: 90, W.TEENAGERS: 75, W.SEATS_WITH_BACKS: 90,
                         W.SAME_TIME_WEEKLY: 80, W.FINE_ALONE: 85, W.LIT_WAY: 70,
                         W.HEARING_LOOP: 55, W.ALCOHOL_FREE: 80, W.WIFI: 75},
    K.COMMUNITY_MEAL: {W.NO_SIGN_UP: 80, W.GREETED: 100, W.FOOD: 100, W.WARM: 95,
                       W.STEP_FREE: 85, W.TOILET: 95, W.CHILDREN: 90, W.SAME_TIME_WEEKLY: 100,
                       W.FINE_ALONE: 95, W.ALCOHOL_FREE: 100},
    K.PARK: {W.NOT_MOVED_ON: 85, W.NO_SIGN_UP: 100, W.STEP_FREE: 80, W.DOGS: 90,
             W.CHILDREN: 100, W.TEENAGERS: 80, W.SEATS_WITH_BACKS: 60, W.TOILET: 25,
             W.LIT_WAY: 45, W.FINE_ALONE: 90, W.QUIET_TIMES: 85},
    K.BENCH: {W.NOT_MOVED_ON: 85, W.STEP_FREE: 90, W.SEATS_WITH_BACKS: 65, W.LIT_WAY: 70,
              W.BUS_NEAR: 60, W.FINE_ALONE: 95},
    K.SUPERMARKET: {W.STEP_FREE: 100, W.TOILET: 80, W.WARM: 100, W.BUS_NEAR: 90, W.CHILDREN: 90,
                    W.FINE_NOT_TO_TALK: 95, W.QUIET_TIMES: 60, W.SEATS_WITH_BACKS: 60,
                    W.ACCESSIBLE_TOILET: 70},
    K.PUB: {W.SEATS_WITH_BACKS: 90, W.TOILET: 100, W.STEP_FREE: 55, W.WARM: 98, W.FOOD: 65,
            W.DOGS: 55, W.CHILDREN: 50, W.GREETED: 80, W.ALCOHOL_FREE: 0, W.SAME_TIME_WEEKLY: 50},
    K.WORSHIP: {W.GREETED: 95, W.STEP_FREE: 70, W.WARM: 60, W.HEARING_LOOP: 75, W.TOILET: 80,
                W.FINE_ALONE: 90, W.QUIET_TIMES: 95, W.SEATS_WITH_BACKS: 95, W.CHILDREN: 90},
    K.SHOPPING_CENTRE: {W.STEP_FREE: 100, W.WARM: 100, W.TOILET: 100, W.ACCESSIBLE_TOILET: 100,
                        W.NOT_MOVED_ON: 55, W.TEENAGERS: 45, W.BUS_NEAR: 100, W.LIT_WAY: 100},
    K.PLAYGROUND: {W.CHILDREN: 100, W.STEP_FREE: 70, W.SEATS_WITH_BACKS: 55, W.TOILET: 15,
                   W.DOGS: 10},
    K.CHARITY_SHOP: {W.GREETED: 90, W.STEP_FREE: 65, W.WARM: 85, W.FINE_ALONE: 95},
    K.ALLOTMENT: {W.GREETED: 85, W.STEP_FREE: 40, W.CHILDREN: 70, W.SAME_TIME_WEEKLY: 75},
    K.ARTS: {W.STEP_FREE: 80, W.TOILET: 100, W.WARM: 98, W.HEARING_LOOP: 70, W.FINE_ALONE: 90},
    K.SPORT: {W.STEP_FREE: 85, W.TOILET: 100, W.ACCESSIBLE_TOILET: 80, W.CHILDREN: 85,
              W.TEENAGERS: 90, W.WATER: 85, W.BUS_NEAR: 70},
    K.LAUNDERETTE: {W.WARM: 100, W.SEATS_WITH_BACKS: 70, W.FINE_ALONE: 95, W.STEP_FREE: 75},
    K.MARKET: {W.STEP_FREE: 75, W.GREETED: 85, W.FOOD: 100, W.SAME_TIME_WEEKLY: 100},
    K.POST_OFFICE: {W.STEP_FREE: 80, W.WARM: 90, W.GREETED: 70},
    K.LOCAL_SHOP: {W.STEP_FREE: 60, W.GREETED: 80},
    K.HAIRDRESSER: {W.GREETED: 95, W.WARM: 100, W.SEATS_WITH_BACKS: 100, W.STEP_FREE: 55},
}  # fmt: skip
FOR_WHOM = {
    K.COMMUNITY_MEAL: "Everybody",
    K.PLAYGROUND: "Children and whoever comes with them",
    K.SOCIAL_CLUB: "Members and their guests",
}
