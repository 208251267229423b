"""The hall: pages that gather from several rooms."""

import uuid

from kinder.accounts.models import Decision
from tests.factories import CouncilFactory
from tests.security.rows import ADMINISTRATOR, ALL, KEEPERS, SIGNED_IN, Given, Row, Side, thing


@thing("area page")
def _area(_side: Side) -> Given:
    return {"code": CouncilFactory.create().code}


@thing("decided")
def _decided(_side: Side) -> Given:
    batch = uuid.uuid4()
    Decision.objects.create(queue="gatherings", object_id="1", verdict="accept", batch=batch)
    return {"batch": batch}


# fmt: off
ROWS = [
    Row("pages:home", get=ALL),
    Row("pages:today", get=SIGNED_IN),
    Row("pages:search", get=ALL),
    Row("pages:area", get=ALL, given="area page"),
    Row("pages:moderation", get=KEEPERS, post=KEEPERS),
    Row("pages:take_back", post=KEEPERS, given="decided"),
    Row("worker", get=ALL),
    Row("pages:offline", get=ALL),
    Row("pages:waiting", get=ALL),
    Row("pages:setup", get=ADMINISTRATOR),
    Row("pages:about", get=ALL),
    Row("pages:privacy", get=ALL),
    Row("pages:accessibility", get=ALL),
    Row("pages:appearance", get=ALL, post=ALL),
    Row("pages:manifest", get=ALL),
]
# fmt: on
