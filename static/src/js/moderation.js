// The moderation page: tick all, and one-letter shortcuts that can be switched off (WCAG 2.1.4).
// Everything is a form that works without this.

const KEEP = "kinder-moderation-shortcuts";
const list = () => document.getElementById("moderation-list");
const items = () => [...list().querySelectorAll("[data-item]")];

function isOn() {
  try {
    return localStorage.getItem(KEEP) !== "off";
  } catch {
    return true;
  }
}

const switcher = document.querySelector("[data-shortcuts]");
if (switcher) {
  const box = switcher.querySelector("input");
  switcher.hidden = false;
  box.checked = isOn();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(KEEP, box.checked ? "on" : "off");
    } catch {
      // A browser that keeps nothing has them on with each visit.
    }
  });
}

function prepare() {
  const all = list()?.querySelector("[data-tick-all]");
  if (all) all.hidden = false;
}
prepare();

document.addEventListener("change", (event) => {
  if (event.target.id !== "tick-all") return;
  for (const box of list().querySelectorAll('input[name="chosen"]')) {
    box.checked = event.target.checked;
  }
});

let place = 0;

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "moderation-list") return;
  prepare();
  const left = items();
  const error = list().querySelector(".error-summary");
  (error ?? left[Math.min(place, left.length - 1)] ?? list()).focus();
});

function move(step) {
  const all = items();
  if (!all.length) return;
  const here = all.findIndex((item) => item.contains(document.activeElement));
  place = here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1);
  all[place].focus();
  all[place].scrollIntoView({ block: "nearest" });
}

const DEEDS = {
  j: () => move(1),
  k: () => move(-1),
  x: (item) => item?.querySelector('input[name="chosen"]').click(),
  a: (item) => item?.querySelector("[data-accept]").click(),
  r: (item) => {
    const refuse = item?.querySelector("[data-refuse]");
    if (!refuse) return;
    refuse.open = true;
    refuse.querySelector("button").focus();
  },
  u: () => list().querySelector("[data-undo]")?.click(),
};

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (!isOn() || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const deed = DEEDS[event.key.toLowerCase()];
  if (!deed || !list()) return;
  event.preventDefault();
  const item = document.activeElement?.closest("[data-item]");
  if (item) place = items().indexOf(item);
  deed(item);
});
