// When what waits is sent: as a page opens, when the network is back, when somebody looks again, and
// by the browser itself where it can. And how many wait, beside the page's name.

import { flush, list } from "./outbox.js";

const sign = document.querySelector("[data-waiting]");
const channel = "BroadcastChannel" in self ? new BroadcastChannel("kinder-outbox") : null;
// A network that has just come back often fails once more: soon again at first, then more seldom.
const SOON = 500;
const LATE = 300000;
let timer;
let pause = SOON;

/** What flush needs to know of this page. */
export function readPage() {
  return {
    owner: sign?.dataset.owner || "",
    greeting: sign?.dataset.greeting || "",
    token: document.querySelector('meta[name="csrf-token"]')?.content || "",
  };
}

/** Say how many wait, here and in the other tabs. */
export async function tell() {
  await show();
  channel?.postMessage("changed");
}

async function show() {
  const waiting = await list().catch(() => []);
  if (sign) {
    sign.hidden = waiting.length === 0;
    sign.querySelector("[data-count]").textContent = sign.dataset.text.replace(
      "{n}",
      new Intl.NumberFormat(document.documentElement.lang).format(waiting.length),
    );
  }
  document.dispatchEvent(new CustomEvent("outbox", { detail: waiting }));
}

/** Send what waits, and come back to it later while some of it still waits. */
export async function sendNow() {
  clearTimeout(timer);
  const waiting = await list().catch(() => []);
  if (!waiting.some((entry) => !entry.refused)) return null;
  const done = await flush(readPage()).catch(() => null);
  if (!done) return null;
  if (done.sent.length || done.refused.length) await tell();
  if (done.waiting) {
    pause = Math.min(pause * 2, LATE);
    timer = setTimeout(sendNow, pause);
  } else {
    pause = SOON;
  }
  return done;
}

/** Ask the browser to send what waits even when no page of ours is open; few browsers can. */
export async function sendWithoutPage() {
  const worker = await navigator.serviceWorker?.getRegistration().catch(() => null);
  await worker?.sync?.register("outbox").catch(() => null);
}

export function begin() {
  if (channel) channel.onmessage = show;
  addEventListener("online", sendNow);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") sendNow();
  });
  show();
  sendNow();
  if (sign && "serviceWorker" in navigator) {
    // After the page itself: a phone on a slow network has one thing to do first.
    addEventListener("load", () => {
      navigator.serviceWorker.register(sign.dataset.worker).catch(() => null);
    });
  }
}
