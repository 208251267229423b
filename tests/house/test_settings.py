"""Every setting is documented, and every documented one is read."""

import re

import yaml
from django.conf import settings

from kinder.celery import app
from tests.house.tree import ROOT

SETTINGS = (ROOT / "kinder" / "settings.py").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def _read() -> set[str]:
    return set(re.findall(r"\benv\.\w+\(\s*\"([A-Z][A-Z_]+)\"", SETTINGS))


def test_every_setting_is_documented() -> None:
    assert len(_read()) > 15
    assert set(re.findall(r"^\| `([A-Z][A-Z_]+)` \|", OPERATIONS, re.MULTILINE)) == _read()


def test_nothing_else_is_read_from_the_environment() -> None:
    """One file reads the environment; elsewhere nobody would look for a setting."""
    reading = re.compile(r"os\.environ|os\.getenv|getenv\(")
    found = [
        path.relative_to(ROOT).as_posix()
        for room in ("kinder", "places", "connections")
        for path in (ROOT / room).rglob("*.py")
        if reading.search(re.sub(r'os\.environ\.setdefault\("DJANGO_[^)]*\)', "", path.read_text()))
    ]
    assert found == []


def test_containers_set_only_what_is_read() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    for service in ("tables", "web", "worker", "beat"):
        assert set(compose["services"][service]["environment"]) <= _read()


def test_every_task_is_rung_for() -> None:
    """A task that Beat does not send and nobody calls is work that is never done."""
    app.loader.import_default_modules()
    rooms = ("kinder.", "places.", "connections.")
    tasks = {name for name in app.tasks if name.startswith(rooms)}
    rung = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert rung <= tasks
    sources = "".join(
        path.read_text("utf-8")
        for folder in ("kinder", "places", "connections")
        for path in (settings.BASE_DIR / folder).rglob("*.py")
    )
    called = {
        name for name in tasks if re.search(rf"\b{name.split('.')[-1]}\.(delay|s)\(", sources)
    }
    assert tasks - rung - called == set()
