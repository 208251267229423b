// The page's own colours, so that map and page agree in light and dark.

export function readColours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: read("paper"),
    card: read("card"),
    ink: read("ink"),
    ink2: read("ink-2"),
    pine: read("pine"),
    onPine: read("on-pine"),
    control: read("control"),
    amber: read("amber"),
    halo: read("halo"),
    water: read("water"),
    line: read("line"),
    pineSoft: read("pine-soft"),
    ramp: [1, 2, 3, 4, 5, 6].map((step) => read(`ramp-${step}`)),
  };
}

export const FONT = '600 15px "Atkinson Hyperlegible Next", "Vazirmatn", "Onest", system-ui, sans-serif';

/** The MVT feature id, or the property of that name where a tile carries it so. */
export const idOf = (feature) => feature.getId() ?? feature.get("id");
