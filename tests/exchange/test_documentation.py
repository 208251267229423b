"""docs/imports.md says what the code does: its commands are accepted, its table is the mapping."""

import re
import shlex
from itertools import groupby

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

from places.exchange.osm import CHECK_TAGS, KIND_TAGS, WELCOME_TAGS
from places.vocabulary import SENSITIVE_KINDS, PlaceKind

TEXT = (settings.BASE_DIR / "docs" / "imports.md").read_text()
IMPORTS = sorted(name for name, app in get_commands().items() if app == "places.exchange")


def documented_commands(heading: str = "") -> list[list[str]]:
    """The words of each command line, of the whole page or under one heading."""
    _before, _heading, text = TEXT.rpartition(f"\n## {heading}\n") if heading else ("", "", TEXT)
    text = text.split("\n## ")[0] if heading else text
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).replace("\\\n", " ")
    return [shlex.split(line)[1:] for line in blocks.splitlines() if line.startswith("bin/manage ")]


def _rows_of_kinds() -> list[str]:
    rows = []
    for (key, kind, noun), tags in groupby(KIND_TAGS, lambda tag: (tag.key, tag.kind, tag.noun)):
        values = ", ".join("any" if tag.value == "*" else tag.value for tag in tags)
        mark = " \\*" if kind in SENSITIVE_KINDS else ""
        rows.append(f"| `{key}` = {values} | {kind.label}{mark} | {noun or 'rejected'} |")
    return rows


def test_table_of_kinds_is_the_mapping() -> None:
    assert re.findall(r"^\| `[\w:]+` = .*\|$", TEXT, re.MULTILINE) == _rows_of_kinds()


def test_every_kind_of_place_is_read_from_some_tag() -> None:
    assert {tag.kind for tag in KIND_TAGS} == set(PlaceKind)


def test_tags_of_welcome_are_told() -> None:
    for key, attribute, _answers in WELCOME_TAGS:
        assert f"`{key}`" in TEXT, attribute
    for key in CHECK_TAGS:
        assert f"`{key}`" in TEXT


@pytest.mark.parametrize("words", documented_commands(), ids=lambda words: " ".join(words[:2]))
def test_command_is_accepted_as_it_stands(words: list[str]) -> None:
    command = load_command_class("places.exchange", words[0])
    options = vars(command.create_parser("manage.py", words[0]).parse_args(words[1:]))
    understood = " ".join(str(value) for value in options.values())
    assert all(word in understood for word in words[1:] if not word.startswith("--"))


@pytest.mark.parametrize("name", IMPORTS)
def test_every_import_is_documented(name: str) -> None:
    assert f"`{name}`" in TEXT
    assert any(words[0] == name for words in documented_commands())
