"""The ordinary-day question, month by month, and the communities' own measures."""

import calendar
import datetime as dt
from dataclasses import dataclass

import numpy as np
from django.utils import timezone

from connections.interactions.models import Measure, Prompt
from demo.copying import NULL, copy_columns
from demo.copying import days as iso_days
from demo.copying import moments as iso_times
from demo.crowd import Crowd
from demo.moments import list_keys
from demo.quarters import add_quarters, first_quarter, quarter_of
from demo.town import SEED
from demo.whereabouts import organisations_by_key
from places.models import Area, Geography

# Of those asked, so many answer in time; some readers answer always, some hardly ever.
ANSWERING = 0.56
WINDOW_DAYS = 3


@dataclass(frozen=True)
class MeasureSpec:
    """`opened` and `closed` are quarters before the running one."""

    community: str
    number: int
    question: str
    scale: Measure.Scale
    organisation: str
    author: str
    state: Measure.State
    opened: int | None = None
    closed: int | None = None
    mean: float = 3.6


_AGREE, _TEN = Measure.Scale.AGREE_5, Measure.Scale.ZERO_TO_TEN
_STATE = Measure.State
MEASURES = (
    MeasureSpec(
        "Whinfield", 1, "There is always a door on my street I can knock on.", _AGREE,
        "whinfield", "Whinfield Neighbours", _STATE.OPEN, 9, None, 3.9,
    ),
    MeasureSpec(
        "Whinfield", 2, "How easy is it to ask for a hand here? (0 hard – 10 easy)", _TEN,
        "whinfield", "Whinfield Neighbours", _STATE.OPEN, 4, None, 6.1,
    ),
    MeasureSpec(
        "Whinfield", 3, "The close is somewhere I stop to talk.", _AGREE,
        "whinfield", "Whinfield Neighbours", _STATE.CLOSED, 12, 6, 3.3,
    ),
    MeasureSpec(
        "Old Town and Harbour", 1, "A stranger on the quay is soon no stranger.", _AGREE,
        "hub", "The Hub's Monday table", _STATE.OPEN, 8, None, 3.7,
    ),
    MeasureSpec(
        "Old Town and Harbour", 2, "How often was there a seat for you this season? (0 never – "
        "10 always)", _TEN, "table", "The Long Table", _STATE.OPEN, 3, None, 6.8,
    ),
    MeasureSpec(
        "Kirkbrae", 1, "I know the first names of my neighbours on both sides.", _AGREE,
        "hub", "Kirkbrae library group", _STATE.OPEN, 5, None, 3.4,
    ),
    MeasureSpec(
        "Eastness", 1, "The Links are for everybody.", _AGREE, "council", "Eastness readers",
        _STATE.DECLINED,
    ),
    MeasureSpec(
        "The North Shore", 1, "I have met somebody from another village this month.", _AGREE,
        "north", "North Shore Together", _STATE.PROPOSED,
    ),
)  # fmt: skip


def load_prompts(crowd: Crowd, *, day: dt.date, seed: int = SEED) -> int:
    """Insert each month's question, who wished to be asked, and what they answered."""
    rng = np.random.default_rng([seed, 7])
    start_on = first_quarter(day)
    start = np.datetime64(start_on)
    last = (day - start_on).days - 1
    keys = list_keys(crowd, seed=seed)
    asked = _draw_prompts(start_on, day, rng)
    enrolled = np.flatnonzero(crowd.is_enrolled & (crowd.left > crowd.came + 5))
    since = crowd.came[enrolled] + rng.integers(0, 20, len(enrolled)).clip(
        max=crowd.left[enrolled] - crowd.came[enrolled] - 1
    )
    until = crowd.left[enrolled]
    paused = (rng.random(len(enrolled)) < 0.04) & (until > last)
    copy_columns(
        "interactions_promptenrolment",
        {
            "contributor_id": [keys.ids[i] for i in enrolled],
            "enrolled_on": iso_days(start, since),
            "paused_on": np.where(paused, str(day - dt.timedelta(days=9)), NULL),
            "stopped_on": np.where(until > last, NULL, np.array(iso_days(start, until))),
        },
    )
    poverty = np.array([place.poverty for place in crowd.neighbourhoods])
    # Whether somebody answers is a habit too.
    habit = rng.beta(2.6, 2.6 * (1 - ANSWERING) / ANSWERING, len(crowd))
    liveliness = rng.gamma(4.0, 0.25, len(crowd))
    made = len(asked)
    for month_on, asked_on in asked:
        number = (asked_on - start_on).days
        if number + 1 > last:
            continue
        ready = (since <= number) & (until > number + 1)
        made += copy_columns(
            "interactions_promptasked",
            {
                "prompt_id": np.full(int(ready.sum()), str(month_on)),
                "contributor_id": [keys.ids[i] for i in enrolled[ready]],
            },
        )
        people = enrolled[ready & (rng.random(len(enrolled)) < habit[enrolled])]
        count = len(people)
        lag = rng.choice([1, 2, 3, 6], count, p=[0.62, 0.22, 0.10, 0.06])
        when = np.minimum(number + lag, last)
        hard = rng.random(count) < 0.10 + 0.10 * poverty[crowd.home[people]]
        life = liveliness[people]
        made += copy_columns(
            "interactions_promptanswer",
            {
                "prompt_id": np.full(count, str(month_on)),
                "contributor_id": [keys.ids[i] for i in people],
                "area_id": [str(keys.homes[i]) for i in people],
                "gave": rng.poisson(0.8 * life).clip(0, 20).astype(str),
                "received": rng.poisson(1.0 * life).clip(0, 20).astype(str),
                "noticed": rng.poisson(0.7 * life).clip(0, 20).astype(str),
                "rely": _agreement(rng, count, 2.1),
                "kind": _agreement(rng, count, 2.0),
                "was_hard": np.where(rng.random(count) < 0.12, NULL, np.where(hard, "t", "f")),
                "is_in_window": np.where(when - number <= WINDOW_DAYS, "t", "f"),
                "created_at": iso_times(start, when, rng.integers(9 * 3600, 19 * 3600, count)),
            },
        )
    return made + len(enrolled)


def _draw_prompts(
    start_on: dt.date, day: dt.date, rng: np.random.Generator
) -> list[tuple[dt.date, dt.date]]:
    """A random day for each month, drawn on its 1st (also for the running month)."""
    prompts, month = [], start_on
    while month <= day:
        days = calendar.monthrange(month.year, month.month)[1]
        asked_on = month.replace(day=int(rng.integers(1, days + 1)))
        if month == day.replace(day=1) != day:
            # The running month asks about yesterday: whoever opens the demo finds the question.
            asked_on = day - dt.timedelta(days=1)
        drawn_at = timezone.make_aware(dt.datetime.combine(month, dt.time(5)))
        after = timezone.make_aware(
            dt.datetime.combine(asked_on + dt.timedelta(days=1), dt.time(1))
        )
        prompts.append(
            Prompt(
                month_on=month,
                asked_on=asked_on,
                drawn_at=drawn_at,
                asked_at=after if asked_on < day - dt.timedelta(days=1) else None,
            )
        )
        month = (month + dt.timedelta(days=32)).replace(day=1)
    Prompt.objects.bulk_create(prompts)
    return [(prompt.month_on, prompt.asked_on) for prompt in prompts]


def _agreement(rng: np.random.Generator, count: int, mean: float) -> np.ndarray:
    """1 strongly agree to 5 strongly disagree, most agree; a quarter skip it."""
    value = rng.normal(mean, 0.95, count).round().clip(1, 5).astype(int).astype(str)
    return np.where(rng.random(count) < 0.24, NULL, value)


def load_measures(crowd: Crowd, geography: Geography, *, day: dt.date, seed: int = SEED) -> int:
    """Insert the communities' own questions and what their people answered, a quarter at a time."""
    rng = np.random.default_rng([seed, 8])
    keys = list_keys(crowd, seed=seed)
    areas = {
        area.name: area for area in Area.objects.filter(geography=geography, level="community")
    }
    organisations = organisations_by_key()
    running = quarter_of(day)
    measures = [
        Measure(
            area=areas[spec.community],
            number=spec.number,
            question=spec.question,
            scale=spec.scale,
            proposed_by=organisations[spec.organisation],
            author=spec.author,
            state=spec.state,
            proposed_on=day - dt.timedelta(days=5)
            if spec.opened is None
            else add_quarters(running, -spec.opened) - dt.timedelta(days=20),
            opened_on=None if spec.opened is None else add_quarters(running, -spec.opened),
            closed_on=None if spec.closed is None else add_quarters(running, -spec.closed),
        )
        for spec in MEASURES
    ]
    Measure.objects.bulk_create(measures)
    made = len(measures)
    start_on = first_quarter(day)
    start = np.datetime64(start_on)
    for spec, measure in zip(MEASURES, measures, strict=True):
        if spec.opened is None:
            continue
        homes = [
            index
            for index, place in enumerate(crowd.neighbourhoods)
            if place.community == areas[spec.community].code
        ]
        for before in range(spec.opened, spec.closed or -1, -1):
            quarter_on = add_quarters(running, -before)
            first = (quarter_on - start_on).days
            there = (crowd.came <= first + 45) & (crowd.left > first + 45)
            asked = np.flatnonzero(crowd.is_enrolled & there & np.isin(crowd.home, homes))
            if first + 60 > (day - start_on).days:
                continue
            people = asked[rng.random(len(asked)) < 0.6]
            made += _answers(spec, measure, quarter_on, people, [keys.ids[i] for i in people],
                             start, first, rng)  # fmt: skip
    return made


def _answers(
    spec: MeasureSpec,
    measure: Measure,
    quarter_on: dt.date,
    people: np.ndarray,
    ids: list[str],
    start: np.datetime64,
    first: int,
    rng: np.random.Generator,
) -> int:
    low, high, spread = (1, 5, 0.9) if spec.scale == _AGREE else (0, 10, 2.1)
    values = rng.normal(spec.mean, spread, len(people)).round().clip(low, high).astype(int)
    on = first + rng.integers(40, 60, len(people))
    return copy_columns(
        "interactions_measureanswer",
        {
            "measure_id": np.full(len(people), str(measure.pk)),
            "contributor_id": ids,
            "quarter_on": np.full(len(people), str(quarter_on)),
            "value": values.astype(str),
            "answered_at": iso_times(start, on, rng.integers(9 * 3600, 19 * 3600, len(people))),
        },
    )
