"""Imports that somebody looks over: read, matched, decided, written, taken back, and killed."""

import datetime as dt
import functools
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.gis.gdal import DataSource
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from kinder.accounts.fetching import fetch
from kinder.accounts.models import Role, User
from places.actions import change_place, hide_place
from places.exchange import intake
from places.exchange.intake import NotNowError
from places.exchange.matching import DOUBT, SURE, WEIGHTS, Pair, Verdict, judge, plain_name, score
from places.exchange.models import ImportRow, PlaceImport
from places.exchange.starts import begin_import
from places.models import (
    Gathering,
    Geography,
    Place,
    PlaceReference,
    PlaceVersion,
    Postcode,
)
from tests.exchange.fit_matching import choose_thresholds, fit, measure, read_pairs
from tests.factories.accounts import make_member
from tests.factories.places import MIDDLE, make_place, make_point, make_square

pytestmark = pytest.mark.django_db

HEAD = "id,name,kind,lat,lon,postcode,hours\n"
LIST = (
    HEAD
    + f"1,Rowan Libary,library,{MIDDLE[1]},{MIDDLE[0]},,Mo-Fr 09:00-17:00\n"
    + f"2,Corner Café,cafe,{MIDDLE[1] + 0.01},{MIDDLE[0]},,9am-5pm\n"
    + "3,Church Hall,community centre,,,g20 7tx,when the light is on\n"
    + "4,,cafe,55.85,-4.25,,\n"
    + "5,Mystery,spaceport,55.85,-4.25,,\n"
    + "6,Nowhere,cafe,,,,\n"
    + "7,Haven Women's Refuge,community centre,55.85,-4.25,,\n"
)
COLUMNS = {
    "reference": "id",
    "name": "name",
    "kind": "kind",
    "lat": "lat",
    "lon": "lon",
    "postcode": "postcode",
    "opening_hours": "hours",
}


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def worker() -> User:
    return make_member(Role.WORKER)


@pytest.fixture(autouse=True)
def land() -> Geography:
    geography = Geography.objects.create(slug="invented", name="Invented", is_current=True)
    zone = make_square("Z1", geography=geography)
    Postcode.objects.create(code="G20 7TX", point=make_point(0.02), area=zone)
    return geography


def begin(
    worker: User | None,
    text: str | bytes = LIST,
    *,
    file_format: str = "csv",
    name: str = "list.csv",
    **options: Any,
) -> PlaceImport:
    content = text.encode() if isinstance(text, str) else text
    told = {"columns": COLUMNS, **options} if file_format == "csv" else options
    return begin_import(
        by=worker,
        file_format=file_format,
        name="A list",
        file=ContentFile(content, name=name),
        options=told,
    )


def work(job: PlaceImport) -> PlaceImport:
    assert intake.advance(job.pk)
    job.refresh_from_db()
    return job


def test_a_list_is_read_matched_written_and_taken_back(worker: User) -> None:
    known = make_place("Rowan Library", point=make_point(0.0001))
    job = work(begin(worker))
    assert job.state == PlaceImport.State.LOOKING
    assert not job.file
    rows = {row.number: row for row in job.rows.all()}
    assert {number: row.problem for number, row in rows.items() if row.problem} == {
        4: "no name",
        5: "no kind of place: choose one",
        6: "no position, and no postcode that is loaded",
        7: "a refuge, hostel or home is never imported",
    }
    assert intake.count_problems(job)[0] == ("a refuge, hostel or home is never imported", 1)
    assert dict(intake.count_problems(job))["no kind of place"] == 1
    assert (rows[1].place, rows[1].decision) == (known, "fill")
    assert rows[2].decision == rows[3].decision == "add"
    assert rows[2].facts["opening_hours"] == "Mo-Su 09:00-17:00"
    assert rows[3].facts["are_hours_unread"]
    assert "placed at its postcode" in rows[3].notes
    assert not PlaceVersion.objects.exists()
    job = work(intake.apply_import(by=worker, job=job))
    assert job.state == PlaceImport.State.DONE
    counts = intake.count_rows(job)
    assert (counts["added"], counts["changed"], counts["wrong"]) == (2, 1, 4)
    known.refresh_from_db()
    assert (known.name, known.opening_hours) == ("Rowan Library", "Mo-Fr 09:00-17:00")
    assert PlaceReference.objects.get().place == known
    hall = Place.objects.get(name="Church Hall")
    assert (hall.state, hall.source, hall.source_ref) == ("stale", "a-list", "3")
    assert hall.area is not None
    assert PlaceVersion.objects.filter(deed="import", about=f"import {job.pk}").count() == 3
    change_place(by=worker, place=hall, changes={"name": "Church Hall and Garden"})
    job = work(intake.undo_import(by=worker, job=job))
    assert job.state == PlaceImport.State.UNDONE
    known.refresh_from_db()
    assert known.opening_hours == ""
    assert not Place.objects.filter(name="Corner Café").exists()
    assert Place.objects.filter(name="Church Hall and Garden").exists()
    assert job.rows.get(number=3).outcome == "kept"
    assert not PlaceReference.objects.exists()


def test_the_same_list_again_changes_nothing(worker: User) -> None:
    for _ in range(2):
        job = work(begin(worker))
        job = work(intake.apply_import(by=worker, job=job))
    counts = intake.count_rows(job)
    assert (counts["added"], counts["changed"], counts["same"]) == (0, 0, 3)
    later = LIST.replace("9am-5pm", "10am-4pm")
    job = work(begin(worker, later))
    job = work(intake.apply_import(by=worker, job=job))
    assert Place.objects.get(name="Corner Café").opening_hours == "Mo-Su 10:00-16:00"
    hall = Place.objects.get(name="Church Hall")
    change_place(
        by=worker, place=hall, changes={"opening_hours": "24/7", "are_hours_unread": False}
    )
    job = work(begin(worker, LIST.replace("when the light is on", "Sa 10:00-12:00")))
    job = work(intake.apply_import(by=worker, job=job))
    hall.refresh_from_db()
    assert hall.opening_hours == "24/7"


def test_a_hidden_place_does_not_come_back(worker: User) -> None:
    hidden = make_place("Corner Café", kind="cafe", point=make_point(0.0, 0.01))
    hide_place(by=worker, place=hidden, reason="asked")
    job = work(begin(worker))
    assert job.rows.get(number=2).place == hidden
    job = work(intake.apply_import(by=worker, job=job))
    hidden.refresh_from_db()
    assert hidden.state == "hidden"
    assert Place.objects.filter(name="Corner Café").count() == 1


def test_rows_are_mended_and_decided(worker: User) -> None:
    job = work(begin(worker))
    row = job.rows.get(number=6)
    with pytest.raises(ValidationError):
        intake.mend_row(by=worker, row=row, facts={"name": "Nowhere", "postcode": "ZZ1 1ZZ"})
    mended = intake.mend_row(by=worker, row=row, facts={"postcode": "G20 7TX"})
    assert (mended.problem, mended.decision) == ("", "add")
    assert intake.decide_rows(by=worker, job=job, numbers=[2, 4, 6], decision="skip") == 2
    assert intake.decide_rows(by=worker, job=job, numbers=[2], decision="replace") == 0
    job = work(intake.apply_import(by=worker, job=job))
    assert not Place.objects.filter(name__in=["Corner Café", "Nowhere"]).exists()
    with pytest.raises(NotNowError):
        intake.decide_rows(by=worker, job=job, numbers=[2], decision="add")


def test_an_added_place_with_something_on_is_hidden_instead_of_lost(worker: User) -> None:
    job = work(begin(worker))
    job = work(intake.apply_import(by=worker, job=job))
    place = Place.objects.get(name="Corner Café")
    Gathering.objects.create(title="Tea", place=place, starts_at=timezone.now(), minutes=60)
    job = work(intake.undo_import(by=worker, job=job))
    place.refresh_from_db()
    assert place.state == "hidden"


def test_giving_up_keeps_nothing(worker: User) -> None:
    job = intake.cancel_import(by=worker, job=work(begin(worker)))
    assert (job.state, job.rows.count(), bool(job.file)) == ("cancelled", 0, False)
    with pytest.raises(NotNowError):
        intake.apply_import(by=worker, job=job)


@pytest.mark.parametrize(
    ("file_format", "name", "content", "words"),
    [
        ("osm", "a.geojson", b"<html>", "web page"),
        ("osm", "a.osm.pbf", b"\x00\x01", "cannot be read"),
        ("overpass", "a.json", b"[]", "Overpass"),
        ("hsds", "a.json", b"{", "no JSON"),
        ("csv", "a.csv", b"", "empty"),
        ("layer", "a.gpkg", b"nothing", "no GeoPackage"),
    ],
)
def test_a_file_that_is_something_else_fails_in_words(
    worker: User, file_format: str, name: str, content: bytes, words: str
) -> None:
    job = begin(worker, content, file_format=file_format, name=name, columns=COLUMNS)
    work(job)
    assert job.state == PlaceImport.State.FAILED
    assert words in job.problem
    assert re.search("[0-9a-f]{12}", job.problem) is None


def test_a_file_that_was_cut_off_says_so_and_leaves_nothing(worker: User) -> None:
    features = [
        {"type": "Feature", "id": f"node/{number}", "properties": {"amenity": "cafe", "name": "A"},
         "geometry": {"type": "Point", "coordinates": MIDDLE}}
        for number in range(30)
    ]  # fmt: skip
    whole = json.dumps({"type": "FeatureCollection", "features": features})
    job = work(begin(worker, whole[: len(whole) // 2], file_format="osm", name="a.geojson"))
    assert job.state == PlaceImport.State.FAILED
    assert job.problem.startswith("The file is cut off or damaged after feature")
    assert not Place.objects.exists()


def test_overpass_with_centres_and_outlines(worker: User) -> None:
    lon, lat = MIDDLE
    elements = [
        {"type": "node", "id": 1, "lat": lat, "lon": lon, "tags": {"amenity": "cafe", "name": "A"}},
        {"type": "way", "id": 2, "center": {"lat": lat, "lon": lon},
         "tags": {"leisure": "park", "name": "B", "name:gd": "Bì"}},
        {"type": "way", "id": 3, "geometry": [{"lat": lat + y, "lon": lon + x} for x, y in
         ((0, 0), (0.001, 0), (0.001, 0.001), (0, 0))], "tags": {"amenity": "library", "name": "C"}},
        {"type": "way", "id": 4, "tags": {"amenity": "library", "name": "D"}},
        {"type": "node", "id": 5, "lat": lat, "lon": lon},
    ]  # fmt: skip
    job = work(begin(worker, json.dumps({"elements": elements}), file_format="overpass"))
    assert job.source == "osm"
    assert [row.problem for row in job.rows.all()] == [
        "",
        "",
        "",
        "no position: ask Overpass for “out center”",
    ]
    job = work(intake.apply_import(by=worker, job=job))
    assert Place.objects.get(name="C").footprint is not None
    other = Place.objects.get(name="B").alt_names.get()
    assert (other.language, other.name) == ("gd", "Bì")


def test_a_geopackage_in_the_national_grid(worker: User, tmp_path: Path) -> None:
    import numpy as np
    import pyogrio.raw
    import shapely

    path = tmp_path / "halls.gpkg"
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array([shapely.Point(258_000, 665_000)])),
        [np.array(["Grid Hall"], dtype=object)],
        np.array(["name"]),
        geometry_type="Point",
        crs="EPSG:27700",
        driver="GPKG",
    )
    assert len(DataSource(str(path))[0]) == 1
    job = begin_import(
        by=worker,
        file_format="layer",
        name="Halls",
        file=ContentFile(path.read_bytes(), name="halls.gpkg"),
        options={"kind": "community_centre"},
    )
    assert job.state == PlaceImport.State.MAPPING
    look = intake.look_into(job)
    assert (look.headings, look.sample) == (["name"], [{"name": "Grid Hall"}])
    assert (look.guessed, look.layers) == ({"name": "name"}, (look.layer,))
    job = work(
        intake.choose_columns(by=worker, job=job, columns=look.guessed, kind="community_centre")
    )
    row = job.rows.get()
    assert row.problem == ""
    assert row.facts["lon"] == pytest.approx(-4.272, abs=0.002)
    assert row.facts["lat"] == pytest.approx(55.857, abs=0.002)


class Feed(BaseHTTPRequestHandler):
    """Two pages of services; the list says no locations, so each is asked for."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        lon, lat = MIDDLE
        if parts.path == "/v3/services":
            page = int(parse_qs(parts.query)["page"][0])
            told: Any = {
                "contents": [{"id": f"s{page}", "name": f"Service {page}"}],
                "last_page": page == 2,
            }
        else:
            key = parts.path.rsplit("/", 1)[-1]
            told = {
                "id": key,
                "name": f"Service {key}",
                "attributes": [{"taxonomy_term": {"code": "library", "name": "Libraries"}}],
                "contacts": [{"name": "Ann Persona", "email": "ann@example.org"}],
                "service_at_locations": [
                    {
                        "schedules": [
                            {"freq": "WEEKLY", "byday": "MO,TU", "opens_at": "10:00:00",
                             "closes_at": "16:00:00"}
                        ],
                        "location": {
                            "id": f"at-{key}",
                            "name": f"Reading Room {key}",
                            "latitude": lat,
                            "longitude": lon + (0.01 if key == "s2" else 0.0),
                            "addresses": [{"address_1": "1 Main Street", "postal_code": "G207TX"}],
                        },
                    }
                ],
            }  # fmt: skip
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # The filter of private networks is tried in its own tests; here the feed is on this machine.
    monkeypatch.setattr(intake, "fetch", functools.partial(fetch, allow_loopback=True))
    yield f"http://127.0.0.1:{server.server_port}/v3"
    server.shutdown()
    server.server_close()


def test_an_open_referral_feed_is_read_page_by_page(worker: User, feed: str) -> None:
    job = begin_import(by=worker, file_format="hsds", name="Council", address=feed)
    work(job)
    assert [row.facts["name"] for row in job.rows.all()] == ["Reading Room s1", "Reading Room s2"]
    facts = job.rows.first().facts  # type: ignore[union-attr]
    assert (facts["kind"], facts["postcode"]) == ("library", "G20 7TX")
    assert facts["opening_hours"] == "Mo-Tu 10:00-16:00"
    assert "Persona" not in json.dumps([row.facts for row in job.rows.all()])


def test_an_address_on_a_private_network_is_refused(worker: User) -> None:
    job = begin_import(by=worker, file_format="hsds", name="X", address="http://127.0.0.1/services")
    work(job)
    assert (job.state, "private network" in job.problem) == (PlaceImport.State.FAILED, True)


def test_two_workers_never_work_on_the_same_import(client: Client, worker: User) -> None:
    job = begin(worker)
    PlaceImport.objects.filter(pk=job.pk).update(
        worker="5d0c3c5e-0000-4000-8000-000000000000", beat_at=timezone.now()
    )
    assert not intake.advance(job.pk)
    client.force_login(worker)
    progress = reverse("imports:progress", args=[job.pk])
    assert "Another goes on" not in client.get(progress).content.decode()
    PlaceImport.objects.filter(pk=job.pk).update(beat_at=timezone.now() - dt.timedelta(hours=1))
    assert "Another goes on" in client.get(progress).content.decode()
    assert intake.advance(job.pk)


def test_the_wizard_without_a_script(client: Client, worker: User) -> None:
    client.force_login(worker)
    address = reverse("imports:list")
    response = client.post(address, {"name": "Halls", "format": "csv"})
    assert response.status_code == 422
    assert "Halls" in response.content.decode()
    file = ContentFile(LIST.encode(), name="halls.csv")
    wrong = client.post(address, {"name": "Halls", "format": "hsds", "file": file})
    assert "something else than the kind" in wrong.content.decode()
    file.seek(0)
    client.post(address, {"name": "Halls", "format": "csv", "file": file})
    job = PlaceImport.objects.get()
    page = reverse("imports:import", args=[job.pk])
    columns = reverse("imports:columns", args=[job.pk])
    assert client.get(page).headers["Location"] == columns
    form = client.get(columns).context["form"]
    assert form["lat"].value() == "lat"
    client.post(columns, {**{name: form[name].value() for name in form.fields}})
    assert client.get(page).status_code == 200
    waiting = client.get(reverse("imports:progress", args=[job.pk]))
    assert "HX-Redirect" not in waiting.headers
    intake.continue_all()
    assert client.get(reverse("imports:progress", args=[job.pk])).headers["HX-Redirect"] == page
    assert "no kind of place" in client.get(page, {"rows": "wrong"}).content.decode()
    points = client.get(reverse("imports:points", args=[job.pk])).json()
    assert len(points["features"]) == 3
    row = reverse("imports:row", args=[job.pk, 6])
    assert client.post(row, {"name": "Nowhere", "kind": "cafe"}).status_code == 422
    sent = {"name": "Somewhere", "kind": "cafe", "postcode": "g20 7tx"}
    assert client.post(row, sent).status_code == 302
    client.post(
        reverse("imports:decide", args=[job.pk]), {"row": ["2"], "decision": "skip", "rows": "new"}
    )
    act = reverse("imports:act", args=[job.pk])
    client.post(act, {"deed": "apply"})
    intake.continue_all()
    assert Place.objects.filter(name="Somewhere").exists()
    assert not Place.objects.filter(name="Corner Café").exists()
    late = client.post(
        reverse("imports:decide", args=[job.pk]), {"row": ["2"], "decision": "add"}, follow=True
    )
    assert "not possible as things stand" in late.content.decode()
    client.post(act, {"deed": "apply"})
    client.post(act, {"deed": "undo"})
    intake.continue_all()
    assert not Place.objects.exists()


def test_matching_is_as_good_as_the_documents_say(sample_data: Path) -> None:
    """The constants are those that the fit gives, and hold on pairs that it never saw."""
    pairs = read_pairs(sample_data / "places" / "overture_match_pairs_1500.csv.gz")
    train = [one for one in pairs if not one.is_for_test]
    test = [one for one in pairs if one.is_for_test]
    assert fit(train) == pytest.approx(WEIGHTS, abs=0.002)
    assert choose_thresholds(train, WEIGHTS) == (SURE, DOUBT)
    sure = measure(test, WEIGHTS, SURE)
    asked = measure(test, WEIGHTS, DOUBT)
    assert (round(sure.precision, 3), round(sure.recall, 3)) == (0.952, 0.84)
    assert round(asked.recall, 3) == 0.972


def test_near_and_alike_is_the_same_far_or_other_is_not() -> None:
    assert plain_name("The “Rowan” Café’s") == "the rowan cafes"
    near = Pair(("Rowan Library", "ROWAN LIBRARY"), is_same_kind=True, metres=5.0)
    far = Pair(("Rowan Library", "Rowan Library"), is_same_kind=True, metres=300.0)
    other = Pair(("Rowan Library", "Bella's Chip Shop"), is_same_kind=False, metres=5.0)
    assert judge(score(near)) is Verdict.SAME
    assert score(far) < score(near)
    assert judge(score(other)) is Verdict.OTHER


def test_a_whole_real_extract_by_the_command(
    sample_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = sample_data / "places" / "osm_norwich_2019.geojson"
    call_command("import_places", str(path), format="osm", dry_run=True)
    told = capsys.readouterr().out
    assert "Nothing was written" in told
    job = PlaceImport.objects.get()
    counts = intake.count_rows(job)
    assert counts["total"] == 3_557
    assert counts["to_add"] + counts["wrong"] == 3_557
    assert not Place.objects.exists()
    unread = job.rows.filter(facts__are_hours_unread=True).count()
    assert 0 < unread < 40


KILLED = """
import os, signal, sys
import django
django.setup()
from places.exchange import intake
steps = 0
def die(job):
    global steps
    steps += 1
    if steps == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
intake.advance(int(sys.argv[1]), on_step=die)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.chaos
def test_kill_9_midway_and_go_on(worker: User, settings: Settings) -> None:
    """Killed in the reading and in the writing, the rest is done once: the state is the same."""
    lines = [f"{n},Place {n},cafe,{55.0 + n * 0.01},-4.25,,24/7" for n in range(1, 1_001)]
    job = begin(worker, HEAD + "\n".join(lines) + "\n")
    _die(job, 1, settings)
    job.refresh_from_db()
    assert job.state == PlaceImport.State.READING
    assert 0 < job.rows.count() < 1_000
    _wake(job)
    work(job)
    assert sorted(job.rows.values_list("number", flat=True)) == list(range(1, 1_001))
    intake.apply_import(by=worker, job=job)
    _die(job, 3, settings)
    written = Place.objects.count()
    assert 0 < written < 1_000
    _wake(job)
    work(job)
    assert job.state == PlaceImport.State.DONE
    assert Place.objects.count() == ImportRow.objects.filter(outcome="added").count() == 1_000
    assert Place.objects.values("source_ref").distinct().count() == 1_000
    assert PlaceVersion.objects.count() == 1_000


def _wake(job: PlaceImport) -> None:
    PlaceImport.objects.filter(pk=job.pk).update(beat_at=timezone.now() - dt.timedelta(hours=1))


def _die(job: PlaceImport, step: int, settings: Settings) -> None:
    url = urlsplit(os.environ["DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    environment = os.environ | {
        "DATABASE_URL": url._replace(path=f"/{name}").geturl(),
        "KINDER_MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "DJANGO_SETTINGS_MODULE": "kinder.settings",
    }
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(job.pk), str(step)],
        env=environment,
        timeout=60,
        check=False,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-500:]
    assert time.monotonic() - began < 60
