// Adding a moment works without this. With it a moment is kept on the phone first and sent from
// there, so that no lost answer and no lost network loses it or sends it twice; and a second tap on
// Save while the first is on its way sends nothing.

import { add, flush, remove } from "./outbox/outbox.js";
import { begin, readPage, sendWithoutPage, tell } from "./outbox/sending.js";

const SPOTS = "kinder-spots"; // where this phone added moments last, newest first
const MOST_SPOTS = 6;

for (const form of document.querySelectorAll("form[data-send-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    const saves = form.dataset.outbox && event.submitter && !event.submitter.hasAttribute("formaction");
    if (!saves) return;
    const entry = readMoment(form);
    if (!entry) return; // something is missing: the server says what
    event.preventDefault();
    save(form, entry);
  });
}

/** The moment that a form holds, as the queue keeps it; null while something is missing. */
function readMoment(form) {
  const told = new FormData(form);
  const [kind, code] = (told.get("where") || "").split(":");
  const body = { occurred_on: told.get("occurred_on"), [kind]: code };
  if (form.dataset.outbox === "moment") {
    body.direction = told.get("direction");
    body.kind = told.get("kind");
  } else {
    body.reasons = told.getAll("reasons");
  }
  if (Object.values(body).some((value) => !value || value.length === 0)) return null;
  const id = told.get("id") || makeId();
  const what = form.dataset.outbox === "moment" ? ["direction", "kind"] : ["reasons"];
  return {
    id,
    url: form.dataset.url.replace(NOBODY, id),
    body: JSON.stringify(body),
    about: {
      what: what.flatMap((name) => readLabels(form, name)).join(": ") || document.title,
      where: readWhere(form),
      on: body.occurred_on,
      again: form.dataset.again,
    },
  };
}

const NOBODY = "00000000-0000-0000-0000-000000000000";

function makeId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const readLabels = (form, name) =>
  [...form.querySelectorAll(`[name="${name}"]:checked`)].map((one) => one.labels[0].innerText.trim());

function readWhere(form) {
  const field = form.elements.where;
  return field.dataset.name || field.selectedOptions?.[0]?.text.trim() || "";
}

async function save(form, entry) {
  rememberSpot(form);
  try {
    await add(entry);
    if (form.dataset.replaces) await remove(form.dataset.replaces);
  } catch {
    // The browser keeps nothing for us (private window, full disk): as without a script.
    sendAsForm(form, entry);
    return;
  }
  const page = readPage();
  const done = navigator.onLine ? await flush({ ...page, only: entry.id }).catch(() => null) : null;
  const [sent] = done?.sent || [];
  if (sent?.body.id) {
    location.assign(form.dataset.saved.replace(NOBODY, entry.id));
  } else if (done?.refused.length && form.querySelector("[name=csrfmiddlewaretoken]")) {
    // The page says what is wrong, with everything that was told still in it.
    await remove(entry.id);
    sendAsForm(form, entry);
  } else {
    await sendWithoutPage();
    location.assign(form.dataset.waiting);
  }
}

function sendAsForm(form, entry) {
  if (!form.querySelector("[name=csrfmiddlewaretoken]")) {
    document.querySelector("[data-not-kept]").hidden = false;
    delete form.dataset.sent;
    return;
  }
  form.elements.id.value = entry.id;
  const saving = document.createElement("input");
  Object.assign(saving, { type: "hidden", name: "save", value: "1" });
  form.append(saving);
  form.submit();
}

function readSpots() {
  try {
    return JSON.parse(localStorage.getItem(SPOTS)) || [];
  } catch {
    return [];
  }
}

function rememberSpot(form) {
  const field = form.elements.where;
  const spots = readSpots().filter((spot) => spot.code !== field.value);
  const name = readWhere(form);
  try {
    localStorage.setItem(SPOTS, JSON.stringify([{ code: field.value, name }, ...spots].slice(0, MOST_SPOTS)));
  } catch {
    // No store: the next page without a network begins with the list of areas.
  }
}

/** Fill a page that was made for nobody: today, and where this phone was last. */
function fillShell(form) {
  const now = new Date();
  const day = (date) => new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 10);
  const when = form.elements.occurred_on;
  when.max = when.value = day(now);
  when.min = day(new Date(now - 30 * 86400000));
  const where = form.elements.where;
  const spots = readSpots();
  const poster = /\/p\/([A-Za-z0-9]{1,16})\//.exec(location.pathname);
  if (poster) {
    const code = `place:${poster[1]}`;
    const known = spots.find((spot) => spot.code === code);
    spots.unshift({ code, name: known?.name || form.dataset.poster.replace("{code}", poster[1]) });
  }
  const first = where.options[1] || null;
  for (const [n, spot] of spots.entries()) {
    if ([...where.options].some((one) => one.value === spot.code)) continue;
    where.add(new Option(spot.name, spot.code, false, false), first);
    if (n === 0) where.value = spot.code;
  }
  if (spots[0]) where.value = spots[0].code;
}

/** Put what was refused back into the form, so that only what was wrong is told again. */
function fillAgain(form) {
  const again = sessionStorage.getItem("kinder-again");
  if (!again || location.hash !== "#again") return;
  sessionStorage.removeItem("kinder-again");
  const { id, body } = JSON.parse(again);
  const told = JSON.parse(body);
  form.dataset.replaces = id;
  for (const name of ["direction", "kind", "occurred_on", "reasons"]) {
    for (const field of form.querySelectorAll(`[name="${name}"]`)) {
      if (field.type === "radio" || field.type === "checkbox") {
        field.checked = [].concat(told[name] || []).includes(field.value);
      } else if ([...(field.options || [])].some((one) => one.value === told[name])) {
        field.value = told[name];
      }
    }
  }
}

for (const form of document.querySelectorAll("form[data-outbox]")) {
  if (form.dataset.shell) fillShell(form);
  else if (form.elements.where.value) rememberSpot(form);
  fillAgain(form);
}

addEventListener("pageshow", (event) => {
  const sent = document.querySelectorAll("form[data-sent]");
  // Back from the browser's memory, with the id of a moment that was saved: begin a fresh one.
  if (event.persisted && sent.length) location.reload();
  for (const form of sent) delete form.dataset.sent;
});

begin();
tell();
