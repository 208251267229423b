"""Takes out of log lines what has no business in a log: addresses, keys, cookies, rows of people.

What somebody wrote is logged nowhere on purpose; this is for what comes along unasked: the path of
a link that holds a token, a row that the database quotes in an error, an address in a traceback.
"""

import logging
import re

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_IN_URL = re.compile(r"(?<=://)[^/\s@:]*:[^/\s@]+(?=@)")
_COOKIE = re.compile(
    r"((?:__Host-)?(?:sessionid|csrftoken|kinder_device|kinder_\w+|messages))=[^\s;,\"']+"
)
_HEADER = re.compile(
    r"\b(set-cookie|cookie|authorization|x-csrftoken)\b(['\"]?\s*[:=]\s*)[^\n]+", re.I
)
# What PostgreSQL adds to an error: the row that broke a rule, as it was written.
_DETAIL = re.compile(r"\b(DETAIL|Failing row contains|PARAMETERS):?[^\n]*", re.I)
# A run of 24 signs or more with a capital, a small letter and a digit is a key, not a word; ids
# (UUIDs) and dotted names are left.
_TOKEN = re.compile(
    r"(?<![\w-])(?=[\w:=-]*[A-Z])(?=[\w:=-]*[a-z])(?=[\w:=-]*\d)[\w-]{16,}(?:[:=.][\w-]{6,}){0,2}={0,2}"
)
_LEAST_OF_TOKEN = 24
_CODE = re.compile(r"\b(code|token|password|secret|key)=[^\s&;,]+", re.I)


def redact(text: str) -> str:
    """Return `text` with what must not stay in a log replaced by what it was."""
    text = _DETAIL.sub(r"\1: [row]", text)
    text = _HEADER.sub(r"\1\2[header]", text)
    text = _IN_URL.sub("[password]", text)
    text = _COOKIE.sub(r"\1=[cookie]", text)
    text = _CODE.sub(r"\1=[secret]", text)
    text = _EMAIL.sub("[e-mail]", text)
    return _TOKEN.sub(
        lambda found: "[token]" if len(found[0]) >= _LEAST_OF_TOKEN else found[0], text
    )


class RedactingFormatter(logging.Formatter):
    """Formats as usual, and redacts the whole, traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
