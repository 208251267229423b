// The map beside a list: places, or areas coloured by a released figure. Loaded by map-open.js.
//
// The panel's JSON (templates/_parts/map.html) says what to draw:
//   extent   [west, south, east, north] in degrees, the first view
//   places   {tiles, versions, found, kinds: {code: label}, url} or null; url holds {code}; tiles
//            are what the list holds, filters and all, and their addresses hold {version} where
//            versions tells that of each square; found, instead, is an address of GeoJSON
//   areas    {tiles, values, url, minZoom, maxZoom} or null; values is the address of [[id, class,
//            text], …] with class 1…6 of the ramp, 0 for "too few to show"; no values: borders only
//   base     {url, attribution} of XYZ tiles, or null
// The list shares its selection through data-place-id and data-area-id on its rows.

import OlMap from "ol/Map.js";
import View from "ol/View.js";
import Overlay from "ol/Overlay.js";
import Attribution from "ol/control/Attribution.js";
import ScaleLine from "ol/control/ScaleLine.js";
import { platformModifierKeyOnly } from "ol/events/condition.js";
import { defaults as defaultInteractions } from "ol/interaction/defaults.js";
import MouseWheelZoom from "ol/interaction/MouseWheelZoom.js";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj.js";
import { createAreaLayer } from "./map/areas.js";
import { createBaseLayer } from "./map/base.js";
import { idOf } from "./map/colours.js";
import { createPlaceLayer } from "./map/places.js";

// Tiles hold single places from their zoom 11; they are twice as wide as the zooms of a view count.
const FIRST_ZOOM_OF_PLACES = 12.1;
const FINDABLE_WITHIN = 24; // pixels around a finger; a target is 48 wide

/** What of a page's list belongs to a feature: rows carry its id. */
function createListLink(attribute, onChoose) {
  const rowOf = (id) => document.querySelector(`[${attribute}="${CSS.escape(String(id))}"]`);
  const chooseRowOf = (event) => {
    const row = event.target.closest(`[${attribute}]`);
    if (row) onChoose(Number(row.getAttribute(attribute)));
  };
  // A page that scrolls under a pointer at rest tells of no choice: only a pointer that moved does.
  document.addEventListener("pointermove", (event) => {
    if (event.movementX || event.movementY) chooseRowOf(event);
  });
  document.addEventListener("focusin", chooseRowOf);
  return {
    rowOf,
    mark(id, shouldScroll) {
      document.querySelectorAll(`[${attribute}][data-selected]`).forEach((row) => {
        delete row.dataset.selected;
      });
      const row = id === null ? null : rowOf(id);
      if (!row) return;
      row.dataset.selected = "";
      // Beside the map the list scrolls along; below it the page would jump away from the map.
      if (shouldScroll && matchMedia("(min-width: 64rem)").matches) {
        row.scrollIntoView({ block: "nearest" });
      }
    },
  };
}

function readViewFromAddress() {
  const match = /^#map=([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)$/.exec(location.hash);
  if (!match) return null;
  const [, zoom, lat, lon] = match.map(Number);
  return { zoom, center: fromLonLat([lon, lat]) };
}

export function createMap(panel) {
  const target = panel.querySelector("[data-map]");
  const status = panel.querySelector("[data-map-status]");
  const popup = panel.querySelector("[data-map-popup]");
  const options = JSON.parse(document.getElementById(panel.dataset.options).textContent);
  const text = panel.dataset;

  const layers = [];
  if (options.base) layers.push(createBaseLayer(options.base));
  const areas = options.areas ? createAreaLayer(options.areas) : null;
  if (areas) layers.push(areas.layer);
  const places = options.places ? createPlaceLayer(options.places) : null;
  if (places) layers.push(places.layer);
  // What can be chosen: places where there are some, else areas.
  const chosen = places || areas;

  const map = new OlMap({
    target,
    layers,
    controls: [new Attribution({ collapsible: false }), new ScaleLine({ minWidth: 80 })],
    interactions: defaultInteractions({
      // A page must scroll past the map: it takes drags once it has the focus, and the wheel only
      // together with Ctrl.
      onFocusOnly: true,
      mouseWheelZoom: false,
      altShiftDragRotate: false,
      pinchRotate: false,
    }).extend([new MouseWheelZoom({ condition: platformModifierKeyOnly })]),
    view: new View({ minZoom: 4, maxZoom: 19, enableRotation: false, constrainResolution: false }),
  });
  const view = map.getView();
  const fromAddress = readViewFromAddress();
  if (fromAddress) {
    view.setCenter(fromAddress.center);
    view.setZoom(fromAddress.zoom);
  } else {
    view.fit(transformExtent(options.extent, "EPSG:4326", "EPSG:3857"), {
      size: map.getSize(),
      padding: [24, 24, 24, 24],
      maxZoom: 16,
    });
  }

  const overlay = new Overlay({
    element: popup,
    positioning: "bottom-center",
    offset: [0, -16],
    autoPan: { margin: 16 },
  });
  map.addOverlay(overlay);

  const list = createListLink(places ? "data-place-id" : "data-area-id", (id) => {
    // A row that scrolls under a resting pointer must not close what a reader is in.
    if (!popup.contains(document.activeElement)) choose(id, null);
  });

  /** Choose a feature by id (null: none); position: where to open its popup. */
  function choose(id, position, properties) {
    chosen.select(id);
    list.mark(id, Boolean(position));
    if (!position) {
      overlay.setPosition(undefined);
      return;
    }
    fillPopup(id, properties);
    popup.hidden = false;
    overlay.setPosition(position);
  }

  function fillPopup(id, properties) {
    const described = chosen.describe(id, properties, text);
    popup.querySelector("[data-popup-title]").textContent = described.title;
    popup.querySelector("[data-popup-text]").textContent = described.text;
    const link = popup.querySelector("a");
    const url = described.url || list.rowOf(id)?.querySelector("a")?.href;
    link.hidden = !url;
    if (url) link.href = url;
  }

  function open(feature, coordinate, isByKeyboard) {
    const properties = feature.getProperties();
    if (places && properties.count > 1) {
      view.animate({ center: coordinate, zoom: Math.max(view.getZoom() + 2, FIRST_ZOOM_OF_PLACES), duration: motion() });
      return;
    }
    choose(idOf(feature), coordinate, properties);
    if (isByKeyboard) popup.querySelector("a:not([hidden]), button").focus();
  }

  const motion = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200);

  const findNear = (coordinate, pixels) =>
    chosen.findNear(map, coordinate, pixels, view.getResolution());

  map.on("click", (event) => {
    const feature = findNear(event.coordinate, FINDABLE_WITHIN);
    if (!feature) return choose(null, null);
    open(feature, chosen.anchor(feature, event.coordinate), false);
  });
  map.on("pointermove", (event) => {
    if (event.dragging) return;
    target.classList.toggle("is-over", Boolean(findNear(event.coordinate, 16)));
  });

  // Keyboard: OpenLayers pans by arrows and zooms by + and −; Enter chooses what is in the middle.
  target.addEventListener("keydown", (event) => {
    if (event.target !== target) {
      if (event.key === "Escape") closePopup();
      return;
    }
    if (event.key === "Escape") return choose(null, null);
    if (event.key !== "Enter") return;
    const middle = view.getCenter();
    const feature = findNear(middle, 60);
    if (feature) open(feature, chosen.anchor(feature, middle), true);
  });
  function closePopup() {
    overlay.setPosition(undefined);
    chosen.select(null);
    list.mark(null);
    target.focus();
  }
  popup.querySelector("[data-popup-close]").addEventListener("click", closePopup);
  for (const button of panel.querySelectorAll("[data-map-zoom]")) {
    button.addEventListener("click", () => {
      view.animate({ zoom: view.getZoom() + Number(button.dataset.mapZoom), duration: motion() });
    });
  }

  let said = "";
  function tellWhatIsInView() {
    const count = chosen.countIn(view.calculateExtent(map.getSize()));
    const now = text.textInView.replace("{n}", new Intl.NumberFormat(document.documentElement.lang).format(count));
    if (now !== said) status.textContent = said = now;
    panel.dataset.inView = count;
  }
  map.on("rendercomplete", tellWhatIsInView);
  map.on("moveend", () => {
    const [lon, lat] = toLonLat(view.getCenter());
    const where = `#map=${view.getZoom().toFixed(1)}/${lat.toFixed(4)}/${lon.toFixed(4)}`;
    history.replaceState(history.state, "", where);
  });
  // The paper turns dark: draw again in its colours.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const one of [areas, places]) one?.repaint();
  });
  return map;
}
