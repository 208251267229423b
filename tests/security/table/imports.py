"""Imports of places."""

from places.exchange.models import ImportRow, PlaceImport
from tests.security.rows import KEEPERS, Given, Row, Side, thing


def _make(state: str) -> PlaceImport:
    return PlaceImport.objects.create(
        format=PlaceImport.Format.HSDS, name="A list", source="a-list", state=state
    )


@thing("import")
def _import(_side: Side) -> Given:
    return {"number": _make(PlaceImport.State.LOOKING).pk}


@thing("import row")
def _row(_side: Side) -> Given:
    job = _make(PlaceImport.State.LOOKING)
    ImportRow.objects.create(job=job, number=1, facts={"name": "X"}, problem="no position")
    return {"number": job.pk, "row": 1}


# fmt: off
ROWS = [
    Row("imports:list", get=KEEPERS, post=KEEPERS),
    Row("imports:import", get=KEEPERS, given="import"),
    Row("imports:progress", get=KEEPERS, given="import"),
    Row("imports:columns", get=KEEPERS, post=KEEPERS, given="import"),
    Row("imports:decide", post=KEEPERS, given="import"),
    Row("imports:row", get=KEEPERS, post=KEEPERS, given="import row"),
    Row("imports:act", post=KEEPERS, given="import", body={"deed": "cancel"}),
    Row("imports:points", get=KEEPERS, given="import"),
]
# fmt: on
