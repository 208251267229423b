// Areas as vector tiles of borders that never change, coloured by values that travel apart and join
// by feature id: a ramp with borders and numbers, and a hatch for "too few to show".

import { getArea, getIntersection, isEmpty } from "ol/extent.js";
import MVT from "ol/format/MVT.js";
import { linearRingContainsXY } from "ol/geom/flat/contains.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import VectorTileSource from "ol/source/VectorTile.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import { FONT, idOf, readColours } from "./colours.js";

// Numbers on the two darkest steps of the ramp are white: 4.5 to 1 on every step.
const LIGHT_TEXT_FROM = 5;
const DARK_TEXT = "#101817";

function makeHatch(colours) {
  const size = 8;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  pen.fillStyle = colours.card;
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = colours.control;
  pen.lineWidth = 1.6;
  pen.beginPath();
  for (const from of [-size, 0, size]) {
    pen.moveTo(from, size);
    pen.lineTo(from + size, 0);
  }
  pen.stroke();
  return pen.createPattern(canvas, "repeat");
}

/** Whether a piece of an area holds a position: in an odd number of its rings, holes and all. */
function holds(feature, x, y) {
  const flat = feature.getFlatCoordinates();
  let start = 0;
  let isInside = false;
  for (const end of feature.getEnds()) {
    if (linearRingContainsXY(flat, start, end, 2, x, y)) isInside = !isInside;
    start = end;
  }
  return isInside;
}

export function createAreaLayer({ tiles, values = "", url = "", minZoom = 0, maxZoom = 14 }) {
  let colours = readColours();
  let fills = makeFills();
  let selected = null;
  let valueOf = new Map();
  // An area is cut by tile borders; its number stands in the largest piece of those loaded.
  let pieces = new Map();

  function makeFills() {
    return [new Fill({ color: makeHatch(colours) }), ...colours.ramp.map((color) => new Fill({ color }))];
  }

  const source = new VectorTileSource({
    format: new MVT(),
    url: tiles,
    minZoom,
    maxZoom,
  });
  source.on("tileloadend", ({ tile }) => {
    const z = tile.getTileCoord()[0];
    for (const feature of tile.getFeatures()) {
      const key = `${z}|${idOf(feature)}`;
      const size = getArea(feature.getExtent());
      if (size > (pieces.get(key)?.size || 0)) pieces.set(key, { size, feature });
    }
    scheduleRepaint();
  });

  let isScheduled = false;
  function scheduleRepaint() {
    if (isScheduled) return;
    isScheduled = true;
    requestAnimationFrame(() => {
      isScheduled = false;
      layer.changed();
    });
  }
  const holdsLabel = (feature) => {
    for (let z = maxZoom; z >= minZoom; z -= 1) {
      if (pieces.get(`${z}|${idOf(feature)}`)?.feature === feature) return true;
    }
    return false;
  };

  const layer = new VectorTileLayer({
    source,
    declutter: true,
    style(feature, resolution) {
      const id = idOf(feature);
      const value = valueOf.get(id);
      const isSelected = id === selected;
      const style = new Style({
        zIndex: isSelected ? 2 : 1,
        stroke: new Stroke({ color: isSelected ? colours.ink : values ? "#23302E" : colours.control, width: isSelected ? 4 : values ? 1 : 1.5 }),
        fill: value ? fills[value.step] : new Fill({ color: "rgba(0, 0, 0, 0.001)" }),
      });
      const label = value ? value.text : values ? "" : feature.get("name");
      const [west, south, east, north] = feature.getExtent();
      const hasRoom = Math.min(east - west, north - south) / resolution > 36;
      if (label && hasRoom && holdsLabel(feature)) {
        const isLight = value && value.step >= LIGHT_TEXT_FROM;
        const color = value && value.step > 0 ? (isLight ? "#FFFFFF" : DARK_TEXT) : value ? colours.ink : colours.ink2;
        style.setText(
          new Text({
            text: label,
            font: FONT,
            overflow: true,
            fill: new Fill({ color }),
            stroke: value && value.step > 0 ? undefined : new Stroke({ color: colours.card, width: 3 }),
          }),
        );
      }
      return style;
    },
  });

  async function loadValues() {
    const response = await fetch(values, { credentials: "same-origin" });
    if (!response.ok) throw new Error(`${values} answered ${response.status}`);
    const rows = await response.json();
    valueOf = new Map(rows.map(([id, step, text]) => [id, { step, text }]));
    layer.changed();
  }
  if (values) loadValues();

  return {
    layer,
    anchor: (_feature, fallback) => fallback,
    select(id) {
      if (selected === id) return;
      selected = id;
      layer.changed();
    },
    findNear(_map, [x, y]) {
      return layer.getFeaturesInExtent([x, y, x, y]).find((feature) => holds(feature, x, y)) || null;
    },
    describe(id, properties, text) {
      const value = valueOf.get(id);
      return {
        title: properties.name || "",
        text: value ? (value.step === 0 ? text.textTooFew : value.text) : "",
        url: url && properties.code ? url.replace("{code}", properties.code) : "",
      };
    },
    countIn(extent) {
      const seen = new Set();
      for (const feature of layer.getFeaturesInExtent(extent)) {
        if (!isEmpty(getIntersection(extent, feature.getExtent()))) seen.add(idOf(feature));
      }
      return seen.size;
    },
    repaint() {
      colours = readColours();
      fills = makeFills();
      layer.changed();
    },
  };
}
