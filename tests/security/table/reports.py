"""Released figures: pages, map and files."""

import datetime as dt
import uuid

from connections.indicators.models import Quarter
from connections.reports.actions import ask_report, make_file
from connections.reports.drawn import keep_shape
from connections.reports.models import ApiKey, AreaReport, FigureView, ReportSchedule
from connections.reports.question import Question
from connections.reports.vocabulary import Format, Section
from places.models import Area
from tests.factories import CouncilFactory
from tests.factories.releases import publish_figures
from tests.security.rows import ALL, SIGNED_IN, Given, Row, Side, own, thing

QUARTER_ON = dt.date(2024, 10, 1)


@thing("reported area")
def _area(_side: Side) -> Given:
    council = CouncilFactory.create()
    if not Quarter.objects.filter(starts_on=QUARTER_ON).exists():
        fields = {"people": 340, "value": 28.0, "lower": 25.0, "upper": 31.0}
        publish_figures([(council, "A1", fields)], quarter_on=QUARTER_ON)
    return {"code": council.code}


@thing("reported file")
def _file(side: Side) -> Given:
    return {**_area(side), "period": "2024-Q4", "file_format": "csv"}


@thing("newest file")
def _newest(side: Side) -> Given:
    return {**_area(side), "file_format": "csv"}


@thing("built report")
def _built(side: Side) -> Given:
    """Whoever holds its address may see it: it tells released figures only."""
    code = _area(side)["code"]
    question = Question(
        areas=(code,), period="2024-Q4", language="en-gb", sections=(Section.FIGURES,)
    )
    return {"key": ask_report(by=None, question=question, formats=[Format.CSV]).pk}


@thing("built file")
def _built_file(side: Side) -> Given:
    key = _built(side)["key"]
    make_file(report=AreaReport.objects.get(pk=key), file_format=Format.CSV)
    return {"key": key, "file_format": "csv"}


@thing("kept view")
def _view(side: Side) -> Given:
    view = FigureView.objects.create(user=side.visitor, name=side.mark, address="/figures/")
    return {"key": view.pk}


@thing("standing order")
def _order(side: Side) -> Given:
    order = ReportSchedule.objects.create(
        user=side.visitor, name=side.mark, question={}, formats=[Format.CSV]
    )
    return {"key": order.pk}


@thing("key of the API")
def _key(side: Side) -> Given:
    key = ApiKey.objects.create(
        user=side.visitor, name=side.mark, scopes=[], key_hmac=uuid.uuid4().bytes, start="kinder"
    )
    return {"key": key.pk}


@thing("shared picture")
def _picture(side: Side) -> Given:
    return {**_area(side), "period": "2024-Q4"}


@thing("whole release")
def _release(side: Side) -> Given:
    _area(side)
    return {"period": "2024-Q4"}


@thing("drawn shape")
def _shape(side: Side) -> Given:
    """A drawn shape is of nobody: whoever holds its address may see it."""
    code = _area(side)["code"]
    _populate(code)
    return {"key": keep_shape(shape=Area.objects.get(code=code).geometry, made="drawn").pk}


def _populate(code: str) -> None:
    area = Area.objects.get(code=code)
    Area.objects.filter(pk=area.pk).update(population=5_000)


# fmt: off
ROWS = [
    Row("reports:area", get=ALL, given="reported area"),
    Row("reports:index", get=ALL),
    Row("reports:map", get=ALL),
    Row("reports:values", get=ALL, query={"indicator": "A1", "level": "council"}),
    Row("reports:newest", get=ALL, given="newest file"),
    Row("reports:download", get=ALL, given="reported file"),
    Row("reports:compare", get=ALL),
    Row("reports:build", get=ALL, post=ALL),
    Row("reports:built", get=ALL, given="built report"),
    Row("reports:cancel", post=ALL, given="built report"),
    Row("reports:again", post=ALL, given="built report"),
    Row("reports:built_file", get=ALL, given="built file"),
    Row("reports:mine", get=SIGNED_IN),
    Row("reports:keep_view", post=SIGNED_IN),
    Row("reports:forget_view", post=own(SIGNED_IN), given="kept view"),
    Row("reports:stop_schedule", post=own(SIGNED_IN), given="standing order"),
    Row("reports:keys", get=SIGNED_IN, post=SIGNED_IN),
    Row("reports:share_image", get=ALL, given="shared picture"),
    Row("reports:draw", get=ALL, post=ALL),
    Row("reports:drawn", get=ALL, given="drawn shape"),
    Row("reports:data", get=ALL),
    Row("reports:feed", get=ALL),
    Row("api-releases", get=ALL),
    Row("api-figures", get=ALL),
    Row("api-bulk", get=ALL, given="whole release"),
    Row("reports:end_key", post=own(SIGNED_IN), given="key of the API"),
]
# fmt: on
