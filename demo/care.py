"""The island's register looked after: edits with their history, changes that neighbours propose, an
organisation that claims a place, photos, a list that waits to be looked over."""

import datetime as dt
import io

from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image, ImageDraw

from demo.whereabouts import SOURCE, organisations_by_key
from kinder.accounts.models import Membership, Role, User
from kinder.accounts.uploads import read_photo
from places.actions import Told, add_photo, change_place, claim_place, suggest_change
from places.exchange.intake import advance
from places.exchange.starts import begin_import
from places.models import Place, PlaceVersion
from places.vocabulary import PlaceKind, PlaceState

# Name, then what a keeper of the register noted there, the earliest first.
EDITS: tuple[tuple[str, tuple[dict[str, object], ...]], ...] = (
    (
        "Inverwhin Library",
        (
            {"description": "Warm, bright, and nobody hurries you."},
            {"who_for": "everyone; quiet hour on Tuesday mornings", "languages": ["gd", "pl"]},
        ),
    ),
    (
        "Whinfield Community Centre",
        (
            {"telephone": "01632 960 101"},
            {"description": "Two halls, a kitchen and a very large teapot."},
        ),
    ),
    ("The Long Table", ({"who_for": "whoever is hungry, or not", "languages": ["en", "uk"]},)),
)
# Name, what somebody proposed, and whether a keeper changed the same field since.
PROPOSALS = (
    ("Whinfield Library", {"opening_hours": "Mo-Fr 10:00-18:00; Sa 10:00-13:00; PH off"}, False),
    ("Kirkbrae Library", {"address": "2 Brae Road, Kirkbrae"}, True),
    ("Eastness Library", {"gone": True}, False),
)
CLAIMED = ("Second Wind", "hub")
PHOTOS = (
    ("Inverwhin Library", "A wide door without a step, and a bench beside it", (40, 96, 84)),
    ("Whinfield Community Garden", "Raised beds with a bench under a rowan tree", (120, 150, 70)),
)
LIST = """name,kind,postcode,address,opening hours
Harbour Pantry,food bank,{first},Harbour Street,Tu 10:00-12:00
Old Net Shed,community centre,{first},4 Net Lane,Sa 10:00-16:00
Knit and natter,social club,{second},Kirk Hall,Th 14:00-16:00
Somewhere up the hill,spaceport,{second},,
No postcode hut,cafe,,,9am-5pm
"""


def load_care(*, day: dt.date) -> int:
    """Make the rows, through the same actions as people do; return how many."""
    worker = _worker()
    rows = 0
    for name, edits in EDITS:
        place = _find(name)
        for changes in edits if place else ():
            change_place(by=worker, place=place, changes=changes)  # type: ignore[arg-type]
            rows += 1
    library = _find("Inverwhin Library")
    if library is not None:
        quiet = Told("yes", "Tuesday mornings", day - dt.timedelta(days=40))
        change_place(
            by=worker,
            place=library,
            changes={},
            welcome={"quiet_times": quiet},
            alt_names=[("gd", "Leabharlann Inbhir Chuin")],
        )
        rows += 1
    for name, proposed, is_changed in PROPOSALS:
        place = _find(name)
        if place is None:
            continue
        suggest_change(by=None, place=place, changes=proposed, base_revision=place.revision)
        rows += 1
        if is_changed:
            change_place(by=worker, place=place, changes={"address": "4 Brae Road, Kirkbrae"})
    rows += _claim()
    for name, alt, colour in PHOTOS:
        place = _find(name)
        if place is not None:
            add_photo(by=worker, place=place, photo=read_photo(_paint(colour)), alt=alt)
            rows += 1
    _age(day)
    return rows + _bring_in(worker)


def _worker() -> User:
    member = (
        Membership.objects.filter(role=Role.WORKER).select_related("user").order_by("id").first()
    )
    if member is None:
        raise LookupError("The island has no worker: load its people first.")
    return member.user


def _find(name: str) -> Place | None:
    shown = (PlaceState.VERIFIED, PlaceState.STALE)
    return Place.objects.filter(source=SOURCE, name=name, state__in=shown).first()


def _claim() -> int:
    name, key = CLAIMED
    place, organisation = _find(name), organisations_by_key()[key]
    member = Membership.objects.filter(organisation=organisation).select_related("user").first()
    if place is None or member is None or place.organisation_id == organisation.pk:
        return 0
    claim_place(by=member.user, place=place, organisation=organisation)
    return 1


def _paint(colour: tuple[int, int, int]) -> io.BytesIO:
    """A plainly invented picture: a door, a bench and a hill."""
    picture = Image.new("RGB", (960, 640), (214, 226, 232))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((-200, 330, 760, 1_100), fill=tuple(min(255, part + 60) for part in colour))
    draw.rectangle((420, 180, 860, 560), fill=(241, 234, 221))
    draw.polygon(((400, 180), (640, 60), (880, 180)), fill=(138, 70, 60))
    draw.rectangle((590, 300, 710, 560), fill=colour)
    draw.rectangle((120, 480, 340, 500), fill=(110, 78, 50))
    draw.rectangle((140, 500, 155, 560), fill=(110, 78, 50))
    draw.rectangle((305, 500, 320, 560), fill=(110, 78, 50))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    out.seek(0)
    return out


def _age(day: dt.date) -> None:
    """Spread the edits over the last weeks, as if they had been made then."""
    noon = timezone.make_aware(dt.datetime.combine(day, dt.time(12)))
    changed = PlaceVersion.objects.filter(place__source=SOURCE, deed=PlaceVersion.Deed.CHANGE)
    for number, version in enumerate(changed.order_by("-id")):
        version.at = noon - dt.timedelta(days=3 + 5 * number, minutes=37 * number)
        version.save(update_fields=["at"])


def _bring_in(worker: User) -> int:
    """A list with some rows to mend, read and waiting to be looked over."""
    postcodes = list(
        Place.objects.filter(source=SOURCE, kind=PlaceKind.LIBRARY)
        .exclude(postcode="")
        .order_by("id")
        .values_list("postcode", flat=True)[:2]
    )
    if len(postcodes) < 2:
        return 0
    text = LIST.format(first=postcodes[0], second=postcodes[1])
    columns = {name: name for name in ("name", "kind", "postcode", "address")}
    job = begin_import(
        by=worker,
        file_format="csv",
        name="Halls and huts (invented)",
        file=ContentFile(text.encode(), name="halls.csv"),
        options={"columns": columns | {"opening_hours": "opening hours"}, "kind": ""},
    )
    advance(job.pk)
    return job.rows.count()
