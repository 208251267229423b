"""Names and positions on the island of Whinsay. None of them is a real Scottish place.

Positions are kilometres east and north of the island's middle.
"""

from dataclasses import dataclass

from demo.shapes import Settlement

GEOGRAPHY_NAME = "Whinsay – an invented island for trying Kinder out"
ATTRIBUTION = (
    "Whinsay is invented: no such island, people, places, postcodes or figures exist. "
    "Made by a program from a fixed seed."
)
COUNTRY = "Whinsay (invented)"


@dataclass(frozen=True)
class Council:
    key: str
    name: str


@dataclass(frozen=True)
class Community:
    """`seeds`: the settlements it grew from; `share` of the island's people; each neighbourhood's
    seed and poverty (0–1), in its order; `taking_part`: of 1,000 adults, how many take part once
    it is well known there."""

    name: str
    council: str
    seeds: tuple[tuple[float, float], ...]
    share: float
    neighbourhoods: tuple[str, str]
    neighbourhood_seeds: tuple[tuple[float, float], tuple[float, float]]
    poverty: tuple[float, float]
    taking_part: tuple[float, float]
    is_new: bool = False


COUNCILS = (
    Council("town", "Inverwhin Town (invented)"),
    Council("country", "Whinsay Braes and Shores (invented)"),
)

COMMUNITIES = (
    Community(
        "Old Town and Harbour", "town", ((4.2, -2.2),), 1.0,
        ("Old Town", "Harbourside"), ((3.7, -1.9), (4.9, -2.2)), (0.50, 0.72), (88, 74),
    ),
    Community(
        "Kirkbrae", "town", ((4.5, -0.4),), 0.98,
        ("Kirkbrae Hill", "Glenlarrig"), ((3.8, -0.3), (5.4, -0.2)), (0.24, 0.12), (62, 55),
    ),
    Community(
        "Whinfield", "town", ((2.1, -1.7),), 1.02,
        ("Whinfield Cross", "Millhaugh"), ((2.3, -1.2), (1.7, -2.5)), (0.88, 0.70), (82, 46),
    ),
    Community(
        "Eastness", "town", ((6.4, -2.3),), 0.97,
        ("Tolbrae", "Eastness Links"), ((5.9, -1.7), (6.8, -2.8)), (0.46, 0.30), (51, 33),
    ),
    Community(
        "The West Side", "country",
        ((-6.8, -2.5), (-6.8, 4.8), (-2.2, -6.6), (-3.0, -2.0), (-2.0, -4.5), (0.0, -4.8)), 1.03,
        ("Skerravoe and the South", "Balwhinnie"), ((-5.4, -4.2), (-7.0, 4.4)), (0.40, 0.34),
        (41, 18),
    ),
    Community(
        "The North Shore", "country",
        ((7.6, 2.8), (3.4, 6.4), (-1.0, 2.0), (0.3, -0.6), (2.2, 2.2)), 1.0,
        ("Kinlarrig and Auchterwhin", "Tarrick Shore"), ((-0.9, 2.2), (7.0, 4.4)),
        (0.36, 0.56), (5, 5), is_new=True,
    ),
)  # fmt: skip

SETTLEMENTS = (
    Settlement("Inverwhin", 4.3, -1.8, 4_300, 0.95),
    Settlement("Whinfield", 2.2, -1.5, 4_000, 0.86),
    Settlement("Kirkbrae", 4.5, -0.2, 2_300, 0.90),
    Settlement("Eastness", 6.5, -2.5, 3_000, 0.92),
    Settlement("Skerravoe", -7.0, -2.9, 2_100, 0.70),
    Settlement("Kilmarrin", -2.5, -6.9, 1_700, 0.50),
    Settlement("Balwhinnie", -7.4, 5.4, 2_000, 0.75),
    Settlement("Kinlarrig", -1.5, 2.2, 1_900, 0.60),
    Settlement("Auchterwhin", 0.4, -0.6, 1_400, 0.45),
    Settlement("Tarrick", 8.3, 2.3, 2_100, 0.70),
    Settlement("Ardtarrick", 3.2, 7.0, 1_500, 0.50),
    Settlement("Drumwhin", 5.3, 4.3, 1_100, 0.40),
)


@dataclass(frozen=True)
class Named:
    name: str
    kind: str
    district: str
    x: float
    y: float


_TOWN, _COUNTRY = "Inverwhin Town", "Whinsay Braes and Shores"
PLACE_NAMES = (
    Named("Inverwhin", "town", _TOWN, 4.3, -1.8),
    Named("Old Town", "suburb", _TOWN, 3.7, -1.9),
    Named("Harbourside", "suburb", _TOWN, 4.9, -2.3),
    Named("The Shambles", "suburb", _TOWN, 4.1, -2.2),
    Named("Kirkbrae", "suburb", _TOWN, 4.0, -0.3),
    Named("Glenlarrig", "suburb", _TOWN, 5.3, -0.2),
    Named("Whinfield", "suburb", _TOWN, 2.2, -1.4),
    Named("Millhaugh", "suburb", _TOWN, 1.7, -2.4),
    Named("Tolbrae", "suburb", _TOWN, 5.9, -1.7),
    Named("Eastness", "suburb", _TOWN, 6.6, -2.5),
    Named("Eastness Links", "suburb", _TOWN, 7.0, -2.9),
    Named("Creelfield", "suburb", _TOWN, 2.8, -0.9),
    Named("Lammerhill", "suburb", _TOWN, 4.8, 0.4),
    Named("Skerravoe", "village", _COUNTRY, -7.0, -2.9),
    Named("Kilmarrin", "village", _COUNTRY, -2.5, -6.9),
    Named("Balwhinnie", "village", _COUNTRY, -7.4, 5.4),
    Named("Kinlarrig", "village", _COUNTRY, -1.5, 2.2),
    Named("Auchterwhin", "village", _COUNTRY, 0.4, -0.6),
    Named("Tarrick", "village", _COUNTRY, 8.3, 2.3),
    Named("Ardtarrick", "village", _COUNTRY, 3.2, 7.0),
    Named("Drumwhin", "village", _COUNTRY, 5.3, 4.3),
    Named("Craigwhin", "hamlet", _COUNTRY, -4.6, 2.4),
    Named("Corriewhin", "hamlet", _COUNTRY, -3.6, -3.1),
    Named("Nether Skerravoe", "hamlet", _COUNTRY, -6.2, -4.0),
    Named("Balmarrich", "hamlet", _COUNTRY, -8.6, 3.2),
    Named("Ardwhin", "hamlet", _COUNTRY, -5.6, 7.0),
    Named("Port Orrin", "hamlet", _COUNTRY, -8.6, -0.8),
    Named("Strathlarrig", "hamlet", _COUNTRY, 1.2, 3.4),
    Named("Upper Drumwhin", "hamlet", _COUNTRY, 3.8, 3.4),
    Named("Sandhaven of Tarrick", "hamlet", _COUNTRY, 9.4, 3.4),
    Named("Kirkwhin", "hamlet", _COUNTRY, -0.6, -4.6),
    Named("Mains of Larrig", "hamlet", _COUNTRY, 2.0, 0.9),
    Named("Whinhead", "hamlet", _COUNTRY, 7.4, 0.6),
    Named("Selkie Isle", "island", _COUNTRY, 10.9, 5.7),
    Named("Eilean Orrin", "island", _COUNTRY, -10.6, 0.2),
    Named("The Calf of Ardwhin", "island", _COUNTRY, -9.9, 8.4),
)
