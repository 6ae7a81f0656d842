"use strict";
// The page of search results: tabs, queries, results, sorting, filters, player, downloads.

const NAMES = {image: "Image", tags: "Tags", plot: "Text", track: "Track"};
const searches = JSON.parse(document.getElementById("data").textContent);
const find = id => document.getElementById(id);
const table = find("tracks"), body = table.tBodies[0], audio = document.querySelector("audio");
const collator = new Intl.Collator("en", {numeric: true, sensitivity: "base"});
const state = {search: searches[0], column: "rank", up: true, rows: []};

const plain = text => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const fileName = path => path.slice(path.lastIndexOf("/") + 1);
const stem = name => name.replace(/(?<=.)\.[^.]*$/, "");
const address = path => path.split("/").map(encodeURIComponent).join("/");
// Served, by `scorelens desk`, files have their path below /files.
const filePath = path => decodeURIComponent(new URL(address(path), location.href).pathname.replace(location.protocol === "file:" ? "" : /^\/files/, ""));
const owner = (search, row) => search.title[row] || search.library[row];
const signed = value => {
  const text = Math.abs(value).toFixed(2);
  return text === "0.00" ? text : (value < 0 ? "−" : "+") + text;
};
const clock = seconds => {
  const whole = Math.floor(seconds), two = value => String(value).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
};

/** Texts of a track: `name` (title or file), `credits` (artist, composer, album), `file` (if the name is a title). */
function shown({track_title: title, artist, composer, album, path}) {
  const file = fileName(path), named = title !== stem(file).normalize("NFC");
  const credits = [...new Set([artist, composer, album])].filter(Boolean).join(" · ");
  return {name: named ? title : file, credits, file: named ? file : ""};
}
const SHOWN = ["track_title", "artist", "composer", "album", "path"];
const shownRow = (search, row) => shown(Object.fromEntries(SHOWN.map(column => [column, search[column][row]])));

/** An element with attributes and children. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Show a search: its tab, its query, and its results, the best first. */
function choose(search) {
  Object.assign(state, {search, column: "rank", up: true});
  for (const tab of find("tabs").children) {
    const selected = tab.dataset.search === search.name;
    tab.setAttribute("aria-selected", selected);
    tab.tabIndex = selected ? 0 : -1;
    if (selected) find("panel").setAttribute("aria-labelledby", tab.id);
  }
  history.replaceState(null, "", `#${search.name}`);
  find("query").replaceChildren(...queryCards(search));
  find("library").replaceChildren(
    new Option("any", ""),
    ...[...new Set(search.library)].sort(collator.compare).map(name => new Option(name, name))
  );
  table.tHead.rows[0].replaceChildren(...headings(search));
  refresh();
}

/** The parts of a query. */
function* queryCards(search) {
  const card = (part, ...children) => make("div", {class: `part ${part}`}, make("h2", {}, NAMES[part]), ...children);
  if (search.picture) {
    const where = search.time === null ? "" : `, at ${clock(search.time)}`;
    const words = search.caption + where;
    yield card("image", make("img", {src: search.picture, alt: words}), make("p", {}, make("bdi", {}, search.caption), where));
  }
  if (search.text) yield card("plot", make("blockquote", {dir: "auto"}, search.text));
  if (search.tags.length) yield card("tags", make("ul", {}, ...search.tags.map(tag => make("li", {dir: "auto"}, tag))));
  if (search.track) {
    const {title, path, part} = search.track, {name, credits} = shown(search.track);
    const link = make("a", {href: address(path) + part, dir: "auto"}, name);
    const lines = [credits, title].filter(Boolean).map(words => make("small", {}, make("bdi", {}, words)));
    yield card("track", player(title ? `${title}: ${name}` : name, path, part), make("p", {}, link, ...lines));
  }
}

function headings(search) {
  const columns = [["rank", "Rank"], ["title", "Track"], ["cosine", "Cosine"]];
  for (const part of search.parts) columns.push([part, `By ${NAMES[part].toLowerCase()}`]);
  columns.push(["moved", "Moved by"]);
  const cells = columns.map(([column, name]) => {
    const head = make("th", {scope: "col", "data-column": column}, make("button", {type: "button"}, name));
    head.firstChild.addEventListener("click", () => sortBy(column));
    return head;
  });
  return [make("th", {scope: "col", class: "control"}, make("span", {class: "hidden"}, "Play")), ...cells];
}

/** Sort by a column: names ascending, numbers descending; the same column again reverses. */
function sortBy(column) {
  const rising = ["rank", "title", "moved"].includes(column);
  state.up = state.column === column ? !state.up : rising;
  state.column = column;
  refresh();
}

function compare(a, b) {
  const {search, column, up} = state;
  let order = a - b;
  if (column === "title") order = collator.compare(owner(search, a), owner(search, b)) || collator.compare(search.path[a], search.path[b]);
  else if (column === "moved") order = collator.compare(NAMES[search.moved[a]], NAMES[search.moved[b]]);
  else if (column !== "rank") {
    const values = search.contributions[column] ?? search.cosine;
    order = values[a] - values[b];
  }
  return (up ? order : -order) || a - b;
}

/** Apply the filters and the sorting. */
function refresh() {
  const {search} = state, words = plain(find("text").value).split(/\s+/).filter(Boolean), library = find("library").value;
  const fits = row => {
    const columns = ["title", "library", "track_id", ...SHOWN];
    const text = plain(columns.map(column => search[column][row]).join(" "));
    return words.every(word => text.includes(word)) && (library === "" || search.library[row] === library);
  };
  state.rows = search.path.map((_, row) => row).filter(fits).sort(compare);
  const values = search.parts.flatMap(part => search.contributions[part]);
  const range = [Math.min(0, ...values), Math.max(0, ...values)];
  body.replaceChildren(...state.rows.map(row => trackRow(search, row, range)));
  find("count").textContent = `${state.rows.length} of ${search.path.length} tracks`;
  for (const head of table.tHead.querySelectorAll("[data-column]")) {
    if (head.dataset.column === state.column) head.setAttribute("aria-sort", state.up ? "ascending" : "descending");
    else head.removeAttribute("aria-sort");
  }
}

/** The row of a result. range: smallest and largest contribution in the search. */
function trackRow(search, row, range) {
  const {name, credits, file} = shownRow(search, row), of = owner(search, row), part = search.part[row];
  const link = make("a", {href: address(search.path[row]) + part, dir: "auto"}, name);
  const cell = make("td", {class: "file"}, make("strong", {}, make("bdi", {}, of)), link);
  const where = [search.title[row] ? search.library[row] : search.folder[row], file].filter(Boolean).join("/");
  for (const words of [credits, where].filter(Boolean)) cell.append(make("small", {}, make("bdi", {}, words)));
  return make(
    "tr",
    {class: "track", "data-row": row},
    make("td", {class: "control"}, player(`${of}: ${name}`, search.path[row], part)),
    make("td", {class: "rank", "data-name": "Rank"}, row + 1),
    cell,
    make("td", {class: "number", "data-name": "Cosine"}, search.cosine[row].toFixed(3)),
    ...search.parts.map(part => contributionCell(search, row, part, range)),
    make("td", {class: "moved", "data-name": "Moved by"}, NAMES[search.moved[row]])
  );
}

/** The contribution of a part, as a number and a bar that starts at zero. */
function contributionCell(search, row, part, [min, max]) {
  const value = search.contributions[part][row], width = max - min || 1;
  const bar = make("b", {class: part});
  bar.style.left = `${(100 * (Math.min(value, 0) - min)) / width}%`;
  bar.style.width = `${(100 * Math.abs(value)) / width}%`;
  const zero = make("i");
  zero.style.left = `${(-100 * min) / width}%`;
  const kind = part === search.moved[row] ? "contribution largest" : "contribution";
  const meter = make("span", {class: "meter", "aria-hidden": "true"}, bar, zero);
  return make("td", {class: kind, "data-name": NAMES[part]}, make("span", {}, signed(value)), meter);
}

/** A button that plays a file, or the part of it that a media fragment names. */
function player(name, path, part) {
  const button = make("button", {type: "button", "aria-label": `Play ${name}`}, "▶");
  button.addEventListener("click", () => listen(name, address(path) + part));
  return button;
}

function listen(name, source) {
  find("player").hidden = false;
  find("playing").textContent = name;
  audio.src = source;
  audio.play().catch(error => {
    if (error.name === "AbortError") return; // another track was started meanwhile
    find("playing").textContent = `${name}: the browser cannot play it; its link opens the file`;
  });
}

/** The listed tracks in their order as an extended M3U. */
function playlistText() {
  const {search, rows} = state;
  const entries = rows.flatMap(row => [
    `#EXTINF:-1,${playlistName(search, row)}`,
    ...partOptions(search.part[row]),
    filePath(search.path[row]),
  ]);
  return ["#EXTM3U", ...entries, ""].join("\n");
}

/** Artist and title; film or library and file for a track without tags. */
function playlistName(search, row) {
  const {name} = shownRow(search, row), artist = search.artist[row] || search.composer[row];
  return artist ? `${artist} - ${name}` : `${owner(search, row)}: ${name}`;
}

/** The lines of a playlist by which VLC plays a part of a file. */
function partOptions(part) {
  const [start, stop] = part.slice("#t=".length).split(",");
  return [start && `#EXTVLCOPT:start-time=${start}`, stop && `#EXTVLCOPT:stop-time=${stop}`].filter(Boolean);
}

/** The listed tracks in their order as separated values. */
function listText(separator, end, quoted) {
  const {search, rows} = state;
  const lines = rows.map(row => [
    row + 1, search.library[row], search.title[row], search.track_id[row],
    ...SHOWN.slice(0, -1).map(column => search[column][row]), filePath(search.path[row]),
    search.cosine[row], search.moved[row], ...search.parts.map(part => search.contributions[part][row]),
  ]);
  const head = ["rank", "library", "title", "track_id", ...SHOWN, "cosine", "moved_by", ...search.parts];
  return [head, ...lines].map(line => line.map(value => quoted(String(value))).join(separator) + end).join("");
}

// The byte order mark marks UTF-8 for spreadsheets.
const csvText = () => "\ufeff" + listText(",", "\r\n", value => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value));
const copiedText = () => listText("\t", "\n", value => value.replace(/[\t\n\r]+/g, " "));

function download(text, type, ending) {
  const link = make("a", {download: `${state.search.name}.${ending}`});
  link.href = URL.createObjectURL(new Blob([text], {type}));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Copy the list. Browsers may deny the clipboard to a page from the file system; then use execCommand. */
async function copy() {
  const text = copiedText();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", {}, text);
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  find("copy").textContent = "Copied";
  setTimeout(() => (find("copy").textContent = "Copy list"), 1500);
}

/** Arrows, Home and End move between tabs. */
function turn(event) {
  const tabs = [...find("tabs").children], here = searches.indexOf(state.search);
  const aims = {ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: tabs.length - 1};
  if (!(event.key in aims)) return;
  const aim = (aims[event.key] + tabs.length) % tabs.length;
  choose(searches[aim]);
  tabs[aim].focus();
  event.preventDefault();
}

for (const search of searches) {
  const tab = make("button", {type: "button", role: "tab", id: `tab-${search.name}`, "aria-controls": "panel", "data-search": search.name}, search.name.replaceAll("_", " "));
  tab.addEventListener("click", () => choose(search));
  find("tabs").append(tab);
}
find("tabs").addEventListener("keydown", turn);
find("filters").addEventListener("submit", event => event.preventDefault());
find("filters").addEventListener("input", refresh);
find("filters").addEventListener("reset", () => setTimeout(refresh));
find("playlist").addEventListener("click", () => download(playlistText(), "audio/x-mpegurl", "m3u8"));
find("list").addEventListener("click", () => download(csvText(), "text/csv", "csv"));
find("copy").addEventListener("click", copy);
const named = () => searches.find(search => `#${search.name}` === location.hash);
window.addEventListener("hashchange", () => named() && choose(named()));
choose(named() ?? searches[0]);
