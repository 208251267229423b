// Says at once when a worry cannot be sent, so that nobody waits for an answer that does not come.
const notice = document.querySelector("[data-offline]");
const form = document.querySelector("[data-worry]");

function show() {
  notice.hidden = navigator.onLine;
}

if (notice && form) {
  addEventListener("online", show);
  addEventListener("offline", show);
  form.addEventListener("submit", (event) => {
    show();
    if (!navigator.onLine) {
      event.preventDefault();
      notice.scrollIntoView({ block: "center" });
    }
  });
  show();
}
