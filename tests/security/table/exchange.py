"""What goes out to programs: open places, areas and gatherings."""

from places.exchange.directory_ids import make_id, name_id
from tests.factories import PlaceFactory
from tests.security.rows import ALL, Given, Row, Side, thing


@thing("collection")
def _collection(_side: Side) -> Given:
    return {"collection": "places"}


@thing("feature")
def _feature(side: Side) -> Given:
    place = PlaceFactory.create(organisation=side.organisation)
    return {"collection": "places", "feature": place.code}


@thing("service")
def _service(side: Side) -> Given:
    return {"id": make_id("place", PlaceFactory.create(organisation=side.organisation).pk)}


@thing("service at")
def _service_at(side: Side) -> Given:
    return {"id": make_id("place at", PlaceFactory.create(organisation=side.organisation).pk)}


@thing("open organisation")
def _organisation(side: Side) -> Given:
    PlaceFactory.create(organisation=side.organisation)
    return {"id": make_id("organisation", side.organisation.pk)}


@thing("taxonomy")
def _taxonomy(_side: Side) -> Given:
    return {"id": name_id("welcome")}


@thing("term")
def _term(_side: Side) -> Given:
    return {"id": name_id("welcome", "warm")}


# fmt: off
ROWS = [
    Row("features:landing", get=ALL),
    Row("features:api", get=ALL),
    Row("features:conformance", get=ALL),
    Row("features:collections", get=ALL),
    Row("features:collection", get=ALL, given="collection"),
    Row("features:items", get=ALL, given="collection"),
    Row("features:item", get=ALL, given="feature"),
    Row("embed:places", get=ALL),
    Row("embed:whats-on", get=ALL),
    Row("feeds:places", get=ALL),
    Row("feeds:whats-on", get=ALL),
    Row("directory:base", get=ALL),
    Row("directory:services", get=ALL),
    Row("directory:service", get=ALL, given="service"),
    Row("directory:services-at", get=ALL),
    Row("directory:service-at", get=ALL, given="service at"),
    Row("directory:organisations", get=ALL),
    Row("directory:organisation", get=ALL, given="open organisation"),
    Row("directory:taxonomies", get=ALL),
    Row("directory:taxonomy", get=ALL, given="taxonomy"),
    Row("directory:terms", get=ALL),
    Row("directory:term", get=ALL, given="term"),
]
# fmt: on
