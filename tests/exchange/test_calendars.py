"""Calendar files, read by khal as somebody's own calendar would."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from kinder.accounts.models import Role
from places.actions import hide_place
from places.models import Gathering
from tests.factories import NeighbourhoodFactory
from tests.factories.accounts import make_member
from tests.factories.places import make_place
from tests.places.test_gatherings import make

pytestmark = pytest.mark.django_db


def ask(path: str, status: int = 200) -> str:
    response = Client().get(path)
    assert response.status_code == status
    if status == 200:
        assert response["Content-Type"] == "text/calendar; charset=utf-8"
        assert response["Access-Control-Allow-Origin"] == "*"
    return response.content.decode()


def unfolded(text: str) -> str:
    return text.replace("\r\n ", "")


def test_a_file_of_one_gathering() -> None:
    gathering = make(
        make_place("Long Table", address="1 Rope Walk"), description="Soup; bread, tea"
    )
    text = unfolded(ask(f"/whats-on/{gathering.code}.ics"))
    assert "RRULE:FREQ=WEEKLY;BYDAY=TU" in text
    assert "DTSTART;TZID=Europe/London:20260303T120000" in text
    assert "BEGIN:VTIMEZONE" in text
    assert r"Soup\; bread\, tea" in text
    assert r"LOCATION:Long Table\, 1 Rope Walk" in text
    ask("/whats-on/zzzzzzz.ics", status=404)


def test_the_feed_holds_what_is_shown_and_an_area_narrows_it() -> None:
    north = NeighbourhoodFactory.create()
    here = make(make_place(area=north), title="Here")
    make(title="Elsewhere")
    make(title="Proposed", state=Gathering.State.PROPOSED)
    make(title="Over", until_on=timezone.localdate() - timedelta(days=1))
    text = ask("/whats-on.ics")
    assert text.count("BEGIN:VEVENT") == 2
    narrowed = ask(f"/whats-on.ics?area={north.code}")
    assert "SUMMARY:Here" in narrowed
    assert "Elsewhere" not in narrowed
    ask("/whats-on.ics?area=nowhere", status=404)
    ask("/whats-on.ics?area=%00", status=404)
    hide_place(by=make_member(Role.WORKER), place=here.place, reason="unsafe")
    assert "SUMMARY:Here" not in ask("/whats-on.ics")
    ask(f"/whats-on/{here.code}.ics", status=404)


def test_an_empty_feed_is_a_calendar_all_the_same() -> None:
    assert "BEGIN:VCALENDAR" in ask("/whats-on.ics")


def khal(home: Path, *arguments: str) -> str:
    khal_program = Path(sys.executable).with_name("khal")
    done = subprocess.run(
        [str(khal_program), "-c", str(home / "config"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home), "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_khal_imports_the_calendar(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "config").write_text(
        f"[calendars]\n[[mine]]\npath = {tmp_path / 'mine'}\n"
        f"[sqlite]\npath = {tmp_path / 'khal.db'}\n"
        "[locale]\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
        "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
        "default_timezone = Europe/London\nlocal_timezone = Europe/London\n"
    )
    gathering = make(make_place("Long Table"))
    gathering.cancelled_occasions.create(cancelled_on="2026-03-31")
    (tmp_path / "feed.ics").write_text(ask("/whats-on.ics"))
    khal(tmp_path, "import", "--batch", "-a", "mine", str(tmp_path / "feed.ics"))
    listed = khal(
        tmp_path,
        "list",
        "--format",
        "{start} {end-time} {title} @ {location}",
        "--day-format",
        "",
        "2026-03-23",
        "2026-04-09",
    )
    assert listed.strip().splitlines() == [
        "2026-03-24 12:00 13:30 Soup and a seat @ Long Table",
        "2026-04-07 12:00 13:30 Soup and a seat @ Long Table",
    ]
