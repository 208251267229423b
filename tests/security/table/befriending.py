"""Befriending: what belongs to a service is seen by that service alone."""

from tests.security.rows import Row

# fmt: off
ROWS: list[Row] = [
]
# fmt: on
