"""Loads the demo in stages that can be interrupted anywhere.

Each stage is one transaction that ends by writing its marker, so a stage is there wholly or not at
all, and a second run goes on with the first stage that is missing. The day of the first stage is
kept and used for all of them. (The releases are many transactions, each harmless to repeat.)
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from demo.areas import SLUG, load_areas
from demo.asking import load_measures, load_prompts
from demo.befriending import load_befriending
from demo.care import load_care
from demo.company import load_company
from demo.crowd import Crowd, gather_crowd
from demo.duties import load_answers, load_tasks
from demo.moments import load_contributors, load_moments
from demo.people import load_people
from demo.phone_line import load_phone_line
from demo.pictures import load_pictures
from demo.quarters import first_quarter
from demo.register import make_register
from demo.releases import count_moments, load_releases
from demo.surveys import load_surveys
from demo.thanks import load_thanks
from demo.town import SEED, build_town
from demo.voices import load_voices
from demo.whereabouts import load_gatherings, load_places
from places.exchange.models import ImportBatch
from places.models import Area, Geography

# Markers of this name in ImportBatch; a change to what is loaded raises the version.
PREFIX = "demo"
VERSION = f"Whinsay 2 (seed {SEED})"
LOCK = 0x64656D6F


class CannotLoadError(Exception):
    """The demo must not be loaded here; the message says why and what to do."""


@dataclass(frozen=True)
class Stage:
    """`load` takes the day of loading and returns how many rows it made. `is_atomic` is false
    where it is many transactions, each of which can be repeated."""

    key: str
    title: str
    load: Callable[[dt.date], int]
    is_atomic: bool = True


def _areas(day: dt.date) -> int:
    return load_areas(build_town(), from_on=first_quarter(day), until_on=day)


def _people(day: dt.date) -> int:
    return load_people(_geography())


def _places(day: dt.date) -> int:
    return load_places(make_register(build_town()), _geography(), day=day)


def _gatherings(day: dt.date) -> int:
    return load_gatherings(day=day)


def _contributors(day: dt.date) -> int:
    return len(load_contributors(_crowd(day), day=day).ids)


def _moments(day: dt.date) -> int:
    return load_moments(_crowd(day), _geography(), day=day)


def _prompts(day: dt.date) -> int:
    crowd = _crowd(day)
    return load_prompts(crowd, day=day) + load_measures(crowd, _geography(), day=day)


def _voices(day: dt.date) -> int:
    crowd, geography = _crowd(day), _geography()
    made = load_voices(crowd, geography, day=day) + load_thanks(crowd, geography, day=day)
    return made + load_company(crowd, geography, day=day)


def _answers(day: dt.date) -> int:
    return load_answers(_crowd(day), day=day)


def _care(day: dt.date) -> int:
    return load_care(day=day)


def _tasks(day: dt.date) -> int:
    return load_tasks(day=day)


def _befriending(day: dt.date) -> int:
    return load_befriending(_geography(), day=day)


def _phone_line(day: dt.date) -> int:
    return load_phone_line(_geography(), day=day)


def _pictures(day: dt.date) -> int:
    geography = _geography()
    return load_pictures(geography, day=day) + load_surveys(geography, day=day)


def _crowd(day: dt.date) -> Crowd:
    return gather_crowd(build_town(), day)


def _geography() -> Geography:
    return Geography.objects.get(slug=SLUG)


STAGES = (
    Stage("areas", "Areas, people in them, postcodes", _areas),
    Stage("people", "Organisations and users", _people),
    Stage("places", "Places and their welcome", _places),
    Stage("gatherings", "Gatherings", _gatherings),
    Stage("contributors", "People who take part", _contributors),
    Stage("moments", "Moments and difficulties", _moments),
    Stage("prompts", "Ordinary days and communities' own measures", _prompts),
    Stage("voices", "What was heard, done and told", _voices),
    Stage("befriending", "Befriending", _befriending),
    Stage("phone line", "A telephone line", _phone_line),
    Stage("answers", "Residents' answers about places", _answers),
    Stage("care", "Places looked after", _care),
    Stage("months", "Moments counted by person and month", count_moments, is_atomic=False),
    Stage("releases", "Quarters frozen, computed and published", load_releases, is_atomic=False),
    Stage("pictures", "Communities' pictures, and a survey by others", _pictures),
    Stage("tasks", "Tasks for workers", _tasks),
)


def is_there() -> bool:
    """Whether the database holds the demo, wholly or in part."""
    return Geography.objects.filter(slug=SLUG).exists()


def load_demo(say: Callable[[str], None], *, day: dt.date | None = None) -> bool:
    """Load what is missing, telling each step and its seconds to `say`; False if nothing was.

    `day` is the day up to which the island lives: today unless given.

    Raises CannotLoadError where the database holds a real place, another version of the demo, or
    where another process is loading it now.
    """
    with _alone():
        check_can_load()
        done = _done()
        if len(done) == len(STAGES):
            return False
        if done:
            say(f"Going on with an interrupted load: {len(done)} of {len(STAGES)} steps are there.")
        day = _first_day() or day or timezone.localdate()
        for number, stage in enumerate(STAGES, start=1):
            if stage.key in done:
                continue
            began = time.monotonic()
            rows = _run(stage, day)
            seconds = time.monotonic() - began
            say(f"[{number}/{len(STAGES)}] {stage.title}: {rows:,} rows in {seconds:.1f} s")
        return True


def check_can_load() -> None:
    """Raise CannotLoadError where the demo would stand beside something real."""
    if Area.objects.exclude(geography__slug=SLUG).exists():
        raise CannotLoadError(
            "This database holds real areas: the demo's invented ones would be mistaken for them. "
            "Load it into an empty database."
        )
    other = ImportBatch.objects.filter(what__startswith=f"{PREFIX} ").exclude(source=VERSION)
    if other.exists():
        raise CannotLoadError(
            "This database holds the demo of another version of Kinder, which stays as it is. "
            "For this version's demo start with an empty database."
        )


def _run(stage: Stage, day: dt.date) -> int:
    if not stage.is_atomic:
        rows = stage.load(day)
        with transaction.atomic():
            _mark(stage, day, rows)
        return rows
    with transaction.atomic():
        rows = stage.load(day)
        _mark(stage, day, rows)
    return rows


def _mark(stage: Stage, day: dt.date, rows: int) -> None:
    now = timezone.now()
    ImportBatch.objects.create(
        what=f"{PREFIX} {stage.key}",
        source=VERSION,
        state=ImportBatch.State.DONE,
        created=rows,
        # The day of loading, which a resumed load takes up again.
        started_at=timezone.make_aware(dt.datetime.combine(day, dt.time(12))),
        finished_at=now,
    )


def _done() -> set[str]:
    markers = ImportBatch.objects.filter(
        what__startswith=f"{PREFIX} ", source=VERSION, state=ImportBatch.State.DONE
    )
    return {what.removeprefix(f"{PREFIX} ") for what in markers.values_list("what", flat=True)}


def _first_day() -> dt.date | None:
    """The day of the first stage that is here: a resumed load goes on with it."""
    first = ImportBatch.objects.filter(what__startswith=f"{PREFIX} ").order_by("id").first()
    return timezone.localdate(first.started_at) if first else None


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of the load: two at once would both find the tables empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise CannotLoadError("Another process is loading the demo now. Wait until it is done.")
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
