"""What goes out to programs: open places, areas and gatherings."""

from tests.factories import PlaceFactory
from tests.security.rows import ALL, Given, Row, Side, thing


@thing("collection")
def _collection(_side: Side) -> Given:
    return {"collection": "places"}


@thing("feature")
def _feature(side: Side) -> Given:
    place = PlaceFactory.create(organisation=side.organisation)
    return {"collection": "places", "feature": place.code}


# fmt: off
ROWS = [
    Row("features:landing", get=ALL),
    Row("features:api", get=ALL),
    Row("features:conformance", get=ALL),
    Row("features:collections", get=ALL),
    Row("features:collection", get=ALL, given="collection"),
    Row("features:items", get=ALL, given="collection"),
    Row("features:item", get=ALL, given="feature"),
]
# fmt: on
