// A page that says a form was saved lets go of what autosave.js kept of it.

const SENT = "kinder-draft:sent";
try {
  const key = sessionStorage.getItem(SENT);
  if (key && !document.querySelector("form[data-autosave]")) {
    localStorage.removeItem(key);
    sessionStorage.removeItem(SENT);
  }
} catch {
  // Storage is off: nothing was kept.
}
