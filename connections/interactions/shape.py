"""The shape of a moment as a device sends it: read strictly, told back canonically.

One table says which fields there are; the reader, the description of the API and the form all use
it. Nothing here asks the database.
"""

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from django.utils.translation import gettext_lazy as _

from connections.interactions.rules import InvalidMomentError, Problem
from connections.interactions.vocabulary import (
    AtWork,
    Direction,
    Hardness,
    HardReason,
    MomentKind,
    PartOfDay,
    Setting,
    Tie,
    YesNoUnsure,
)


class Facts(TypedDict):
    """A moment as it was told. `place` and `area` are codes, exactly one of which is given."""

    direction: str
    kind: str
    place: str | None
    area: str | None
    occurred_on: dt.date
    tie: str | None
    is_different: str | None
    at_work: str | None
    through_organisation: str | None
    hardness: str | None
    hard_reasons: list[str]
    part_of_day: str | None
    setting: str | None


REQUIRED_CHOICES: dict[str, tuple[str, ...]] = {
    "direction": tuple(Direction.values),
    "kind": tuple(MomentKind.values),
}
OPTIONAL_CHOICES: dict[str, tuple[str, ...]] = {
    "tie": tuple(Tie.values),
    "is_different": tuple(YesNoUnsure.values),
    "at_work": tuple(AtWork.values),
    "through_organisation": tuple(YesNoUnsure.values),
    "hardness": tuple(Hardness.values),
    "part_of_day": tuple(PartOfDay.values),
    "setting": tuple(Setting.values),
}
CHOICES = REQUIRED_CHOICES | OPTIONAL_CHOICES
REASONS = tuple(HardReason.values)
COORDINATES = frozenset(
    {"lat", "latitude", "lon", "lng", "long", "longitude", "coordinates", "geometry", "location"}
    | {"point", "position", "x", "y", "accuracy", "altitude", "coords", "geohash", "cell"}
)

_CODE = re.compile(r"[A-Za-z0-9]{1,16}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

UNKNOWN_FIELD = Problem("unknown_field", _("There is no such field."))
NO_COORDINATES = Problem("no_coordinates", _("Send a place or an area. Positions are not taken."))
REQUIRED = Problem("required", _("This is needed."))
NOT_IN_LIST = Problem("not_in_list", _("This is not one of the answers."))
NO_SUCH_DATE = Problem("no_such_date", _("Send a date as 2026-03-05."))
NO_CODE = Problem("no_code", _("Send a code of letters and digits."))
ONE_WHERE = Problem("place_or_area", _("Send either a place or an area."))
NOT_AN_OBJECT = Problem("not_an_object", _("Send an object with the moment's fields."))


def read_facts(body: object) -> Facts:
    """Return the facts of a whole moment; InvalidMomentError names every field that is wrong."""
    facts, problems = _read(body)
    for name in REQUIRED_CHOICES:
        if facts.get(name) is None:
            problems.setdefault(name, REQUIRED)
    if facts.get("occurred_on") is None:
        problems.setdefault("occurred_on", REQUIRED)
    _check_one_where(facts, problems)
    if problems:
        raise InvalidMomentError(problems)
    return {
        "direction": facts["direction"],
        "kind": facts["kind"],
        "place": facts.get("place"),
        "area": facts.get("area"),
        "occurred_on": facts["occurred_on"],
        "tie": facts.get("tie"),
        "is_different": facts.get("is_different"),
        "at_work": facts.get("at_work"),
        "through_organisation": facts.get("through_organisation"),
        "hardness": facts.get("hardness"),
        "hard_reasons": facts.get("hard_reasons") or [],
        "part_of_day": facts.get("part_of_day"),
        "setting": facts.get("setting"),
    }


class HardFacts(TypedDict):
    """What made it hard, as it was told. Exactly one of `place` and `area` is given."""

    place: str | None
    area: str | None
    occurred_on: dt.date
    reasons: list[str]


def read_difficulty(body: object) -> HardFacts:
    """Return the facts of a difficulty; InvalidMomentError names every field that is wrong."""
    facts, problems = _read(body, _READERS_OF_DIFFICULTY)
    if not facts.get("reasons"):
        problems.setdefault("reasons", REQUIRED)
    if facts.get("occurred_on") is None:
        problems.setdefault("occurred_on", REQUIRED)
    _check_one_where(facts, problems)
    if problems:
        raise InvalidMomentError(problems)
    return {
        "place": facts.get("place"),
        "area": facts.get("area"),
        "occurred_on": facts["occurred_on"],
        "reasons": facts["reasons"],
    }


def read_changes(body: object) -> dict[str, Any]:
    """Return the facts that a correction changes; null takes an optional answer back."""
    facts, problems = _read(body)
    for name in (*REQUIRED_CHOICES, "occurred_on"):
        if name in facts and facts[name] is None:
            problems.setdefault(name, REQUIRED)
    if "place" in facts or "area" in facts:
        _check_one_where(facts, problems)
    if problems:
        raise InvalidMomentError(problems)
    if "hard_reasons" in facts:
        facts["hard_reasons"] = facts["hard_reasons"] or []
    return facts


def write_canonically(facts: Mapping[str, Any]) -> bytes:
    """Return one spelling for one moment, however its fields were ordered or left out."""
    return json.dumps(
        facts, sort_keys=True, separators=(",", ":"), default=dt.date.isoformat
    ).encode()


def _check_one_where(facts: dict[str, Any], problems: dict[str, Problem]) -> None:
    given = (facts.get("place") is not None) + (facts.get("area") is not None)
    if given != 1 and not problems.keys() & {"place", "area"}:
        problems["place"] = ONE_WHERE


def _read(
    body: object, readers: Mapping[str, Callable[[Any], Any]] | None = None
) -> tuple[dict[str, Any], dict[str, Problem]]:
    if not isinstance(body, dict):
        raise InvalidMomentError({"": NOT_AN_OBJECT})
    facts: dict[str, Any] = {}
    problems: dict[str, Problem] = {}
    for name, sent in body.items():
        reader = (readers or _READERS).get(name)
        if reader is None:
            is_position = name.lower() in COORDINATES
            problems[name[:40]] = NO_COORDINATES if is_position else UNKNOWN_FIELD
            continue
        value = None if sent is None else reader(sent)
        if isinstance(value, Problem):
            problems[name] = value
        else:
            facts[name] = value
    return facts, problems


def _make_choice_reader(choices: tuple[str, ...]) -> Callable[[Any], str | Problem]:
    def read_choice(sent: Any) -> str | Problem:
        return sent if type(sent) is str and sent in choices else NOT_IN_LIST

    return read_choice


def _read_code(sent: Any) -> str | Problem:
    return sent if type(sent) is str and _CODE.fullmatch(sent) else NO_CODE


def _read_date(sent: Any) -> dt.date | Problem:
    if type(sent) is not str or not _DATE.fullmatch(sent):
        return NO_SUCH_DATE
    try:
        return dt.date.fromisoformat(sent)
    except ValueError:
        return NO_SUCH_DATE


def _read_reasons(sent: Any) -> list[str] | Problem:
    if not isinstance(sent, list) or any(type(reason) is not str for reason in sent):
        return NOT_IN_LIST
    if not set(sent) <= set(REASONS):
        return NOT_IN_LIST
    return [reason for reason in REASONS if reason in sent]


_READERS: dict[str, Callable[[Any], Any]] = {
    **{name: _make_choice_reader(choices) for name, choices in CHOICES.items()},
    "place": _read_code,
    "area": _read_code,
    "occurred_on": _read_date,
    "hard_reasons": _read_reasons,
}
_READERS_OF_DIFFICULTY: dict[str, Callable[[Any], Any]] = {
    **{name: _READERS[name] for name in ("place", "area", "occurred_on")},
    "reasons": _read_reasons,
}
