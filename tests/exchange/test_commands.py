"""At a terminal: progress, reports, and an end at any moment that leaves nothing half done."""

import csv
import io
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection, transaction

from places.exchange.batches import ImportRefusedError, guard_cell, open_run
from places.exchange.models import ImportBatch, ImportIssue
from places.exchange.progress import Progress
from places.models import Area, AreaTile, Geography, Place
from tests.exchange.files import (
    import_level,
    last_batch,
    plant,
    point,
    run,
    square,
    write_csv,
    write_geojson,
)
from tests.processes import environment, wait_until

TOLD = ("--year", "2021", "--code", "code", "--residents", "all")


@pytest.mark.django_db
def test_report_lists_every_row_and_no_formula(tmp_path: Path) -> None:
    plant({"zone": [("Z1", "", square(0, 0))]})
    rows: list[dict[str, object]] = [{"code": "Z1", "all": 5}]
    rows += [{"code": f"=1+{n}", "all": 5} for n in range(40)]
    report = tmp_path / "report.csv"
    path = write_csv(tmp_path / "people.csv", rows)
    said = run("import_populations", path, *TOLD, "--report", str(report))
    assert "rejected 40: no area with this code is loaded (first: row 2 =1+0, =1+0)" in said
    assert "--report" not in said
    with report.open(newline="", encoding="utf-8-sig") as file:
        listed = list(csv.reader(file))
    assert listed[0] == ["row", "reference", "outcome", "reason"]
    assert listed[1] == [
        "2", "'=1+0", "rejected", "no area with this code is loaded: =1+0",
    ]  # fmt: skip
    assert len(listed) == 41
    assert "--report FILE.csv lists them one by one." in run("import_populations", path, *TOLD)


@pytest.mark.parametrize(
    ("text", "guarded"),
    [("=1", "'=1"), ("+1", "'+1"), ("-1", "'-1"), ("@a", "'@a"), ("a=1", "a=1"), ("", "")],
)
def test_cells_that_a_spreadsheet_would_run_are_guarded(text: str, guarded: str) -> None:
    assert guard_cell(text) == guarded


@pytest.mark.django_db
def test_report_that_cannot_be_written_is_told_before_the_import(tmp_path: Path) -> None:
    plant({"zone": [("Z1", "", square(0, 0))]})
    path = write_csv(tmp_path / "people.csv", [{"code": "Z1", "all": 5}])
    with pytest.raises(CommandError, match="cannot be written: No such file"):
        run("import_populations", path, *TOLD, "--report", str(tmp_path / "no" / "report.csv"))
    assert not ImportBatch.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "said"), [("missing.csv", "There is no file"), ("", "is a folder: name the file")]
)
def test_path_that_is_no_file_is_told(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run("import_populations", tmp_path / name, *TOLD)


@pytest.mark.django_db
def test_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(ImportRefusedError, match="cannot be opened"),
        open_run("people", tmp_path / "gone.csv"),
    ):
        pytest.fail("it runs without its file")


@pytest.mark.django_db
def test_batch_keeps_what_happened(tmp_path: Path) -> None:
    plant({"zone": [("Z1", "", square(0, 0))]})
    path = write_csv(tmp_path / "people.csv", [{"code": c, "all": 5} for c in ("Z1", "X\x07")])
    run("import_populations", path, *TOLD)
    batch = last_batch()
    assert (batch.what, batch.source, batch.state) == ("populations", "people.csv", "done")
    assert (batch.created, batch.mended, batch.rejected) == (1, 0, 1)
    assert len(batch.source_sha256) == 64
    assert batch.finished_at is not None
    assert batch.finished_at >= batch.started_at
    issue = ImportIssue.objects.get(is_rejected=True)
    assert (issue.reference, issue.reason[-2:]) == ("X�", "X�")


def test_nothing_is_drawn_where_nobody_looks() -> None:
    out = io.StringIO()
    progress = Progress(out)
    assert list(progress.items("Rows", range(3))) == [0, 1, 2]
    with progress.step("Writing"):
        pass
    assert out.getvalue() == ""


# ------------------------------------------------------------------ real processes


class Started:
    """An import command in a process of its own, at a terminal where asked."""

    def __init__(self, *words: str | Path, terminal: bool = False) -> None:
        self._screen, tty = pty.openpty()
        self._tty = tty
        termios.tcsetwinsize(tty, (24, 100))
        self.process = subprocess.Popen(
            # Where the tests themselves run in the background, a shell lets Ctrl-C pass unheard.
            ["env", "--default-signal=INT", sys.executable, "manage.py", *map(str, words)],
            cwd=settings.BASE_DIR,
            env=environment(redis_url=settings.REDIS_URL),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=tty if terminal else subprocess.PIPE,
            text=True,
        )

    def end(self) -> tuple[int, str, str]:
        """Wait; return the exit code, and what it said and showed."""
        out, err = self.process.communicate(timeout=60)
        os.close(self._tty)
        shown = err or ""
        while chunk := self._read_screen():
            shown += chunk
        os.close(self._screen)
        return self.process.returncode, out, shown

    def _read_screen(self) -> str:
        try:
            return os.read(self._screen, 65_536).decode()
        except OSError:
            return ""


def _write_cafes(path: Path, size: int) -> Path:
    features = [
        ({"@id": f"node/{n}", "amenity": "cafe", "name": f"Café {n}"}, point(n % 170, n % 80))
        for n in range(size)
    ]
    return write_geojson(path, features)


@contextmanager
def _lock_held(statement: str) -> Iterator[None]:
    """Hold a lock in a transaction of this test, so that an import stops and waits for it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        yield


def _count_waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database known ON known.oid = database"
            " WHERE known.datname = current_database() AND NOT granted"
        )
        return int(cursor.fetchone()[0])


def _is_waiting() -> bool:
    return _count_waiting() > 0


LOCK_PLACES = "LOCK TABLE places_place IN SHARE MODE"


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
def test_progress_is_shown_at_a_terminal_only(tmp_path: Path) -> None:
    path = _write_cafes(tmp_path / "cafes.geojson", 50)
    code, out, shown = Started("import_places", path, "--dry-run", terminal=True).end()
    assert code == 0
    assert "Reading cafes.geojson: 100%" in shown
    assert "Writing places: 0." in shown
    assert "cafes.geojson: 50 new" in out
    code, out, shown = Started("import_places", path, "--dry-run").end()
    assert (code, shown) == (0, "")
    assert out.count("\n") <= 3


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_end_in_the_middle_of_writing_leaves_nothing(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = _write_cafes(tmp_path / "cafes.geojson", 200)
    with _lock_held(LOCK_PLACES):
        started = Started("import_places", path)
        wait_until(_is_waiting, seconds=60, what="the import waits for the table")
        began = time.monotonic()
        started.process.send_signal(number)
        code, _out, shown = started.end()
        assert time.monotonic() - began < 30
    # Whatever the server was still busy with is rolled back before the table can be read.
    wait_until(lambda: not _is_waiting(), what="the server lets go")
    assert not Place.objects.exists()
    if number == signal.SIGINT:
        assert code == 130
        assert "Stopped. Nothing was changed." in shown
        assert "Traceback" not in shown
        assert last_batch().state == "failed"
    else:
        assert code == -number
        assert not ImportBatch.objects.exists()
    assert "200 new" in run("import_places", path)
    assert Place.objects.count() == 200


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
def test_end_while_the_map_is_drawn_leaves_nothing(tmp_path: Path) -> None:
    zones = [({"code": f"Z{n}", "name": f"Zone {n}"}, square(n, 0)) for n in range(5)]
    path = write_geojson(tmp_path / "zones.geojson", zones)
    told = ("--geography", "test", "--level", "zone", "--code", "code", "--name", "name")
    with _lock_held("LOCK TABLE places_areatile IN SHARE MODE"):
        started = Started("import_areas", path, *told)
        wait_until(_is_waiting, seconds=60, what="the import waits for the table")
        started.process.kill()
        started.end()
    wait_until(lambda: not _is_waiting(), what="the server lets go")
    for model in (Geography, Area, AreaTile, ImportBatch):
        assert not model._default_manager.exists()
    import_level(path, "zone")
    assert Area.objects.count() == 5


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_wait_for_each_other(tmp_path: Path) -> None:
    path = _write_cafes(tmp_path / "cafes.geojson", 20)
    with _lock_held(LOCK_PLACES):
        first = Started("import_places", path)
        wait_until(_is_waiting, seconds=60, what="the first import waits for the table")
        second = Started("import_places", path, terminal=True)
        wait_until(lambda: _count_waiting() == 2, seconds=60, what="the second waits for the first")
    first_code, first_out, _shown = first.end()
    second_code, second_out, shown = second.end()
    assert (first_code, second_code) == (0, 0)
    assert "20 new" in first_out
    assert "0 new, 0 changed, 20 as before" in second_out
    assert "Waiting for another import to end" in shown


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
def test_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    path = _write_cafes(tmp_path / "cafes.geojson", 20)
    started = Started("import_places", path)
    assert started.process.stdout is not None
    started.process.stdout.close()
    started.process.stdout = None
    code, _out, shown = started.end()
    assert (code, shown) == (0, "")
    assert Place.objects.count() == 20
