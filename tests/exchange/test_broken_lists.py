"""Lists as they come: in other letters, cut off, turned round, with rows that nobody foresaw.

What can be read is read, what cannot is told by row, and a list that is none says so at once.
"""

import gzip
import io
import json
import warnings
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely
from django.core.files.base import ContentFile
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from kinder.accounts.models import User
from places.actions.importing import bring_in
from places.exchange import intake
from places.exchange.drafts import REPEATED
from places.exchange.models import ImportRow, PlaceImport
from places.exchange.overpass import NO_POSITION
from places.exchange.place_layers import DAMAGED, list_layers
from places.exchange.positions import FROM_GRID, OUTSIDE, TURNED
from places.exchange.tables import find_encoding
from places.models import Place
from tests.exchange.test_intake import COLUMNS, HEAD, begin, land, media, work, worker
from tests.factories.places import MIDDLE

__all__ = ["land", "media", "worker"]
pytestmark = pytest.mark.django_db

LON, LAT = MIDDLE
HERE = f"{LAT},{LON}"
State = PlaceImport.State


def read(by: User, content: str | bytes, **facts: Any) -> list[ImportRow]:
    """Read a list to its end; return its rows."""
    job = work(begin(by, content, **facts))
    assert job.state == State.LOOKING, job.problem
    return list(job.rows.order_by("number"))


# ------------------------------------------------------------------ tables


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8-sig"), ("cp1252", "cp1252"), ("utf-16", "utf-16"),
     ("utf-16-le", "utf-16-le"), ("utf-8-sig", "utf-8-sig")],
)  # fmt: skip
def test_a_table_is_read_in_the_letters_that_it_is_written_in(
    worker: User, tmp_path: Path, encoding: str, found: str
) -> None:
    text = HEAD + f"1,Café Órán,cafe,{HERE},,\n"
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    assert find_encoding(path) == found
    path.write_bytes(gzip.compress(text.encode(encoding)))
    assert find_encoding(path) == found
    [row] = read(worker, text.encode(encoding))
    assert row.facts["name"] == "Café Órán"


def test_other_letters_far_down_do_not_stop_a_list(worker: User) -> None:
    lines = "".join(f"{number},Place {number},cafe,{HERE},,\n" for number in range(900))
    rows = read(worker, (HEAD + lines + f"900,Café,cafe,{HERE},,\n").encode("cp1252"))
    assert (len(rows), rows[-1].facts["name"]) == (901, "Café")


def test_letters_that_look_wrong_can_be_chosen(client: Client, worker: User) -> None:
    client.force_login(worker)
    text = "name,kind,lat,lon\nŻabka,cafe,55.85,-4.25\n".encode("cp1250")
    job = begin(worker, text)
    PlaceImport.objects.filter(pk=job.pk).update(state=State.MAPPING, options={})
    address = reverse("imports:columns", args=[job.pk])
    page = client.get(address)
    assert (page.context["look"].encoding, page.context["sample"][0][0]) == ("cp1252", "¯abka")
    chosen = {"encoding": "cp1250", "name": "name", "kind": "kind", "website": "lat"}
    page = client.post(address, {**chosen, "look": "1"})
    assert page.status_code == 200
    assert page.context["sample"][0][0] == "Żabka"
    # What was chosen before the second look stays.
    assert page.context["form"]["website"].value() == "lat"
    page = client.post(address, {**chosen, "encoding": "utf-8-sig"})
    assert page.status_code == 422
    assert "not in utf-8" in page.content.decode()
    assert client.post(address, {**chosen, "name": "no such"}).status_code == 422
    sent = {**chosen, "website": "", "lat": "lat", "lon": "lon"}
    assert client.post(address, sent).status_code == 302
    work(job)
    assert job.rows.get().facts["name"] == "Żabka"


def test_a_heading_may_go_on_in_the_next_line(worker: User) -> None:
    columns = {**COLUMNS, "name": "Name of it"}
    text = f'id,"Name\r\nof it",kind,lat,lon\r\n1,Old Hall,cafe,{HERE}\r\n'
    [row] = read(worker, text, columns=columns)
    assert (row.facts["name"], row.problem) == ("Old Hall", "")


def test_what_is_no_number_is_no_position(worker: User) -> None:
    text = HEAD + f"1,A,cafe,nan,nan,,\n2,B,cafe,inf,1e999,,\n3,C,cafe,{HERE},,\n"
    rows = read(worker, text)
    assert [bool(row.problem) for row in rows] == [True, True, False]
    assert rows[0].notes == ["position cannot be read: nan nan"]


def test_an_id_that_stands_twice_is_told_before_anything_is_written(worker: User) -> None:
    job = work(begin(worker, HEAD + f"1,A Hall,cafe,{HERE},,\n1,The Bell,pub,55.9,{LON},,\n"))
    first, second = job.rows.order_by("number")
    assert (first.problem, second.problem) == ("", REPEATED)
    # Whoever mends it says that it is a place of its own.
    intake.mend_row(by=worker, row=second, facts={"name": "The Bell"})
    work(intake.apply_import(by=worker, job=job))
    assert dict(Place.objects.values_list("name", "source_ref")) == {"A Hall": "1", "The Bell": ""}
    counts = intake.count_rows(job)
    assert (counts["added"], counts["failed"]) == (2, 0)


def test_positions_that_make_sense_the_other_way_only_are_turned(worker: User) -> None:
    text = (
        HEAD
        + f"1,A,cafe,{LON},{LAT},,\n"
        + f"2,B,cafe,{HERE},,\n"
        + "3,C,cafe,48.85,2.35,,\n"
        + "4,D,cafe,664189,259210,,\n"
        + "5,E,cafe,5000000,5000000,,\n"
    )
    rows = read(worker, text)
    assert [row.notes for row in rows] == [[TURNED], [], [OUTSIDE], [FROM_GRID], []]
    assert (rows[0].facts["lon"], rows[0].facts["lat"]) == (LON, LAT)
    # Checked against the Ordnance Survey's own conversion, to the metres that no grid file gives.
    assert rows[3].facts["lat"] == pytest.approx(LAT, abs=0.002)
    assert rows[3].facts["lon"] == pytest.approx(LON, abs=0.002)
    assert rows[4].problem == "off the map of the world"


def test_columns_are_remembered_for_the_same_list(worker: User) -> None:
    text = "called,sort,lat,lon,web\nOld Hall,cafe,55.85,-4.25,\n"
    chosen = {"name": "called", "kind": "sort", "lat": "lat", "lon": "lon", "website": "web"}
    for again in (False, True):
        job = begin(worker, text)
        PlaceImport.objects.filter(pk=job.pk).update(state=State.MAPPING, options={})
        job.refresh_from_db()
        look = intake.look_into(job)
        assert (look.guessed == chosen) is again
        job = work(intake.choose_columns(by=worker, job=job, columns=chosen, kind=""))
        work(intake.apply_import(by=worker, job=job))


def test_what_was_typed_for_a_list_that_failed_is_there_again(client: Client, worker: User) -> None:
    client.force_login(worker)
    file = ContentFile(b"PK\x03\x04 and no more", name="halls.zip")
    sent = {"name": "Halls", "format": "layer", "kind": "pub", "file": file}
    assert client.post(reverse("imports:list"), sent).status_code == 302
    job = PlaceImport.objects.get()
    page = reverse("imports:import", args=[job.pk])
    assert client.get(reverse("imports:columns", args=[job.pk])).headers["Location"] == page
    response = client.get(page)
    job.refresh_from_db()
    assert (job.state, bool(job.file)) == (State.FAILED, False)
    assert "This zip file cannot be opened." in response.content.decode()
    again = f"{reverse('imports:list')}?again={job.pk}"
    assert again in response.content.decode()
    form = client.get(again).context["form"]
    assert [form[name].value() for name in ("name", "format", "kind")] == ["Halls", "layer", "pub"]
    for number in ("no", "99999999", "9" * 30):
        assert client.get(reverse("imports:list"), {"again": number}).status_code == 200


# ------------------------------------------------------------------ whatever else


def test_what_nobody_foresaw_fails_in_words_and_is_not_tried_for_ever(
    worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_args: Any) -> None:
        raise AttributeError("surprise")

    job = begin(worker)
    with monkeypatch.context() as patch:
        patch.setattr(intake, "match_rows", stumble)
        work(job)
    assert (job.state, job.worker) == (State.FAILED, None)
    assert "cannot be worked out" in job.problem
    assert "surprise" not in job.problem


def test_a_fault_in_the_writing_leaves_what_can_be_taken_back(
    worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "WRITTEN_AT_ONCE", 1)
    job = work(begin(worker, HEAD + f"1,A,cafe,{HERE},,\n2,B,pub,55.9,{LON},,\n"))
    intake.apply_import(by=worker, job=job)

    def stumble(**facts: Any) -> Place:
        if facts["facts"]["name"] == "B":
            raise KeyError("surprise")
        return bring_in(**facts)

    with monkeypatch.context() as patch:
        patch.setattr(intake, "bring_in", stumble)
        work(job)
    assert job.state == State.LOOKING
    assert job.problem
    assert list(Place.objects.values_list("name", flat=True)) == ["A"]
    job = work(intake.undo_import(by=worker, job=job))
    assert (job.state, job.problem, Place.objects.count()) == (State.UNDONE, "", 0)


def test_a_database_that_is_away_is_no_fault_of_the_list(
    worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_args: Any) -> None:
        raise OperationalError("gone")

    job = begin(worker)
    with monkeypatch.context() as patch:
        patch.setattr(intake, "match_rows", lose)
        with pytest.raises(OperationalError):
            intake.advance(job.pk)
    job.refresh_from_db()
    assert (job.state, bool(job.file)) == (State.READING, True)


# ------------------------------------------------------------------ map layers


def write_layer(
    path: Path,
    shapes: Sequence[shapely.Geometry | None] | None,
    *,
    names: Sequence[str],
    crs: str | None = "EPSG:4326",
    layer: str = "halls",
    sort: str = "Point",
) -> bytes:
    """Write a layer into a GeoPackage, beside those that are there; return the file."""
    drawn = None if shapes is None else np.array(
        [None if one is None else shapely.to_wkb(one) for one in shapes], dtype=object
    )  # fmt: skip
    with warnings.catch_warnings():
        # A layer that does not say its coordinate system is what is tried.
        warnings.simplefilter("ignore")
        pyogrio.raw.write(
            path,
            drawn,
            [np.array(list(names), dtype=object)],
            np.array(["name"]),
            geometry_type=None if drawn is None else sort,
            crs=crs,
            driver="GPKG",
            layer=layer,
            append=path.exists(),
        )
    return path.read_bytes()


def read_layer_file(by: User, content: bytes, **options: Any) -> list[ImportRow]:
    columns = {"name": "name"}
    return read(by, content, file_format="layer", name="a.gpkg", columns=columns, kind="pub",
                **options)  # fmt: skip


def test_a_row_without_a_shape_does_not_stop_a_layer(worker: User, tmp_path: Path) -> None:
    shapes = [shapely.Point(LON, LAT), None, shapely.Point(), shapely.Point(LON, LAT, 7)]
    content = write_layer(tmp_path / "a.gpkg", shapes, names="ABCD", sort="Unknown")
    problems = [row.problem for row in read_layer_file(worker, content)]
    missing = "no position, and no postcode that is loaded"
    assert problems == ["", missing, missing, ""]


def test_a_table_without_shapes_is_placed_by_its_columns(worker: User, tmp_path: Path) -> None:
    content = write_layer(tmp_path / "a.gpkg", None, names=["A Hall"], crs=None)
    job = begin(worker, content, file_format="layer", name="a.gpkg")
    assert intake.look_into(job).headings == ["name"]
    [row] = read_layer_file(worker, content)
    assert row.problem.startswith("no position")


def test_of_several_layers_one_is_chosen(worker: User, tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    road = shapely.LineString([(LON, LAT), (LON + 1, LAT)])
    write_layer(path, None, names=["Notes"], layer="notes", crs=None)
    write_layer(path, [road], names=["Road"], layer="roads", sort="LineString")
    content = write_layer(path, [shapely.Point(LON, LAT)], names=["Hall"], layer="halls")
    assert list_layers(path) == ["halls", "roads", "notes"]
    job = begin(worker, content, file_format="layer", name="a.gpkg")
    assert job.state == State.MAPPING
    assert intake.look_into(job).sample == [{"name": "Hall"}]
    assert intake.look_into(job, layer="roads").sample == [{"name": "Road"}]
    job = intake.choose_columns(
        by=worker, job=job, columns={"name": "name"}, kind="pub", layer="roads"
    )
    work(job)
    assert job.rows.get().facts["name"] == "Road"


def test_the_layers_of_a_page_can_be_looked_through(
    client: Client, worker: User, tmp_path: Path
) -> None:
    client.force_login(worker)
    path = tmp_path / "a.gpkg"
    write_layer(path, [shapely.Point(LON, LAT)], names=["One"], layer="first")
    write_layer(path, [shapely.Point(LON, LAT)], names=["Two"], layer="second")
    job = begin(worker, path.read_bytes(), file_format="layer", name="a.gpkg")
    address = reverse("imports:columns", args=[job.pk])
    assert client.get(address).context["look"].layers == ("first", "second")
    page = client.post(address, {"layer": "second", "look": "1"})
    assert page.context["sample"] == [["Two"]]
    client.post(address, {"layer": "second", "name": "name", "fallback": "pub"})
    work(job)
    assert job.rows.get().facts["name"] == "Two"


def test_a_layer_in_another_coordinate_system_or_in_none(worker: User, tmp_path: Path) -> None:
    point = shapely.Point(259_210, 664_189)
    for number, crs in enumerate(("EPSG:27700", None, "EPSG:4326")):
        content = write_layer(tmp_path / f"{number}.gpkg", [point], names="A", crs=crs)
        [row] = read_layer_file(worker, content)
        assert row.facts["lat"] == pytest.approx(LAT, abs=0.002), crs
        # A layer that calls metres degrees is understood, and says so.
        assert row.notes == ([FROM_GRID] if crs != "EPSG:27700" else []), crs


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _spoil(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + b"Z" * 50_000 + content[middle + 50_000 :]


def _pack(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("halls.gpkg", content)
    return packed.getvalue()


def _spoil_packed(content: bytes) -> bytes:
    packed = bytearray(_pack(content))
    middle = len(packed) // 2
    packed[middle : middle + 50] = b"Z" * 50
    return bytes(packed)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_cut, DAMAGED),
        (_spoil, DAMAGED),
        (lambda content: _cut(_pack(content)), "This zip file cannot be opened."),
        (_spoil_packed, "This zip file is damaged: download it again."),
    ],
)
def test_a_layer_that_is_cut_off_or_damaged_says_so(
    worker: User, tmp_path: Path, spoil: Callable[[bytes], bytes], words: str
) -> None:
    points = [shapely.Point(LON, LAT)] * 3_000
    names = [f"Hall {number}" for number in range(3_000)]
    content = spoil(write_layer(tmp_path / "a.gpkg", points, names=names))
    job = begin(worker, content, file_format="layer", name="a.gpkg", columns={"name": "name"})
    work(job)
    assert (job.state, job.problem) == (State.FAILED, words)
    assert not job.file


# ------------------------------------------------------------------ Overpass


def overpass(*elements: Any, **more: Any) -> str:
    return json.dumps({"version": 0.6, "elements": list(elements), **more})


def line(*corners: tuple[float, float] | None) -> list[dict[str, float] | None]:
    return [None if one is None else {"lon": one[0], "lat": one[1]} for one in corners]


def test_relations_and_ways_that_were_cut_are_drawn(worker: User) -> None:
    """As `out geom` tells them: members with corners of their own, null beyond the box."""
    park = {"leisure": "park", "name": "Park"}
    outer = [line((0, 50), (2, 50), (2, 52)), line((2, 52), (0, 52), (0, 50))]
    hole = line((0.5, 50.5), (1.5, 50.5), (1.5, 51.5), (0.5, 51.5), (0.5, 50.5))
    members = [
        *({"type": "way", "ref": at, "role": "outer", "geometry": one}
          for at, one in enumerate(outer)),
        {"type": "way", "ref": 9, "role": "inner", "geometry": hole},
        {"type": "node", "ref": 1, "role": "label", "lat": 51, "lon": 1},
    ]  # fmt: skip
    rows = read(
        worker,
        overpass(
            {"type": "relation", "id": 1, "members": members, "tags": park},
            {"type": "relation", "id": 2, "members": [{"type": "way", "ref": 1, "role": "outer",
             "geometry": line((0, 50), (0.1, 50))}], "tags": park},
            {"type": "relation", "id": 3, "members": [{"type": "node", "ref": 1, "role": "",
             "lat": 50, "lon": 0}], "tags": park},
            {"type": "way", "id": 4, "geometry": line((0, 50), None, (0, 50.2)), "tags": park},
            {"type": "relation", "id": 5, "members": [{"type": "way", "ref": 1}], "tags": park},
            {"type": "relation", "id": 6, "center": {"lat": 50, "lon": 0}, "members": members,
             "tags": park},
        ),
        file_format="overpass",
    )  # fmt: skip
    assert [row.problem for row in rows] == ["", "", "", "", NO_POSITION, ""]
    assert [row.reference for row in rows][:2] == ["relation/1", "relation/2"]
    outline = shapely.from_wkb(rows[0].facts["outline"])
    assert outline.area == pytest.approx(4 - 1)
    assert not outline.contains(shapely.Point(1, 51))
    assert outline.contains(shapely.Point(rows[0].facts["lon"], rows[0].facts["lat"]))
    assert (rows[2].facts["lon"], rows[2].facts["lat"]) == (0, 50)


def test_elements_that_are_none_are_rows_to_look_at(worker: User) -> None:
    cafe = {"amenity": "cafe", "name": "A\ud800B"}
    rows = read(
        worker,
        overpass(
            {"type": "node", "id": 1, "lat": LAT, "lon": LON, "tags": cafe},
            {"type": "node", "id": 2, "lat": "x", "lon": LON, "tags": cafe},
            {"type": "node", "id": 3, "lat": LAT, "lon": LON,
             "tags": {**cafe, "name": "C", "name:gd": "Z\u0000"}},
            {"type": "node", "id": [4], "lat": LAT, "lon": LON, "tags": {**cafe, "name": "D"}},
            {"type": "node", "id": 5, "lat": LAT, "lon": LON, "tags": "none"},
            7,
            None,
            {"type": "node", "id": 6, "lat": 95, "lon": LON, "tags": cafe},
        ),
        file_format="overpass",
    )  # fmt: skip
    assert [bool(row.problem) for row in rows] == [False, True, False, False, True, True]
    assert rows[0].facts["name"] == "A B"
    assert rows[2].facts["alt_names"] == [["gd", "Z"]]
    assert rows[3].reference == ""


def test_an_answer_that_overpass_broke_off_is_told(worker: User) -> None:
    remark = "runtime error: Query timed out after 26 seconds."
    cafe = {"amenity": "cafe", "name": "A"}
    one = {"type": "node", "id": 1, "lat": LAT, "lon": LON, "tags": cafe}
    job = work(begin(worker, overpass(one, remark=remark), file_format="overpass"))
    assert job.state == State.LOOKING
    assert job.problem == f"Overpass broke off, so the list is not whole: {remark}"
    assert [bool(row.problem) for row in job.rows.order_by("number")] == [False, True]
    for text, words in (
        (overpass(), "found nothing"),
        (overpass({"type": "way", "id": 1, "nodes": [1, 2]}), "no tags"),
        ("{}", "no “elements”"),
    ):
        job = work(begin(worker, text, file_format="overpass"))
        assert (job.state, words in job.problem) == (State.FAILED, True), text


def test_real_places_come_in_by_overpass_as_by_the_extract(worker: User, sample_data: Path) -> None:
    told = json.loads((sample_data / "places" / "osm_norwich_2019.geojson").read_text())
    told["features"] = told["features"][::8]
    elements = []
    for feature in told["features"]:
        kind, number = feature["id"].split("/")
        lon, lat = feature["geometry"]["coordinates"]
        tags = {key: text for key, text in feature["properties"].items() if key[0] != "@"}
        at = {"lon": lon, "lat": lat}
        elements.append({"type": kind, "id": int(number), "tags": tags,
                         **(at if kind == "node" else {"center": at})})  # fmt: skip
    assert {one["type"] for one in elements} == {"node", "way", "relation"}
    ours = read(worker, overpass(*elements), file_format="overpass")
    theirs = read(worker, json.dumps(told), file_format="osm", name="a.geojson")
    for one, other in zip(ours, theirs, strict=True):
        assert (one.reference, one.problem) == (other.reference, other.problem)
        assert one.facts == other.facts
