"""Residents' pages in English are read by a nine-year-old."""

import html
import re
import warnings
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation.template import templatize

from kinder.words import collect_words, list_sources

with warnings.catch_warnings():
    # It asks setuptools for its own files, which will end.
    warnings.simplefilter("ignore")
    import textstat

OLDEST = 9.0
"""Years. A child of that age is in the fourth year at school: grade 4 of Flesch and Kincaid, which
adds five to tell the age."""
LEAST_WORDS = 40


def find_sentences(path: Path) -> list[str]:
    """Return the whole sentences that a template says."""
    calls = templatize(path.read_text("utf-8"), origin=str(path))
    said = re.findall(r"gettext\(u?(['\"])(.*?)(?<!\\)\1\)", calls)
    texts = [html.unescape(text.replace("\\'", "'")) for _quote, text in said]
    texts = [re.sub(r"%\((\w+)\)s", "ten", re.sub(r"<[^>]+>", "", text)) for text in texts]
    return [text for text in texts if text.endswith((".", "?", "!")) and " " in text]


def read_age(text: str) -> float:
    """Return how old somebody is who reads `text` with ease, in years (Flesch–Kincaid grade + 5)."""
    age: float = textstat.flesch_kincaid_grade(text) + 5
    return age


TEMPLATES = [
    path for path in list_sources() if path.suffix == ".html" and "account/" not in str(path)
]


def test_the_measure_tells_hard_from_easy() -> None:
    assert read_age("The cat sat on the mat. It was glad to be warm and dry.") < 7
    assert (
        read_age("Statistical disclosure limitation necessitates the suppression of figures.") > 16
    )


def test_all_that_residents_read_together() -> None:
    sentences = [one for path in TEMPLATES for one in find_sentences(path)]
    assert len(sentences) > 100
    assert read_age(" ".join(sentences)) <= OLDEST


@pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: path.relative_to(settings.BASE_DIR).as_posix()
)
def test_a_page_is_read_by_a_nine_year_old(path: Path) -> None:
    text = " ".join(find_sentences(path))
    if len(text.split()) < LEAST_WORDS:
        return  # too short to tell: the test of all together holds it
    assert read_age(text) <= OLDEST, text


def test_words_are_in_british_english() -> None:
    american = re.compile(
        r"\b(neighbor|color|center|favorite|organization|recogniz\w+|gray)\w*\b", re.I
    )
    texts = [
        message.id if isinstance(message.id, str) else message.id[0] for message in collect_words()
    ]
    assert [text for text in texts if american.search(text)] == []
