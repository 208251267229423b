// Places as vector tiles: single places with the icon of their kind, clusters with their number.

import { buffer, containsCoordinate } from "ol/extent.js";
import GeoJSON from "ol/format/GeoJSON.js";
import MVT from "ol/format/MVT.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import VectorSource from "ol/source/Vector.js";
import VectorTileSource from "ol/source/VectorTile.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Icon from "ol/style/Icon.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import { FONT, idOf, readColours } from "./colours.js";

const ICONS = JSON.parse(KINDER_KIND_ICONS);
const ICON_FROM_RESOLUTION = 10; // metres a pixel: nearer than this, icons can be told apart

function iconAddress(kind, colour) {
  const icon = ICONS[kind];
  if (!icon) return null;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="${icon.viewBox}" fill="${colour}">${icon.body}</svg>`;
  return `data:image/svg+xml;utf8,${encodeURIComponent(svg)}`;
}

/** What stands in no register yet, page after page. */
function createFoundSource(address) {
  const format = new GeoJSON({ featureProjection: "EPSG:3857" });
  const source = new VectorSource();
  const load = async () => {
    for (let next = address; next; ) {
      const response = await fetch(next, { credentials: "same-origin" });
      if (!response.ok) throw new Error(`${next} answered ${response.status}`);
      const page = await response.json();
      source.addFeatures(format.readFeatures(page));
      next = page.links.find((link) => link.rel === "next")?.href;
    }
  };
  load();
  return source;
}

/** Where a tile is: an address changes only when something in the tile does (places/versions.py). */
function createTileAddress(template, versions) {
  const versionOf = (z, x, y) => {
    const { zoom, version, squares } = versions;
    if (z >= zoom) return squares[`${x >> (z - zoom)}/${y >> (z - zoom)}`] || version;
    let latest = version;
    for (const [square, changed] of Object.entries(squares)) {
      const [across, down] = square.split("/");
      if (changed > latest && across >> (zoom - z) === x && down >> (zoom - z) === y) latest = changed;
    }
    return latest;
  };
  return ([z, x, y]) =>
    template
      .replace("{version}", versions ? versionOf(z, x, y) : "")
      .replace("{z}", z)
      .replace("{x}", x)
      .replace("{y}", y);
}

export function createPlaceLayer({ tiles, versions = null, found = "", kinds = {}, url = "" }) {
  let colours = readColours();
  let selected = null;
  const styles = new Map();

  function styleOfPlace(kind, isFree, isSelected, isNear) {
    const key = `${kind}|${isFree}|${isSelected}|${isNear}`;
    if (styles.has(key)) return styles.get(key);
    const radius = isSelected ? 17 : isNear ? 14 : 7;
    const parts = [
      new Style({
        zIndex: isSelected ? 3 : 1,
        image: new CircleStyle({
          radius,
          fill: new Fill({ color: isSelected ? colours.amber : colours.pine }),
          stroke: new Stroke({
            color: isSelected ? colours.ink : isFree ? colours.amber : colours.paper,
            width: isSelected || isFree ? 3 : 1.5,
          }),
        }),
      }),
    ];
    const address = isNear || isSelected ? iconAddress(kind, isSelected ? "#23302E" : colours.onPine) : null;
    if (address) {
      parts.push(new Style({ zIndex: isSelected ? 4 : 2, image: new Icon({ src: address }) }));
    }
    styles.set(key, parts);
    return parts;
  }

  function styleOfCluster(count) {
    const key = `cluster|${count}`;
    if (!styles.has(key)) {
      styles.set(key, [
        new Style({
          image: new CircleStyle({
            radius: Math.min(13 + Math.log2(count) * 1.6, 32),
            fill: new Fill({ color: colours.pine }),
            stroke: new Stroke({ color: colours.paper, width: 2 }),
          }),
          text: new Text({ text: String(count), font: FONT, fill: new Fill({ color: colours.onPine }) }),
        }),
      ]);
    }
    return styles.get(key);
  }

  function style(feature, resolution) {
    const count = feature.get("count");
    if (count > 1) return styleOfCluster(count);
    const isSelected = selected !== null && idOf(feature) === selected;
    return styleOfPlace(feature.get("kind"), Boolean(feature.get("is_free")), isSelected, resolution < ICON_FROM_RESOLUTION);
  }
  // Places of the register come as tiles; those of an import that is looked over, as themselves.
  const layer = found
    ? new VectorLayer({ source: createFoundSource(found), style, renderBuffer: 48 })
    : new VectorTileLayer({
        source: new VectorTileSource({
          format: new MVT(),
          tileUrlFunction: createTileAddress(tiles, versions),
          maxZoom: 16,
        }),
        renderMode: "vector",
        renderBuffer: 48,
        style,
      });
  const featuresIn = (extent) =>
    found ? layer.getSource().getFeaturesInExtent(extent) : layer.getFeaturesInExtent(extent);

  const anchor = (feature, fallback) => {
    const flat = (feature.getFlatCoordinates ? feature : feature.getGeometry()).getFlatCoordinates();
    return flat.length ? [flat[0], flat[1]] : fallback;
  };
  return {
    layer,
    anchor,
    select(id) {
      if (selected === id) return;
      selected = id;
      layer.changed();
    },
    /** The place nearest to a position within so many pixels: fingers are wide. */
    findNear(_map, coordinate, pixels, resolution) {
      const [x, y] = coordinate;
      let nearest = null;
      let least = (pixels * resolution) ** 2;
      for (const feature of featuresIn(buffer([x, y, x, y], pixels * resolution))) {
        const at = anchor(feature, null);
        if (!at) continue;
        const distance = (at[0] - x) ** 2 + (at[1] - y) ** 2;
        if (distance <= least) {
          least = distance;
          nearest = feature;
        }
      }
      return nearest;
    },
    describe(id, properties, text) {
      const facts = [kinds[properties.kind] || ""];
      if (properties.is_free) facts.push(text.textFree);
      if (properties.is_open === true) facts.push(text.textOpen);
      return {
        title: properties.name || "",
        text: facts.filter(Boolean).join(" · "),
        url: url && properties.code ? url.replace("{code}", properties.code) : "",
      };
    },
    /** Places within the extent; tiles overlap at their edges, so each id counts once. */
    countIn(extent) {
      const seen = new Set();
      let total = 0;
      for (const feature of featuresIn(extent)) {
        const at = anchor(feature, null);
        if (!at || !containsCoordinate(extent, at)) continue;
        const count = feature.get("count");
        const key = count > 1 ? `c${at}` : idOf(feature);
        if (seen.has(key)) continue;
        seen.add(key);
        total += count > 1 ? count : 1;
      }
      return total;
    },
    repaint() {
      colours = readColours();
      styles.clear();
      layer.changed();
    },
  };
}
