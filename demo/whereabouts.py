"""Puts the register into the tables: places with their welcome, and gatherings at them."""

import datetime as dt
import hashlib
import re
from dataclasses import dataclass

from django.utils import timezone

from demo.areas import to_point
from demo.people import ORGANISATIONS
from demo.register import PlaceSpec
from kinder.accounts.models import Organisation
from places.actions import PLACES_LAYER, bump_layer
from places.gatherings import occasions_between
from places.hours import weekly_open_hours
from places.models import Area, CancelledOccasion, Gathering, Geography, Place, Welcome
from places.models.place import CODE_ALPHABET

SOURCE = "demo"


@dataclass(frozen=True)
class GatheringSpec:
    """`weekday` 0 is Monday; it began `weeks` weeks before the day of loading."""

    title: str
    place: str
    weekday: int
    hour: int
    minutes: int
    weeks: int
    repeats: str
    description: str
    asked: str
    not_asked: str
    leave: str
    food: str = ""
    capacity: int | None = None
    language: str = ""
    state: Gathering.State = Gathering.State.SHOWN


GATHERINGS = (
    GatheringSpec(
        "Soup lunch", "The Long Table", 1, 12, 90, 150, "FREQ=WEEKLY;BYDAY=TU",
        "A bowl of soup at one long table. Come as you are, sit where you like.",
        "Come hungry.", "No booking, no sign-up, no payment.",
        "Leave whenever you like. Nobody asks why.", "Soup, bread, tea",
    ),
    GatheringSpec(
        "Whinfield community lunch", "Whinfield Soup Lunch", 2, 12, 105, 90,
        "FREQ=WEEKLY;BYDAY=WE", "Lunch cooked by neighbours. There is always a second helping.",
        "Stack your chair if you can.", "No name, no proof of anything.",
        "Take it away in a tub if you would rather.", "Hot lunch, vegetarian and halal",
    ),
    GatheringSpec(
        "Kettle's on", "Inverwhin Community Hub", 0, 10, 120, 110, "FREQ=WEEKLY;BYDAY=MO",
        "Tea, papers and a warm room.", "Nothing.", "You don't have to talk.",
        "The door is open both ways.", "Tea, coffee, toast",
    ),
    GatheringSpec(
        "Friday tea for the street", "Inverwhin Mosque and Centre", 4, 15, 60, 70,
        "FREQ=WEEKLY;BYDAY=FR", "Tea and sweets for whoever lives near. All faiths and none.",
        "Shoes off at the door.", "No faith is asked for.", "Stay five minutes or sixty.",
        "Tea and sweets",
    ),
    GatheringSpec(
        "Walk and blether", "Provost's Park", 3, 11, 60, 60, "FREQ=WEEKLY;BYDAY=TH",
        "Once round the park at the pace of the slowest.", "Shoes you can walk in.",
        "No fitness needed.", "Turn back at any bench.",
    ),
    GatheringSpec(
        "Polish and English coffee", "Whinfield Library", 5, 11, 90, 40,
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA", "Two languages at one table. Beginners welcome.",
        "A word or two of either.", "No test, no register.", "Say do widzenia and go.",
        "Coffee and cake", language="pl",
    ),
    GatheringSpec(
        "Mending table", "The Old Sail Loft", 5, 13, 150, 52, "FREQ=MONTHLY;BYDAY=1SA",
        "Bring what is broken; somebody may know how.", "Bring one thing.", "No skill needed.",
        "Leave it with us or take it home.", "Biscuits", capacity=20,
    ),
    GatheringSpec(
        "Bumps, babies and biscuits", "Kirkbrae Library", 1, 10, 60, 80,
        "FREQ=WEEKLY;BYDAY=TU", "For anyone with a wee one, and grandparents too.",
        "Mind the buggies.", "No sign-up.", "Go when nap time says so.", "Biscuits",
    ),
    GatheringSpec(
        "Garden hour", "Whinfield Community Garden", 6, 14, 120, 45, "FREQ=WEEKLY;BYDAY=SU",
        "Dig, or watch others dig.", "Old clothes.", "Nothing to bring.", "No goodbye needed.",
        "Flask of tea",
    ),
    GatheringSpec(
        "Big table of the North Shore", "Tarrick Community Centre", 5, 12, 120, 6,
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA", "Our first shared meals. Bring a plate or just come.",
        "Come and say what this place should be.", "No money, no membership.",
        "Ten minutes is fine.", "Whatever turns up",
    ),
    GatheringSpec(
        "Kinlarrig fireside", "Kinlarrig Community Centre", 3, 18, 90, 5,
        "FREQ=WEEKLY;BYDAY=TH", "A fire, a few chairs, a kettle.", "Nothing.",
        "You don't have to talk.", "Slip out any time.", "Tea and scones",
    ),
    GatheringSpec(
        "Chess and draughts", "Eastness Library", 5, 10, 120, 30, "FREQ=WEEKLY;BYDAY=SA",
        "Boards are out. All ages.", "Put the pieces back.", "You need not play well.",
        "A game can stop half-way.",
    ),
    GatheringSpec(
        "Songs we half know", "Skerravoe Community Centre", 4, 19, 90, 20,
        "FREQ=MONTHLY;BYDAY=3FR", "Singing without being good at it.", "Your voice, or not.",
        "No audition, no concert.", "The back row is by the door.", "Tea",
    ),
    GatheringSpec(
        "Winter warm room", "St Torran's Parish Church", 2, 14, 180, 3, "FREQ=WEEKLY;BYDAY=WE",
        "Heating on, soup on, doors open until the clocks change.", "Nothing.",
        "No prayers unless you wish.", "Come and go.", "Soup",
        state=Gathering.State.PROPOSED,
    ),
    GatheringSpec(
        "Harbour yoga", "Ropewalk Gardens", 6, 8, 45, 60, "FREQ=WEEKLY;BYDAY=SU",
        "Stretching by the water.", "A mat or a towel.", "No leggings required.",
        "Lie down whenever you like.", state=Gathering.State.CANCELLED,
    ),
)  # fmt: skip


# Not confirmed for half a year: their hosts have been asked.
CONFIRMED_DAYS_AGO = {"Chess and draughts": 190, "Songs we half know": 201}
CALLED_OFF = {"Walk and blether": "The park is closed for a race."}


def load_places(specs: list[PlaceSpec], geography: Geography, *, day: dt.date) -> int:
    """Insert places and what makes them welcoming; return how many rows."""
    zones = {area.code: area for area in Area.objects.filter(geography=geography, level="zone")}
    hosts = organisations_by_key()
    noon = timezone.make_aware(dt.datetime.combine(day, dt.time(12)))

    def before(days: int) -> dt.datetime:
        return noon - dt.timedelta(days=days)

    places = [
        Place(
            code=spec.code,
            name=spec.name,
            kind=spec.kind,
            point=to_point(spec.point),
            area=zones[spec.zone],
            address=spec.address,
            postcode=spec.postcode,
            opening_hours=spec.hours,
            weekly_hours=weekly_open_hours(spec.hours),
            cost_to_stay=spec.cost,
            is_booking_needed=spec.needs_booking,
            organisation=hosts[spec.host] if spec.host else None,
            state=spec.state,
            source=SOURCE,
            source_ref=str(number),
            created_at=before(spec.created_days_ago),
            confirmed_at=None
            if spec.confirmed_days_ago is None
            else before(spec.confirmed_days_ago),
        )
        for number, spec in enumerate(specs, start=1)
    ]
    Place.objects.bulk_create(places)
    welcomes = [
        Welcome(
            place=place,
            attribute=welcome.attribute,
            value=welcome.value,
            for_whom=welcome.for_whom,
            checked_on=(day - dt.timedelta(days=welcome.checked_days_ago)).replace(day=1),
        )
        for place, spec in zip(places, specs, strict=True)
        for welcome in spec.welcomes
    ]
    Welcome.objects.bulk_create(welcomes)
    bump_layer(PLACES_LAYER)
    return len(places) + len(welcomes)


def load_gatherings(*, day: dt.date) -> int:
    """Insert the gatherings, each at its place and with whoever runs that place."""
    by_name = {place.name: place for place in Place.objects.filter(source=SOURCE)}
    gatherings = []
    for spec in GATHERINGS:
        place = by_name[spec.place]
        starts = timezone.make_aware(dt.datetime.combine(_first_day(spec, day), dt.time(spec.hour)))
        gatherings.append(
            Gathering(
                code=_code(spec.title),
                title=spec.title,
                place=place,
                organisation=place.organisation,
                description=spec.description,
                starts_at=starts,
                minutes=spec.minutes,
                recurrence=spec.repeats,
                is_asked=spec.asked,
                is_not_asked=spec.not_asked,
                how_to_leave=spec.leave,
                food=spec.food,
                capacity=spec.capacity,
                language=spec.language,
                state=spec.state,
                created_at=starts - dt.timedelta(days=10),
                confirmed_at=_before(day, CONFIRMED_DAYS_AGO.get(spec.title, 40)),
                asked_at=_before(day, 6) if spec.title in CONFIRMED_DAYS_AGO else None,
            )
        )
    Gathering.objects.bulk_create(gatherings)
    return len(gatherings) + _call_off(gatherings, day)


def _before(day: dt.date, days: int) -> dt.datetime:
    noon = dt.datetime.combine(day, dt.time(12))
    return timezone.make_aware(noon - dt.timedelta(days=days))


def _call_off(gatherings: list[Gathering], day: dt.date) -> int:
    """Call one time off, so that the list shows what that looks like."""
    by_title = {one.title: one for one in gatherings}
    start = timezone.make_aware(dt.datetime.combine(day, dt.time())) + dt.timedelta(days=2)
    for title, why in CALLED_OFF.items():
        gathering = by_title[title]
        times = occasions_between(gathering, start, start + dt.timedelta(days=30))
        CancelledOccasion.objects.create(gathering=gathering, cancelled_on=next(times).on, why=why)
    return len(CALLED_OFF)


def _first_day(spec: GatheringSpec, day: dt.date) -> dt.date:
    """The first date: the weekday it recurs on and, for "the third Friday", the third one."""
    first = day - dt.timedelta(days=day.weekday() - spec.weekday, weeks=spec.weeks)
    nth = re.search(r"BYDAY=(\d)", spec.repeats)
    while nth is not None and (first.day - 1) // 7 + 1 != int(nth.group(1)):
        first += dt.timedelta(weeks=1)
    return first


def _code(title: str) -> str:
    digest = hashlib.sha256(title.encode()).digest()
    return "".join(CODE_ALPHABET[byte % len(CODE_ALPHABET)] for byte in digest[:7])


def organisations_by_key() -> dict[str, Organisation]:
    """The demo's organisations under the short keys of demo.people."""
    by_name = {row.name: row for row in Organisation.objects.all()}
    return {spec.key: by_name[spec.name] for spec in ORGANISATIONS}
