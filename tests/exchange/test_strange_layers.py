"""Map layers that lead elsewhere: formats of GDAL that name other files, addresses or orders.

ASVS 1.3.6, 5.2.2, 5.3.2.
"""

import io
import zipfile
from pathlib import Path

import pytest

from places.exchange.batches import ImportRefusedError
from places.exchange.drafts import read_layer

VRT = """<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{path}</SrcDataSource>
<SrcLayer>secret</SrcLayer></OGRVRTLayer></OGRVRTDataSource>"""
WFS = "<OGRWFSDataSource><URL>http://169.254.169.254/</URL></OGRWFSDataSource>"
PIPELINE = (
    """{{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read {path}"}}"""
)
DRESSED_PIPELINE = """{{"x": {{"type": "Feature"}}, "type": "gdal_streamed_alg",
"command_line": "gdal vector pipeline ! read {path}"}}"""
ESRI = """{{"features": [], "geometryType": "esriGeometryPoint", "fields": []}}"""
GPX = """<?xml version="1.0"?><!DOCTYPE g [<!ENTITY x SYSTEM "file://{path}">]><gpx>&x;</gpx>"""


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.csv"
    path.write_text("name,lat,lon\nroot secret,55.1,-4\n")
    return path


def pack(name: str, content: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize("text", [VRT, WFS, PIPELINE, DRESSED_PIPELINE, ESRI, GPX])
@pytest.mark.parametrize("name", ["area.gpkg", "area.geojson", "area.shp", "area.json", "area.xml"])
def test_a_layer_that_leads_elsewhere_is_not_opened(
    name: str, text: str, tmp_path: Path, secret: Path
) -> None:
    path = tmp_path / name
    path.write_text(text.format(path=secret))
    with pytest.raises(ImportRefusedError, match="no GeoPackage"):
        list(read_layer(path, {}))


@pytest.mark.parametrize("name", ["area.shp", "area.gpkg", "deep/area.shp"])
@pytest.mark.parametrize("text", [VRT, WFS])
def test_nor_out_of_an_archive(name: str, text: str, tmp_path: Path, secret: Path) -> None:
    """An archive that holds one under the name of a shape file reads no file of this machine."""
    path = tmp_path / "area.zip"
    path.write_bytes(pack(name, text.format(path=secret)))
    with pytest.raises(ImportRefusedError, match="no GeoPackage"):
        list(read_layer(path, {}))


def test_a_feature_collection_is_read(tmp_path: Path) -> None:
    path = tmp_path / "area.geojson"
    path.write_text(
        """{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name":
        "Kettle Hall"}, "geometry": {"type": "Point", "coordinates": [-4.2, 55.8]}}]}"""
    )
    [draft] = read_layer(path, {"columns": {"name": "name"}})
    assert draft.facts["name"] == "Kettle Hall"
