"""Shapes how company is asked for or offered: choices, and no words of one's own."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from kinder.accounts.screening import ScreenedForm
from places.company.rules import EARLIEST, LATEST, LENGTHS
from places.gatherings import Occasion
from places.hours import OpenState, describe_week, status_at
from places.models import Place
from places.vocabulary import CompanyThing, CompanyWay

STEP = timedelta(minutes=30)


class CompanyForm(ScreenedForm):
    """Whether somebody asks or offers, in which language, and that they are grown up."""

    way = forms.ChoiceField(
        label=_("Which is it?"),
        choices=CompanyWay.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether you ask for company or offer it.")},
    )
    language = forms.ChoiceField(label=_("In which language?"), required=False)
    is_adult = forms.BooleanField(
        label=_("I am 18 or older"),
        error_messages={"required": _("This is for people of 18 and older. Tick it if you are.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self._choices("language", [("", _("Any")), *settings.LANGUAGES])

    def _choices(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type
        field.choices = choices


class PlaceCompanyForm(CompanyForm):
    """At a place: what for, on which of the days it is open, from when, for how long."""

    thing = forms.ChoiceField(
        label=_("What would you like to do?"),
        choices=CompanyThing.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you would like to do.")},
    )
    on = forms.ChoiceField(label=_("Which day?"))
    at = forms.ChoiceField(label=_("From when?"), initial="14:00")
    minutes = forms.ChoiceField(label=_("For how long?"), initial="60")

    field_order = ("way", "thing", "on", "at", "minutes", "language", "is_adult")

    def __init__(self, *args: Any, place: Place, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choices("on", _list_days(place, now))
        self._choices("at", _list_beginnings())
        self._choices("minutes", [(str(number), _say_length(number)) for number in LENGTHS])

    def facts(self) -> dict[str, Any]:
        data = self.cleaned_data
        begin = datetime.combine(date.fromisoformat(data["on"]), time.fromisoformat(data["at"]))
        starts_at = timezone.make_aware(begin)
        return {
            "way": CompanyWay(data["way"]),
            "thing": CompanyThing(data["thing"]),
            "language": data["language"],
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=int(data["minutes"])),
        }


class GatheringCompanyForm(CompanyForm):
    """At one of the next times of a gathering: to go in together."""

    on = forms.ChoiceField(
        label=_("Which time?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a day.")},
    )

    field_order = ("way", "on", "language", "is_adult")

    def __init__(self, *args: Any, times: list[Occasion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._times = {one.on.isoformat(): one for one in times}
        self._choices("on", [(on, _say_time(one)) for on, one in self._times.items()])

    def facts(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "way": CompanyWay(data["way"]),
            "language": data["language"],
            "occasion": self._times[data["on"]],
        }


def _list_days(place: Place, now: datetime) -> list[tuple[str, str]]:
    """The next seven days on which it is open at all in what is left of the daytime, with their
    hours."""
    days = []
    is_late = timezone.localtime(now + STEP).time() >= LATEST
    for day in describe_week(place.opening_hours, now, point=place.point):
        if day.is_today and is_late:
            continue
        begin = timezone.make_aware(datetime.combine(day.on, EARLIEST))
        status = status_at(place.opening_hours, begin, point=place.point)
        opens_later = status.until_at is not None and status.until_at.time() < LATEST
        is_same_day = status.until_at is not None and timezone.localdate(status.until_at) == day.on
        if status.state is OpenState.OPEN or (opens_later and is_same_day):
            days.append(
                (day.on.isoformat(), f"{capfirst(date_format(day.on, 'l j'))} ({day.text})")
            )
    return days


def _list_beginnings() -> list[tuple[str, str]]:
    at, found = datetime.combine(date.min, EARLIEST), []
    while at.time() < LATEST:
        found.append((f"{at:%H:%M}", time_format(at.time(), "TIME_FORMAT")))
        at += STEP
    return found


def _say_length(minutes: int) -> str:
    if minutes % 60:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}


def _say_time(one: Occasion) -> str:
    words = {
        "day": capfirst(date_format(one.starts_at, "l j E")),
        "time": time_format(one.starts_at.time(), "TIME_FORMAT"),
    }
    return str(_("%(day)s, %(time)s")) % words
