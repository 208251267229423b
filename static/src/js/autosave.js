// Keeps what is typed into a form in this browser until it is saved, and offers it again.
// <form data-autosave="KEY" data-text-found="… {when} …" data-text-use="…" data-text-drop="…">

const PREFIX = "kinder-draft:";
const KEEP_DAYS = 14;
const WAIT = 800;

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) || "null");
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // No room, or storage is off: the form works as without a script.
  }
}

const collect = (form) =>
  [...new FormData(form)].filter(
    ([name, value]) =>
      typeof value === "string" && name !== "csrfmiddlewaretoken" && name !== "revision",
  );

function restore(form, pairs) {
  const left = new Map();
  for (const [name, value] of pairs) left.set(name, [...(left.get(name) || []), value]);
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden" || field.type === "submit") continue;
    const values = left.get(field.name) || [];
    if (field.type === "checkbox" || field.type === "radio") {
      field.checked = values.includes(field.value);
    } else if (field.type !== "file") field.value = values[0] ?? "";
  }
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

function offer(form, key, draft) {
  const bar = document.createElement("div");
  bar.className = "notice";
  bar.setAttribute("role", "status");
  const text = document.createElement("p");
  const when = new Intl.DateTimeFormat(document.documentElement.lang, {
    dateStyle: "medium",
    timeStyle: "short",
  }).format(new Date(draft.at));
  text.textContent = form.dataset.textFound.replace("{when}", when);
  const row = document.createElement("div");
  row.className = "row";
  for (const [label, deed] of [
    [form.dataset.textUse, () => restore(form, draft.pairs)],
    [form.dataset.textDrop, () => write(key, null)],
  ]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-quiet button-small";
    button.textContent = label;
    button.addEventListener("click", () => {
      deed();
      bar.remove();
    });
    row.append(button);
  }
  const box = document.createElement("div");
  box.append(text, row);
  bar.append(box);
  form.before(bar);
}

function forgetOld() {
  const oldest = Date.now() - KEEP_DAYS * 86_400_000;
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(PREFIX) && !((read(key)?.at ?? 0) > oldest)) write(key, null);
    }
  } catch {
    // Storage is off.
  }
}

// What was sent and did not come back as a form was saved.
const SENT = `${PREFIX}sent`;

forgetOld();
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const key = PREFIX + form.dataset.autosave;
  const begin = JSON.stringify(collect(form));
  const draft = read(key);
  const isAnswer = document.querySelector(".error-summary, #clash, [data-answer]");
  if (draft && !isAnswer && JSON.stringify(draft.pairs) !== begin) offer(form, key, draft);
  let timer;
  const keep = () => {
    const pairs = collect(form);
    write(key, JSON.stringify(pairs) === begin && !isAnswer ? null : { at: Date.now(), pairs });
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, WAIT);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    keep();
    try {
      sessionStorage.setItem(SENT, key);
    } catch {
      // The draft is offered once too often.
    }
  });
}
