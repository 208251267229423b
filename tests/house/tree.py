"""The files of the project, as git would keep them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "kinder/accounts",
    "kinder/pages",
    "places",
    "places/exchange",
    "connections/interactions",
    "connections/befriending",
    "connections/indicators",
    "connections/reports",
)


@cache
def project_files() -> tuple[Path, ...]:
    """Return every file that belongs to the project: kept by git, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    return tuple(sorted(path for name in listed if name and (path := ROOT / name).is_file()))


@cache
def text_of(path: Path) -> str:
    """Return a file's text, or nothing where it is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def name_of(path: Path) -> str:
    """Return the path inside the project, as a test's id."""
    return path.relative_to(ROOT).as_posix()
