// Draws a piece of land on a map into a hidden field of a form, or shows one. Loaded by map-open.js.
//
// The panel's JSON (templates/_parts/draw_map.html) is that of map.js, and `shape`, a GeoJSON
// geometry as text, to show. What is drawn goes into the field named by data-field, as a GeoJSON
// MultiPolygon; the server checks it.

import Feature from "ol/Feature.js";
import GeoJSON from "ol/format/GeoJSON.js";
import MultiPolygon from "ol/geom/MultiPolygon.js";
import Draw from "ol/interaction/Draw.js";
import Modify from "ol/interaction/Modify.js";
import Snap from "ol/interaction/Snap.js";
import { transformExtent } from "ol/proj.js";
import { createCanvas, createStyle } from "./map/canvas.js";

const MOST_CORNERS = 5000;
const DECIMALS = 6; // a tenth of a metre

const cornersOf = (feature) => feature.getGeometry().getFlatCoordinates().length / 2 - 1;

/** The polygons of GeoJSON text; none where it is something else, which the server will say. */
function readShape(format, text) {
  try {
    const whole = format.readGeometry(text, { featureProjection: "EPSG:3857" });
    return whole.getType() === "Polygon" ? [whole] : whole.getPolygons();
  } catch {
    return [];
  }
}

export function createMap(panel) {
  const status = panel.querySelector("[data-map-status]");
  const field = panel.dataset.field ? document.getElementById(panel.dataset.field) : null;
  const text = panel.dataset;
  const format = new GeoJSON({ featureProjection: "EPSG:3857" });
  const { target, options, drawn, map, view } = createCanvas(panel, { isEdited: Boolean(field) });

  const known = readShape(format, field?.value || options.shape);
  drawn.addFeatures(known.map((part) => new Feature(part)));
  const extent = known.length ? drawn.getExtent() : transformExtent(options.extent, "EPSG:4326", "EPSG:3857");
  view.fit(extent, { size: map.getSize(), padding: [32, 32, 32, 32], maxZoom: 18 });

  status.textContent = "";
  if (!field) return map;

  const draw = new Draw({ type: "Polygon", source: drawn, style: createStyle() });
  const modify = new Modify({ source: drawn, style: createStyle() });
  for (const one of [modify, draw, new Snap({ source: drawn })]) map.addInteraction(one);
  let corners = 0;

  const say = (words, number) => {
    status.textContent = words.replace("{n}", new Intl.NumberFormat(document.documentElement.lang).format(number));
  };
  function keep() {
    const features = drawn.getFeatures();
    const total = features.reduce((sum, feature) => sum + cornersOf(feature), 0);
    if (!features.length) {
      field.value = "";
      say(text.textEmpty, 0);
    } else if (total > MOST_CORNERS) {
      say(text.textMany, MOST_CORNERS);
    } else {
      const whole = new MultiPolygon(features.map((feature) => feature.getGeometry().getCoordinates()));
      field.value = format.writeGeometry(whole, { decimals: DECIMALS, rightHanded: true });
      say(text.textDone, total);
    }
    panel.dataset.corners = total;
    // Whoever draws means the drawing.
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  draw.on("drawstart", ({ feature }) => {
    corners = 0;
    feature.getGeometry().on("change", () => {
      const now = Math.max(feature.getGeometry().getCoordinates()[0].length - 2, 0);
      if (now === corners) return;
      corners = now;
      say(text.textDrawing, corners);
    });
  });
  draw.on("drawend", () => setTimeout(keep));
  modify.on("modifyend", keep);

  let isDrawing = false;
  draw.on("drawstart", () => { isDrawing = true; });
  draw.on("drawend", () => { isDrawing = false; });
  draw.on("drawabort", () => { isDrawing = false; });
  const deeds = {
    point() {
      // The shape's own change counts the corner, as it does for the pointer's.
      draw.appendCoordinates([view.getCenter().slice()]);
      isDrawing = true;
      say(text.textDrawing, corners);
    },
    undo() {
      if (isDrawing) {
        draw.removeLastPoint();
      } else {
        const features = drawn.getFeatures();
        if (features.length) drawn.removeFeature(features.at(-1));
        keep();
      }
    },
    finish() {
      if (isDrawing && corners >= 3) draw.finishDrawing();
    },
    clear() {
      draw.abortDrawing();
      drawn.clear();
      keep();
    },
  };
  for (const button of panel.querySelectorAll("[data-draw]")) {
    button.addEventListener("click", () => deeds[button.dataset.draw]());
  }
  target.addEventListener("keydown", (event) => {
    if (event.target !== target) return;
    if (event.key === "Enter") {
      event.preventDefault();
      deeds.point();
    } else if (event.key === "Backspace" || event.key === "Delete") {
      event.preventDefault();
      deeds.undo();
    } else if (event.key === "Escape") {
      draw.abortDrawing();
    }
  });
  return map;
}
