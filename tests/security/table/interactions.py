"""Moments: the log of residents, known by their device alone."""

import datetime as dt
import itertools

from django.utils import timezone

from connections.interactions.actions import make_undo_token
from connections.interactions.asking.mail import make_leave_token
from connections.interactions.models import (
    Heard,
    Measure,
    Prompt,
    PromptAnswer,
    Response,
    Story,
)
from connections.interactions.voices.stories import CONSENT
from kinder.accounts.audit import subject_of
from kinder.accounts.models import ConsentRecord
from places.models import Area, OrganisationArea
from tests.factories import CommunityFactory, DifficultyFactory, InteractionFactory, PlaceFactory
from tests.factories.accounts import make_user
from tests.security.rows import ADMINISTRATOR, ALL, KEEPERS, SIGNED_IN, Given, Row, Side, own, thing

THERE = own("worker coordinator lead") + f" {ADMINISTRATOR}"
"""Who works for an organisation there, and the administrator."""
MEMBERS_THERE = own("member worker coordinator lead funder")
_months = itertools.count(1)


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


def make_community(side: Side) -> Area:
    """A community in which the organisation of `side` works."""
    area = CommunityFactory.create()
    OrganisationArea.objects.create(organisation=side.organisation, area=area)
    return area


@thing("community of an organisation")
def _community(side: Side) -> Given:
    return {"code": make_community(side).code}


@thing("proposed measure")
def _measure(side: Side) -> Given:
    measure = Measure.objects.create(
        area=make_community(side),
        number=1,
        question="Is the quay for everybody?",
        scale=Measure.Scale.AGREE_5,
        proposed_by=side.organisation,
        author="Neighbours",
    )
    return {"pk": measure.pk}


def make_heard(side: Side) -> Heard:
    return Heard.objects.create(
        area=make_community(side),
        text=f"Buses end early. {side.mark}",
        heard_from_3=True,
        signed_by=make_user(),
        month_on=timezone.localdate().replace(day=1),
    )


@thing("heard")
def _heard(side: Side) -> Given:
    return {"pk": make_heard(side).pk}


@thing("response")
def _response(side: Side) -> Given:
    heard = make_heard(side)
    done = Response.objects.create(heard=heard, text="Lifts.", done_on=timezone.localdate())
    return {"pk": done.pk}


@thing("story")
def _story(side: Side) -> Given:
    consent = ConsentRecord.objects.create(
        subject=subject_of(side.contributor),
        purpose=CONSENT,
        wording_version="1",
        language="en-gb",
    )
    story = Story.objects.create(
        contributor=side.contributor,
        consent=consent,
        area=CommunityFactory.create(),
        month_on=dt.date(2026, 1, 1),
        text="Three doors opened.",
        language="en-gb",
        approved_at=timezone.now(),
    )
    return {"pk": story.pk}


@thing("day told of")
def _day(side: Side) -> Given:
    number = next(_months)
    month_on = dt.date(2000 + number // 12, number % 12 + 1, 1)
    prompt = Prompt.objects.create(month_on=month_on, asked_on=month_on)
    PromptAnswer.objects.create(prompt=prompt, contributor=side.contributor, is_in_window=False)
    return {"month": f"{month_on:%Y-%m}"}


@thing("link at the foot of a mail")
def _leave(side: Side) -> Given:
    return {"token": make_leave_token(side.contributor.pk)}


@thing("kind of file")
def _kind(_side: Side) -> Given:
    return {"kind": "csv"}


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
    Row("interactions:mine", get=ALL, post=ALL),
    Row("interactions:download", get=ALL, given="kind of file"),
    Row("interactions:forget", get=ALL, post=ALL),
    Row("interactions:share", get="own:device", post="own:device", given="moment"),
    Row("interactions:stories", get=ALL, post=ALL),
    Row("interactions:thank", get=ALL, post=ALL, given="poster"),
    Row("interactions:day", get=ALL, post=ALL),
    Row("interactions:join", get=ALL, post=ALL),
    Row("interactions:change", post=ALL),
    Row("interactions:leave_address", get=ALL, post=ALL),
    Row("interactions:confirm_address", get=ALL, post=ALL),
    Row("interactions:leave_mail", get=ALL, post=ALL, given="link at the foot of a mail"),
    Row("interactions:tell_late", get="device", post="device", given="day told of"),
    Row("interactions:delete_answer", get="own:device", post="own:device", given="day told of"),
    Row("interactions:take_card", get=ALL, post=ALL),
    Row("interactions:measures", get=SIGNED_IN, post=MEMBERS_THERE, given="community of an organisation"),
    Row("interactions:measure_comment", get=MEMBERS_THERE, post=MEMBERS_THERE, given="proposed measure"),
    Row("interactions:decide_measure", post=ADMINISTRATOR, given="proposed measure"),
    Row("interactions:ordinary_day", get=THERE, post=THERE, given="community of an organisation"),
    Row("interactions:enter_card", get=THERE, post=THERE, given="community of an organisation"),
    Row("interactions:heard", get=THERE, post=THERE, given="community of an organisation"),
    Row("interactions:pins", get=THERE, post=THERE, given="community of an organisation", body={"place": "none"}),
    Row("interactions:answer_heard", get=THERE, post=THERE, given="heard"),
    Row("interactions:change_heard", post=THERE, given="heard"),
    Row("interactions:change_response", post=THERE, given="response"),
    Row("interactions:reword", get=KEEPERS, post=KEEPERS, given="story"),
    Row("interactions:code", get=ALL, post=ALL),
    Row("interactions:enter_code", get=ALL, post=ALL),
    Row("device:poster", get=ALL, given="poster"),
    Row("interaction", put="own:device", patch="own:device", delete="own:device", given="moment", shape_first=True),
    Row("difficulty", put="own:device", given="difficulty", shape_first=True),
    Row("interaction-batch", post="device", shape_first=True),
]
# fmt: on
