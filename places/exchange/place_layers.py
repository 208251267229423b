"""Reads layers of places with GDAL, row by row: GeoPackage, zipped Shapefile, GeoJSON."""

import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import shapely
from django.contrib.gis.gdal import AxisOrder, CoordTransform, DataSource, SpatialReference
from django.contrib.gis.gdal.error import GDALException
from django.contrib.gis.gdal.feature import Feature
from django.contrib.gis.gdal.layer import Layer
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from kinder.accounts.uploads import BadUploadError, Kind, detect_kind, open_archive
from places.exchange.batches import ImportRefusedError

WGS84 = 4326
NO_LAYER = "This is no GeoPackage, no GeoJSON and no Shapefile."
DAMAGED = "This map layer cannot be opened: it is damaged or cut off. Download it again."
HALF_A_SHAPEFILE = (
    "This Shapefile cannot be opened: the .shp, .shx and .dbf of the same name belong into the zip."
)
_DRIVERS = frozenset({"GPKG", "GeoJSON", "ESRI Shapefile"})
_SHAPEFILE = b"\x00\x00\x27\x0a"
_GEOJSON = re.compile(rb'"type"\s*:\s*"Feature(?:Collection)?"')
# A file that tells GDAL what to do rather than where something is.
_ORDERS = b"gdal_streamed_alg"


def list_layers(path: Path) -> list[str]:
    """Return the names of a file's layers, the one that most likely holds places first; raises
    ImportRefusedError."""
    with _opened(path) as layers:
        return [name for name, _layer in sorted(layers, key=lambda one: _unlikely(one[1]))]


def read_layer_rows(
    path: Path, name: str = ""
) -> Iterator[tuple[int, dict[str, str], BaseGeometry | None]]:
    """Yield number, values by column, and shape in degrees of each row of a layer.

    Without a name: of the one that most likely holds places. A row without a shape, or with one
    that cannot be read, has None. Raises ImportRefusedError.
    """
    with _opened(path) as layers:
        chosen = name or min(layers, key=lambda one: _unlikely(one[1]))[0]
        layer = dict(layers).get(chosen)
        if layer is None:
            raise ImportRefusedError(f"The file has no layer {name[:80]}.")
        degrees = SpatialReference(WGS84, axis_order=AxisOrder.TRADITIONAL)
        try:
            turn = CoordTransform(layer.srs, degrees) if layer.srs is not None else None
            fields = layer.fields
            for number, feature in enumerate(layer, start=1):
                yield number, {one: _read_cell(feature, one) for one in fields}, _read_shape(
                    feature, turn
                )  # fmt: skip
        except GDALException as error:
            raise ImportRefusedError(DAMAGED) from error


def _unlikely(layer: Layer) -> int:
    """How unlikely it is that a layer holds places: empty ones and tables last, roads before."""
    if layer.num_feat == 0:
        return 3
    shape = layer.geom_type.name
    return 2 if shape == "None" else 1 if "LineString" in shape else 0


def _read_cell(feature: Feature, name: str) -> str:
    try:
        value = feature.get(name)
    except (GDALException, LookupError, UnicodeDecodeError, ValueError):
        return ""
    return "" if value is None else str(value).replace("\x00", "").strip()


def _read_shape(feature: Feature, turn: CoordTransform | None) -> BaseGeometry | None:
    # Django raises where a row has no shape, as where it has one that GDAL cannot read.
    try:
        shape = feature.geom
        if turn is not None:
            shape.transform(turn)
        return shapely.force_2d(shapely.from_wkb(bytes(shape.wkb)))
    except (GDALException, ShapelyError):
        return None


@contextmanager
def _opened(path: Path) -> Iterator[list[tuple[str, Layer]]]:
    """Give a file's layers by name; those of a zip are unpacked into a folder that goes after."""
    with path.open("rb") as file:
        is_packed = detect_kind(file) is Kind.ZIP
    if not is_packed:
        yield _list_layers(path)
        return
    with tempfile.TemporaryDirectory(prefix="kinder-layer-") as name:
        folder = Path(name)
        _unpack(path, folder)
        found = sorted(folder.rglob("*.shp")) or sorted(folder.rglob("*.gpkg"))
        if not found:
            raise ImportRefusedError("The zip file holds no .shp and no .gpkg.")
        yield [one for inner in found for one in _list_layers(inner)]


def _unpack(path: Path, folder: Path) -> None:
    try:
        with path.open("rb") as file, open_archive(file) as archive:
            archive.extractall(folder)
    except BadUploadError as error:
        raise ImportRefusedError(" ".join(error.messages)) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        # Its list is whole, but what it lists is not.
        raise ImportRefusedError("This zip file is damaged: download it again.") from error


def _list_layers(path: Path) -> list[tuple[str, Layer]]:
    _check_layer(path)
    try:
        source = DataSource(str(path))
        if source.driver.name not in _DRIVERS:
            raise ImportRefusedError(NO_LAYER)
        layers = [(one.name, one) for one in map(source.__getitem__, range(source.layer_count))]
    except (GDALException, IndexError, UnicodeDecodeError) as error:
        why = HALF_A_SHAPEFILE if path.suffix.lower() == ".shp" else DAMAGED
        raise ImportRefusedError(why) from error
    if not layers:
        raise ImportRefusedError("This file holds no layer.")
    return layers


def _check_layer(path: Path) -> None:
    """Refuse what is not the very format, before GDAL looks.

    GDAL goes by the content: some of its formats (VRT, WFS, pipelines) name other files of this
    machine, or addresses in its network, and it would read them.
    """
    with path.open("rb") as file:
        kind = detect_kind(file)
        if kind is Kind.SQLITE or file.read(4) == _SHAPEFILE:
            return
        file.seek(0)
        content = file.read()
    if kind is not Kind.JSON or not _GEOJSON.search(content) or _ORDERS in content:
        raise ImportRefusedError(NO_LAYER)
