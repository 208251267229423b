"""Telephone numbers, e-mail addresses, postcodes and social handles in a text: they stop a save."""

import re

import phonenumbers

from kinder.accounts.naming.finding import Finding, What
from kinder.accounts.naming.reading import read_plainly

# Seven digits are a number within its own exchange. Dates, prices and counts have fewer, or signs
# between that numbers do not have.
LEAST_DIGITS = 7
_DIGITS = re.compile(r"(?<![\w£€$.])[+(]?[\doO][\doO\s().\-/]{5,24}\d(?![\w%])")
_DATE = re.compile(
    r"(?<!\d)(?:\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)?\d\d|(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}"
    r"|(?:19|20)\d\d ?[-/] ?(?:19|20)\d\d|\d{1,2}\.\d\d ?- ?\d{1,2}\.\d\d)(?!\d)"
)
# Numbers in words: seven or more of them in a row.
_DIGIT_WORD = (
    r"(?:double |treble |triple )?"
    r"(?:oh|zero|nought|one|two|three|four|five|six|seven|eight|nine)(?: hundred)?"
)
_SPOKEN = re.compile(rf"\b{_DIGIT_WORD}(?:[ ,-]+{_DIGIT_WORD}){{5,}}\b", re.IGNORECASE)

_EMAIL = re.compile(
    r"[\w.+-]{1,64}\s?@\s?(?:[\w-]{1,63}\.)+[^\W\d_]{2,}"
    r"|[\w.+-]{1,64} ?[\[({<]\s?at\s?[\])}>] ?[\w-]+ ?(?:\.|[\[({<]\s?dot\s?[\])}>]) ?\w+"
    r"|[\w.+-]{1,64}(?: dot \w+)* at [\w-]+(?: dot \w{2,})+"
    r"|[\w.+-]{1,64} małpa [\w-]+ kropka \w{2,}"
    r"|\b[\w-]+(?:\.[\w-]+)+\.(?:example|test)\b",
    re.IGNORECASE,
)

# The forms of BS 7666, with a letter O or I for a nought or a one, as people type.
_POSTCODE = re.compile(
    r"(?<![A-Za-z0-9])(?=\S*\d|\S+ \d)(?:[A-Z]{1,2}[\dOI](?:[A-Z]|\d)?|GIR ?0AA)"
    r"[\s-]{0,2}[\dO][ABD-HJLNP-UW-Z]{2}"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_EIRCODE = re.compile(r"(?<![A-Za-z0-9])[AC-FHKNPRTV-Y]\d[0-9W] ?[0-9AC-FHKNPRTV-Y]{4}(?!\w)")
_POLISH_POSTCODE = re.compile(r"(?<![\d-])\d\d-\d{3}(?![\d-])")

_NETWORKS = (
    r"insta(?:gram)?|snap(?:chat)?|facebook|fb|tik ?tok|telegram|discord|twitter(?:/x)?|twitch"
    r"|threads|bluesky|mastodon|linkedin|skype|signal|viber|messenger|pinterest|youtube|reddit"
    r"|інстаграм|инстаграм|телеграм|фейсбук|вайбер|انستغرام|انستقرام|فيسبوك|سناب|انسٹاگرام|فیس بک"
)
_HANDLE = re.compile(
    r"(?<![\w.])@[\w.]{2,}"
    rf"|\b(?:{_NETWORKS})\b\s*(?:[:=]|\bis\b|\bas\b|\bname\b|\bid\b|\bunder\b)?\s*@?(?=[\w.#]*[\d_.#])"
    r"[\w.#]{3,}"
    rf"|\b(?:{_NETWORKS})\b\s*(?:[:=]|\bis\b|\bas\b|\bunder\b)\s*@?\w[\w.#]{{2,}}(?: \w+)?"
    r"|\b\w{2,}#\d{4}\b"
    r"|\bhttps?://\S+|\bwww\.\S+"
    r"|\b(?:[\w-]+\.)?(?:facebook|fb|instagram|tiktok|twitter|x|t|wa|linkedin|snapchat|youtube|discord)"
    r"\.(?:com|me|gg|be)/\S+"
    r"|\b[\w-]+\.(?:com|co\.uk|org|net|scot|uk|me|io|pl|ua|pk)/\S+",
    re.IGNORECASE,
)


def find_contacts(text: str) -> list[Finding]:
    """Return what in `text` leads straight to somebody, in the order of the text."""
    plain = read_plainly(text)
    found: list[tuple[int, int, What]] = []
    # An address holds what looks like a handle, and a link what looks like a number.
    for what, pattern in (
        (What.EMAIL, _EMAIL),
        (What.HANDLE, _HANDLE),
        (What.POSTCODE, _POSTCODE),
        (What.POSTCODE, _EIRCODE),
        (What.TELEPHONE, _SPOKEN),
    ):
        found += [(match.start(), match.end(), what) for match in pattern.finditer(plain)]
    found += [(start, end, What.TELEPHONE) for start, end in _find_numbers(plain)]
    found += [
        (match.start(), match.end(), What.POSTCODE) for match in _POLISH_POSTCODE.finditer(plain)
    ]
    told: list[Finding] = []
    last = 0
    for start, end, what in sorted(found, key=lambda one: (one[0], -one[1])):
        if start >= last:
            told.append(Finding(what, plain[start:end].strip()))
            last = end
    return told


def _find_numbers(plain: str) -> list[tuple[int, int]]:
    """Return where numbers stand that could be dialled, of any country, however they are spaced."""
    found = [
        (match.start, match.end)
        for match in phonenumbers.PhoneNumberMatcher(
            plain, "GB", leniency=phonenumbers.Leniency.VALID
        )
    ]
    for match in _DIGITS.finditer(plain):
        words = _DATE.sub(" ", match[0])
        digits = re.sub(r"\D", "", words.replace("o", "0").replace("O", "0"))
        if len(digits) >= LEAST_DIGITS:
            found.append((match.start(), match.end()))
    return found
