"""The 24 kinds of place in other people's words: what a table that comes in may call them."""

import re
import unicodedata

from places.exchange.osm import KIND_TAGS
from places.vocabulary import PlaceKind

# Words by which people and other lists call a kind, beside its code and label.
_WORDS: dict[PlaceKind, tuple[str, ...]] = {
    PlaceKind.SUPERMARKET: ("supermarkets", "grocery store"),
    PlaceKind.LOCAL_SHOP: ("shop", "corner shop", "convenience store", "newsagent", "bakery"),
    PlaceKind.POST_OFFICE: ("post offices",),
    PlaceKind.CAFE: ("cafe", "coffee shop", "tea room", "community cafe"),
    PlaceKind.TAKEAWAY: ("takeaway", "fast food", "chip shop"),
    PlaceKind.PUB: ("pub", "bar", "inn"),
    PlaceKind.SOCIAL_CLUB: ("club", "social clubs", "bowling club"),
    PlaceKind.HAIRDRESSER: ("hairdresser", "barber"),
    PlaceKind.LAUNDERETTE: ("laundry", "laundrette"),
    PlaceKind.CHARITY_SHOP: ("charity shops", "second hand shop", "thrift shop"),
    PlaceKind.SHOPPING_CENTRE: ("mall", "shopping mall"),
    PlaceKind.MARKET: ("markets", "marketplace"),
    PlaceKind.LIBRARY: ("libraries", "public library"),
    PlaceKind.COMMUNITY_CENTRE: ("community centres", "village hall", "community hall", "hub",
                                 "social centre", "neighbourhood centre"),
    PlaceKind.WORSHIP: ("church", "mosque", "temple", "synagogue", "gurdwara", "chapel"),
    PlaceKind.COMMUNITY_MEAL: ("food bank", "soup kitchen", "community meal", "lunch club",
                               "food pantry"),
    PlaceKind.SCHOOL_GATE: ("school", "nursery", "kindergarten"),
    PlaceKind.HEALTH: ("pharmacy", "gp", "doctor", "clinic", "hospital", "health centre"),
    PlaceKind.PARK: ("park", "garden", "parks"),
    PlaceKind.ALLOTMENT: ("allotment", "allotments", "community garden"),
    PlaceKind.PLAYGROUND: ("play area", "play park"),
    PlaceKind.SPORT: ("sports centre", "leisure centre", "swimming pool", "pitch", "gym"),
    PlaceKind.ARTS: ("arts centre", "museum", "gallery", "theatre", "cinema"),
    PlaceKind.BENCH: ("bench", "bus stop", "square", "shelter", "station"),
}  # fmt: skip


def read_kind(text: str) -> PlaceKind | None:
    """Return the kind that a word means: our code or label, a common word, or key=value."""
    word = _plain(text)
    return _BY_WORD.get(word) or _BY_WORD.get(word.removesuffix("s"))


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(part for part in parts if not unicodedata.combining(part))
    return re.sub(r"[\W_]+", " ", letters).strip()


_BY_WORD: dict[str, PlaceKind] = {}
for _kind in PlaceKind:
    for _word in (_kind.value, str(_kind.label), *_WORDS[_kind]):
        _BY_WORD.setdefault(_plain(_word), _kind)
for _tag in KIND_TAGS:
    if _tag.value != "*":
        _BY_WORD.setdefault(_plain(f"{_tag.key}={_tag.value}"), _tag.kind)
