"""Sheets to print and share, each worded here and drawn by Typst: where to sit, thanks to a place,
cards of Our Ordinary Day and the sheet that is read back."""

import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import segno
from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from connections.interactions.asking.forms import AGREEMENT, COUNTS, DayForm
from connections.interactions.asking.questions import list_open_measures
from connections.interactions.asking.rules import last_day_to_answer
from connections.interactions.asking.together import find_prompt, name_card
from connections.interactions.models import Measure, OrdinaryDay, Thank
from connections.interactions.vocabulary import HardReason
from connections.interactions.voices.reading import read_heard
from connections.interactions.voices.thanks import list_card
from kinder.accounts.letters import make_link
from kinder.pages.neighbourhood import find_holders, find_standing_release, tell_figures
from kinder.printing import print_pdf, print_png, printed_language
from places.hours import describe_week
from places.models import Area, Place
from places.vocabulary import Answer, WelcomeAttribute

FOLDER = Path(__file__).parent / "print"
MOST_PLACES = 40
"""What one sheet folded in three, printed on both sides, holds and somebody still reads."""
NAMES_ON_CARD = 4
PRINTED_WELCOME = (
    WelcomeAttribute.STEP_FREE,
    WelcomeAttribute.TOILET,
    WelcomeAttribute.ACCESSIBLE_TOILET,
    WelcomeAttribute.WARM,
    WelcomeAttribute.SEATS_WITH_BACKS,
    WelcomeAttribute.WATER,
    WelcomeAttribute.CHARGING,
    WelcomeAttribute.CHILDREN,
)


def _frame(title: str, description: str) -> dict[str, Any]:
    language, _dash, region = printed_language().partition("-")
    return {
        "title": title,
        "author": str(settings.SITE_NAME),
        "description": description,
        "language": language,
        "region": region.upper() or None,
    }


# ------------------------------------------------------------------ where you can just sit


def print_sit_sheet(area: Area, *, path: str, at: dt.datetime) -> bytes:
    """Return the fold-out of the places in `area` that are free to stay, as PDF."""
    with override(printed_language()):
        return print_pdf(FOLDER / "sit.typ", word_sit_sheet(area, path=path, at=at))


def word_sit_sheet(area: Area, *, path: str, at: dt.datetime) -> dict[str, Any]:
    places = _find_seats(area)
    url = make_link(path)
    code = io.BytesIO()
    segno.make(url, error="q").save(code, kind="svg", border=0, scale=4)
    title = _("Where you can just sit in %(area)s") % {"area": area.name}
    return _frame(title, _("Places where you can stay for free")) | {
        "heading": _("Where you can just sit"),
        "area": area.name,
        "lead": _("Places where it costs nothing to stay, or where nobody minds if you don't buy."),
        "qr": code.getvalue().decode(),
        "qr_alt": _("QR code that leads to %(url)s") % {"url": url},
        "url": url,
        "more": _("Open now? More places? Look here:"),
        "checked": _("From the register of %(day)s. Hours change: look before you go far.")
        % {"day": date_format(at, "j E Y")},
        "nothing": _("We don't know of such a place here yet."),
        "places": [_word_place(place, at) for place in places],
    }


def _find_seats(area: Area) -> list[Place]:
    free = Place.objects.shown().free_to_stay().filter(area__ancestors__ancestor=area)
    return list(free.prefetch_related("welcomes").order_by("name", "id")[:MOST_PLACES])


def _word_place(place: Place, at: dt.datetime) -> dict[str, str]:
    answers = {one.attribute for one in place.welcomes.all() if one.value == Answer.YES}
    return {
        "name": place.name,
        "kind": place.get_kind_display(),
        "address": place.address,
        "hours": _word_hours(place, at),
        "welcome": ", ".join(str(one.label) for one in PRINTED_WELCOME if one.value in answers),
    }


def _word_hours(place: Place, at: dt.datetime) -> str:
    """Return the hours of a week in few words: days with the same hours stand together."""
    week = sorted(
        describe_week(place.opening_hours, at, point=place.point), key=lambda day: day.on.weekday()
    )
    parts: list[tuple[list[dt.date], str]] = []
    for day in week:
        if parts and parts[-1][1] == day.text:
            parts[-1][0].append(day.on)
        else:
            parts.append(([day.on], day.text))
    if len(parts) == 1:
        return _("Every day: %(hours)s") % {"hours": parts[0][1]}
    # Days that are not named are closed: fewer words to read on paper.
    open_days = [(days, text) for days, text in parts if text != _("closed")]
    return "; ".join(f"{_name_days(days)} {text}" for days, text in open_days)


def _name_days(days: Sequence[dt.date]) -> str:
    first, last = date_format(days[0], "D"), date_format(days[-1], "D")
    return first if len(days) == 1 else f"{first}–{last}"


def print_sit_card(area: Area, *, path: str) -> bytes:
    """Return the card to share, as PNG of 1200 × 630 pixels."""
    with override(printed_language()):
        return print_png(FOLDER / "sit_card.typ", word_sit_card(area, path=path), ppi=144)


def word_sit_card(area: Area, *, path: str) -> dict[str, Any]:
    free = Place.objects.shown().free_to_stay().filter(area__ancestors__ancestor=area)
    count = free.count()
    names = list(free.order_by("name", "id").values_list("name", flat=True)[:NAMES_ON_CARD])
    more = count - len(names)
    listed = " · ".join(names)
    if more > 0:
        listed += " · " + ngettext("%(n)s more", "%(n)s more", more) % {"n": more}
    return _frame(_("Where you can just sit in %(area)s") % {"area": area.name}, "") | {
        "heading": _("Where you can just sit"),
        "area": area.name,
        "lead": ngettext(
            "We know %(n)s place where it costs nothing to stay.",
            "We know %(n)s places where it costs nothing to stay.",
            count,
        )
        % {"n": count},
        "names": listed,
        "url": make_link(path),
    }


# ------------------------------------------------------------------ thanks


def print_window_cards(places: Sequence[Place], month_on: dt.date) -> bytes | None:
    """Return the window cards of `places` for a month, one page each; None where none has one."""
    with override(printed_language()):
        cards = [
            _word_window_card(place, month_on, thanks)
            for place in places
            if (thanks := list_card(place, month_on))
        ]
        if not cards:
            return None
        title = _("Thank you: %(month)s") % {"month": date_format(month_on, "F Y")}
        data = _frame(title, _("Thanks from neighbours, for the window")) | {"cards": cards}
        return print_pdf(FOLDER / "thanks.typ", data)


def _word_window_card(place: Place, month_on: dt.date, thanks: list[Thank]) -> dict[str, Any]:
    return {
        "heading": _("Thank you, %(place)s") % {"place": place.name},
        "thanks": [
            {"text": one.text, "language": one.language.partition("-")[0]} for one in thanks
        ],
        "foot": _("From neighbours, %(month)s. There are no names here on purpose.")
        % {"month": date_format(month_on, "F Y")},
    }


# ------------------------------------------------------------------ Our Ordinary Day


def print_day_cards(day: OrdinaryDay, *, today: dt.date) -> bytes:
    """Return all cards of the day, numbered, two on a sheet."""
    with override(printed_language()):
        return print_pdf(FOLDER / "cards.typ", word_day_cards(day, today=today))


def word_day_cards(day: OrdinaryDay, *, today: dt.date) -> dict[str, Any]:
    prompt = find_prompt(day)
    is_known = prompt is not None and prompt.asked_on < today
    form = DayForm()
    counts = [str(label) for value, label in COUNTS if value]
    agreement = [str(label) for _value, label in AGREEMENT]
    questions = [{"label": str(field.label), "answers": counts} for field in form.counts]
    for measure in list_open_measures(Area.objects.filter(pk=day.area_id)):
        is_agreement = measure.scale == Measure.Scale.AGREE_5
        answers = agreement if is_agreement else [str(n) for n in range(11)]
        questions.append({"label": measure.question, "answers": answers})
    questions += [{"label": str(field.label), "answers": agreement} for field in form.statements]
    questions.append({"label": str(form["was_hard"].label), "answers": [_("Yes"), _("No")]})
    title = _("Our Ordinary Day: cards for %(area)s") % {"area": day.area.name}
    return _frame(title, _("Numbered cards to fill in")) | {
        "heading": _("Our Ordinary Day"),
        "area": day.area.name,
        "day_label": _("Think of this day:"),
        "day": date_format(prompt.asked_on, "l j E Y")
        if prompt is not None and is_known
        else "____________________",
        "lead": _(
            "What do you remember of it? “None” is a good answer. Leave out what you like. "
            "One card, one person; no names."
        ),
        "questions": questions,
        "reasons": {
            "label": str(form["hard_reasons"].label),
            "answers": [str(reason.label) for reason in HardReason],
        },
        "foot": _(
            "Rather on a phone? Type the number above at %(url)s and leave this card empty. We "
            "only show numbers about many people. Fold the card and put it into the box."
        )
        % {"url": make_link("/card/")},
        "cards": [name_card(day, number) for number in range(1, day.cards + 1)],
    }


def print_read_back(day: OrdinaryDay, *, today: dt.date, next_release_on: dt.date) -> bytes:
    """Return the sheet that is read aloud at the shared meal: only what may be told."""
    with override(printed_language()):
        words = word_read_back(day, today=today, next_release_on=next_release_on)
        return print_pdf(FOLDER / "read_back.typ", words)


def word_read_back(day: OrdinaryDay, *, today: dt.date, next_release_on: dt.date) -> dict[str, Any]:
    """Word the sheet. It holds no count of cards and no answer: those come out with the release, if
    enough people answered, and not before."""
    area = day.area
    prompt = find_prompt(day)
    sections: list[dict[str, Any]] = []
    said = read_heard(area, most=5)
    if said:
        lines = [
            {
                "text": f"“{one.text}”",
                "more": " ".join(
                    _("Together we did: %(text)s") % {"text": did.text} for did in one.done
                ),
            }
            for one in said
        ]
        sections.append({"heading": _("What we heard"), "lines": lines})
    measures = list_open_measures(Area.objects.filter(pk=area.pk))
    if measures:
        lines = [
            {"text": one.question, "more": _("Asked by %(who)s") % {"who": one.author}}
            for one in measures
        ]
        sections.append({"heading": _("What we ask ourselves"), "lines": lines})
    if (release := find_standing_release()) is not None:
        lines = [
            {"text": one.sentence, "more": one.whose}
            for one in tell_figures(area, find_holders(area), release)
            if one.is_shown
        ]
        if lines:
            heading = _("What the numbers say: %(quarter)s") % {"quarter": release.quarter}
            sections.append({"heading": heading, "lines": lines})
    sections.append(
        {
            "heading": _("What comes next"),
            "lines": [
                {
                    "text": _(
                        "The numbers of this day come out with those of its three months, if "
                        "enough people answered: the next ones on %(day)s."
                    )
                    % {"day": date_format(next_release_on, "j E Y")},
                    "more": "",
                }
            ],
        }
    )
    is_over = prompt is not None and last_day_to_answer(prompt) < today
    title = _("Our Ordinary Day in %(area)s") % {"area": area.name}
    return _frame(title, _("To be read aloud at a shared meal")) | {
        "heading": title,
        "subtitle": date_format(prompt.asked_on, "l j E Y")
        if prompt is not None and is_over
        else date_format(day.month_on, "F Y"),
        "lead": _("Thank you to everybody who remembered a day, with much in it or with nothing."),
        "sections": sections,
    }
