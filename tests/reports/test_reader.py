"""The reports' database role: it reads what is published, and nothing else is there for it."""

import json
import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connections
from django.db.utils import ProgrammingError
from django.test import Client

from connections.indicators.models import Figure, Release
from connections.reports.vocabulary import Format
from places.models import Area

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "reports"])


def test_pages_read_through_the_role_of_the_reports(client: Client, release: Release) -> None:
    with connections["reports"].cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("kinder_reports",)
    assert "25 to 31" in client.get("/reports/X1/").content.decode()
    assert client.get("/figures/values/?indicator=A1").status_code == 200
    csv = client.get("/reports/X1/2026-Q1/csv/")
    assert b"X1" in csv.getvalue()


def test_the_role_sees_no_figure_of_a_release_that_is_not_published(release: Release) -> None:
    draft = Release.objects.create(
        quarter=release.quarter,
        geography=release.geography,
        version=2,
        state=Release.State.READY,
        method_version="1",
    )
    area = Area.objects.get(code="X1")
    Figure.objects.create(release=draft, area=area, indicator="A1", status="shown", value=1.0)
    seen = Figure.objects.using("reports")
    assert seen.filter(release=release).exists()
    assert not seen.filter(release=draft).exists()
    assert not Release.objects.using("reports").filter(pk=draft.pk).exists()


@pytest.mark.parametrize(
    "table",
    [
        "interactions_interaction",
        "interactions_note",
        "interactions_promptanswer",
        "accounts_contributor",
        "accounts_user",
        "accounts_subject",
        "indicators_contributormonth",
        "indicators_quartercontributor",
        "indicators_component",
        "befriending_concern",
    ],
)
def test_the_role_may_not_read_what_is_personal_or_ungated(release: Release, table: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        connections["reports"].cursor() as cursor,
    ):
        cursor.execute(f"SELECT count(*) FROM {table}")


# What a worker does, told as checksums: every format of every language, and the whole release.
IN_ANOTHER_PROCESS = """
import hashlib, io, json, os, sys
import django
os.umask(int(sys.argv[1], 8))
django.setup()
from django.utils import translation
from connections.indicators.models import Release
from connections.reports.actions import read_in_language
from connections.reports.bulk import write_release
from connections.reports.formats import WRITERS
from connections.reports.question import Question
from connections.reports.vocabulary import Format, Section
made = {}
for language in ("en-gb", "gd", "ur"):
    question = Question(
        period="2026-Q1", areas=("X1", "X2"), language=language, sections=tuple(Section)
    )
    content = read_in_language(question)
    with translation.override(language):
        for kind in Format:
            made[f"{language} {kind.value}"] = WRITERS[kind](content)
out = io.BytesIO()
write_release(Release.objects.get(), out)
made["whole release"] = out.getvalue()
print(json.dumps({name: hashlib.sha256(one).hexdigest() for name, one in made.items()}))
"""


def write_elsewhere(umask: str, **environment: str) -> dict[str, str]:
    """Return the checksums of all files as another process makes them."""
    database = str(connections["default"].settings_dict["NAME"])
    for name in ("DATABASE_URL", "REPORTS_DATABASE_URL"):
        address = urlsplit(os.environ[name])._replace(path=f"/{database}")
        environment[name] = address.geturl()
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS, umask],
        cwd=settings.BASE_DIR,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_every_process_writes_the_same_bytes(release: Release) -> None:
    """Whatever seeds its hashes, whatever its clock's zone, its locale and its rights on files."""
    one = write_elsewhere("022", PYTHONHASHSEED="1", TZ="Europe/London", LC_ALL="C.UTF-8")
    other = write_elsewhere("077", PYTHONHASHSEED="4242", TZ="Pacific/Apia", LC_ALL="C")
    assert len(one) == 3 * len(Format) + 1
    assert one == other
