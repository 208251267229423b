"""Reads map files with GDAL: GeoJSON, GeoPackage, Shapefile (also zipped)."""

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyogrio.raw
import shapely

from places.exchange.batches import ImportRefusedError

WORLD = 4326
# A Shapefile is these together.
_PARTS_OF_SHAPEFILE = (".shx", ".dbf")


@dataclass(frozen=True)
class Layer:
    """One layer of a map file, held in memory."""

    srid: int
    columns: dict[str, Any]
    # Shapely geometries, None where there is none that can be read.
    shapes: Any
    # Rows whose ring was left open in the file, and is closed here.
    closed: frozenset[int]

    def __len__(self) -> int:
        return len(self.shapes)

    def text(self, column: str, row: int) -> str:
        """Return what stands in a column, without spaces around it; "" for an empty name."""
        value = self.columns[column][row] if column else None
        if value is None or value != value:  # noqa: PLR0124 - a missing number is not itself
            return ""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return str(value).replace("\x00", "").strip()

    def read_shapes(self) -> Iterator[str | None]:
        """Yield each shape as PostGIS reads it, None where there is none."""
        marked = shapely.set_srid(self.shapes, self.srid)
        for shape in marked:
            yield None if shape is None else shapely.to_wkb(shape, hex=True, include_srid=True)


def read_layer(path: Path, columns: Sequence[str], *, layer: str = "", crs: str = "") -> Layer:
    """Read a layer that has `columns`; `crs` ("EPSG:27700") where the file does not say its own.

    Raises ImportRefusedError, with the mend, where the file is no such thing.
    """
    _check_whole(path)
    chosen = _choose_layer(path, layer)
    with warnings.catch_warnings():
        # GDAL tells of single odd features here: they are found again below, one by one.
        warnings.simplefilter("ignore")
        try:
            meta, _ids, shapes, fields = pyogrio.raw.read(path, layer=chosen, force_2d=True)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
            raise _refuse(path, error) from error
    names = [str(name) for name in meta["fields"]]
    if not fields or not len(fields[0]):
        raise ImportRefusedError(f"{path.name} holds no areas.")
    if missing := [column for column in columns if column and column not in names]:
        raise ImportRefusedError(
            f"{path.name} has no column {', '.join(missing)}. It has: {', '.join(names)}."
        )
    if shapes is None or not len(shapes):
        raise ImportRefusedError(f"{path.name} holds a table without boundaries.")
    by_name = {name: fields[names.index(name)] for name in columns if name}
    return Layer(_find_srid(path, meta["crs"], crs), by_name, *_read_shapes(shapes))


def _check_whole(path: Path) -> None:
    if path.stat().st_size == 0:
        raise ImportRefusedError(f"{path.name} is empty.")
    if path.suffix.lower() != ".shp":
        return
    beside = {other.suffix.lower() for other in path.parent.glob(f"{path.stem}.*")}
    if missing := [part for part in _PARTS_OF_SHAPEFILE if part not in beside]:
        raise ImportRefusedError(
            f"{path.name} is one part of a Shapefile: {' and '.join(missing)} of the same name "
            "must lie beside it. Unpack all of the download, or import the .zip as it is."
        )


def _choose_layer(path: Path, layer: str) -> str:
    try:
        layers = [str(name) for name, _kind in pyogrio.list_layers(path)]
    except pyogrio.errors.DataSourceError as error:
        raise _refuse(path, error) from error
    if not layers:
        raise ImportRefusedError(f"{path.name} holds no layer.")
    if layer and layer not in layers:
        raise ImportRefusedError(f"{path.name} has no layer {layer}. It has: {', '.join(layers)}.")
    if not layer and len(layers) > 1:
        raise ImportRefusedError(
            f"{path.name} has several layers: choose one with --layer ({', '.join(layers)})."
        )
    return layer or layers[0]


def _refuse(path: Path, error: Exception) -> ImportRefusedError:
    with path.open("rb") as file:
        start = file.read(64).lstrip()
    if start.startswith(b"<"):
        why = "it is a web page: the download needs a sign-in or another address."
    elif "not recognized" in str(error):
        why = "GeoJSON, GeoPackage (.gpkg), Shapefile (.shp with its parts, or .zip) can be read."
    else:
        why = f"it is damaged or cut off ({error}): download it again."
    return ImportRefusedError(f"{path.name} cannot be read as a map: {why}")


def _find_srid(path: Path, own: str | None, told: str) -> int:
    crs = told or own or ""
    if not crs:
        raise ImportRefusedError(
            f"{path.name} does not say its coordinate system (a Shapefile does in its .prj): name "
            "it, for example --crs EPSG:27700 for the National Grid."
        )
    if crs.upper().endswith("CRS84"):
        return WORLD
    found = re.fullmatch(r"(?:EPSG:)?(\d{4,6})", crs, re.IGNORECASE)
    if not found:
        raise ImportRefusedError(
            f"{path.name} is in a coordinate system without a number ({crs[:60]}): name it, for "
            "example --crs EPSG:27700 for the National Grid."
        )
    return int(found[1])


def _read_shapes(shapes: Any) -> tuple[Any, frozenset[int]]:
    """Return geometries, and the rows of those whose open ring was closed.

    A ring of two points is no shape: None here, where the database would give up.
    """
    read = shapely.from_wkb(shapes, on_invalid="ignore")
    odd = np.flatnonzero(
        shapely.is_missing(read) & np.array([shape is not None for shape in shapes])
    )
    closed = shapely.from_wkb(shapes[odd], on_invalid="fix")
    closed[shapely.area(closed) == 0] = None
    read[odd] = closed
    # A shape without any point has no bounds, and is told apart later.
    bounds = shapely.bounds(read)
    read[~np.isfinite(bounds).all(axis=1) & ~shapely.is_empty(read)] = None
    return read, frozenset(row for row in odd.tolist() if read[row] is not None)
