"""What the tree may hold: the project alone, and nothing of the machine it was made on."""

import json
import re
import tomllib

from tests.house.tree import ROOT, name_of, project_files, text_of

REGISTRIES = re.compile(
    "|".join(
        re.escape(host)
        for host in (
            "py" + "pi.org",
            "python" + "hosted.org",
            "registry." + "npmjs",
            "registry." + "yarnpkg",
            "deb." + "debian.org",
        )
    )
)
MACHINE_PATHS = re.compile(
    "|".join(["/ro" + r"ot/", "/ho" + r"me/", "/wor" + r"k/(main|shared|wt-)", r"[A-Z]:\\Users"])
)
SECRETS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgh[pousr]_\w{20,}|\bAKIA[0-9A-Z]{16}\b")
TEXTS = [path for path in project_files() if text_of(path)]
MADE = {".venv", ".local", "node_modules", "staticfiles", "dist", "__pycache__"}


def test_lock_of_python_holds_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert "index-url" not in lock
    pinned = re.findall(r"^(\S+==\S+)", lock, re.MULTILINE)
    assert len(pinned) > 50
    for entry in re.split(r"\n(?=\S)", lock):
        if not entry.startswith("#"):
            assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_lock_of_the_front_end_holds_hashes_and_no_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert not name or "integrity" in package, name


def test_every_dependency_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    for dependency in wanted:
        assert re.search(rf'"{re.escape(dependency)}",?\s*#\s*\w', text), dependency


def test_files_speak_of_the_project_alone() -> None:
    found = {
        f"{name_of(path)}: {match[0]}"
        for path in TEXTS
        for pattern in (REGISTRIES, MACHINE_PATHS, SECRETS)
        for match in pattern.finditer(text_of(path))
    }
    assert found == set()


def test_nothing_built_is_kept() -> None:
    assert [name_of(path) for path in project_files() if MADE & set(path.parts)] == []
    assert [
        name_of(path) for path in project_files() if path.suffix in {".pyc", ".woff2", ".ttf"}
    ] == []


def test_no_file_is_large() -> None:
    heavy = [name_of(path) for path in project_files() if path.stat().st_size > 1_000_000]
    assert heavy == []


def test_links_of_the_documentation_lead_somewhere() -> None:
    broken = [
        f"{name_of(path)}: {target}"
        for path in TEXTS
        if path.suffix == ".md"
        for target in re.findall(r"\]\((?![a-z]+:|#)([^)#]+)", text_of(path))
        if not (path.parent / target).exists()
    ]
    assert broken == []
