// Sorts the places on this page by how near they are. The position is read when somebody asks for
// it, stays in this script, and is sent nowhere.

const EARTH_METRES = 6371000;
const radians = (degrees) => (degrees * Math.PI) / 180;

function metresBetween(a, b) {
  const north = radians(b.lat - a.lat);
  const east = radians(b.lon - a.lon);
  const half =
    Math.sin(north / 2) ** 2 +
    Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * Math.sin(east / 2) ** 2;
  return 2 * EARTH_METRES * Math.asin(Math.sqrt(half));
}

function sayDistance(metres, text) {
  const say = (number, digits) =>
    new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: digits }).format(number);
  return metres < 995
    ? text.textMetres.replace("{n}", say(Math.round(metres / 10) * 10, 0))
    : text.textKilometres.replace("{n}", say(metres / 1000, 1));
}

function sortBy(here, list, text) {
  const rows = [...list.children].map((row) => ({
    row,
    metres: metresBetween(here, { lat: Number(row.dataset.lat), lon: Number(row.dataset.lon) }),
  }));
  rows.sort((a, b) => a.metres - b.metres);
  for (const { row, metres } of rows) {
    row.querySelector(".distance").textContent = sayDistance(metres, text);
    list.append(row);
  }
}

const part = document.querySelector("[data-near]");
const list = document.getElementById("places");
if (part && list && "geolocation" in navigator) {
  const status = part.querySelector("[role=status]");
  part.hidden = false;
  part.querySelector("button").addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        sortBy({ lat: coords.latitude, lon: coords.longitude }, list, part.dataset);
        status.textContent = part.dataset.textDone;
      },
      () => {
        status.textContent = part.dataset.textFailed;
      },
      { maximumAge: 300000, timeout: 15000 },
    );
  });
}
