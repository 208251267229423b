// Opening hours: shows the part that the chosen way of writing needs, and copies Monday.

for (const section of document.querySelectorAll("[data-hours]")) {
  const week = section.querySelector(".hours-week");
  const written = section.querySelector(".hours-written");
  const copy = section.querySelector("[data-hours-copy]");
  const show = () => {
    const mode = section.querySelector('[name="hours_mode"]:checked')?.value;
    week.hidden = mode !== "week";
    written.hidden = mode !== "written";
    if (mode === "written") written.open = true;
  };
  section.closest("form").addEventListener("change", show);
  show();
  copy.hidden = false;
  copy.querySelector("button").addEventListener("click", () => {
    const monday = section.querySelector('[name="hours_0"]');
    for (const day of [1, 2, 3, 4]) {
      section.querySelector(`[name="hours_${day}"]`).value = monday.value;
    }
    monday.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
