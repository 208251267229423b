"""Ungated sums: what people and places add up to before the gate has looked.

`publish` alone imports this package. People are summed by council, so that many workers share a
release; places for the whole country at once, for people walk across borders.
"""

from connections.indicators.components.areas import AreaFacts, areas_of, chain
from connections.indicators.components.befriending import compute_befriending
from connections.indicators.components.changes import count_changes
from connections.indicators.components.people import compute_people, statements_of
from connections.indicators.components.places import compute_places
from connections.indicators.components.rows import watermark_of, write_rows

__all__ = [
    "AreaFacts",
    "areas_of",
    "chain",
    "compute_befriending",
    "compute_people",
    "compute_places",
    "count_changes",
    "statements_of",
    "watermark_of",
    "write_rows",
]
