// Draws a piece of land on a map into a hidden field of a form, or shows one. Loaded by map-open.js.
//
// The panel's JSON (templates/_parts/draw_map.html) is that of map.js, and `shape`, a GeoJSON
// geometry as text, to show. What is drawn goes into the field named by data-field, as a GeoJSON
// MultiPolygon; the server checks it.

import Feature from "ol/Feature.js";
import OlMap from "ol/Map.js";
import View from "ol/View.js";
import Attribution from "ol/control/Attribution.js";
import ScaleLine from "ol/control/ScaleLine.js";
import { platformModifierKeyOnly } from "ol/events/condition.js";
import GeoJSON from "ol/format/GeoJSON.js";
import MultiPolygon from "ol/geom/MultiPolygon.js";
import Draw from "ol/interaction/Draw.js";
import Modify from "ol/interaction/Modify.js";
import MouseWheelZoom from "ol/interaction/MouseWheelZoom.js";
import Snap from "ol/interaction/Snap.js";
import { defaults as defaultInteractions } from "ol/interaction/defaults.js";
import VectorLayer from "ol/layer/Vector.js";
import { transformExtent } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import { createAreaLayer } from "./map/areas.js";
import { createBaseLayer } from "./map/base.js";
import { readColours } from "./map/colours.js";
import { createPlaceLayer } from "./map/places.js";

const MOST_CORNERS = 5000;
const DECIMALS = 6; // a tenth of a metre

function createStyle() {
  const colours = readColours();
  return new Style({
    fill: new Fill({ color: "rgba(242, 184, 75, 0.28)" }),
    stroke: new Stroke({ color: colours.ink, width: 3 }),
    image: new CircleStyle({
      radius: 8,
      fill: new Fill({ color: colours.amber }),
      stroke: new Stroke({ color: colours.ink, width: 2 }),
    }),
  });
}

const cornersOf = (feature) => feature.getGeometry().getFlatCoordinates().length / 2 - 1;

export function createMap(panel) {
  const target = panel.querySelector("[data-map]");
  const status = panel.querySelector("[data-map-status]");
  const field = panel.dataset.field ? document.getElementById(panel.dataset.field) : null;
  const options = JSON.parse(document.getElementById(panel.dataset.options).textContent);
  const text = panel.dataset;
  const format = new GeoJSON({ featureProjection: "EPSG:3857" });

  const drawn = new VectorSource();
  const layer = new VectorLayer({ source: drawn, style: createStyle(), zIndex: 5 });
  const layers = [];
  if (options.base) layers.push(createBaseLayer(options.base));
  const areas = options.areas ? createAreaLayer(options.areas) : null;
  if (areas) layers.push(areas.layer);
  const places = options.places ? createPlaceLayer(options.places) : null;
  if (places) layers.push(places.layer);
  layers.push(layer);

  const map = new OlMap({
    target,
    layers,
    controls: [new Attribution({ collapsible: false }), new ScaleLine({ minWidth: 80 })],
    interactions: defaultInteractions({
      onFocusOnly: true,
      mouseWheelZoom: false,
      doubleClickZoom: !field,
      altShiftDragRotate: false,
      pinchRotate: false,
    }).extend([new MouseWheelZoom({ condition: platformModifierKeyOnly })]),
    view: new View({ minZoom: 4, maxZoom: 19, enableRotation: false }),
  });
  const view = map.getView();

  const known = field?.value || options.shape;
  if (known) {
    const whole = format.readGeometry(known, { featureProjection: "EPSG:3857" });
    const parts = whole.getType() === "Polygon" ? [whole] : whole.getPolygons();
    drawn.addFeatures(parts.map((part) => new Feature(part)));
  }
  const extent = known ? drawn.getExtent() : transformExtent(options.extent, "EPSG:4326", "EPSG:3857");
  view.fit(extent, { size: map.getSize(), padding: [32, 32, 32, 32], maxZoom: 16 });

  const motion = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200);
  for (const button of panel.querySelectorAll("[data-map-zoom]")) {
    button.addEventListener("click", () => {
      view.animate({ zoom: view.getZoom() + Number(button.dataset.mapZoom), duration: motion() });
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const one of [areas, places]) one?.repaint();
    layer.setStyle(createStyle());
  });
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
      draw.appendCoordinates([view.getCenter().slice()]);
      isDrawing = true;
      corners += 1;
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
