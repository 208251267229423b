"""The life of a story: offered by its author, worded together, signed by two, out with the month.

Each step before publication can be taken back, and the author can take the story back at any time,
after it too: the words are deleted with it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from connections.interactions.models import Interaction, Story
from connections.interactions.voices.rules import (
    MOST_STORIES,
    MOVED_ON,
    NEEDS_WORDS,
    STORY_TOO_MANY,
    UNCHANGED,
    check_can_moderate,
    check_can_sign,
)
from kinder.accounts import consents
from kinder.accounts.acting import Purpose
from kinder.accounts.audit import record
from kinder.accounts.models import ConsentRecord, Contributor, Decision, User
from kinder.accounts.rules import Refused
from places.models import Area
from places.vocabulary import AreaLevel

CONSENT = "story"
STANDING = (
    Story.State.OFFERED,
    Story.State.EDITED,
    Story.State.APPROVED,
    Story.State.PUBLISHED,
)


def find_story_area(area: Area) -> Area:
    """Return the area that is told with a story: the community around it, never a smaller one."""
    around = Area.objects.filter(
        descendants__area=area, level__in=(AreaLevel.COMMUNITY, AreaLevel.COUNCIL)
    ).order_by("descendants__depth")
    return around.first() or area


@transaction.atomic
def offer_story(*, by: Contributor, moment: Interaction, text: str, version: str) -> Story:
    """Offer one's own words as a story, with consent to the wording `version`; they approve these
    words by offering them. Refused where five stand already, or the wording has changed."""
    text = text.strip()
    if not text:
        raise Refused(NEEDS_WORDS)
    if Story.objects.filter(contributor=by, state__in=STANDING).count() >= MOST_STORIES:
        raise Refused(STORY_TOO_MANY)
    consent = consents.give(by=by, purpose=CONSENT, version=version)
    story = Story.objects.create(
        contributor=by,
        consent=consent,
        area=find_story_area(moment.area),
        month_on=moment.month_on,
        text=text,
        language=get_language() or "en-gb",
        approved_at=timezone.now(),
    )
    record("offer_story", story, by=by, area=story.area.code)
    return story


def _lock(pk: int) -> Story:
    return Story.objects.select_for_update().get(pk=pk)


@transaction.atomic
def reword_story(*, by: User, story: Story, text: str) -> Story:
    """Change the wording, which sends it back to its author; signatures given before are gone."""
    check_can_moderate(by)
    story, text = _lock(story.pk), text.strip()
    if story.state not in (Story.State.OFFERED, Story.State.EDITED, Story.State.APPROVED):
        raise Refused(MOVED_ON)
    if not text:
        raise Refused(NEEDS_WORDS)
    if text == story.text:
        raise Refused(UNCHANGED)
    story.text, story.state = text, Story.State.EDITED
    story.approved_at = story.signed_at = None
    story.first_signed_by = story.second_signed_by = None
    story.save()
    record("reword_story", story, by=by)
    return story


@transaction.atomic
def approve_story(*, by: Contributor, story: Story, seen: str) -> Story:
    """Say yes, as its author, to the wording; `seen` is what they read, for it may have changed."""
    story = _lock(story.pk)
    if story.contributor_id != by.pk or story.state != Story.State.EDITED or story.text != seen:
        raise Refused(MOVED_ON)
    story.state, story.approved_at = Story.State.APPROVED, timezone.now()
    story.save(update_fields=["state", "approved_at"])
    record("approve_story", story, by=by)
    return story


@transaction.atomic
def withdraw_story(*, by: Contributor, story: Story) -> None:
    """Take one's story back: gone at once from every page and from the next report. With the last
    one the consent is taken back too."""
    if story.contributor_id != by.pk:
        raise Refused(MOVED_ON)
    _withdraw([story.pk])
    record("withdraw_story", story, by=by)
    left = Story.objects.filter(contributor=by, state__in=STANDING)
    if not left.exists() and (consent := consents.find_standing(by, CONSENT)):
        consents.withdraw(by=by, consent=consent)


def _withdraw(pks: Sequence[int]) -> None:
    Story.objects.filter(pk__in=pks).update(
        state=Story.State.WITHDRAWN,
        text="",
        approved_at=None,
        signed_at=None,
        first_signed_by=None,
        second_signed_by=None,
        published_on=None,
    )


def end_with_consent(consent: ConsentRecord) -> None:
    """Take back every story of whoever took the consent back, wherever they did so."""
    stories = Story.objects.filter(contributor__subject=consent.subject_id, state__in=STANDING)
    _withdraw(list(stories.select_for_update().values_list("pk", flat=True)))


@transaction.atomic
def publish_batch(*, now: dt.datetime | None = None) -> int:
    """Publish, in a month, the stories of months before that two people signed before it began.

    So a story's day of appearing says nothing about its day. Running late or twice is harmless.
    """
    today = timezone.localdate(now or timezone.now())
    month_on = today.replace(day=1)
    begins_at = timezone.make_aware(dt.datetime.combine(month_on, dt.time()))
    due = Story.objects.select_for_update(of=("self",)).filter(
        state__in=(Story.State.OFFERED, Story.State.APPROVED),
        approved_at__isnull=False,
        signed_at__lt=begins_at,
        month_on__lt=month_on,
        consent__withdrawn_at__isnull=True,
    )
    count = 0
    for story in due.order_by("pk"):
        story.state, story.published_on = Story.State.PUBLISHED, today
        story.save(update_fields=["state", "published_on"])
        record("publish_story", story, by=Purpose.SWEEP)
        count += 1
    return count


# ------------------------------------------------------------------ moderation


def list_waiting(user: User, *, most: int) -> list[Story]:
    """Return the stories that `user` may sign or refuse, the oldest first."""
    return list(
        Story.objects.filter(
            state__in=(Story.State.OFFERED, Story.State.APPROVED), second_signed_by__isnull=True
        )
        .exclude(first_signed_by=user)
        .select_related("area")
        .order_by("created_at", "pk")[:most]
    )


def decide_stories(
    *, by: User, ids: Sequence[str], verdict: str, reason: str
) -> Mapping[str, Mapping[str, Any]]:
    """Sign stories, the first or second time, or decline them: the queue's own writing."""
    done: dict[str, Mapping[str, Any]] = {}
    rows = Story.objects.select_for_update(of=("self",)).filter(
        pk__in=[int(id_) for id_ in ids if id_.isdecimal()]
    )
    for story in rows.order_by("pk"):
        try:
            check_can_sign(by, story=story)
        except Refused:
            continue
        before = {"state": story.state, "signed": int(story.first_signed_by_id is not None)}
        if verdict == Decision.Verdict.REFUSE:
            story.state = Story.State.DECLINED
        elif story.first_signed_by_id is None:
            story.first_signed_by = by
        else:
            story.second_signed_by, story.signed_at = by, timezone.now()
        story.save()
        done[str(story.pk)] = before
    return done


def undo_story(*, by: User, decision: Decision) -> None:
    """Take a signature or a refusal back, unless the story is out or was taken back."""
    story = _lock(int(decision.object_id))
    if story.state not in (Story.State.OFFERED, Story.State.APPROVED, Story.State.DECLINED):
        raise Refused(MOVED_ON)
    if decision.verdict == Decision.Verdict.REFUSE:
        if story.state != Story.State.DECLINED or not story.text:
            raise Refused(MOVED_ON)
        story.state = decision.before["state"]
    elif story.second_signed_by_id is not None and story.second_signed_by_id == (
        decision.decided_by_id
    ):
        story.second_signed_by = story.signed_at = None
    elif story.second_signed_by_id is None and story.first_signed_by_id == decision.decided_by_id:
        story.first_signed_by = None
    else:
        raise Refused(MOVED_ON)
    story.save()
