// Shows the map's button and fetches the map only when it is pressed (or when the address already
// names a view of the map, or this browser has kept open what a workers' page asks to keep). Without this script the list beside it is all there is, and enough.

const keep = (button, isOpen) => {
  if (!button.dataset.keep) return;
  try {
    localStorage.setItem(`kinder-map-${button.dataset.keep}`, isOpen ? "open" : "closed");
  } catch {
    // Storage is refused: the map is opened by hand each time.
  }
};

const isKept = (button) => {
  try {
    return localStorage.getItem(`kinder-map-${button.dataset.keep}`) === "open";
  } catch {
    return false;
  }
};

const openMap = async (button, isAsked) => {
  const panel = document.getElementById(button.getAttribute("aria-controls"));
  if (!panel.hidden) {
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    button.querySelector("[data-label]").textContent = button.dataset.textOpen;
    // An address that names a view would open it again.
    if (location.hash.startsWith("#map=")) {
      history.replaceState(null, "", location.pathname + location.search);
    }
    return;
  }
  panel.hidden = false;
  button.setAttribute("aria-expanded", "true");
  button.querySelector("[data-label]").textContent = button.dataset.textClose;
  const target = panel.querySelector("[data-map]");
  if (target.dataset.ready) return;
  target.dataset.ready = "yes";
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = button.dataset.css;
  document.head.append(sheet);
  const status = panel.querySelector("[data-map-status]");
  status.textContent = button.dataset.textLoading;
  try {
    const { createMap } = await import(button.dataset.script);
    createMap(panel);
    if (isAsked && !location.hash.startsWith("#map=")) target.focus({ preventScroll: true });
  } catch (error) {
    status.textContent = button.dataset.textFailed;
    delete target.dataset.ready;
    throw error;
  }
};

for (const button of document.querySelectorAll("[data-map-open]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    keep(button, button.getAttribute("aria-expanded") !== "true");
    openMap(button, true);
  });
  if (location.hash.startsWith("#map=") || (button.dataset.keep && isKept(button))) {
    openMap(button, false);
  }
}
