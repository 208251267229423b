// Points at where a place is, on a map, and writes it into a text field as latitude, longitude. Loaded
// by map-open.js; the field works without it. The panel's JSON is that of map.js, and `at`, [longitude,
// latitude] of what the field names in words. With data-places-if, and an element like that in the
// page, a place that stands there is chosen: its name and code are written.

import Feature from "ol/Feature.js";
import Point from "ol/geom/Point.js";
import Modify from "ol/interaction/Modify.js";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj.js";
import { createCanvas } from "./map/canvas.js";
import { idOf } from "./map/colours.js";

const DECIMALS = 6; // a tenth of a metre
const NEAR = 17; // the zoom at which one sees doors
const FINDABLE_WITHIN = 24; // pixels around a finger; a target is 48 wide

function readPosition(text) {
  const found = /^\s*(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text);
  if (!found) return null;
  const [lat, lon] = [Number(found[1]), Number(found[2])];
  return Math.abs(lat) <= 85 && Math.abs(lon) <= 180 ? fromLonLat([lon, lat]) : null;
}

export function createMap(panel) {
  const status = panel.querySelector("[data-map-status]");
  const field = document.getElementById(panel.dataset.field);
  const { target, options, drawn, map, view, move, places } = createCanvas(panel, { isEdited: true });
  const mark = new Feature();
  drawn.addFeature(mark);

  function say() {
    const known = mark.getGeometry();
    status.textContent = known
      ? panel.dataset.textHere.replace("{where}", field.value)
      : panel.dataset.textNowhere;
  }
  function put(coordinate, { isTyped = false } = {}) {
    mark.setGeometry(coordinate ? new Point(coordinate) : undefined);
    if (!isTyped) {
      const [lon, lat] = toLonLat(coordinate);
      field.value = `${lat.toFixed(DECIMALS)}, ${lon.toFixed(DECIMALS)}`;
      // Whoever points means it: drafts are kept, and what is typed is watched.
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    say();
  }

  const isChoosing = () =>
    Boolean(panel.dataset.placesIf && places && document.querySelector(panel.dataset.placesIf));
  function choose(coordinate, pixels) {
    const feature = places.findNear(map, coordinate, pixels, view.getResolution());
    const at = feature && places.anchor(feature, coordinate);
    if (feature?.get("count") > 1) {
      move({ center: at, zoom: view.getZoom() + 2 });
      return;
    }
    if (!feature) {
      status.textContent = panel.dataset.textNone;
      return;
    }
    const name = feature.get("name");
    places.select(idOf(feature));
    mark.setGeometry(undefined);
    field.value = `${name} [${feature.get("code")}]`;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    status.textContent = panel.dataset.textChosen.replace("{where}", name);
  }
  function point(coordinate, pixels) {
    if (isChoosing()) {
      choose(coordinate, pixels);
      return;
    }
    places?.select(null);
    put(coordinate);
  }

  const known = readPosition(field.value) || (field.value && options.at ? fromLonLat(options.at) : null);
  if (known) {
    view.setCenter(known);
    view.setZoom(NEAR);
  } else {
    const extent = transformExtent(options.extent, "EPSG:4326", "EPSG:3857");
    view.fit(extent, { size: map.getSize(), padding: [32, 32, 32, 32], maxZoom: NEAR });
  }
  put(known, { isTyped: true });
  if (known && !readPosition(field.value)) {
    status.textContent = panel.dataset.textHere.replace("{where}", field.value.replace(/ \[[^\]]*\]$/, ""));
  }

  const modify = new Modify({ source: drawn });
  modify.on("modifyend", () => point(mark.getGeometry().getCoordinates(), FINDABLE_WITHIN));
  map.addInteraction(modify);
  map.on("singleclick", ({ coordinate }) => point(coordinate, FINDABLE_WITHIN));
  panel.querySelector("[data-pick]").addEventListener("click", () => point(view.getCenter().slice(), 2 * FINDABLE_WITHIN));
  target.addEventListener("keydown", (event) => {
    if (event.target !== target || event.key !== "Enter") return;
    event.preventDefault();
    point(view.getCenter().slice(), 2 * FINDABLE_WITHIN);
  });
  field.addEventListener("change", () => {
    const typed = readPosition(field.value);
    put(typed, { isTyped: true });
    if (typed) move({ center: typed, zoom: Math.max(view.getZoom(), NEAR - 1) });
  });
  return map;
}
