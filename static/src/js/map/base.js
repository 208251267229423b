// An optional background of XYZ image tiles, from the deployment's settings.

import TileLayer from "ol/layer/Tile.js";
import XYZ from "ol/source/XYZ.js";

export function createBaseLayer({ url, attribution }) {
  return new TileLayer({
    opacity: 0.7,
    source: new XYZ({ url, attributions: attribution, attributionsCollapsible: false }),
  });
}
