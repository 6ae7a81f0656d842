"use strict";
// The index of the desk: filters, sorting, a line of music over time, what is checked.

const table = find("films"), body = table.tBodies[0];
const CHUNK = 100; // rows that are shown at once; the next follow when the end comes in sight
const state = {column: "least", up: true, rows: []};
const {films, detects} = pageData;
for (const film of films) {
  const stored = readStored(film.id);
  if (stored) film.checked = countChecked(stored.rows);
  film.words = plain([film.title, film.id, film.year ?? "", ...film.genres, film.notes].join(" "));
  film.open = film.cues - film.checked;
}

/** The columns: key, heading, value to sort by, cell, whether it is a number. */
const SHOWN = [
  ["title", "Film", film => film.title, film => titleCell(film)],
  ["year", "Year", film => film.year, film => film.year ?? "–", true],
  ["genres", "Genres", film => film.genres.join(" "), film => film.genres.join(", ")],
  ["length", "Length", film => film.length, film => clock(film.length), true],
  ["music", "Music over time", film => film.music, film => sparkline(film)],
  ["cues", "Cues", film => film.cues, film => film.cues, true],
  ["played", "Tracks", film => film.played / Math.max(1, film.tracks), film => `${film.played} of ${film.tracks}`, true],
  ["unknown", "Music on no album", film => film.unknown, film => (film.unknown ? clock(film.unknown) : film.unknown === null ? "–" : "none"), true],
  ["least", "Least confidence", film => film.least, film => (film.least === null ? "–" : percent(film.least)), true],
  ["checked", "Checked", film => film.checked / Math.max(1, film.cues), film => `${film.checked} of ${film.cues}`, true],
  ["notes", "Notes", film => film.notes, film => notesCell(film)],
].filter(([key]) => detects || key !== "unknown");

function titleCell(film) {
  return make("a", {href: `films/${encodeURIComponent(film.id)}.html`, dir: "auto"}, film.title);
}

function notesCell(film) {
  if (film.notes.length < 60) return make("span", {dir: "auto"}, film.notes);
  return make("details", {}, make("summary", {dir: "auto"}, `${film.notes.slice(0, 45)}…`), film.notes);
}

/** Album music and, above it, other music: areas over the running time. */
function sparkline({line, otherLine, music, length}) {
  const namespace = "http://www.w3.org/2000/svg", picture = document.createElementNS(namespace, "svg");
  picture.setAttribute("viewBox", "0 0 80 63");
  picture.setAttribute("preserveAspectRatio", "none");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `music of the album in ${percent(music)} of ${clock(length)}`);
  for (const [name, text] of [["album", line], ["other", otherLine]]) {
    if (!text) continue;
    const path = document.createElementNS(namespace, "path");
    path.setAttribute("class", name);
    path.setAttribute("d", areas(bytesOf(text)));
    picture.append(path);
  }
  return picture;
}

function areas(values) {
  let shape = "";
  values.forEach((value, index) => {
    if (value) shape += `M${index} 63V${63 - value}h1V63z`;
  });
  return shape;
}

const rowOfFilm = film => {
  const cells = SHOWN.map(([key, heading, , cell, isNumber]) => {
    const made = make("td", {class: isNumber ? `number ${key}` : key, "data-name": heading});
    made.append(cell(film));
    return made;
  });
  return make("tr", {}, ...cells);
};

const wanted = () => {
  const words = plain(find("words").value).split(/\s+/).filter(Boolean), genre = find("genre").value;
  const below = find("below").value === "" ? Infinity : Number(find("below").value) / 100;
  return film =>
    words.every(word => film.words.includes(word)) && (!genre || film.genres.includes(genre)) &&
    (below === Infinity || (film.least !== null && film.least < below)) &&
    (!find("other").checked || film.unknown > 0) && (!find("open").checked || film.open > 0);
};

function compare(value) {
  return (a, b) => {
    const [one, other] = [value(a), value(b)];
    if (one === null || other === null) return (one === null) - (other === null);
    const order = typeof one === "string" ? collator.compare(one, other) : one - other;
    return (state.up ? order : -order) || collator.compare(a.title, b.title);
  };
}

function refresh() {
  const rows = films.filter(wanted()).sort(compare(SHOWN.find(([key]) => key === state.column)[2]));
  body.replaceChildren();
  state.rows = rows;
  showMore();
  find("count").textContent = `${rows.length} of ${films.length} films`;
  for (const head of table.tHead.querySelectorAll("th")) {
    if (head.dataset.key === state.column) head.setAttribute("aria-sort", state.up ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
  }
}

/** Show the next rows. */
function showMore(count = CHUNK) {
  const from = body.rows.length, next = state.rows.slice(from, from + count);
  for (const film of next) film.row ??= rowOfFilm(film);
  body.append(...next.map(film => film.row));
  find("more").hidden = body.rows.length === state.rows.length;
}

table.tHead.rows[0].append(
  ...SHOWN.map(([key, heading, , , isNumber]) => {
    const button = make("button", {type: "button"}, heading);
    button.addEventListener("click", () => {
      state.up = state.column === key ? !state.up : true;
      state.column = key;
      refresh();
    });
    return make("th", {scope: "col", "data-key": key, class: isNumber ? "number" : ""}, button);
  })
);
find("genre").append(...[...new Set(films.flatMap(film => film.genres))].sort(collator.compare).map(name => new Option(name, name)));
find("other-label").hidden = !detects;
find("filters").addEventListener("input", refresh);
find("filters").addEventListener("submit", event => event.preventDefault());
find("filters").addEventListener("reset", () => setTimeout(refresh));
find("download").addEventListener("click", () => downloadCorrections());
find("more").addEventListener("click", () => showMore());
new IntersectionObserver(([end]) => end.isIntersecting && showMore(), {rootMargin: "600px"}).observe(find("more"));
addEventListener("beforeprint", () => showMore(films.length));
/** Count what is in the file of corrections, if the page is served. */
async function countSaved() {
  const answer = await (await fetch(saves)).json();
  find("where").textContent = answer.message || `Verdicts are saved in ${answer.file}.`;
  if (!answer.films) return;
  for (const film of films) {
    film.checked = countChecked(answer.films[film.id] ?? []);
    film.open = film.cues - film.checked;
    film.row = undefined;
  }
  refresh();
}

addEventListener("pageshow", event => event.persisted && location.reload());
refresh();
if (saves) countSaved();
