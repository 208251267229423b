"""Draws an island that is nowhere: coast, blocks, and a nested geography grown over them.

Everything is drawn in metres around a point of the open North Sea and turned into longitude and
latitude last. Small blocks share their edges exactly; every area is a union of whole blocks, so
areas of one level cover the land once and nest without slivers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra
from shapely import MultiPolygon, Point, Polygon, STRtree
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize, unary_union

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shape = TypeVar("Shape", Point, MultiPolygon)

# Open sea, 100 km off Aberdeenshire: inside the British grid, on no land.
CENTRE_LON, CENTRE_LAT = -0.2, 57.4
METRES_A_DEGREE = 111_320.0
BLOCKS = 2_600
# The grid to which lines are snapped, in metres.
GRID = 1.0

# The coast as a hand would sketch it, in kilometres; chance roughens it.
COAST = [
    (-2.0, -8.5), (0.5, -7.7), (2.4, -6.5), (3.3, -5.3), (3.1, -4.2), (3.4, -3.2), (4.1, -2.7),
    (4.9, -3.0), (5.5, -3.8), (6.7, -4.5), (8.5, -3.7), (9.8, -1.6), (9.1, 0.6), (10.2, 2.5),
    (9.0, 4.8), (6.7, 5.5), (5.4, 7.4), (2.8, 8.3), (0.7, 7.2), (-0.6, 5.4), (-1.3, 3.6),
    (-2.0, 3.2), (-2.5, 4.0), (-2.7, 5.8), (-4.3, 7.8), (-7.0, 8.0), (-9.2, 6.0), (-9.8, 3.3),
    (-8.4, 1.3), (-9.4, -1.2), (-8.1, -3.8), (-6.4, -4.5), (-5.6, -6.6), (-4.0, -8.0),
]  # fmt: skip
ISLETS = [((10.9, 5.7), 0.75), ((-10.6, 0.2), 0.55), ((-9.9, 8.4), 0.4)]


@dataclass(frozen=True)
class Settlement:
    """Where people live: `peak` residents a km² at the middle, thinning out over `reach` km."""

    name: str
    x: float
    y: float
    peak: float
    reach: float


@dataclass(frozen=True)
class Blocks:
    """The smallest pieces of land: polygons in metres, who lives there, what touches what."""

    polygons: list[Polygon]
    centres: Floats
    residents: Floats
    touching: csr_array


def draw_coast(rng: np.random.Generator) -> MultiPolygon:
    """The island and its islets, in metres."""
    land = [_draw_shore(np.array(COAST) * 1_000, rng, 0.13)]
    for (x, y), radius in ISLETS:
        angles = np.sort(rng.uniform(0, 2 * np.pi, 9))
        reach = radius * rng.uniform(0.6, 1.15, 9)
        ring = np.column_stack([x + reach * np.cos(angles), y + reach * np.sin(angles)])
        land.append(_draw_shore(ring * 1_000, rng, 0.08))
    return _as_multipolygon(shapely.set_precision(unary_union(land), GRID))


def _draw_shore(ring: Floats, rng: np.random.Generator, roughness: float) -> Polygon:
    while not (shore := _roughen(ring, rng, roughness)).is_valid:
        pass  # two headlands crossed: draw again
    return shore


def _roughen(ring: Floats, rng: np.random.Generator, roughness: float) -> Polygon:
    """Midpoint displacement until no side is longer than about 120 m."""
    while True:
        after = np.roll(ring, -1, axis=0)
        sides = after - ring
        lengths = np.hypot(sides[:, 0], sides[:, 1])
        if lengths.max() < 120:
            return Polygon(ring)
        normals = np.column_stack([-sides[:, 1], sides[:, 0]])
        shift = rng.normal(0, roughness, len(ring)).clip(-2 * roughness, 2 * roughness)
        middles = (ring + after) / 2 + normals * shift[:, None]
        merged = np.empty((2 * len(ring), 2))
        merged[0::2], merged[1::2] = ring, middles
        keep = np.ones(len(merged), dtype=bool)
        keep[1::2] = lengths > 60
        ring = merged[keep]


def density(points: Floats, settlements: Sequence[Settlement]) -> Floats:
    """Residents a km² at points in metres: settlements over thinly lived-in land."""
    people = np.full(len(points), 6.0)
    for place in settlements:
        away = np.hypot(points[:, 0] / 1_000 - place.x, points[:, 1] / 1_000 - place.y)
        people += place.peak * np.exp(-((away / place.reach) ** 2))
    return people


def cut_blocks(
    coast: MultiPolygon, settlements: Sequence[Settlement], rng: np.random.Generator
) -> Blocks:
    """Cut the land into blocks, small where many live: Voronoi cells clipped by the coast."""
    points = _scatter(coast, settlements, rng)
    box = shapely.box(*coast.buffer(3_000).bounds)
    for _ in range(2):  # Lloyd's steps: even blocks without making a honeycomb of them
        cells = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=box, ordered=True)
        inside = shapely.intersection(np.array(shapely.get_parts(cells)), coast)
        middles = shapely.centroid(inside)
        moved = np.column_stack([shapely.get_x(middles), shapely.get_y(middles)])
        points = np.where(np.isnan(moved), points, 0.4 * points + 0.6 * moved)
    edges = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=box, only_edges=True)
    inland = shapely.intersection(edges, coast)
    lines = shapely.union_all(np.array([inland, coast.boundary]), grid_size=GRID)
    polygons = [
        piece
        for piece in polygonize(shapely.get_parts(lines))
        if coast.contains(piece.representative_point())
    ]
    inner = [piece.representative_point() for piece in polygons]
    centres = np.array([(point.x, point.y) for point in inner])
    km2 = shapely.area(np.array(polygons)) / 1e6
    residents = density(centres, settlements) * km2
    return Blocks(polygons, centres, residents, _find_touching(polygons, centres))


def _scatter(
    coast: MultiPolygon, settlements: Sequence[Settlement], rng: np.random.Generator
) -> Floats:
    left, low, right, high = coast.bounds
    found: list[Floats] = []
    shapely.prepare(coast)
    top = density(np.array([(s.x * 1_000, s.y * 1_000) for s in settlements]), settlements).max()
    while sum(len(some) for some in found) < BLOCKS:
        tries = rng.uniform((left, low), (right, high), (20_000, 2))
        chance = 0.02 + (density(tries, settlements) / top) ** 0.7
        tries = tries[rng.random(len(tries)) < chance]
        found.append(tries[shapely.contains_xy(coast, tries[:, 0], tries[:, 1])])
    return np.concatenate(found)[:BLOCKS]


def _find_touching(polygons: list[Polygon], centres: Floats) -> csr_array:
    """Which blocks share an edge, and how far apart they are; islets join by the nearest water."""
    tree = STRtree(polygons)
    one, other = tree.query(polygons, predicate="intersects")
    one, other = one[one < other], other[one < other]
    shapes = np.array(polygons)
    shared = shapely.length(shapely.intersection(shapes[one], shapes[other])) > GRID
    one, other = one[shared], other[shared]
    while True:
        away = np.hypot(*(centres[one] - centres[other]).T)
        size = len(polygons)
        graph = coo_array((away, (one, other)), shape=(size, size)).tocsr()
        graph = (graph + graph.T).tocsr()
        reached = np.isfinite(dijkstra(graph, indices=np.array([0]))[0])
        if reached.all():
            return csr_array(graph)
        # The shortest crossing from what is reached to what is not.
        near, far = np.flatnonzero(reached), np.flatnonzero(~reached)
        gaps = np.hypot(
            centres[near, None, 0] - centres[None, far, 0],
            centres[near, None, 1] - centres[None, far, 1],
        )
        i, j = np.unravel_index(gaps.argmin(), gaps.shape)
        one, other = np.append(one, near[i]), np.append(other, far[j])


def grow(
    blocks: Blocks,
    members: Ints,
    seeds: Floats,
    shares: Floats,
    owners: Ints | None = None,
) -> Ints:
    """Divide `members` among `seeds` so that each part holds about its share of residents.

    Each part is what is nearest to its seed by way of touching blocks, after a head start that
    is adjusted until the shares fit: so what grows from one seed is in one piece. `owners` gives
    the part of each seed where a part has several. Returns a part's number for each member.
    """
    owners = np.arange(len(seeds)) if owners is None else owners
    inside = blocks.touching[members][:, members].tocoo()
    crowd = np.sqrt(blocks.residents[members] / _areas(blocks, members))
    # Where many live a metre counts for more, as it does to those who live there.
    weights = inside.data * (crowd[inside.row] + crowd[inside.col] + 20.0)
    size, parts = len(members), len(shares)
    starts = np.array([np.hypot(*(blocks.centres[members] - seed).T).argmin() for seed in seeds])
    people = blocks.residents[members]
    wanted = shares / shares.sum()
    head = np.zeros(parts)
    best, best_gap = np.zeros(size, dtype=np.int64), np.inf
    step = 0.25 * np.median(weights) * np.sqrt(size / parts)
    for turn in range(160):
        ahead = (head - head.min())[owners]
        label = owners[_nearest(inside, weights, starts, ahead, size)]
        held = np.bincount(label, people, parts) / people.sum()
        gap = float(np.abs(held / wanted - 1).max())
        if gap < best_gap:
            best, best_gap = label, gap
        head += step * (1 - turn / 200) * np.clip(held / wanted - 1, -0.8, 0.8)
    return best


def _nearest(graph: coo_array, weights: Floats, starts: Ints, head: Floats, size: int) -> Ints:
    """The seed from which each block is reached first."""
    rows = np.concatenate([graph.row, np.full(len(starts), size)])
    cols = np.concatenate([graph.col, starts])
    data = np.concatenate([weights, head + 1e-3])
    whole = coo_array((data, (rows, cols)), shape=(size + 1, size + 1)).tocsr()
    costs, befores = dijkstra(whole, indices=np.array([size]), return_predecessors=True)
    cost, before = costs[0], befores[0]
    label = np.full(size + 1, -1, dtype=np.int64)
    part_of = {int(start): part for part, start in enumerate(starts)}
    for block in np.argsort(cost):
        if block == size:
            continue
        came = before[block]
        label[block] = part_of[int(block)] if came == size else label[came]
    return label[:size]


def _areas(blocks: Blocks, members: Ints) -> Floats:
    shapes = np.array([blocks.polygons[i] for i in members])
    return shapely.area(shapes) / 1e6


def spread_seeds(blocks: Blocks, members: Ints, parts: int, rng: np.random.Generator) -> Floats:
    """Middles of `parts` clusters of the people who live in `members` (weighted k-means)."""
    points, people = blocks.centres[members], blocks.residents[members]
    chance = people / people.sum()
    seeds = points[rng.choice(len(points), 1, p=chance)]
    while len(seeds) < parts:  # far apart to begin with
        away = _distances(points, seeds).min(axis=1) ** 2 * people
        seeds = np.vstack([seeds, points[rng.choice(len(points), p=away / away.sum())]])
    for _ in range(40):
        label = _distances(points, seeds).argmin(axis=1)
        for part in range(parts):
            mine = label == part
            if mine.any():
                seeds[part] = np.average(points[mine], axis=0, weights=people[mine])
    return seeds


def _distances(points: Floats, seeds: Floats) -> Floats:
    return np.hypot(points[:, None, 0] - seeds[None, :, 0], points[:, None, 1] - seeds[None, :, 1])


def join(blocks: Blocks, members: Ints) -> MultiPolygon:
    """The union of whole blocks, in metres."""
    return _as_multipolygon(shapely.coverage_union_all([blocks.polygons[i] for i in members]))


def _as_multipolygon(shape: BaseGeometry) -> MultiPolygon:
    return MultiPolygon([part for part in shapely.get_parts(shape) if isinstance(part, Polygon)])


def to_lonlat(shape: Shape) -> Shape:
    """From metres around the island's middle to degrees, to a centimetre."""
    scale = METRES_A_DEGREE * np.cos(np.radians(CENTRE_LAT))

    def turn(points: Floats) -> Floats:
        lon = CENTRE_LON + points[:, 0] / scale
        lat = CENTRE_LAT + points[:, 1] / METRES_A_DEGREE
        return np.column_stack([lon, lat]).round(7)

    return shapely.transform(shape, turn)
