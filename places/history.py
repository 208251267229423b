"""The history of a place: what it was, what changed from one version to the next, in words.

A version holds plain values. Longer words (what a place is like, for whom something is) stand in a
table of their own and in the version by their digest: so a sentence that should never have been
written can be taken out of every version, and nothing else of the past is touched.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.gis.geos import GEOSGeometry, Point
from django.db.models import TextChoices
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from kinder.accounts.audit import subject_of
from kinder.accounts.models import Contributor, Organisation, Subject, User
from places.models import Place, PlaceText, PlaceVersion
from places.vocabulary import Answer, CostToStay, PlaceKind, PlaceState, WelcomeAttribute
from places.week import say_hours

Facts = dict[str, Any]
# Plain columns, in the order in which a difference is told.
PLAIN = (
    "name",
    "kind",
    "address",
    "postcode",
    "website",
    "telephone",
    "opening_hours",
    "are_hours_unread",
    "cost_to_stay",
    "languages",
    "is_booking_needed",
)
WORDS = ("description", "who_for")
_LISTS: dict[str, type[TextChoices]] = {"kind": PlaceKind, "cost_to_stay": CostToStay}
GONE = gettext_lazy("(words taken out of the history)")


@dataclass(frozen=True)
class Change:
    """One thing that differs between two versions, as it is told."""

    field: str
    label: str
    before: str
    after: str


def take_facts(place: Place) -> tuple[Facts, dict[str, str]]:
    """Return what the register says of `place` as plain values, and the longer words by digest."""
    words: dict[str, str] = {}

    def keep(text: str) -> str:
        if not text:
            return ""
        digest = hashlib.sha256(text.encode()).hexdigest()
        words[digest] = text
        return digest

    facts: Facts = {name: getattr(place, name) for name in PLAIN}
    facts |= {name: keep(getattr(place, name)) for name in WORDS}
    facts["point"] = [round(place.point.x, 7), round(place.point.y, 7)]
    facts["footprint"] = place.footprint.hexewkb.decode() if place.footprint else None
    facts["organisation"] = place.organisation_id
    facts["cost_checked_on"] = _iso(place.cost_checked_on)
    facts["state"] = str(place.state)
    facts["alt_names"] = sorted([one.language, one.name] for one in place.alt_names.all())
    facts["welcomes"] = {
        one.attribute: [one.value, keep(one.for_whom), _iso(one.checked_on)]
        for one in place.welcomes.all()
    }
    return facts, words


def begin_history(place: Place) -> None:
    """Keep `place` as it is before its first change; later calls do nothing.

    A place that nobody changed has no version: a register of a hundred thousand imported places
    does not hold each of them twice.
    """
    if not PlaceVersion.objects.filter(place=place).exists():
        _write(place, PlaceVersion.Deed.BEGIN, actor=None, about=place.source, at=place.created_at)


def write_version(
    place: Place, deed: "PlaceVersion.Deed", *, by: User | Contributor | None, about: str = ""
) -> PlaceVersion:
    """Keep `place` as it is now, after `by` did `deed`, in the caller's transaction."""
    return _write(place, deed, actor=subject_of(by) if by else None, about=about)


def _write(
    place: Place,
    deed: "PlaceVersion.Deed",
    *,
    actor: Subject | None,
    about: str,
    at: Any = None,
) -> PlaceVersion:
    facts, words = take_facts(place)
    PlaceText.objects.bulk_create(
        [PlaceText(place=place, digest=digest, text=text) for digest, text in words.items()],
        ignore_conflicts=True,
    )
    when = {"at": at} if at else {}
    return PlaceVersion.objects.create(
        place=place,
        revision=place.revision,
        deed=deed,
        actor_id=actor.id if actor else None,
        facts=facts,
        about=about[:40],
        **when,
    )


def facts_at(place: Place, revision: int) -> Facts | None:
    """Return what the register said of `place` at `revision`, None where that is not kept."""
    if revision == place.revision:
        return take_facts(place)[0]
    version = PlaceVersion.objects.filter(place=place, revision__lte=revision).first()
    return version.facts if version else None


def changes_to(place: Place, facts: Facts) -> tuple[Facts, Facts, list[tuple[str, str]]]:
    """Return what would make `place` again what `facts` say: columns, welcomes, other names.

    Words that were taken out of the history stay as they are now, and so does what the lists no
    longer have. The state is left alone: hiding and closing have undoings of their own.
    """
    texts = dict(PlaceText.objects.filter(place=place).values_list("digest", "text"))
    columns: Facts = {
        name: facts[name] for name in PLAIN if name in facts and _is_known(name, facts[name])
    }
    for name in WORDS:
        digest = facts.get(name, "")
        if not digest or digest in texts:
            columns[name] = texts.get(digest, "")
    lon, lat = facts["point"]
    columns["point"] = Point(lon, lat, srid=4326)
    outline = facts.get("footprint")
    columns["footprint"] = GEOSGeometry(outline) if outline else None
    key = facts.get("organisation")
    columns["organisation"] = Organisation.objects.filter(pk=key).first() if key else None
    columns["cost_checked_on"] = _date(facts.get("cost_checked_on"))
    welcomes = {
        attribute: (value, texts.get(whom, ""), _date(checked_on))
        for attribute, (value, whom, checked_on) in facts.get("welcomes", {}).items()
        if attribute in WelcomeAttribute.values and value in Answer.values
    }
    return columns, welcomes, [(language, name) for language, name in facts.get("alt_names", [])]


def _is_known(name: str, value: Any) -> bool:
    """Tell whether what a version says of `name` is a word that its list still has."""
    return name not in _LISTS or value in _LISTS[name].values


def tell_not_put_back(place: Place, facts: Facts) -> list[str]:
    """Return what of `facts` a place that was put back to them does not say, in a reader's words:
    what lists, organisations and words are gone."""
    now, _words = take_facts(place)
    told = {*facts, *(f"welcome:{attribute}" for attribute in WelcomeAttribute.values)} - {"state"}
    return [label_of(field) for field in differing(facts, now) if field in told]


# ------------------------------------------------------------------ in words

_LABELS: dict[str, "str | Promise"] = {
    "opening_hours": gettext_lazy("Opening hours"),
    "point": gettext_lazy("Position"),
    "footprint": gettext_lazy("Outline"),
    "state": gettext_lazy("State"),
    "alt_names": gettext_lazy("Other names"),
}


def label_of(field: str) -> str:
    """Return what a reader calls `field`; a welcome is "welcome:" and its attribute."""
    if field.startswith("welcome:"):
        return str(WelcomeAttribute(field.removeprefix("welcome:")).label)
    if field in _LABELS:
        return str(_LABELS[field])
    name = str(getattr(Place._meta.get_field(field), "verbose_name", field))
    return name[:1].upper() + name[1:]


def differing(before: Facts, after: Facts) -> Iterator[str]:
    """Yield the names of what differs, welcomes one by one as "welcome:" and the attribute."""
    for field in (*PLAIN, *WORDS, "point", "footprint", "organisation", "state", "alt_names"):
        if before.get(field) != after.get(field):
            yield field
    if before.get("cost_checked_on") != after.get("cost_checked_on"):
        yield "cost_checked_on"
    one, other = before.get("welcomes", {}), after.get("welcomes", {})
    for attribute in WelcomeAttribute.values:
        if one.get(attribute) != other.get(attribute):
            yield f"welcome:{attribute}"


def tell_changes(place: Place, before: Facts, after: Facts) -> list[Change]:
    """Return what differs between two versions of `place`, in the reader's words."""
    texts = dict(PlaceText.objects.filter(place=place).values_list("digest", "text"))
    keys = [key for key in (before.get("organisation"), after.get("organisation")) if key]
    names = {one.pk: one.name for one in Organisation.objects.filter(pk__in=keys)} if keys else {}
    return [
        Change(
            field,
            label_of(field),
            tell_fact(field, _pick(before, field), texts=texts, organisations=names),
            tell_fact(field, _pick(after, field), texts=texts, organisations=names),
        )
        for field in differing(before, after)
    ]


def _pick(facts: Facts, field: str) -> Any:
    if field.startswith("welcome:"):
        return facts.get("welcomes", {}).get(field.removeprefix("welcome:"))
    return facts.get(field)


def tell_fact(
    field: str, value: Any, *, texts: Mapping[str, str], organisations: Mapping[int, str]
) -> str:
    """Return one value of a version as it is read aloud."""
    if value in (None, "", []):
        return _("nothing")
    if field.startswith("welcome:"):
        answer, whom, checked_on = value
        words = [_name_choice(Answer, answer)]
        if whom:
            words.append(texts.get(whom, str(GONE)))
        if checked_on:
            month = formats.date_format(date.fromisoformat(checked_on), "F Y")
            words.append(_("checked %(month)s") % {"month": month})
        return ", ".join(words)
    if field in WORDS:
        return texts.get(value, str(GONE))
    return (
        _TELL.get(field, str)(value)
        if field != "organisation"
        else organisations.get(value, _("an organisation that is gone"))
    )


def _tell_yes(value: bool) -> str:  # noqa: FBT001 - a value to be told
    return _("Yes") if value else _("No")


# Languages that Django has no name for.
_OTHER_LANGUAGES = {"so": "Soomaali", "ti": "ትግርኛ", "sq": "Shqip"}


def name_language(code: str) -> str:
    """Return a language's own name, or its code where nobody here knows it."""
    if code in _OTHER_LANGUAGES:
        return _OTHER_LANGUAGES[code]
    try:
        return str(get_language_info(code)["name_local"])
    except KeyError:
        return code


def _name_choice(choices: type[TextChoices], code: str) -> str:
    """Return what a code is called; itself where the list has it no more."""
    return str(choices(code).label) if code in choices.values else code


def _tell_outline(outline: str) -> str:
    """Return what can be said of an outline in words: that it was drawn anew is seen by these."""
    shape: Any = GEOSGeometry(outline)
    corners = sum(len(polygon.exterior_ring) - 1 for polygon in shape)
    metres = 111_195.0
    across = metres * math.cos(math.radians(shape.centroid.y))
    size = formats.number_format(round(shape.area * metres * across), force_grouping=True)
    return _("%(corners)s corners, about %(size)s m²") % {"corners": corners, "size": size}


_TELL: dict[str, Any] = {
    "kind": lambda value: _name_choice(PlaceKind, value),
    "cost_to_stay": lambda value: _name_choice(CostToStay, value),
    "state": lambda value: _name_choice(PlaceState, value),
    "are_hours_unread": _tell_yes,
    "is_booking_needed": _tell_yes,
    "languages": lambda value: ", ".join(name_language(code) for code in value),
    "opening_hours": say_hours,
    "point": lambda value: f"{value[1]:.5f}, {value[0]:.5f}",
    "footprint": _tell_outline,
    "alt_names": lambda value: ", ".join(f"{name} ({name_language(code)})" for code, name in value),
    "cost_checked_on": lambda value: formats.date_format(date.fromisoformat(value), "F Y"),
}


def _iso(on: date | None) -> str | None:
    return on.isoformat() if on else None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
