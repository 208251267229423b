"""What is found in private notes: hardly anything that leads to somebody is missed, and hardly
anything else is held up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinder.accounts.naming import What, clean_text, find_contacts, find_names
from tests.accounts import naming_cases as cases

STOPPING = {
    "telephones": cases.TELEPHONES,
    "emails": cases.EMAILS,
    "postcodes": cases.POSTCODES,
    "handles": cases.HANDLES,
}
WARNING = {"names": cases.NAMES, "streets": cases.STREETS}
LEAST_RECALL = LEAST_PRECISION = 0.95


def test_there_are_200_cases_and_none_twice() -> None:
    naming = [text for group in (STOPPING | WARNING).values() for text in group]
    assert len(naming) == len(set(naming)) == 200
    assert len(set(cases.CLEAN)) >= 150


@pytest.mark.parametrize("group", STOPPING)
def test_what_leads_to_somebody_is_stopped(group: str) -> None:
    texts = STOPPING[group]
    missed = [text for text in texts if not find_contacts(text)]
    assert len(missed) <= len(texts) * (1 - LEAST_RECALL), missed


@pytest.mark.parametrize("group", WARNING)
def test_names_and_streets_are_warned_of(group: str) -> None:
    texts = WARNING[group]
    missed = [text for text in texts if not find_names(text)]
    assert len(missed) <= len(texts) * (1 - LEAST_RECALL), missed


def test_little_else_is_held_up() -> None:
    stopped = [text for text in cases.CLEAN if find_contacts(text)]
    warned = [text for text in cases.CLEAN if find_names(text)]
    stops = sum(bool(find_contacts(text)) for group in STOPPING.values() for text in group)
    warnings = sum(bool(find_names(text)) for group in WARNING.values() for text in group)
    assert stops / (stops + len(stopped)) >= LEAST_PRECISION, stopped
    assert warnings / (warnings + len(warned)) >= LEAST_PRECISION, warned


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("ring 07700 900123", What.TELEPHONE),
        ("write to a@b.example", What.EMAIL),
        ("at G20 8AB", What.POSTCODE),
        ("find me @shona_mck", What.HANDLE),
    ],
)
def test_the_finding_says_what_it_is(text: str, what: What) -> None:
    [found] = find_contacts(text)
    assert found.what == what
    assert found.words in text


def test_a_place_that_is_known_names_nobody() -> None:
    text = "We sat in the Rowan Arms and then walked to Harbourside"
    assert find_names(text)
    assert find_names(text, known=frozenset({"rowan", "arms", "harbourside"})) == []


def test_numbers_hidden_by_signs_that_cannot_be_seen_are_found() -> None:
    for hidden in ("0770\u200b0 900\u2060123", "\u202e321009 00770\u202c 07700900123"):
        assert find_contacts(hidden), hidden


def test_signs_that_mislead_are_taken_out() -> None:
    assert clean_text("a\u202eb\u0000c\u0007\r\nd\ufeff ") == "abc\nd"
    # The joiners of Urdu and the marks of direction of Arabic words stay.
    assert clean_text("می\u200cخواهم") == "می\u200cخواهم"


@given(st.text(max_size=400))
def test_no_text_breaks_it(text: str) -> None:
    for found in (*find_contacts(clean_text(text)), *find_names(clean_text(text))):
        assert found.words
