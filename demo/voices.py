"""What the communities heard of themselves: what was heard, what was done, and stories."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from django.utils import timezone

from connections.interactions.models import Heard, Response, Story
from demo.crowd import Crowd
from demo.moments import list_keys
from demo.town import SEED
from demo.whereabouts import organisations_by_key
from kinder.accounts.models import ConsentRecord, Subject, User
from places.models import Area, Geography

CONSENT = "story"
WORDING = "2026-1"


@dataclass(frozen=True)
class HeardSpec:
    """`did`: what was done together, months later; by an organisation or by neighbours."""

    community: str
    months_ago: int
    text: str
    did: str = ""
    by: str | None = None
    after: int = 2


@dataclass(frozen=True)
class StorySpec:
    community: str
    months_ago: int
    text: str
    state: Story.State


WORDLESS = (Story.State.WITHDRAWN, Story.State.DECLINED)
HEARD = (
    HeardSpec("Whinfield", 11, "The bench by the shops went, and with it the stopping to talk.",
              "The garden group built a new bench, with a back to lean on.", "whinfield"),
    HeardSpec("Whinfield", 8, "There is nowhere warm to sit after the library closes.",
              "The centre stays open to nine on Tuesdays and Thursdays.", "whinfield", 3),
    HeardSpec("Whinfield", 5, "It is hard to ask, when you have asked before.",
              "A lending shelf in the centre: take and bring, nobody writes it down.",
              "whinfield"),
    HeardSpec("Whinfield", 2, "People hold the lift now, and wait."),
    HeardSpec("Old Town and Harbour", 10, "On the quay you are greeted before you can look away.",),
    HeardSpec("Old Town and Harbour", 7, "Soup is easier to accept than help.",
              "The Long Table now sets places before anyone arrives.", "table"),
    HeardSpec("Old Town and Harbour", 4, "Stairs keep some of us out of the Sail Loft.",
              "A ramp to the side door, and the bell at sitting height.", "hub"),
    HeardSpec("Old Town and Harbour", 1, "The ferry queue has become a place to talk."),
    HeardSpec("Kirkbrae", 9, "Gardens here have high hedges, and people miss a low one."),
    HeardSpec("Kirkbrae", 3, "New families do not know where to go on a wet afternoon.",
              "The library put out a box of toys and took down the sign.", "council"),
    HeardSpec("Eastness", 6, "Buses end before the choir does.",
              "Neighbours share lifts from the hall; the list hangs by the door.", None),
    HeardSpec("Eastness", 2, "The wind on the Links makes strangers laugh together."),
    HeardSpec("The West Side", 5, "The shop is where we learn who is well and who is not."),
    HeardSpec("The West Side", 3, "Winter is long where there is no hall with a fire.",
              "The social club opens its fire to all on Thursdays.", None, 1),
    HeardSpec("The North Shore", 1, "We wave to each other from cars, and would like to stop.",
              "A first shared table, every second Saturday in Tarrick.", "north", 0),
    HeardSpec("The North Shore", 0, "Newcomers are asked to tea, then wonder whom to ask back."),
)  # fmt: skip

STORIES = (
    StorySpec("Whinfield", 6, "My shopping split on the stairs. Three doors opened. One had a bag, "
              "one had hands, one had a joke about the eggs.", Story.State.PUBLISHED),
    StorySpec("Old Town and Harbour", 4, "I missed the last boat. Somebody mending a net gave me a "
              "box to sit on and half a pie, and asked me nothing.", Story.State.PUBLISHED),
    StorySpec("Kirkbrae", 3, "Each frost somebody clears my step before I wake. I have stopped "
              "guessing and begun clearing the next one along.", Story.State.PUBLISHED),
    StorySpec("Eastness", 2, "My child sang on the bus. The whole back row joined in.",
              Story.State.PUBLISHED),
    StorySpec("Whinfield", 1, "The man at the chip shop turns off the loud fan when I come in. He "
              "noticed before I had to say.", Story.State.APPROVED),
    StorySpec("The West Side", 1, "We had no power for two days and more visitors than at New "
              "Year.", Story.State.EDITED),
    StorySpec("The North Shore", 0, "I came for ten minutes and washed up for an hour.",
              Story.State.OFFERED),
    StorySpec("Old Town and Harbour", 5, "Somebody I had quarrelled with brought back my ladder, "
              "mended.", Story.State.WITHDRAWN),
    StorySpec("Kirkbrae", 5, "The number 4 driver waits for me.", Story.State.DECLINED),
)  # fmt: skip


def load_voices(crowd: Crowd, geography: Geography, *, day: dt.date, seed: int = SEED) -> int:
    """Insert what was heard, the responses, and the stories with their authors' consent."""
    areas = {
        area.name: area for area in Area.objects.filter(geography=geography, level="community")
    }
    users = {user.email.partition("@")[0]: user for user in User.objects.all()}
    made = _load_heard(areas, users, day)
    return made + _load_stories(crowd, areas, users, day, seed)


def _load_heard(areas: dict[str, Area], users: dict[str, User], day: dt.date) -> int:
    organisations = organisations_by_key()
    heard = [
        Heard(
            area=areas[spec.community],
            text=spec.text,
            heard_from_3=True,
            signed_by=users["worker.north" if spec.community == "The North Shore" else "worker"],
            month_on=_month(day, spec.months_ago),
            created_at=_noon(min(_month(day, spec.months_ago - 1), day - dt.timedelta(days=2))),
        )
        for spec in HEARD
    ]
    Heard.objects.bulk_create(heard)
    responses = [
        Response(
            heard=row,
            text=spec.did,
            organisation=organisations[spec.by] if spec.by else None,
            done_on=min(
                _month(day, spec.months_ago - spec.after) + dt.timedelta(days=12),
                day - dt.timedelta(days=1),
            ),
        )
        for spec, row in zip(HEARD, heard, strict=True)
        if spec.did
    ]
    Response.objects.bulk_create(responses)
    return len(heard) + len(responses)


def _load_stories(
    crowd: Crowd, areas: dict[str, Area], users: dict[str, User], day: dt.date, seed: int
) -> int:
    rng = np.random.default_rng([seed, 9])
    keys = list_keys(crowd, seed=seed)
    made = 0
    authors: set[int] = set()
    for spec in STORIES:
        month_on = _month(day, spec.months_ago)
        at = _noon(min(month_on + dt.timedelta(days=6), day - dt.timedelta(days=3)))
        chosen = _an_author(crowd, areas[spec.community].code, authors, rng)
        authors.add(chosen)
        author = keys.ids[chosen]
        subject, _ = Subject.objects.get_or_create(contributor_id=author)
        is_withdrawn = spec.state == Story.State.WITHDRAWN
        consent = ConsentRecord.objects.create(
            subject=subject,
            purpose=CONSENT,
            wording_version=WORDING,
            language="en-gb",
            given_at=at,
            withdrawn_at=at + dt.timedelta(days=20) if is_withdrawn else None,
        )
        is_out = spec.state == Story.State.PUBLISHED
        is_agreed = is_out or spec.state in (Story.State.APPROVED, Story.State.WITHDRAWN)
        published_on = min(_month(day, spec.months_ago - 1), day - dt.timedelta(days=1))
        Story.objects.create(
            contributor_id=author,
            consent=consent,
            area=areas[spec.community],
            month_on=month_on,
            text="" if spec.state in WORDLESS else spec.text,
            language="en-gb",
            state=spec.state,
            approved_at=at + dt.timedelta(days=2) if is_agreed else None,
            first_signed_by=users["worker"] if is_out else None,
            second_signed_by=users["administrator"] if is_out else None,
            signed_at=at + dt.timedelta(days=3) if is_out else None,
            published_on=published_on if is_out else None,
        )
        made += 2
    return made


def _an_author(crowd: Crowd, community: str, taken: set[int], rng: np.random.Generator) -> int:
    """Somebody of the community who is still here and told no other story."""
    homes = [
        index for index, place in enumerate(crowd.neighbourhoods) if place.community == community
    ]
    still_here = crowd.left == crowd.left.max()
    found = np.flatnonzero(np.isin(crowd.home, homes) & still_here)
    return int(rng.choice(found[~np.isin(found, list(taken))]))


def _month(day: dt.date, ago: int) -> dt.date:
    """The first day of the month so many months ago."""
    months = day.year * 12 + day.month - 1 - ago
    return dt.date(months // 12, months % 12 + 1, 1)


def _noon(on: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(on, dt.time(12)))
