// Builds static/src into static/dist, which Django serves. Run by bin/run and bin/test, or by hand:
//   npm run build        once
//   npm run watch        again at each change of a script or style sheet
//
// - every static/src/js/NAME.js and static/src/css/NAME.css is an entry of its own; files in
//   sub-folders are only parts that entries import, so a new page script needs no change here
// - fonts and icons come from npm packages and are never committed
// - file names carry no hash: Django's manifest storage adds it

import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";
import { decompress } from "wawoff2";

const here = path.dirname(fileURLToPath(import.meta.url));
const source = path.join(here, "src");
const finished = path.join(here, "dist");
// Built aside and swapped in whole: a build that fails leaves the last good one.
const target = path.join(here, "dist.new");
const require = createRequire(import.meta.url);

const ICON_FOLDERS = {
  phosphor: "@phosphor-icons/core/assets/regular",
  maki: "@mapbox/maki/icons",
  temaki: "@rapideditor/temaki/icons",
};
const FONTS = [
  "atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin-wght-normal.woff2",
  "atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin-ext-wght-normal.woff2",
  "vazirmatn/files/vazirmatn-arabic-wght-normal.woff2",
  "onest/files/onest-cyrillic-wght-normal.woff2",
];

// The PDF's fonts: its maker reads no woff2.
const PRINT_FONTS = {
  "atkinson-hyperlegible-next": ["latin", "latin-ext"],
  vazirmatn: ["arabic"],
  onest: ["cyrillic"],
};
const PRINT_WEIGHTS = ["400-normal", "700-normal"];

/**
 * Renames a font's family in place, by a word of the same length. The two halves of a family share
 * its name, and the maker of the PDF would look into one of them only.
 */
function renameFamily(font, from, to) {
  const wide = (text) => Buffer.from(text, "utf16le").swap16();
  for (let at = font.indexOf(wide(from)); at !== -1; at = font.indexOf(wide(from), at + 1)) {
    wide(to).copy(font, at);
  }
}

/** A package's file, whatever its export map allows. */
function packageFile(name) {
  for (const folder of require.resolve.paths(name)) {
    const file = path.join(folder, name);
    if (existsSync(file)) return file;
  }
  throw new Error(`${name} is not installed: run npm ci.`);
}

/** The inside of an SVG icon and its view box, without the parts that pages do not need. */
function readIcon(library, name) {
  const svg = readFileSync(packageFile(`${ICON_FOLDERS[library]}/${name}.svg`), "utf8");
  const [, viewBox] = /viewBox="([^"]+)"/.exec(svg);
  const body = svg
    .replace(/<\?xml[^>]*>/, "")
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/^[\s\S]*?<svg[^>]*>/, "")
    .replace(/<\/svg>\s*$/, "")
    .replace(/&#x?[0-9a-fA-F]+;/g, " ")
    // One icon stands many times in a page: no ids; and the policy forbids styles.
    .replace(/ (?:id|class|style|[\w-]+:[\w-]+)="[^"]*"/g, "")
    .replace(/\s+/g, " ")
    .replace(/> </g, "><")
    .trim();
  return { viewBox, body };
}

function buildIcons() {
  const wanted = JSON.parse(readFileSync(path.join(source, "icons.json"), "utf8"));
  const icons = {};
  for (const name of wanted.phosphor) icons[name] = readIcon("phosphor", name);
  for (const [kind, icon] of Object.entries(wanted.kinds)) {
    const [library, name] = icon.split(":");
    icons[`kind-${kind}`] = readIcon(library, name);
  }
  writeFileSync(path.join(target, "icons.json"), JSON.stringify(icons));
  // The map draws place kinds too; it needs no others.
  const kinds = Object.fromEntries(
    Object.keys(wanted.kinds).map((kind) => [kind, icons[`kind-${kind}`]]),
  );
  return JSON.stringify(kinds);
}

function entries(folder, extension) {
  return readdirSync(path.join(source, folder))
    .filter((name) => name.endsWith(extension))
    .map((name) => path.join(source, folder, name));
}

rmSync(target, { recursive: true, force: true });
mkdirSync(path.join(target, "fonts"), { recursive: true });
for (const font of FONTS) {
  cpSync(packageFile(`@fontsource-variable/${font}`), path.join(target, "fonts", path.basename(font)));
}
mkdirSync(path.join(target, "fonts", "print"));
for (const [family, scripts] of Object.entries(PRINT_FONTS)) {
  for (const script of scripts) {
    for (const weight of PRINT_WEIGHTS) {
      const name = `${family}-${script}-${weight}`;
      const file = packageFile(`@fontsource/${family}/files/${name}.woff2`);
      const plain = Buffer.from(await decompress(readFileSync(file)));
      if (script === "latin-ext") renameFamily(plain, "Next", "More");
      writeFileSync(path.join(target, "fonts", "print", `${name}.ttf`), plain);
    }
  }
}
cpSync(path.join(source, "img"), path.join(target, "img"), { recursive: true });
const kindIcons = buildIcons();

function swapIn() {
  rmSync(finished, { recursive: true, force: true });
  renameSync(target, finished);
}

const options = {
  entryPoints: [...entries("js", ".js"), ...entries("css", ".css")],
  outdir: target,
  outbase: source,
  bundle: true,
  minify: true,
  format: "esm",
  charset: "utf8",
  legalComments: "linked",
  // Phones from 2019 on run the scripts; the style sheets need cascade layers (2022), and without
  // them a page is plain but whole.
  target: ["chrome80", "firefox78", "safari14.1"],
  external: ["*.woff2", "*.svg"],
  define: { KINDER_KIND_ICONS: JSON.stringify(kindIcons) },
  logLevel: "info",
};

await esbuild.build(options);
swapIn();
if (process.argv.includes("--watch")) {
  const context = await esbuild.context({ ...options, outdir: finished });
  await context.watch();
}
