// A map to draw or point on: background, borders, places, zoom by buttons, and keys where it has the
// focus. What is drawn is a layer of the caller's.

import OlMap from "ol/Map.js";
import View from "ol/View.js";
import Attribution from "ol/control/Attribution.js";
import ScaleLine from "ol/control/ScaleLine.js";
import { platformModifierKeyOnly } from "ol/events/condition.js";
import MouseWheelZoom from "ol/interaction/MouseWheelZoom.js";
import { defaults as defaultInteractions } from "ol/interaction/defaults.js";
import VectorLayer from "ol/layer/Vector.js";
import VectorSource from "ol/source/Vector.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import { createAreaLayer } from "./areas.js";
import { createBaseLayer } from "./base.js";
import { readColours } from "./colours.js";
import { createPlaceLayer } from "./places.js";

/** How what is drawn looks, in the colours of the page. */
export function createStyle() {
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

/** Make the map of a panel; `drawn` is the source of its top layer, `move` animates to a view. */
export function createCanvas(panel, { isEdited }) {
  const target = panel.querySelector("[data-map]");
  const options = JSON.parse(document.getElementById(panel.dataset.options).textContent);
  const drawn = new VectorSource();
  const layer = new VectorLayer({ source: drawn, style: createStyle(), zIndex: 5 });
  const areas = options.areas ? createAreaLayer(options.areas) : null;
  const places = options.places ? createPlaceLayer(options.places) : null;
  const map = new OlMap({
    target,
    layers: [
      ...(options.base ? [createBaseLayer(options.base)] : []),
      ...[areas, places].filter(Boolean).map((one) => one.layer),
      layer,
    ],
    controls: [new Attribution({ collapsible: false }), new ScaleLine({ minWidth: 80 })],
    interactions: defaultInteractions({
      onFocusOnly: true,
      mouseWheelZoom: false,
      doubleClickZoom: !isEdited,
      altShiftDragRotate: false,
      pinchRotate: false,
    }).extend([new MouseWheelZoom({ condition: platformModifierKeyOnly })]),
    view: new View({ minZoom: 4, maxZoom: 19, enableRotation: false }),
  });
  const view = map.getView();
  const move = (to) => {
    const duration = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200;
    view.animate({ ...to, duration });
  };
  for (const button of panel.querySelectorAll("[data-map-zoom]")) {
    button.addEventListener("click", () => move({ zoom: view.getZoom() + Number(button.dataset.mapZoom) }));
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const one of [areas, places]) one?.repaint();
    layer.setStyle(createStyle());
  });
  return { target, options, drawn, map, view, move, places };
}
