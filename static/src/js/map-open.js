// Shows the map's button and fetches the map only when it is pressed (or when the address already
// names a view of the map). Without this script the list beside it is all there is, and enough.

const openMap = async (button) => {
  const panel = document.getElementById(button.getAttribute("aria-controls"));
  if (!panel.hidden) {
    panel.hidden = true;
    button.setAttribute("aria-expanded", "false");
    button.querySelector("[data-label]").textContent = button.dataset.textOpen;
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
    if (!location.hash.startsWith("#map=")) target.focus({ preventScroll: true });
  } catch (error) {
    status.textContent = button.dataset.textFailed;
    delete target.dataset.ready;
    throw error;
  }
};

for (const button of document.querySelectorAll("[data-map-open]")) {
  button.hidden = false;
  button.addEventListener("click", () => openMap(button));
  if (location.hash.startsWith("#map=")) openMap(button);
}
