"""Moments: the log of residents, known by their device alone."""

from connections.interactions.actions import make_undo_token
from tests.factories import DifficultyFactory, InteractionFactory, PlaceFactory
from tests.security.rows import ALL, Given, Row, Side, thing


@thing("moment")
def _moment(side: Side) -> Given:
    return {"id": InteractionFactory.create(contributor=side.contributor).pk}


@thing("difficulty")
def _difficulty(side: Side) -> Given:
    return {"id": DifficultyFactory.create(contributor=side.contributor).pk}


@thing("undo token")
def _undo_token(side: Side) -> Given:
    return {"token": make_undo_token(InteractionFactory.create(contributor=side.contributor))}


@thing("poster")
def _poster(side: Side) -> Given:
    return {"code": PlaceFactory.create(organisation=side.organisation).code}


# fmt: off
ROWS = [
    Row("interactions:log", get=ALL, post=ALL),
    Row("interactions:log_offline", get=ALL),
    Row("interactions:hard_offline", get=ALL),
    Row("interactions:where", get=ALL, post=ALL),
    Row("interactions:hard", get=ALL, post=ALL),
    Row("interactions:undo", get=ALL, post=ALL, given="undo token"),
    Row("interactions:saved", get="own:device", post="own:device", given="moment"),
    Row("interactions:delete", get="own:device", post="own:device", given="moment"),
    Row("interactions:correct", get="own:device", post="own:device", given="moment"),
    Row("interactions:mine", get=ALL),
    Row("device:poster", get=ALL, given="poster"),
    Row("interaction", put="own:device", patch="own:device", delete="own:device", given="moment", shape_first=True),
    Row("difficulty", put="own:device", given="difficulty", shape_first=True),
    Row("interaction-batch", post="device", shape_first=True),
]
# fmt: on
