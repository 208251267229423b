// The board without a mouse: arrow keys move from card to card and from column to column.

const board = document.querySelector("[data-board]");
const columns = [...(board?.querySelectorAll(".board-column") ?? [])]
  .map((column) => [...column.querySelectorAll(".board-card a")])
  .filter((cards) => cards.length);

for (const hint of document.querySelectorAll("[data-board-hint]")) hint.hidden = !columns.length;

board?.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const here = columns.findIndex((cards) => cards.includes(document.activeElement));
  if (here === -1) return;
  const row = columns[here].indexOf(document.activeElement);
  const isRightToLeft = document.documentElement.dir === "rtl";
  const steps = {
    ArrowDown: [0, 1],
    ArrowUp: [0, -1],
    ArrowRight: [isRightToLeft ? -1 : 1, 0],
    ArrowLeft: [isRightToLeft ? 1 : -1, 0],
  };
  const step = steps[event.key];
  if (!step) return;
  const cards = columns[here + step[0]];
  const card = cards?.[Math.min(row + step[1], cards.length - 1)];
  if (!card) return;
  event.preventDefault();
  card.focus();
});
