// The workers' table: choosing rows, and keys for those who want them.
//
// Keys work only while the focus is in the table, and not at all once they are switched off; the
// choice stays on this device. j and k go down and up, x chooses, o opens, a chooses all, d goes
// to what is done with the chosen.

const table = document.querySelector("[data-desk]");
const status = document.querySelector("[data-desk-status]");
const all = document.querySelector("[data-desk-all]");
const keys = document.querySelector("[data-desk-keys]");
const help = document.querySelector("[data-desk-help]");
const KEEP = "kinder-desk-keys";

if (table) {
  const boxes = [...table.querySelectorAll("[name=place]")];
  const tell = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    status.textContent = status.dataset.text.replace("{n}", chosen);
    all.checked = chosen === boxes.length && chosen > 0;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  };
  const choose = (box, isChosen) => {
    box.checked = isChosen;
    tell();
  };
  all.closest("label").hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
  table.addEventListener("change", tell);
  tell();

  let isOn = true;
  try {
    isOn = localStorage.getItem(KEEP) !== "off";
  } catch {
    // Storage is refused: keys stay on until the page is left.
  }
  keys.checked = isOn;
  help.hidden = !isOn;
  keys.closest("label").hidden = false;
  keys.addEventListener("change", () => {
    isOn = keys.checked;
    help.hidden = !isOn;
    try {
      localStorage.setItem(KEEP, isOn ? "on" : "off");
    } catch {
      // As above.
    }
  });

  const rowOf = (element) => boxes.indexOf(element.closest("tr")?.querySelector("[name=place]"));
  table.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input:not([type=checkbox]), select, textarea");
    if (!isOn || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = rowOf(event.target);
    const deeds = {
      j: () => boxes[Math.min(at + 1, boxes.length - 1)]?.focus(),
      k: () => boxes[Math.max(at - 1, 0)]?.focus(),
      x: () => at >= 0 && choose(boxes[at], !boxes[at].checked),
      o: () => boxes[at]?.closest("tr").querySelector("a")?.click(),
      a: () => {
        const isChosen = !boxes.every((box) => box.checked);
        for (const box of boxes) box.checked = isChosen;
        tell();
      },
      d: () => document.querySelector("#many select")?.focus(),
    };
    if (!deeds[event.key]) return;
    event.preventDefault();
    deeds[event.key]();
  });
}
