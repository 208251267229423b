// An optional background, from the deployment's settings: vector tiles of its own in the page's
// colours (made by `bin/manage make_basemap`), or XYZ image tiles of somebody's.

import TileLayer from "ol/layer/Tile.js";
import VectorTileLayer from "ol/layer/VectorTile.js";
import XYZ from "ol/source/XYZ.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import { PMTilesVectorSource } from "ol-pmtiles";
import { FONT, readColours } from "./colours.js";

const ROAD_WIDTHS = { main: 3, minor: 2 };

function createStyle() {
  const colours = readColours();
  const fills = {
    water: new Style({ fill: new Fill({ color: colours.water }), zIndex: 1 }),
    green: new Style({ fill: new Fill({ color: colours.pineSoft }), zIndex: 0 }),
    buildings: new Style({ fill: new Fill({ color: colours.line }), zIndex: 2 }),
  };
  const river = new Style({ stroke: new Stroke({ color: colours.water, width: 2 }), zIndex: 1 });
  const rail = new Style({ stroke: new Stroke({ color: colours.control, width: 1, lineDash: [4, 3] }), zIndex: 3 });
  const roads = Object.fromEntries(
    Object.entries(ROAD_WIDTHS).map(([kind, width]) => [
      kind,
      [
        new Style({ stroke: new Stroke({ color: colours.control, width: width + 1 }), zIndex: 3 }),
        new Style({ stroke: new Stroke({ color: colours.card, width }), zIndex: 4 }),
      ],
    ]),
  );
  // Two lines for each path would make a park a thicket.
  roads.path = [new Style({ stroke: new Stroke({ color: colours.control, width: 0.8, lineDash: [4, 2] }), zIndex: 3 })];
  return (feature, resolution) => {
    const layer = feature.get("layer");
    const kind = feature.get("kind");
    if (layer === "water") return feature.getType().includes("Line") ? river : fills.water;
    if (layer === "roads") {
      if (kind === "rail") return rail;
      const style = roads[kind] || roads.minor;
      const name = resolution < 2.5 ? feature.get("name") : "";
      return name ? [...style, label(name, colours, "line")] : style;
    }
    if (layer === "names") return label(feature.get("name"), colours, "point");
    return fills[layer];
  };
}

const label = (text, colours, placement) =>
  new Style({
    zIndex: 5,
    text: new Text({
      text,
      font: FONT,
      placement,
      fill: new Fill({ color: colours.ink2 }),
      stroke: new Stroke({ color: colours.card, width: 3 }),
    }),
  });

export function createBaseLayer({ url, pmtiles, attribution }) {
  if (!pmtiles) {
    return new TileLayer({
      opacity: 0.7,
      source: new XYZ({ url, attributions: attribution, attributionsCollapsible: false }),
    });
  }
  const layer = new VectorTileLayer({
    declutter: true,
    source: new PMTilesVectorSource({ url: new URL(pmtiles, location.href).href, attributions: attribution }),
    style: createStyle(),
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => layer.setStyle(createStyle()));
  return layer;
}
