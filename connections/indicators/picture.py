"""The community picture: what a community may see of itself between releases (docs/adr/0105).

Names without numbers, once a month, at community level, where the community voted for it. It says
of how many people it is made only as a milestone, and names a kind, a tie or a reason only when so
many different people told of it that nine forged ones among them leave K_MIN real ones.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from connections.indicators import quarters, rules
from connections.indicators.disclosure import K_MIN, SENSITIVE_K
from connections.indicators.eligibility import MIN_AGE_DAYS
from connections.indicators.models import Picture, PictureVote
from connections.interactions.vocabulary import Direction, HardReason, MomentKind, Tie
from kinder.accounts.audit import record
from kinder.accounts.models import User
from places.models import Area

MILESTONES = (10, 25, 50, 100, 250)
SHOWN_AFTER_DAYS = 14
"""A month's picture is out so many days after its end (vocabulary.md)."""
FORGED = K_MIN - 1
"""So many forged people may stand among those counted: nine who await a tenth are the attack."""
LEAST = K_MIN + FORGED
"""People who chose a kind or a tie before it is named, and who contributed since the last picture
before there is a next one."""
LEAST_REASON = SENSITIVE_K + FORGED


@dataclass(frozen=True, slots=True)
class Sums:
    """Different people of a community since it opened its picture: in all, since the last picture,
    and by what they chose."""

    people: int = 0
    lately: int = 0
    kinds: dict[str, int] | None = None
    ties: dict[str, int] | None = None
    reasons: dict[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a picture shows: the milestone (0: none yet) and codes A to Z."""

    people: int
    kinds: tuple[str, ...]
    ties: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A community's picture in words. `people` is “at least so many since it opened”."""

    month_on: dt.date
    people: int
    kinds: list[str]
    ties: list[str]
    reasons: list[str]


def draw_picture(sums: Sums, last: Drawn | None = None) -> Drawn | None:
    """Return the next picture, or None where the last one stays (or there is none yet). Pure: the
    attack tests call it. What was shown once stays shown, so that leaving takes nothing away that
    somebody could miss."""
    if sums.lately < LEAST:
        return None
    before = last or Drawn(0, (), (), ())
    sure = sums.people - FORGED
    return Drawn(
        max([before.people, *(one for one in MILESTONES if sure >= one)]),
        _chosen(before.kinds, sums.kinds, LEAST),
        _chosen(before.ties, sums.ties, LEAST),
        _chosen(before.reasons, sums.reasons, LEAST_REASON),
    )


def _chosen(before: tuple[str, ...], counts: dict[str, int] | None, least: int) -> tuple[str, ...]:
    found = {code for code, people in (counts or {}).items() if people >= least}
    return tuple(sorted({*before, *found}))


def record_vote(
    *,
    by: User,
    area: Area,
    voted_on: dt.date,
    in_favour: int,
    against: int,
    is_on: bool,
    now: dt.datetime | None = None,
) -> PictureVote:
    """Write down what a community decided about its picture; the same day again corrects it.
    Raises Refused with the reason."""
    user = rules.check_can_record_vote(
        by,
        area=area,
        voted_on=voted_on,
        in_favour=in_favour,
        against=against,
        is_on=is_on,
        now=now,
    )
    with transaction.atomic():
        vote, _ = PictureVote.objects.update_or_create(
            area=area,
            voted_on=voted_on,
            defaults={
                "in_favour": in_favour,
                "against": against,
                "is_on": is_on,
                "recorded_by": user,
            },
        )
        record("picture.voted", vote, by=user, area=area.code, is_on=is_on)
    return vote


def make_due_pictures(now: dt.datetime | None = None) -> int:
    """Make last month's pictures, from SHOWN_AFTER_DAYS after its end on; return how many. Twice is
    as once."""
    today = quarters.today(now)
    month_on = (today.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    ends_on = today.replace(day=1)
    if today < ends_on + dt.timedelta(days=SHOWN_AFTER_DAYS - 1):
        return 0
    made = 0
    for area, opened_on in _open_communities():
        if opened_on >= ends_on or Picture.objects.filter(area=area, month_on=month_on).exists():
            continue
        last = Picture.objects.filter(area=area).order_by("-month_on").first()
        drawn = draw_picture(_count(area, opened_on, month_on, last), _drawn(last))
        if drawn is None:
            continue
        with transaction.atomic():
            picture = Picture.objects.create(
                area=area,
                month_on=month_on,
                shown_on=today,
                people=drawn.people,
                kinds=list(drawn.kinds),
                ties=list(drawn.ties),
                reasons=list(drawn.reasons),
            )
            record("picture.made", picture, by=None, area=area.code, month=month_on.isoformat())
        made += 1
    return made


def read_picture(area: Area) -> Shown | None:
    """Return the community's latest picture in the reader's language; None where it has none, or
    its community voted it off."""
    vote = area.picture_votes.order_by("-voted_on").first()
    if vote is None or not vote.is_on:
        return None
    last = area.pictures.filter(shown_on__lte=timezone.localdate()).order_by("-month_on").first()
    return None if last is None else word_picture(last)


def word_picture(last: Picture) -> Shown:
    """Return a picture as everybody reads it, names from A to Z."""
    return Shown(
        last.month_on,
        last.people,
        sorted(str(MomentKind(code).label) for code in last.kinds),
        sorted(str(Tie(code).label) for code in last.ties),
        sorted(str(HardReason(code).label) for code in last.reasons),
    )


def _open_communities() -> list[tuple[Area, dt.date]]:
    """Communities whose latest vote is for the picture, and the day of their first one."""
    votes = PictureVote.objects.select_related("area").order_by("area_id", "voted_on")
    latest: dict[int, PictureVote] = {}
    first: dict[int, dt.date] = {}
    for vote in votes:
        latest[vote.area_id] = vote
        if vote.is_on:
            first.setdefault(vote.area_id, vote.voted_on)
    return [(vote.area, first[area]) for area, vote in latest.items() if vote.is_on]


def _drawn(last: Picture | None) -> Drawn | None:
    if last is None:
        return None
    return Drawn(last.people, tuple(last.kinds), tuple(last.ties), tuple(last.reasons))


def _count(area: Area, opened_on: dt.date, month_on: dt.date, last: Picture | None) -> Sums:
    ends_on = quarters.next_month(month_on)
    facts: dict[str, Any] = {
        "area": area.pk,
        "opened": opened_on,
        "ends": ends_on,
        "since": quarters.next_month(last.month_on) if last else opened_on,
        "seen_by": ends_on - dt.timedelta(days=1 + MIN_AGE_DAYS),
        "zone": settings.TIME_ZONE,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, facts)
        found = {(sort, code): people for sort, code, people in cursor.fetchall()}

    def of(sort: str) -> dict[str, int]:
        return {code: people for (other, code), people in found.items() if other == sort}

    return Sums(
        people=found.get(("people", ""), 0),
        lately=found.get(("lately", ""), 0),
        kinds={one: n for one, n in of("kind").items() if one != MomentKind.OTHER},
        ties=of("tie"),
        reasons={
            one: n
            for one, n in of("reason").items()
            if one not in (HardReason.OTHER, HardReason.RATHER_NOT_SAY)
        },
    )


# The same tests as for a release, but one moment suffices; people count where they live, which is
# the home they picked, else where they were.
COUNT = f"""
WITH inside AS MATERIALIZED (
    SELECT area_id FROM places_areaancestor WHERE ancestor_id = %(area)s
), people AS MATERIALIZED (
    SELECT c.id, home.area_id AS home FROM accounts_contributor c
    LEFT JOIN interactions_homearea home ON home.contributor_id = c.id
    WHERE NOT c.is_blocked AND (c.created_at AT TIME ZONE %(zone)s)::date <= %(seen_by)s
), moments AS MATERIALIZED (
    SELECT m.contributor_id, m.occurred_on, m.kind, m.tie, m.direction
    FROM interactions_interaction m JOIN people ON people.id = m.contributor_id
    WHERE m.occurred_on >= %(opened)s AND m.occurred_on < %(ends)s
      AND m.month_on >= date_trunc('month', %(opened)s::date) AND m.month_on < %(ends)s
      AND coalesce(people.home, m.area_id) IN (SELECT area_id FROM inside)
), reasons AS (
    SELECT d.contributor_id, d.occurred_on, reason
    FROM interactions_difficulty d JOIN people ON people.id = d.contributor_id
    CROSS JOIN LATERAL unnest(d.reasons) AS reason
    WHERE d.occurred_on >= %(opened)s AND d.occurred_on < %(ends)s
      AND coalesce(people.home, d.area_id) IN (SELECT area_id FROM inside)
), everybody AS (
    SELECT contributor_id, occurred_on FROM moments
    UNION ALL SELECT contributor_id, occurred_on FROM reasons
)
SELECT 'people', '', count(DISTINCT contributor_id) FROM everybody
UNION ALL
SELECT 'lately', '', count(DISTINCT contributor_id) FROM everybody WHERE occurred_on >= %(since)s
UNION ALL
SELECT 'kind', kind, count(DISTINCT contributor_id) FROM moments GROUP BY kind
UNION ALL
SELECT 'tie', tie, count(DISTINCT contributor_id) FROM moments
WHERE tie IS NOT NULL AND direction <> '{Direction.NOTICED}' GROUP BY tie
UNION ALL
SELECT 'reason', reason, count(DISTINCT contributor_id) FROM reasons GROUP BY reason
"""  # noqa: S608 (constants only)
