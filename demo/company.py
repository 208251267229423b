"""Company asked for and offered in the coming days, and the places that communities put first."""

import datetime as dt

import numpy as np
from django.utils import timezone

from connections.interactions.models import PinnedPlace
from demo.crowd import Crowd
from demo.moments import list_keys
from demo.town import SEED
from demo.whereabouts import SOURCE
from places.company.rules import DAYS_AHEAD, can_have_company, cut_to_length, is_open_throughout
from places.gatherings import occasions_between
from places.models import Area, CompanyNotice, Gathering, Geography, Place
from places.vocabulary import CompanyThing, CompanyWay

# Place, days ahead, hour, minutes, which, what for, language.
_ASK, _OFFER = CompanyWay.ASK, CompanyWay.OFFER
AT_PLACES = (
    ("Inverwhin Library", 1, 11, 60, _ASK, CompanyThing.QUIET, ""),
    ("Inverwhin Community Hub", 2, 14, 90, _OFFER, CompanyThing.CHAT, ""),
    ("The Warm Teapot", 3, 15, 60, _ASK, CompanyThing.CHAT, "pl"),
    ("Whinfield Library", 2, 11, 60, _OFFER, CompanyThing.GAME, ""),
    ("Kirkbrae Library", 4, 11, 60, _ASK, CompanyThing.MAKE, ""),
)
AT_GATHERINGS = (("Songs we half know", _ASK), ("Chess and draughts", _OFFER))
PINNED = {
    "Old Town and Harbour": ("Inverwhin Library", "Inverwhin Community Hub", "The Warm Teapot"),
    "Whinfield": ("Whinfield Library",),
}


def load_company(crowd: Crowd, geography: Geography, *, day: dt.date, seed: int = SEED) -> int:
    """Insert notes about company for the week after `day`, and pinned places."""
    rng = np.random.default_rng([seed, 17])
    keys = list_keys(crowd, seed=seed)
    here = np.flatnonzero(crowd.left == crowd.left.max())
    places = {place.name: place for place in Place.objects.filter(source=SOURCE)}
    notices = [*_at_places(places, day), *_at_gatherings(day)]
    for notice in notices:
        notice.contributor_id = keys.ids[int(rng.choice(here))]
    CompanyNotice.objects.bulk_create(notices)
    pinned = [
        PinnedPlace(
            area=Area.objects.get(geography=geography, level="community", name=area),
            place=places[name],
        )
        for area, names in PINNED.items()
        for name in names
        if name in places
    ]
    PinnedPlace.objects.bulk_create(pinned)
    return len(notices) + len(pinned)


def _at_places(places: dict[str, Place], day: dt.date) -> list[CompanyNotice]:
    notices = []
    for name, ahead, hour, minutes, way, thing, language in AT_PLACES:
        place = places.get(name)
        if place is None or not can_have_company(place):
            continue
        for later in range(ahead, DAYS_AHEAD + 1):
            begin = dt.datetime.combine(day + dt.timedelta(days=later), dt.time(hour))
            starts_at = timezone.make_aware(begin)
            ends_at = starts_at + dt.timedelta(minutes=minutes)
            if is_open_throughout(place, starts_at, ends_at):
                notices.append(
                    CompanyNotice(
                        way=way,
                        thing=thing,
                        place=place,
                        language=language,
                        starts_at=starts_at,
                        ends_at=ends_at,
                    )
                )
                break
    return notices


def _at_gatherings(day: dt.date) -> list[CompanyNotice]:
    start = timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time()))
    notices = []
    for title, way in AT_GATHERINGS:
        gathering = Gathering.objects.select_related("place").filter(title=title).first()
        if gathering is None or not can_have_company(gathering.place, at_gathering=True):
            continue
        for one in occasions_between(gathering, start, start + dt.timedelta(days=DAYS_AHEAD)):
            if cut_to_length(one) > one.starts_at:
                notices.append(
                    CompanyNotice(
                        way=way,
                        thing=CompanyThing.GO_IN,
                        place=gathering.place,
                        gathering=gathering,
                        starts_at=one.starts_at,
                        ends_at=cut_to_length(one),
                    )
                )
            break
    return notices
