"use strict";
// The page of a library: filters, sorting, pages of rows, details, player, downloads.

const ROWS = 100; // of a page of the table
const SHOWN = 5; // tags of a row
const LEVELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
// Okabe and Ito's palette and four colours of Paul Tol's. Every colour has a name and a number beside it.
const COLOURS = [
  "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442",
  "#882255", "#999933", "#7A6FD0", "#8A8A8A",
];
const data = JSON.parse(document.getElementById("data").textContent);
const find = id => document.getElementById(id);
const table = find("tracks"), body = table.tBodies[0], heads = [...table.querySelectorAll("th[data-column]")];
const audio = document.querySelector("audio");
const collator = new Intl.Collator("en", {numeric: true, sensitivity: "base"});

const plain = text => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const searched = data.path.map((path, track) => (
  plain([data.title[track], data.artist[track], data.composer[track], data.album[track], path].join(" "))
));
// The genres of each track by probability.
const ranked = data.shares.map(
  shares => (shares ? shares.map((_, genre) => genre).sort((a, b) => shares[b] - shares[a] || a - b) : [])
);
const colour = genre => COLOURS[genre % COLOURS.length];
const percent = share => `${Math.round(share / 10)}%`;
const clock = seconds => {
  const whole = Math.round(seconds), minutes = Math.floor(whole / 60) % 60, hours = Math.floor(whole / 3600);
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
};
// Served, by `scorelens desk`, files have their path below /files.
const root = location.protocol === "file:" ? "file://" : "/files";
const address = path => root + `${data.home}/${path}`.split("/").map(encodeURIComponent).join("/");
const fileName = path => path.slice(path.lastIndexOf("/") + 1);
const stem = name => name.replace(/(?<=.)\.[^.]*$/, "");
const trackName = track => data.title[track] || fileName(data.path[track]);
/** Artist, composer and album, as far as known. */
const credits = track => (
  [...new Set([data.artist[track], data.composer[track], data.album[track]])].filter(Boolean).join(" · ")
);

const state = {column: "path", up: true, page: 0, open: new Set(), rows: []};

/** An element with attributes and children. */
function make(tag, attributes = {}, ...children) {
  const space = ["svg", "path", "line"].includes(tag) ? "http://www.w3.org/2000/svg" : "http://www.w3.org/1999/xhtml";
  const element = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes)) {
    // The page's policy forbids the attribute `style`, but not the property.
    if (name === "style") element.style.cssText = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** The values of the filters; a bound that is not set is null. */
function filterValues() {
  const bound = id => (find(id).value === "" ? null : Number(find(id).value));
  return {
    words: plain(find("text").value).split(/\s+/).filter(Boolean),
    genre: find("genre").value === "" ? null : Number(find("genre").value),
    minimum: 10 * Number(find("minimum").value),
    key: find("key").value,
    tempo: [bound("tempo-low"), bound("tempo-high")],
    loudness: [bound("loudness-low"), bound("loudness-high")],
  };
}

/** Whether a value is within bounds; a missing value is not, if a bound is set. */
function within(value, [low, high]) {
  if (low === null && high === null) return true;
  return value !== null && (low === null || value >= low) && (high === null || value <= high);
}

function matches(track, filter) {
  const key = data.key[track];
  return filter.words.every(word => searched[track].includes(word))
    && (filter.genre === null || (data.shares[track] !== null && data.shares[track][filter.genre] >= filter.minimum))
    && (filter.key === "" || key === filter.key || key.endsWith(` ${filter.key}`))
    && within(data.tempo[track], filter.tempo)
    && within(data.loudness[track], filter.loudness);
}

/** The sort key of a track in a column; null is last in both directions. */
function sortValue(track, column, genre) {
  if (column === "tags") {
    if (data.shares[track] === null) return null;
    return data.shares[track][genre ?? ranked[track][0]];
  }
  return data[column][track] === "" ? null : data[column][track];
}

function compare(a, b, genre) {
  const {column, up} = state;
  // Without a selected genre, tracks are grouped by their first tag.
  if (column === "tags" && genre === null && ranked[a].length && ranked[b].length && ranked[a][0] !== ranked[b][0]) {
    return (up ? 1 : -1) * (ranked[a][0] - ranked[b][0]);
  }
  const [left, right] = [sortValue(a, column, genre), sortValue(b, column, genre)];
  if (left === null || right === null) return (left === null) - (right === null) || a - b;
  const order = typeof left === "string" ? collator.compare(left, right) : left - right;
  return (up ? order : -order) || a - b;
}

/** Apply the filters and the sorting, and show the first page. */
function refresh() {
  const filter = filterValues();
  find("minimum").disabled = filter.genre === null;
  find("minimum-shown").textContent = `${find("minimum").value}%`;
  state.rows = data.path.map((_, track) => track).filter(track => matches(track, filter));
  state.rows.sort((a, b) => compare(a, b, filter.genre));
  state.page = 0;
  show();
}

/** Sort by the selected genre; without one, by path. */
function orderByGenre() {
  [state.column, state.up] = find("genre").value === "" ? ["path", true] : ["tags", false];
  refresh();
}

/** Draw the rows of the page. */
function show() {
  const pages = Math.max(1, Math.ceil(state.rows.length / ROWS)), first = state.page * ROWS;
  const shown = state.rows.slice(first, first + ROWS), genre = filterValues().genre;
  body.replaceChildren(...shown.flatMap(track => (
    state.open.has(track) ? [trackRow(track, genre), detailsRow(track)] : [trackRow(track, genre)]
  )));
  find("count").textContent = `${state.rows.length} of ${data.path.length} tracks`;
  find("range").textContent = shown.length ? `${first + 1}–${first + shown.length}` : "none";
  find("previous").disabled = state.page === 0;
  find("next").disabled = state.page >= pages - 1;
  for (const head of heads) {
    if (head.dataset.column === state.column) head.setAttribute("aria-sort", state.up ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
  }
}

function trackRow(track, genre) {
  const path = data.path[track], name = trackName(track);
  const play = make("button", {type: "button", "aria-label": `Play ${name}`}, "▶");
  play.addEventListener("click", () => listen(track));
  const open = state.open.has(track);
  const more = make(
    "button",
    {type: "button", "aria-label": `Details of ${name}`, "aria-expanded": open, class: "more"},
    open ? "−" : "+"
  );
  const file = make("td", {class: "file"}, make("a", {href: address(path), dir: "auto"}, name));
  // Below a title the whole path, which distinguishes tracks with one title.
  const where = data.title[track] ? path : path.slice(0, -name.length - 1);
  for (const words of [credits(track), where].filter(Boolean)) file.append(make("small", {}, make("bdi", {}, words)));
  const number = (heading, text) => make("td", {class: "number", "data-name": heading}, text);
  const row = make(
    "tr",
    {class: "track", "data-track": track},
    make("td", {class: "control"}, play),
    file,
    make("td", {class: "tags"}, tagBars(track, genre)),
    number("", clock(data.duration[track])),
    number("BPM", data.tempo[track] === null ? "–" : data.tempo[track].toFixed(0)),
    make("td", {class: "key", "data-name": ""}, data.key[track] || "–"),
    number("LUFS", data.loudness[track] === null ? "–" : data.loudness[track].toFixed(1)),
    make("td", {class: "control"}, more)
  );
  row.addEventListener("click", event => {
    if (event.target === more || !event.target.closest("a, button")) toggle(track);
  });
  return row;
}

/** The first tags as bars; the selected genre is among them. */
function tagBars(track, genre) {
  if (data.shares[track] === null) return make("span", {class: "problem"}, `Not tagged: ${data.problem[track]}`);
  const first = ranked[track].slice(0, SHOWN);
  if (genre !== null && !first.includes(genre)) first.splice(SHOWN - 1, 1, genre);
  return make("ol", {class: "tags"}, ...first.map(tag => make(
    "li",
    {},
    named(track, tag),
    make("span", {class: tag === genre ? "meter selected" : "meter", "aria-hidden": "true"},
      make("b", {style: `width: ${data.shares[track][tag] / 10}%; background: ${colour(tag)}`}))
  )));
}

const named = (track, tag) => make(
  "span", {}, make("i", {title: data.genres[tag]}, data.genres[tag]), ` ${percent(data.shares[track][tag])}`
);

/** All tags of a track, with their curves over time. */
function detailsRow(track) {
  const cell = make("td", {colspan: 8});
  const close = event => event.key === "Escape" && toggle(track);
  cell.addEventListener("keydown", close);
  if (data.problem[track]) {
    cell.append(make("p", {class: "problem"}, `Not tagged: the file ${data.problem[track]}.`));
  } else {
    const text = data.profile[track];
    const words = text
      ? "Over the length of the track; the height of a box is 100%."
      : "The library is too large for curves over time in this page; they are in the Parquet table.";
    cell.append(make("p", {class: "note"}, `${data.path[track]}. ${words}`));
    cell.append(make("ul", {class: "profiles"}, ...ranked[track].map(tag => make(
      "li",
      {},
      named(track, tag),
      ...(text ? [curve(text, tag, colour(tag)), timeEnds(track)] : [])
    ))));
  }
  return make("tr", {class: "details", "data-details": track}, cell);
}

function timeEnds(track) {
  return make("span", {class: "ends", "aria-hidden": "true"}, make("span", {}, "0:00"), clock(data.duration[track]));
}

/** The probability of one genre over a track's time. */
function curve(text, tag, fill) {
  const points = text.length / data.genres.length;
  const heights = [...text.slice(tag * points, (tag + 1) * points)].map(letter => 100 - (100 * LEVELS.indexOf(letter)) / 63);
  const line = heights.map((height, k) => `L${k} ${height.toFixed(1)} L${k + 1} ${height.toFixed(1)}`).join(" ");
  const svg = make("svg", {viewBox: `0 0 ${points} 100`, preserveAspectRatio: "none", role: "img"});
  svg.setAttribute("aria-label", `${data.genres[tag]} over time`);
  svg.append(
    make("path", {d: `M0 100 ${line} L${points} 100 Z`, fill}),
    make("line", {x1: 0, x2: points, y1: 50, y2: 50, stroke: "currentColor", "stroke-opacity": 0.35, "stroke-dasharray": "3 3", "vector-effect": "non-scaling-stroke"})
  );
  return svg;
}

function toggle(track) {
  if (!state.open.delete(track)) state.open.add(track);
  show();
  body.querySelector(`[data-track="${track}"] .more`).focus({preventScroll: true});
}

function listen(track) {
  find("player").hidden = false;
  const name = [trackName(track), credits(track)].filter(Boolean).join(" · ");
  find("playing").textContent = name;
  audio.src = address(data.path[track]);
  audio.play().catch(error => {
    if (error.name === "AbortError") return; // another track was started meanwhile
    find("playing").textContent = `${name}: the browser cannot play it; its link opens the file`;
  });
}

/** The listed tracks in their order as an extended M3U. */
function playlistText() {
  const entries = state.rows.flatMap(track => {
    const file = fileName(data.path[track]), title = data.title[track] || stem(file);
    const name = [data.artist[track] || data.composer[track], title].filter(Boolean).join(" - ");
    return [`#EXTINF:${Math.round(data.duration[track])},${name}`, `${data.home}/${data.path[track]}`];
  });
  return ["#EXTM3U", ...entries, ""].join("\n");
}

/** The listed tracks in their order as CSV. */
function listText() {
  const quoted = value => (/[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? ""));
  const columns = ["path", "title", "artist", "composer", "album", "duration", "tempo", "key", "loudness", "problem"];
  const units = ["path", "title", "artist", "composer", "album", "duration_s", "tempo_bpm", "key", "loudness_lufs", "problem"];
  const lines = state.rows.map(track => [
    ...columns.map(column => data[column][track]),
    ...data.genres.map((_, genre) => (data.shares[track] ? data.shares[track][genre] / 1000 : "")),
  ]);
  // The byte order mark marks UTF-8 for spreadsheets.
  return "\ufeff" + [[...units, ...data.genres], ...lines].map(line => line.map(quoted).join(",") + "\r\n").join("");
}

function download(text, type, ending) {
  const link = make("a", {download: `${document.querySelector("h1").textContent}.${ending}`});
  link.href = URL.createObjectURL(new Blob([text], {type}));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function turn(step) {
  state.page += step;
  show();
  table.scrollIntoView();
}

for (const head of heads) {
  head.querySelector("button").addEventListener("click", () => {
    const column = head.dataset.column, tagsByGenre = column === "tags" && find("genre").value !== "";
    // The most probable first, if a genre is selected.
    state.up = state.column === column ? !state.up : !tagsByGenre;
    state.column = column;
    refresh();
  });
}
data.genres.forEach((genre, k) => find("genre").append(new Option(genre, k)));
for (const mode of ["major", "minor"]) find("key").append(new Option(`any ${mode} key`, mode));
for (const key of [...new Set(data.key)].filter(Boolean).sort(collator.compare)) find("key").append(new Option(key, key));
find("filters").addEventListener("submit", event => event.preventDefault());
find("filters").addEventListener("input", refresh);
find("filters").addEventListener("reset", () => setTimeout(orderByGenre));
find("genre").addEventListener("change", orderByGenre);
find("previous").addEventListener("click", () => turn(-1));
find("next").addEventListener("click", () => turn(1));
find("playlist").addEventListener("click", () => download(playlistText(), "audio/x-mpegurl", "m3u8"));
find("list").addEventListener("click", () => download(listText(), "text/csv", "csv"));
refresh();
