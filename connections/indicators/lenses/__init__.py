"""Ways of looking at released figures: inequality, clusters, change.

`read_inequality`, `read_clusters` and `read_change` take a published release and read nothing but
its figures and public facts about areas, on the connection that the caller names. What they compute
with are the pure functions beside them.
"""

from connections.indicators.lenses.change import Chart, Point, Signal, Step
from connections.indicators.lenses.inequality import Inequality
from connections.indicators.lenses.reading import (
    CHANGE_CODES,
    CLUSTER_CODES,
    LENS_CODES,
    Change,
    Clusters,
    InequalityLens,
    read_change,
    read_clusters,
    read_inequality,
)

__all__ = [
    "CHANGE_CODES",
    "CLUSTER_CODES",
    "LENS_CODES",
    "Change",
    "Chart",
    "Clusters",
    "Inequality",
    "InequalityLens",
    "Point",
    "Signal",
    "Step",
    "read_change",
    "read_clusters",
    "read_inequality",
]
