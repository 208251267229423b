"""The words of residents' pages in every language: collected, complete, compiled, and honest about
who translated them."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from django.conf import settings
from django.test import Client
from django.utils import translation
from pytest_django.fixtures import Settings

from kinder import words
from kinder.words import (
    compile_words,
    find_catalogue,
    find_gaps,
    has_words,
    is_machine_made,
    list_languages,
    list_sources,
    read_catalogue,
    update_catalogue,
)

# The sources do not change while tests run, and there are many of them.
collect_words = cache(words.collect_words)
TRANSLATED = [code for code in list_languages() if find_catalogue(code).exists()]


def forget_words() -> None:
    """Let Django read the catalogues again, as a start does."""
    vars(import_module("django.utils.translation.trans_real"))["_translations"].clear()


@pytest.fixture
def shelf(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """A place of its own for catalogues."""
    settings.LOCALE_PATHS = [tmp_path]
    has_words.cache_clear()
    is_machine_made.cache_clear()
    yield tmp_path
    has_words.cache_clear()
    is_machine_made.cache_clear()
    forget_words()


def translate_all(code: str) -> Catalog:
    """Fill the catalogue of a language by turning each text into itself in brackets."""
    path = update_catalogue(code, collect_words())
    catalog = read_catalogue(path)
    for message in catalog:
        if isinstance(message.id, str) and message.id:
            message.string = f"[{message.id}]"
        elif message.id:
            message.string = (
                f"[{message.id[0]}]",
                *[f"[{message.id[1]}]"] * (catalog.num_plurals - 1),
            )
    with path.open("wb") as file:
        write_po(file, catalog)
    return catalog


def test_every_source_that_is_named_is_there() -> None:
    root = Path(settings.BASE_DIR)
    for pattern in (*words.SOURCES, *words.NOT_FOR_RESIDENTS):
        assert any(root.glob(pattern)), pattern


def test_words_come_from_residents_pages_alone() -> None:
    sources = {path.relative_to(settings.BASE_DIR).as_posix() for path in list_sources()}
    assert "templates/interactions/log.html" in sources
    assert "connections/interactions/vocabulary.py" in sources
    assert "templates/pages/today.html" not in sources
    found = collect_words()
    assert "Add a moment" in found
    assert "Food or a cuppa together" in found
    # One with two forms, and one with a name inside.
    assert found.get("%(total)s place.").id == ("%(total)s place.", "%(total)s places.")  # type: ignore[union-attr]
    assert "Somewhere in %(name)s" in found


def test_a_catalogue_keeps_what_was_translated(shelf: Path) -> None:
    translate_all("gd")
    assert find_gaps("gd", collect_words()) == []
    before = find_catalogue("gd").read_bytes()
    update_catalogue("gd", collect_words())
    update_catalogue("gd", collect_words())
    after = read_catalogue(find_catalogue("gd"))
    assert after["Add a moment"].string == "[Add a moment]"
    assert after.num_plurals == 4
    assert b"a machine" in before


def test_gaps_are_told(shelf: Path) -> None:
    assert find_gaps("pl", collect_words()) == ["pl: there is no catalogue"]
    path = update_catalogue("pl", collect_words())
    assert "pl: not translated: Add a moment" in find_gaps("pl", collect_words())
    catalog = translate_all("pl")
    catalog["Somewhere in %(name)s"].string = "Gdzieś w %(nazwa)s"
    catalog["Add a moment"].flags.add("fuzzy")
    with path.open("wb") as file:
        write_po(file, catalog)
    gaps = find_gaps("pl", collect_words())
    assert len(gaps) == 2
    assert gaps[0].startswith("pl: doubtful: Add a moment") or gaps[1].startswith("pl: doubtful")
    assert any("Somewhere in" in gap for gap in gaps)
    catalog["Of the people who answered in {area}, {tenths} agree."].string = "{area}: zgoda"
    with path.open("wb") as file:
        write_po(file, catalog)
    assert any("braces differ" in gap for gap in find_gaps("pl", collect_words()))


@pytest.mark.django_db
def test_a_page_says_that_a_machine_translated_it(shelf: Path, client: Client) -> None:
    translate_all("pl")
    assert not has_words("pl")
    has_words.cache_clear()
    assert len(compile_words()) == 1
    forget_words()
    assert has_words("pl")
    assert is_machine_made("pl")
    assert not is_machine_made(settings.LANGUAGE_CODE)
    page = client.get("/pl/about/").content.decode()
    assert "[A machine translated these words. Some may be wrong.]" in page
    assert '<a href="/about/" lang="en-gb"' in page
    assert 'lang="pl"' in page
    english = client.get("/about/").content.decode()
    assert "A machine translated" not in english
    assert "Polski" in english
    assert "العربية" not in english  # no words, so it is not offered


@pytest.mark.django_db
def test_words_that_a_speaker_confirmed_carry_no_warning(shelf: Path, client: Client) -> None:
    translate_all("ur")
    path = find_catalogue("ur")
    path.write_text(path.read_text("utf-8").replace(words.MACHINE, "Amina"), "utf-8")
    compile_words()
    forget_words()
    page = client.get("/ur/about/").content.decode()
    assert "[Your privacy]" in page
    assert "A machine translated" not in page
    assert 'dir="rtl"' in page


@pytest.mark.parametrize("code", TRANSLATED)
def test_language_is_complete(code: str) -> None:
    assert find_gaps(code, collect_words(code)) == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_language_is_compiled_as_it_was_written(code: str) -> None:
    with translation.override(code):
        wanted = read_catalogue(find_catalogue(code))["Add a moment"].string
        assert translation.gettext("Add a moment") == wanted


def test_every_language_that_the_site_names_has_its_words() -> None:
    assert [code for code in list_languages() if not find_catalogue(code).exists()] == []
