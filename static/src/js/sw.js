// The site without a network. Served at /sw.js with a line before it that sets KINDER:
//   { version, languages: ["gd", …], shells: [log, hard, waiting, nothing], assets: "/static/",
//     greeting: "/log/" }
//
// It keeps only pages made for nobody (fetched without cookies) and the files that they need. What a
// person sees of their own is never kept: a page is always asked of the server, and only where none
// answers does the shell stand in for it.

import { flush } from "./outbox/outbox.js";

const { version, languages, shells, assets, greeting } = self.KINDER;
const CACHE = `kinder-${version}`;
const PATIENCE = 10000; // milliseconds until a page to add a moment comes from the phone instead

// An address without its language: /ur/log/ → ["/ur", "/log/"].
const LANGUAGE = new RegExp(`^(/(?:${languages.join("|")}))?(/.*)$`);
const [LOG, HARD, WAITING, NOTHING] = shells;

self.addEventListener("install", (event) => {
  event.waitUntil(keepShells("").then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith("kinder-") && name !== CACHE) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("sync", (event) => {
  if (event.tag === "outbox") event.waitUntil(sendOrFail());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(openPage(event, url));
  else if (url.pathname.startsWith(assets)) event.respondWith(openAsset(request));
});

/** Keep the shells of one language ("" or "/ur"), and what they are made of. */
async function keepShells(language) {
  const cache = await caches.open(CACHE);
  for (const shell of shells) {
    const address = language + shell;
    // Made for nobody: without cookies there is nobody to make it for.
    const response = await fetch(address, { credentials: "omit", cache: "no-cache" });
    if (!response.ok || response.redirected) continue;
    const text = await response.clone().text();
    await cache.put(address, response);
    for (const [, found] of text.matchAll(/(?:href|src)="([^"]+)"/g)) {
      if (found.startsWith(assets) && !(await cache.match(found))) {
        await cache.add(found).catch(() => null);
      }
    }
  }
}

async function openPage(event, url) {
  const [, language = "", path] = LANGUAGE.exec(url.pathname);
  try {
    const isLog = path === "/log/" || path === "/log/hard/" || path.startsWith("/p/");
    const response = await (isLog ? within(PATIENCE, fetch(event.request)) : fetch(event.request));
    if (response.ok && language) event.waitUntil(keepOnce(language));
    return response;
  } catch (error) {
    const cache = await caches.open(CACHE);
    let shell = NOTHING;
    if (path === "/log/" || path.startsWith("/p/")) shell = LOG;
    else if (path === "/log/hard/") shell = HARD;
    else if (path === WAITING) shell = WAITING;
    const found = (await cache.match(language + shell)) || (await cache.match(shell));
    if (found) return found;
    throw error;
  }
}

async function keepOnce(language) {
  const cache = await caches.open(CACHE);
  if (!(await cache.match(language + LOG))) await keepShells(language).catch(() => null);
}

function within(milliseconds, promise) {
  return Promise.race([
    promise,
    new Promise((_, reject) => setTimeout(() => reject(new Error("too slow")), milliseconds)),
  ]);
}

async function openAsset(request) {
  const cache = await caches.open(CACHE);
  const found = await cache.match(request);
  if (found) return found;
  const response = await fetch(request);
  // A font, a style sheet or a script of this version: never anything about anybody.
  if (response.ok) cache.put(request, response.clone()).catch(() => null);
  return response;
}

async function sendOrFail() {
  // An open page sends by itself and shows what becomes of it.
  if ((await self.clients.matchAll({ type: "window" })).length) return;
  const done = await flush({ greeting });
  // The browser asks again later when this fails.
  if (done.waiting) throw new Error("some still wait");
}
