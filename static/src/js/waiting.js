// The page of what waits on this phone: what each one is, sending it now, throwing it away.

import { remove } from "./outbox/outbox.js";
import { begin, sendNow, tell } from "./outbox/sending.js";

const part = document.querySelector("[data-outbox-list]");
const rows = part.querySelector("ul");
const row = part.querySelector("template");
const nothing = document.querySelector("[data-nothing]");
const status = document.querySelector("[data-status]");

const sayDay = (iso) =>
  iso
    ? new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "full" }).format(
        new Date(`${iso}T12:00:00`),
      )
    : "";

function show(waiting) {
  part.hidden = waiting.length === 0;
  nothing.hidden = waiting.length > 0;
  // Whoever is on a button keeps it: rows that stay are not made anew.
  for (const old of [...rows.children]) {
    const entry = waiting.find((one) => one.id === old.dataset.id);
    if (!entry || Boolean(entry.refused) !== old.hasAttribute("data-refused")) old.remove();
  }
  for (const entry of waiting) {
    if (rows.querySelector(`[data-id="${CSS.escape(entry.id)}"]`)) continue;
    const made = row.content.cloneNode(true).firstElementChild;
    made.dataset.id = entry.id;
    made.toggleAttribute("data-refused", Boolean(entry.refused));
    const { what = "", where = "", on = "", again = "" } = entry.about;
    made.querySelector("[data-what]").textContent = what;
    made.querySelector("[data-where]").textContent = [where, sayDay(on)].filter(Boolean).join(" · ");
    const why = made.querySelector("[data-why]");
    why.hidden = !entry.refused;
    if (entry.refused) {
      why.querySelector("[data-reason]").textContent =
        part.dataset[`status${entry.refused.status}`] || part.dataset.statusOther;
    }
    const change = made.querySelector("[data-again]");
    change.hidden = !(entry.refused && again);
    change.addEventListener("click", () => {
      // It waits here until what is told anew is kept.
      sessionStorage.setItem("kinder-again", JSON.stringify({ id: entry.id, body: entry.body }));
      const { place, area } = JSON.parse(entry.body);
      location.assign(`${again}?${place ? `place=${place}` : `area=${area}`}#again`);
    });
    const drop = made.querySelector("[data-drop]");
    drop.setAttribute("aria-label", `${drop.textContent.trim()}: ${what}`);
    drop.addEventListener("click", async () => {
      if (!made.hasAttribute("data-sure")) {
        made.toggleAttribute("data-sure", true);
        drop.textContent = drop.dataset.sure;
        drop.removeAttribute("aria-label");
        return;
      }
      await remove(entry.id);
      await tell();
      status.textContent = part.dataset.dropped;
      document.querySelector("h1").focus();
    });
    rows.append(made);
  }
}

document.addEventListener("outbox", (event) => show(event.detail));

document.querySelector("[data-send]").addEventListener("click", async () => {
  status.textContent = part.dataset.sending;
  const done = await sendNow();
  if (done?.sent.length && !done.waiting && !done.refused.length) status.textContent = part.dataset.sent;
  else if (done?.waiting || !navigator.onLine) status.textContent = part.dataset.still;
  else status.textContent = "";
});

begin();
