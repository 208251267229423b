"""Thanks to places, what was said of a proposed question, and a coming Ordinary Day."""

import datetime as dt

import numpy as np
from django.utils import timezone

from connections.interactions.models import Measure, MeasureComment, OrdinaryDay, Thank
from demo.crowd import Crowd
from demo.moments import list_keys
from demo.town import SEED
from demo.whereabouts import SOURCE, organisations_by_key
from kinder.accounts.models import User
from places.models import Area, Geography, Place

# Place, months ago, words, state.
_ACCEPTED, _OFFERED, _DECLINED = Thank.State.ACCEPTED, Thank.State.OFFERED, Thank.State.DECLINED
THANKS = (
    ("The Long Table", 2, "For laying one place too many, always.", _ACCEPTED),
    ("The Long Table", 1, "For the seat by the radiator.", _ACCEPTED),
    ("The Long Table", 1, "Nobody asked me why I came.", _ACCEPTED),
    ("The Long Table", 1, "The bread on Tuesdays.", _ACCEPTED),
    ("The Warm Teapot", 1, "For letting us talk past closing.", _ACCEPTED),
    ("The Warm Teapot", 1, "You remember how I take my tea.", _ACCEPTED),
    ("Inverwhin Community Hub", 1, "A warm room on a wet Monday.", _ACCEPTED),
    ("Inverwhin Community Hub", 0, "For the big print on the notices.", _OFFERED),
    ("The Long Table", 0, "My father laughed here again.", _OFFERED),
    ("The Warm Teapot", 0, "Best scones and best prices, visit us online!", _DECLINED),
)
COMMENTS = (
    ("north", "Could it say “village or farm”? Half of us live in neither street nor village."),
    ("north", "We like it. One thing at a time, and it can be answered by newcomers."),
)
CARDS = 80


def load_thanks(crowd: Crowd, geography: Geography, *, day: dt.date, seed: int = SEED) -> int:
    """Insert thanks, comments, and the day that Whinfield plans."""
    rng = np.random.default_rng([seed, 13])
    here = np.flatnonzero(crowd.left == crowd.left.max())
    keys = list_keys(crowd, seed=seed)
    worker = User.objects.get(email="worker@example.org")
    places = {place.name: place for place in Place.objects.filter(source=SOURCE)}
    rows = []
    for name, ago, text, state in THANKS:
        if name not in places:
            continue
        month_on = _month(day, ago)
        at = _noon(min(month_on + dt.timedelta(days=9), day - dt.timedelta(days=1)))
        rows.append(
            Thank(
                place=places[name],
                contributor_id=None
                if places[name].is_sensitive
                else keys.ids[int(rng.choice(here))],
                text=text,
                language="en-gb",
                month_on=month_on,
                state=state,
                created_at=at,
                decided_at=None if state == _OFFERED else at + dt.timedelta(days=1),
                decided_by=None if state == _OFFERED else worker,
            )
        )
    Thank.objects.bulk_create(rows)
    return len(rows) + _load_comments(day) + _plan_day(geography, worker, day)


def _load_comments(day: dt.date) -> int:
    organisations = organisations_by_key()
    proposed = Measure.objects.filter(state=Measure.State.PROPOSED)
    comments = [
        MeasureComment(
            measure=measure,
            organisation=organisations[key],
            text=text,
            created_at=_noon(day - dt.timedelta(days=3 + number)),
        )
        for measure in proposed
        for number, (key, text) in enumerate(COMMENTS)
    ]
    MeasureComment.objects.bulk_create(comments)
    return len(comments)


def _plan_day(geography: Geography, worker: User, day: dt.date) -> int:
    """Plan Whinfield's day for the next month that is the first or second of a quarter."""
    month_on = _month(day, -1)
    while month_on.month % 3 == 0:
        month_on = _month(month_on, -1)
    area = Area.objects.get(geography=geography, level="community", name="Whinfield")
    OrdinaryDay.objects.create(
        area=area,
        month_on=month_on,
        cards=CARDS,
        planned_by=worker,
        created_at=_noon(day - dt.timedelta(days=12)),
    )
    return 1


def _month(day: dt.date, ago: int) -> dt.date:
    """The first day of the month so many months ago, or ahead where it is negative."""
    months = day.year * 12 + day.month - 1 - ago
    return dt.date(months // 12, months % 12 + 1, 1)


def _noon(on: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(on, dt.time(12)))
