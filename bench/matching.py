"""Matching end to end: read a service's people from the database, suggest, and store the result.

300 people waiting × 220 volunteers, and 2,000 × 1,500. The baseline gives each person, in the order
of waiting and pair by pair, the best volunteer who is still free. Prints one JSON object a line;
exits 1 where a bar is missed. All is rolled back.
"""

import json
import math
import os
import sys
import uuid
from datetime import date, timedelta
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kinder.settings")
django.setup()

import numpy as np  # noqa: E402
from django.contrib.gis.geos import MultiPolygon, Point, Polygon  # noqa: E402
from django.db import transaction  # noqa: E402

from connections.befriending import matching  # noqa: E402
from connections.befriending.models import (  # noqa: E402
    Check,
    MatchingRun,
    Participant,
    Referral,
    Service,
    Suggestion,
    Unmatched,
    Volunteer,
)
from connections.befriending.suggesting import gather, run_alone  # noqa: E402
from kinder.accounts.acting import Purpose, acting  # noqa: E402
from kinder.accounts.models import Organisation, User  # noqa: E402
from places.models import Area, Geography  # noqa: E402

SIZES = ((300, 220, 1.0), (2_000, 1_500, 5.0))
ROUNDS = 3
LANGUAGES = ("pl", "ur", "ar", "uk", "gd")
INTERESTS = [f"interest {n}" for n in range(40)]


def invent_people(rng: np.random.Generator, areas: list[Area]) -> dict[str, object]:
    """Traits of one person, as common as in a large town."""
    return {
        "id": uuid.UUID(bytes=rng.bytes(16)),
        "name": "Invented",
        "gender": str(rng.choice(["woman", "man"])),
        "prefers_gender": str(rng.choice(["", "", "", "woman", "man"])),
        "languages": ["en"] + [code for code in LANGUAGES if rng.random() < 0.06],
        "interests": [str(one) for one in rng.choice(INTERESTS, rng.integers(2, 7), False)],
        "free_hours": sorted(
            {
                int(day * 24 + hour)
                for day in rng.choice(7, 3, False)
                for hour in range(rng.integers(9, 15), rng.integers(15, 20))
            }
        ),
        "travel_area": areas[int(rng.integers(len(areas)))],
    }


def fill(service: Service, by: User, areas: list[Area], waiting: int, ready: int) -> None:
    """Store so many people who wait and volunteers who are ready."""
    rng = np.random.default_rng(waiting)
    today = date.today()  # noqa: DTZ011
    people = [
        Participant(
            service=service,
            needs_experience=bool(rng.random() < 0.12),
            **invent_people(rng, areas),
        )
        for _n in range(waiting)
    ]
    Participant.objects.bulk_create(people)
    Referral.objects.bulk_create(
        Referral(
            service=service,
            participant=person,
            area=areas[0],
            source="self",
            state="waiting",
            has_consented=True,
            received_on=today - timedelta(days=int(rng.integers(0, 260))),
        )
        for person in people
    )
    volunteers = [
        Volunteer(
            service=service,
            applied_on=today,
            references_on=today,
            trained_on=today,
            is_experienced=bool(rng.random() < 0.4),
            travel_km=int(rng.choice([2, 3, 5, 8, 12])),
            **invent_people(rng, areas),
        )
        for _n in range(ready)
    ]
    Volunteer.objects.bulk_create(volunteers)
    Check.objects.bulk_create(
        Check(
            volunteer=volunteer,
            scheme="pvg",
            role_type="Befriending",
            decision="cleared",
            decided_on=today,
            decided_by=by,
            expires_on=today + timedelta(days=500),
        )
        for volunteer in volunteers
    )


def make_areas(count: int) -> list[Area]:
    geography = Geography.objects.create(name="Bench", slug=f"bench-{uuid.uuid4()}")
    rng = np.random.default_rng(5)
    areas = []
    for number in range(count):
        x, y = -4.3 + rng.uniform(-0.1, 0.1), 55.86 + rng.uniform(-0.06, 0.06)
        box = Polygon.from_bbox((x, y, x + 0.001, y + 0.001))
        areas.append(
            Area(
                geography=geography,
                code=f"B{number:08d}",
                name=f"Area {number}",
                level="intermediate",
                geometry=MultiPolygon(box, srid=4326),
                point=Point(x, y, srid=4326),
            )
        )
    return Area.objects.bulk_create(areas)


def match_greedily(
    seekers: list[matching.Seeker], helpers: list[matching.Helper]
) -> tuple[int, int]:
    """The baseline, pair by pair in plain Python: in the order of waiting, the best who is free;
    how many, and how many days the longest one left alone has waited."""
    room = {helper.id: helper.room for helper in helpers}
    matched, longest = 0, 0
    for seeker in sorted(seekers, key=matching.order_of):
        scores = [
            (score(seeker, helper), helper.id)
            for helper in helpers
            if room[helper.id] and is_feasible(seeker, helper)
        ]
        if scores:
            room[max(scores)[1]] -= 1
            matched += 1
        else:
            longest = max(longest, seeker.waiting_days)
    return matched, longest


def kilometres(seeker: matching.Seeker, helper: matching.Helper) -> float:
    (x, y), (u, v) = seeker.point or (0, 0), helper.point or (0, 0)
    return math.hypot((x - u) * 62.4, (y - v) * 111.2)


def is_feasible(seeker: matching.Seeker, helper: matching.Helper) -> bool:
    return (
        bool(seeker.languages & helper.languages)
        and seeker.prefers_gender in ("", helper.gender)
        and helper.prefers_gender in ("", seeker.gender)
        and bool(seeker.hours & helper.hours)
        and (helper.is_experienced or not seeker.needs_experience)
        and kilometres(seeker, helper) <= helper.travel_km
    )


def score(seeker: matching.Seeker, helper: matching.Helper) -> float:
    both = len(seeker.interests & helper.interests)
    either = len(seeker.interests | helper.interests) or 1
    return (
        30 * min(both / either / 0.4, 1)
        + 25 * min(len(seeker.hours & helper.hours) / 3, 1)
        + 25 * (1 - kilometres(seeker, helper) / helper.travel_km)
        + 10 * helper.is_experienced
    )


def measure(waiting: int, ready: int, bar: float) -> bool:
    with transaction.atomic(), acting(purpose=Purpose.MIGRATE):
        by = User.objects.create_user(f"{uuid.uuid4()}@example.org")
        organisation = Organisation.objects.create(name=f"Bench {uuid.uuid4()}")
        service = Service.objects.create(organisation=organisation, name="Bench")
        fill(service, by, make_areas(120), waiting, ready)
        seconds = []
        for _round in range(ROUNDS):
            run = MatchingRun.objects.create(service=service, started_by=by)
            began = perf_counter()
            run_alone(run.pk)
            seconds.append(perf_counter() - began)
        run.refresh_from_db()
        seekers, helpers = gather(service)
        began = perf_counter()
        result = matching.match(seekers, helpers)
        pure = perf_counter() - began
        wait = {seeker.id: seeker.waiting_days for seeker in seekers}
        began = perf_counter()
        greedy, greedy_longest = match_greedily(seekers, helpers)
        greedy_seconds = perf_counter() - began
        figure = min(seconds)
        row = {
            "name": f"matching.{waiting}x{ready}",
            "figure": round(figure, 3),
            "unit": "s",
            "baseline": round(greedy_seconds, 3),
            "ratio": round(greedy_seconds / figure, 1),
            "bar": f"< {bar:g} s",
            "ok": figure < bar,
            "note": (
                f"{pure:.3f} s without the database; {run.assigned} matched, "
                f"{Unmatched.objects.filter(run=run).count()} without anybody, "
                f"{Suggestion.objects.filter(run=run).count()} suggestions; longest wait left "
                f"{max((wait[one] for one in result.missing), default=0)} days. Baseline in the "
                f"order of waiting, pair by pair: {greedy} matched, longest {greedy_longest} days"
            ),
        }
        print(json.dumps(row))
        transaction.set_rollback(True)
    return figure < bar


if __name__ == "__main__":
    results = [measure(*size) for size in SIZES]
    sys.exit(0 if all(results) else 1)
