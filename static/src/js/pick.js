// Points at where a place is, on a map, and writes it into a text field as latitude, longitude. Loaded
// by map-open.js; the field works without it. The panel's JSON is that of map.js.

import Feature from "ol/Feature.js";
import Point from "ol/geom/Point.js";
import Modify from "ol/interaction/Modify.js";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj.js";
import { createCanvas } from "./map/canvas.js";

const DECIMALS = 6; // a tenth of a metre
const NEAR = 17; // the zoom at which one sees doors

function readPosition(text) {
  const found = /^\s*(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text);
  if (!found) return null;
  const [lat, lon] = [Number(found[1]), Number(found[2])];
  return Math.abs(lat) <= 85 && Math.abs(lon) <= 180 ? fromLonLat([lon, lat]) : null;
}

export function createMap(panel) {
  const status = panel.querySelector("[data-map-status]");
  const field = document.getElementById(panel.dataset.field);
  const { target, options, drawn, map, view, move } = createCanvas(panel, { isEdited: true });
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

  const known = readPosition(field.value);
  if (known) {
    view.setCenter(known);
    view.setZoom(NEAR);
  } else {
    const extent = transformExtent(options.extent, "EPSG:4326", "EPSG:3857");
    view.fit(extent, { size: map.getSize(), padding: [32, 32, 32, 32], maxZoom: NEAR });
  }
  put(known, { isTyped: true });

  const modify = new Modify({ source: drawn });
  modify.on("modifyend", () => put(mark.getGeometry().getCoordinates()));
  map.addInteraction(modify);
  map.on("singleclick", ({ coordinate }) => put(coordinate));
  panel.querySelector("[data-pick]").addEventListener("click", () => put(view.getCenter().slice()));
  target.addEventListener("keydown", (event) => {
    if (event.target !== target || event.key !== "Enter") return;
    event.preventDefault();
    put(view.getCenter().slice());
  });
  field.addEventListener("change", () => {
    const typed = readPosition(field.value);
    put(typed, { isTyped: true });
    if (typed) move({ center: typed, zoom: Math.max(view.getZoom(), NEAR - 1) });
  });
  return map;
}
