"""The house as docs/map.md draws it: what stands at the top, and the doors of every room."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.tree import ROOMS, ROOT, name_of, project_files, text_of

TOP = {
    ".ci", ".dockerignore", ".gitignore", ".npmrc", "CHANGELOG.md", "Dockerfile", "LICENSE",
    "README.md", "bench", "bin", "connections", "demo", "docker-compose.yml", "docs", "kinder",
    "manage.py", "package-lock.json", "package.json", "places", "pyproject.toml",
    "requirements.lock", "static", "templates", "tests",
}  # fmt: skip
MAY_STAND_AT_TOP = {"locale"}
COMMANDS = {"run", "test", "manage", "bench", "stop"}
NAMES_THAT_SAY_NOTHING = re.compile(r"(utils?|helpers?|misc|common|signals|base|stuff)(_\w+)?\.py")
LONGEST = 600
CODE = {".py", ".js", ".mjs", ".css", ".html", ".sh", ".sql", ""}

SOURCES = [
    path
    for path in project_files()
    if path.suffix in CODE
    and "migrations" not in path.parts
    and path.name not in {"LICENSE"}
    and not path.name.startswith(".")
]
ROOM_SOURCES = [
    path
    for path in SOURCES
    if path.suffix == ".py" and name_of(path).startswith(tuple(f"{room}/" for room in ROOMS))
]


def test_top_level_is_the_map() -> None:
    standing = {path.relative_to(ROOT).parts[0] for path in project_files()}
    assert TOP - standing == set(), "missing at the top level"
    assert standing - TOP - MAY_STAND_AT_TOP == set(), "unknown at the top level"


def test_commands_are_few() -> None:
    shown = {path.name for path in (ROOT / "bin").iterdir() if path.is_file() and path.suffix == ""}
    assert shown == COMMANDS


@pytest.mark.parametrize("room", ROOMS)
def test_room_is_an_application_with_tests(room: str) -> None:
    assert (ROOT / room / "__init__.py").is_file()
    assert (ROOT / room / "apps.py").is_file()
    assert list((ROOT / "tests" / Path(room).name).glob("test_*.py")), "no tests of this room"


def test_files_are_short_enough_to_read() -> None:
    """A longer one becomes a folder with the same name."""
    lines = {name_of(path): text_of(path).count("\n") for path in SOURCES}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}


def test_file_names_say_what_is_inside() -> None:
    assert [
        name_of(path) for path in ROOM_SOURCES if NAMES_THAT_SAY_NOTHING.fullmatch(path.name)
    ] == []


def _names_imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_nothing_listens_to_signals() -> None:
    assert [
        name_of(path)
        for path in ROOM_SOURCES
        if _names_imported(path) & {"django.dispatch", "django.db.models.signals"}
    ] == []


def test_writes_stand_in_actions() -> None:
    """Views, serializers, tasks and forms shape what comes in and goes out; actions write."""
    thin = re.compile(r"/(views|api|serializers|tasks|forms)(/|\.py|_)")
    writing = re.compile(
        r"\.(save|bulk_create|bulk_update|get_or_create|update_or_create)\("
        r"|objects\.create\(|\)\.(delete|update)\("
    )
    assert {
        name_of(path): found[0]
        for path in ROOM_SOURCES
        if thin.search(name_of(path)) and (found := writing.search(text_of(path)))
    } == {}


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(
        r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"]) + r")\b"
    )
    unfinished = "NotImplemented" + "Error"
    assert [
        name_of(path)
        for path in SOURCES
        if marks.search(text_of(path)) or unfinished in text_of(path)
    ] == []
