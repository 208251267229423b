"""Our Ordinary Day: plan it, hand out numbered cards, type them in or answer them on a phone.

How it counts: docs/adr/0097. A card that was handed out is one person asked about the day that the
month drew, whoever they are; an answer in time counts like any other.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from connections.interactions.asking.actions import Told, write_answer
from connections.interactions.asking.rules import (
    CARD_USED,
    CARDS_CLOSED,
    DAY_NOT_OVER,
    MOST_CARDS,
    NOT_HANDED_OUT,
    TOO_MANY_CARDS,
    UNKNOWN_CARD,
    check_can_enter,
    check_can_hand_out,
    check_can_plan,
    check_works_there,
    is_window_open,
)
from connections.interactions.models import (
    HomeArea,
    OrdinaryDay,
    OrdinaryDayCard,
    Prompt,
    PromptAnswer,
    PromptAsked,
    PromptEnrolment,
)
from kinder.accounts.audit import record
from kinder.accounts.fingerprints import fingerprints
from kinder.accounts.models import Contributor, User
from kinder.accounts.rules import Refused
from places.models import Area

_CARD = "ordinary-day card"
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Letters and digits that are hard to mistake for each other; what is mistaken is read kindly."""
_MISTAKEN = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
_SIGNS = 4


def name_card(day: OrdinaryDay, number: int) -> str:
    """Return what is printed on card `number`: the day, the number and four check signs.

    The signs are keyed: they catch a slip of the finger, and nobody can make up a card.
    """
    return f"{day.pk}-{number:03d}-{_check_signs(day.pk, number)[0]}"


def _check_signs(day_id: int, number: int) -> list[str]:
    """Return the signs under the newest secret, then under those it replaced."""
    return [
        "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:_SIGNS])
        for digest in fingerprints(_CARD, f"{day_id}/{number}".encode())
    ]


def read_card_name(typed: str) -> tuple[int, int]:
    """Return the day's id and the number of the card that somebody typed in; Refused where its
    check signs are wrong."""
    signs = "".join(sign for sign in typed.upper() if sign.isalnum()).translate(_MISTAKEN)
    body, check = signs[:-_SIGNS], signs[-_SIGNS:]
    if not (body.isdecimal() and body.isascii() and 4 <= len(body) <= 12):
        raise Refused(UNKNOWN_CARD)
    day_id, number = int(body[:-3]), int(body[-3:])
    if check not in _check_signs(day_id, number):
        raise Refused(UNKNOWN_CARD)
    return day_id, number


@transaction.atomic
def plan_day(*, by: User, area: Area, month_on: dt.date, cards: int) -> OrdinaryDay:
    """Plan the community's day of a coming month, with so many numbered cards."""
    Area.objects.select_for_update(no_key=True).only("pk").get(pk=area.pk)
    check_can_plan(by, area=area, month_on=month_on)
    if not 1 <= cards <= MOST_CARDS:
        raise Refused(TOO_MANY_CARDS)
    day = OrdinaryDay.objects.create(area=area, month_on=month_on, cards=cards, planned_by=by)
    record("plan_ordinary_day", day, by=by, area=area.code, cards=cards)
    return day


@transaction.atomic
def cancel_day(*, by: User, day: OrdinaryDay) -> None:
    """Take a plan back, as long as no card was handed out."""
    check_works_there(by, area=day.area)
    day = OrdinaryDay.objects.select_for_update().get(pk=day.pk)
    if day.handed_out:
        raise Refused(TOO_MANY_CARDS)
    record("cancel_ordinary_day", day, by=by, area=day.area.code)
    day.delete()


@transaction.atomic
def hand_out(
    *, by: User, day: OrdinaryDay, count: int, now: dt.datetime | None = None
) -> OrdinaryDay:
    """Say that cards 1 to `count` went to people: each is one person asked from now on.

    The number can only grow: who was asked stays asked.
    """
    check_works_there(by, area=day.area)
    day = OrdinaryDay.objects.select_for_update().select_related("area").get(pk=day.pk)
    today = timezone.localdate(now or timezone.now())
    prompt = check_can_hand_out(day, prompt=find_prompt(day), count=count, today=today)
    numbers = range(day.handed_out + 1, count + 1)
    people = Contributor.objects.bulk_create([Contributor() for _number in numbers])
    HomeArea.objects.bulk_create([HomeArea(contributor=one, area=day.area) for one in people])
    PromptEnrolment.objects.bulk_create(
        [
            PromptEnrolment(
                contributor=one,
                enrolled_on=prompt.asked_on,
                stopped_on=prompt.asked_on + dt.timedelta(days=1),
            )
            for one in people
        ]
    )
    PromptAsked.objects.bulk_create([PromptAsked(prompt=prompt, contributor=one) for one in people])
    OrdinaryDayCard.objects.bulk_create(
        [
            OrdinaryDayCard(day=day, number=number, contributor=one)
            for number, one in zip(numbers, people, strict=True)
        ]
    )
    day.handed_out = count
    day.save(update_fields=["handed_out"])
    record("hand_out_cards", day, by=by, count=count)
    return day


@dataclass(frozen=True)
class Entered:
    card: OrdinaryDayCard
    answer: PromptAnswer
    is_correction: bool


@transaction.atomic
def enter_card(
    *,
    by: User,
    typed: str,
    told: Told,
    replaces: bool = False,
    now: dt.datetime | None = None,
) -> Entered:
    """Type in a card that somebody filled in within the time.

    A card counts once: a second entry is Refused unless it `replaces` the first on purpose.
    """
    card = _find_card(typed)
    check_works_there(by, area=card.day.area)
    prompt = _prompt_of(card)
    check_can_enter(prompt, today=timezone.localdate(now or timezone.now()))
    was_answered = card.used_at is not None
    if was_answered and (card.entered_by_id is None or not replaces):
        # What somebody answered on their phone is theirs alone to change.
        raise Refused(CARD_USED)
    answer = write_answer(by=card.contributor, prompt=prompt, told=told, counts=True)
    card.used_at, card.entered_by = now or timezone.now(), by
    card.save(update_fields=["used_at", "entered_by"])
    record("correct_card" if was_answered else "enter_card", card, by=by, number=card.number)
    return Entered(card, answer, was_answered)


@transaction.atomic
def take_card(*, by: Contributor, typed: str, now: dt.datetime | None = None) -> Prompt:
    """Let the person of this phone answer in the place of the card; return the question's prompt.

    Whoever was asked already keeps their own question, and the card is void: one person, once.
    """
    card = _find_card(typed)
    prompt = _prompt_of(card)
    if not is_window_open(prompt, today=timezone.localdate(now or timezone.now())):
        raise Refused(CARDS_CLOSED)
    if card.contributor_id == by.pk:
        return prompt
    if card.used_at is not None or card.contributor.devices.exists():
        raise Refused(CARD_USED)
    nobody = card.contributor
    if PromptAsked.objects.filter(prompt=prompt, contributor=by).exists():
        card.delete()
    else:
        PromptAsked.objects.create(prompt=prompt, contributor=by)
        HomeArea.objects.get_or_create(contributor=by, defaults={"area": card.day.area})
        PromptEnrolment.objects.get_or_create(
            contributor=by,
            defaults={
                "enrolled_on": prompt.asked_on,
                "stopped_on": prompt.asked_on + dt.timedelta(days=1),
            },
        )
        card.contributor, card.used_at = by, now or timezone.now()
        card.save(update_fields=["contributor", "used_at"])
    nobody.delete()
    return prompt


def _find_card(typed: str) -> OrdinaryDayCard:
    day_id, number = read_card_name(typed)
    card = (
        OrdinaryDayCard.objects.select_for_update(of=("self",))
        .select_related("day__area", "contributor")
        .filter(day=day_id, number=number)
        .first()
    )
    if card is not None:
        return card
    known = OrdinaryDay.objects.filter(pk=day_id, cards__gte=number, handed_out__lt=number)
    raise Refused(NOT_HANDED_OUT if known.exists() else UNKNOWN_CARD)


def _prompt_of(card: OrdinaryDayCard) -> Prompt:
    prompt = find_prompt(card.day)
    if prompt is None:
        raise Refused(DAY_NOT_OVER)
    return prompt


def find_prompt(day: OrdinaryDay) -> Prompt | None:
    """Return the prompt of the day's month, once it is drawn."""
    return Prompt.objects.filter(pk=day.month_on).first()


def find_next_day(area: Area, *, today: dt.date | None = None) -> OrdinaryDay | None:
    """Return the community's day of this month or of a coming one."""
    today = today or timezone.localdate()
    return (
        OrdinaryDay.objects.filter(area=area, month_on__gte=today.replace(day=1))
        .order_by("month_on")
        .first()
    )
