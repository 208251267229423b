"""The documents tell the truth about commands, models and the map."""

import re

from django.apps import apps
from django.core.management import get_commands
from django.urls import resolve

from tests.house.tree import ROOMS, ROOT, project_files, text_of

OWN = {room.rpartition("/")[2] for room in ROOMS}


def test_every_command_named_is_there() -> None:
    """`bin/manage NAME` in a document, a page or a script runs something."""
    named: dict[str, str] = {}
    for path in project_files():
        if path.suffix in {".md", ".html", ".sh", ".yml", ".py", ""}:
            for name in re.findall(r"(?:bin/manage|manage\.py) ([a-z]+_\w+)", text_of(path)):
                named.setdefault(name, path.name)
    known = set(get_commands())
    assert {name: where for name, where in named.items() if name not in known} == {}
    assert {"load_demo", "import_areas", "show_setup_code"} <= set(named)


def test_glossary_names_every_model() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    missing = [
        f"{config.label}.{model.__name__}"
        for config in apps.get_app_configs()
        if config.label in OWN
        for model in config.get_models()
        if not re.search(rf"\b{model.__name__}\b", glossary)
    ]
    assert missing == []


def test_map_names_every_room() -> None:
    text = (ROOT / "docs" / "map.md").read_text()
    assert [room for room in ROOMS if f"{room.rpartition('/')[2]}/" not in text] == []


def test_addresses_that_a_start_prints_are_there() -> None:
    script = (ROOT / "bin" / "run").read_text()
    paths = re.findall(r"\$\{ADDRESS\}([\w/-]+/)", script)
    assert len(paths) == 2
    for path in paths:
        resolve(f"/{path}")


def test_files_that_documents_name_are_there() -> None:
    """`places/tiles.py`, `sweep.py`: a path, or its end; NAME stands for any, made files aside."""
    here = [f"/{path.relative_to(ROOT)}" for path in project_files()]
    named = {
        (path.name, name)
        for path in project_files()
        if path.suffix == ".md"
        for name in re.findall(
            r"`([\w./-]+\.(?:py|js|mjs|css|sh|sql|html|typ|toml))`", text_of(path)
        )
    }
    assert len(named) > 50
    assert [
        f"{where}: {name}"
        for where, name in sorted(named)
        if "NAME" not in name
        and not name.startswith(("/", "static/dist/"))
        and not any(known.endswith(f"/{name}") for known in here)
    ] == []
