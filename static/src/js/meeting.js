// Noting a meeting works without this. With it the meeting is kept on the phone first and sent from
// there: without a network nothing is lost, and nothing is written twice.

import { add, flush, remove } from "./outbox/outbox.js";
import { begin, readPage, sendWithoutPage, tell } from "./outbox/sending.js";

const NOBODY = "00000000-0000-0000-0000-000000000000";
const FIELDS = ["outcome", "on", "mode", "minutes", "place", "note"];
const form = document.querySelector("form[data-meeting]");

begin();

form?.addEventListener("submit", async (event) => {
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  const told = new FormData(form);
  if (!told.get("outcome") || !told.get("on")) return; // the server says what is missing
  form.dataset.sent = "1";
  event.preventDefault();
  const id = told.get("id");
  const entry = {
    id,
    url: form.dataset.put.replace(NOBODY, id),
    body: JSON.stringify(Object.fromEntries(FIELDS.map((name) => [name, told.get(name) || ""]))),
    // No name: the queue is read by whoever holds the phone.
    about: { what: form.dataset.what, where: "", on: told.get("on"), again: form.action },
    owner: readPage().owner,
    needsToken: true,
  };
  try {
    await add(entry);
  } catch {
    form.submit(); // the browser keeps nothing for us: as without a script
    return;
  }
  const done = navigator.onLine
    ? await flush({ ...readPage(), only: id }).catch(() => null)
    : null;
  if (done?.sent.length) {
    location.assign(`${form.dataset.back}?noted=1`);
  } else if (done?.refused.length) {
    // The page says what is wrong, with everything that was told still in it.
    await remove(id);
    form.submit();
  } else {
    await sendWithoutPage();
    await tell();
    const kept = document.querySelector("[data-kept]");
    kept.hidden = false;
    kept.scrollIntoView({ block: "nearest" });
    form.querySelector("[type=submit]").disabled = true;
  }
});

// Once it has gone up, by itself, the page says so by going on.
document.addEventListener("outbox", (event) => {
  const isKept = form?.dataset.sent && !document.querySelector("[data-kept]").hidden;
  if (isKept && !event.detail.some((entry) => entry.id === form.elements.id.value)) {
    location.assign(`${form.dataset.back}?noted=1`);
  }
});
