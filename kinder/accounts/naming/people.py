"""Names of people and of streets in a text: they warn, and whoever writes decides."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from kinder.accounts.naming.finding import Finding, What
from kinder.accounts.naming.first_names import ARABIC, CYRILLIC_STEMS, LATIN
from kinder.accounts.naming.reading import read_plainly, words_of

_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
# After these a sentence, a line or a speech begins, and a capital letter says nothing.
_BEGINS = re.compile(r"(?:^|[.!?:;…\n\"“”«»(/•*-]|\.\.\.)\s*$")

# Names that are everyday words as well, written small: only a capital letter tells them.
_EVERYDAY = words_of(
    """
    ben carol chelsea daisy dean eve glen hazel heather ivy jade jean ken kit lily logan max mo nick
    penny poppy roman ruby sana sandy skye ted tam kuba nur ali roy ina
    """
)
# Titles before a name, where the name is written small too; and those that need its capital.
_TITLES = words_of("mr mrs ms dr rev fr pan pani panią panu panem pana пан пані")
_TITLES_BEFORE_CAPITALS = words_of(
    """
    miss doctor reverend father sister brother auntie aunty aunt uncle granny gran grandpa papa nana
    nurse pastor imam sheikh saint madam sir lady lord councillor called named name wee auld big
    young old neighbour neighbor pal friend mate driver
    """
)
_ARABIC_TITLES = words_of("السيدة السيد باجی باجي الست الاستاذ الأستاذ أبو أم آنٹی چاچا")
_ARABIC_AFTER = words_of("بھائی صاحب باجی آپا خالہ")

_MINE = words_of("اپنے میرے ہمارے")

# Written with a capital and nobody's name: days, months, peoples, faiths, feasts, family, brands.
_CAPITALS = words_of(
    """
    i i'm i'd i'll i've i's ok monday tuesday wednesday thursday friday saturday sunday january
    february march april may june july august september october november december mum dad mam gran
    granny granda grandad grandpa mummy daddy papa nana nan mama god allah lord jesus christ heaven
    christmas easter lent ramadan eid diwali vaisakhi hanukkah hogmanay burns bonfire halloween
    new year year's eve day boxing mothers mother's father's fathers scotland scottish scots england
    english wales welsh ireland irish britain british uk europe european poland polish ukraine
    ukrainian urdu pakistan pakistani arabic arab syria syrian india indian punjabi gaelic gàidhlig
    african nigerian chinese romanian spanish french italian german turkish kurdish somali afghan
    iranian farsi sudanese eritrean muslim christian catholic protestant hindu sikh jewish buddhist
    mass church mosque temple gurdwara quran bible glasgow edinburgh dundee aberdeen inverness
    stirling perth tesco asda lidl aldi morrisons sainsbury's co-op coop iceland greggs spar boots
    post office royal mail universal credit council facebook whatsapp zoom google uber netflix bbc
    whatsapp teams men's sheds shed am pm mr mrs ms dr rev st tv nhs gp polska polski polsku
    wielkanoc boże narodzenie wigilia wigilię library foodbank bank food lunch big centre hall café
    cafe park group club street community church school garden gardens shop bus train kirk men
    women friday's україна різдво великдень bog boga dzień sobota niedziela covid covid-19
    """
)

# Months that are names too, unless one of these stands before them.
_MONTHS = words_of("april may june august")
_BEFORE_MONTHS = words_of("in on since of this next last until till by early late mid each every")
_SUBJECTS = words_of(
    """
    i we you he she it they who that this there here someone somebody everyone everybody nobody
    anyone one two three both all some many most people folk folks neighbour neighbours neighbor
    neighbors stranger strangers friend friends pal pals kids weans bairns children staff driver
    drivers posties man woman lady ladies men women boy girl lad lads teenagers mum dad gran granny
    granda mam sister brother daughter son wife husband partner family nurse doctor carer volunteers
    priest imam minister teacher then later yesterday today tonight afterwards only just never
    always what which nothing something everything life dinner lunch tea soup shopping bus music
    rain snow staff another other others couple bloke guy students workers locals others mine ours
    hers his my weather laughter help time good bad great nice lovely chat chatted held gave made
    brought helped
    """
)
_DEEDS = words_of(
    """
    held gave made brought helped shared sat took came said let walked carried fixed lent drove
    phoned rang called asked smiled waved stayed waited cooked baked minded watched looked showed
    told offered sent left bought paid picked listened talked chatted kept cleared cleaned joined
    invited popped fed mended visited taught hugged thanked saved texted gives brings helps makes
    holds fae frae
    """
)

_TYPES = (
    r"street|st|road|rd|avenue|ave|lane|ln|drive|crescent|cres|court|ct|place|pl|terrace|terr|gardens"
    r"|gdns|close|wynd|row|square|sq|way|grove|gr|brae|loan|quadrant|quad|path|view|walk|hill|vennel"
    r"|mews|rise|parade|bank|cottages|cottage|house|villas|green|gate|park|pend|circus"
)
_NAMED = r"[A-Z][\w']+(?:[ -][A-Z][\w']+){0,2}"
_STREETS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![\w/.£])\d{{1,4}}[A-Da-d]?,? (?:[A-Za-z'][\w']+ ){{1,3}}(?i:{_TYPES})\b",
        rf"\b{_NAMED} (?:{_TYPES.title()})\b",
        r"(?i:\b(?:flat|apartment|apt|tower|block)\s+\d+(?:[/-]\d+)?[A-D]?\b)",
        r"(?i:\bhouse\s+\d+\b)",
        r"(?i:\bul\.|\bulic[aąęy]|\balej[aąei]|\bal\.|\bos\.)\s+[A-ZŁŚŻŹĆÓ][\w]+(?:\s+\d+(?:/\d+)?)?",
        r"(?i:вул\.|вулиц[яіюею]+|просп\.|проспект[іу]?|пров\.)\s*[А-ЯІЇЄҐ][\w' ]+?"
        r"(?=[,.\n]|$)(?:, ?\d+)?",
        r"(?i:вул\.)\s*\w+",
        r"(?:شارع|سڑک|گلی|محلہ|زقاق)\s+\S+",
        r"\b(?:Sràid|Rathad|Ceàrnag|Rathaid)\b(?: (?:na|a'|an|nan|nam))?(?: \S+)?",
    )
)


@dataclass(frozen=True)
class _Word:
    text: str
    start: int
    end: int
    begins: bool
    """Whether a sentence begins with it."""

    @property
    def small(self) -> str:
        return self.text.lower().removesuffix("'s")

    @property
    def is_capital(self) -> bool:
        return self.text[0].isupper() and not self.text.isupper()


def find_people(text: str, *, known: frozenset[str] = frozenset()) -> list[Finding]:
    """Return names and streets in `text`; words of `known` (in small letters) are no names."""
    plain = read_plainly(text)
    streets = _find_streets(plain, known)
    found = [
        *((start, end, What.STREET) for start, end in streets),
        *((start, end, What.NAME) for start, end in _find_names(plain, known)),
    ]
    told: list[Finding] = []
    last = 0
    for start, end, what in sorted(found, key=lambda one: (one[0], -one[1])):
        if start >= last:
            told.append(Finding(what, plain[start:end].strip(" ,")))
            last = end
    return told


def _find_streets(plain: str, known: frozenset[str]) -> list[tuple[int, int]]:
    found = []
    for pattern in _STREETS:
        for match in pattern.finditer(plain):
            words = {word.lower() for word in _WORD.findall(match[0])}
            has_number = any(sign.isdigit() for sign in match[0])
            # A listed place or area may be called like a street: without a number it is no address.
            if has_number or not words <= known:
                found.append((match.start(), match.end()))
    return found


def _find_names(plain: str, known: frozenset[str]) -> Iterator[tuple[int, int]]:
    words = list(_read_words(plain))
    letters = [sign for sign in plain if sign.isalpha()]
    shouts = bool(letters) and sum(sign.isupper() for sign in letters) > len(letters) * 0.7
    for n, word in enumerate(words):
        before = words[n - 1].small if n else ""
        if _is_listed(word, before) or (
            word.small not in known and _looks_like_a_name(word, before, words, n, shouts=shouts)
        ):
            yield word.start, word.end


def _read_words(plain: str) -> Iterator[_Word]:
    for match in _WORD.finditer(plain):
        begins = bool(_BEGINS.search(plain[max(0, match.start() - 12) : match.start()]))
        yield _Word(match[0], match.start(), match.end(), begins or match.start() == 0)


def _is_listed(word: _Word, before: str) -> bool:
    """Tell whether a word is one of the first names we know."""
    small = word.small
    if small in _EVERYDAY and word.text.islower():
        # "jean from no. 4": an everyday word, unless it begins what is said.
        return word.begins and small in {"jean", "ken", "tam", "ted", "ben", "ali"}
    if small in LATIN or _fold(small) in LATIN:
        return not (small == "may" or before in {"st", "saint"})
    if word.is_capital and any(
        small.startswith(stem) and len(small) - len(stem) <= 3 for stem in CYRILLIC_STEMS
    ):
        return True
    bare = small
    for prefix in ("", "و", "ل", "ب", "ف"):
        if small.startswith(prefix):
            bare = small.removeprefix(prefix) if prefix else small
            if bare in ARABIC:
                return True
    return False


def _looks_like_a_name(
    word: _Word, before: str, words: list[_Word], n: int, *, shouts: bool
) -> bool:
    """Tell whether a title or a capital letter says that a word is a name that no list holds."""
    after = words[n + 1].small if n + 1 < len(words) else ""
    return _has_title(word, before, after, shouts=shouts) or (
        word.is_capital
        and not shouts
        and _has_capital_of_a_name(word, before, after, is_last=n + 1 == len(words))
    )


def _has_title(word: _Word, before: str, after: str, *, shouts: bool) -> bool:
    is_long = len(word.text) > 2
    return (
        (before in _TITLES and not shouts and word.small not in _CAPITALS and is_long)
        or before in _ARABIC_TITLES
        or (after in _ARABIC_AFTER and is_long and word.small not in _MINE)
    )


def _has_capital_of_a_name(word: _Word, before: str, after: str, *, is_last: bool) -> bool:
    if word.small in _MONTHS and not word.begins:
        return before not in _BEFORE_MONTHS
    if word.small in _CAPITALS:
        return False
    if word.begins:
        return after in _DEEDS and word.small not in _SUBJECTS
    return not (is_last and word.small in _TITLES_BEFORE_CAPITALS)


def _fold(word: str) -> str:
    """Return a word without its accents."""
    return "".join(
        sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign)
    )
