"use strict";
// What the index and the page of a film have in common.

const COLUMNS = [
  "film_id", "film_start_s", "film_end_s", "track_id", "verdict", "new_film_start_s", "new_film_end_s",
  "new_track_id", "new_track_start_s", "diegetic", "note", "annotator", "decided_at",
];
const find = id => document.getElementById(id);
const pageData = JSON.parse(find("data").textContent);
// Names of the run's folder: the verdicts of different runs are held apart.
const deskFolder = new URL(document.documentElement.dataset.desk, location.href).pathname;
// Where a served page saves; empty if the page was opened as a file.
const saves = document.documentElement.dataset.saves ?? "";
const collator = new Intl.Collator("en", {numeric: true, sensitivity: "base"});
const plain = text => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** The URL of a medium by its address in the data of the page. */
function mediaUrl(address) {
  return new URL(saves ? address.replace(/^file:\/\//, "/files") : address, location.href).href;
}

/** An element with attributes and children; texts are never read as markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const two = value => String(value).padStart(2, "0");

/** Seconds as 1:02:03, or with decimals as 1:02:03.4. */
function clock(seconds, decimals = 0) {
  const unit = 10 ** decimals, whole = Math.round(Math.max(0, seconds) * unit);
  const all = Math.floor(whole / unit), rest = String(whole % unit).padStart(decimals, "0");
  const text = `${Math.floor(all / 3600)}:${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`;
  return decimals ? `${text}.${rest}` : text;
}

const percent = share => `${Math.round(100 * share)}%`;
const bytesOf = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

// Rows of corrections: arrays of texts in the order of COLUMNS.

const cellOf = (row, column) => row[COLUMNS.indexOf(column)];
const lineOf = row => row.map(text => text.replace(/[\t\r\n]+/g, " ")).join("\t");
const storageKey = film => `scorelens desk ${deskFolder} ${film}`;

/** What the browser holds for a film: {rows, given}, or null. */
function readStored(film) {
  if (saves) return null;
  try {
    return JSON.parse(localStorage.getItem(storageKey(film)));
  } catch {
    return null;
  }
}

/** Returns whether the browser could hold it. */
function writeStored(film, value) {
  try {
    localStorage.setItem(storageKey(film), JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/**
 * The rows of a film: those that the browser holds, and those given to the run that it has not seen.
 * Given rows that it has seen are among these, or were taken back.
 */
function rowsOf(film, given) {
  const stored = readStored(film), local = stored ? stored.rows : [];
  const seen = new Set(stored ? [...stored.given, ...local.map(lineOf)] : []);
  return inTime([...given.filter(row => !seen.has(lineOf(row))), ...local]);
}

/** In the order in which they were decided. */
function inTime(rows) {
  const when = row => Date.parse(cellOf(row, "decided_at")) || 0;
  return rows.map((row, order) => [row, order]).sort(([a, i], [b, j]) => when(a) - when(b) || i - j).map(([row]) => row);
}

/** How many cues the rows of a film check. */
function countChecked(rows) {
  const verdicts = new Map(rows.map(row => [row.slice(1, 4).join("\t"), cellOf(row, "verdict")]));
  return [...verdicts.values()].filter(verdict => verdict && verdict !== "missed").length;
}

/** The films that the browser holds rows of. */
function storedFilms() {
  const start = storageKey("");
  try {
    return Object.keys(localStorage).filter(key => key.startsWith(start)).map(key => key.slice(start.length));
  } catch {
    return [];
  }
}

/** The rows of all films of the run: given ones and those of this browser; `rows` are those of `shown`. */
async function allRows(shown, rows) {
  if (saves) {
    const {films} = await (await fetch(saves)).json();
    return Object.values(shown ? {...films, [shown]: rows} : films).flat();
  }
  if (!window.givenRows) await loadScript(`${document.documentElement.dataset.desk}given.js`);
  const given = window.givenRows || [];
  const films = new Set([...given.map(row => row[0]), ...storedFilms()]);
  if (shown) films.add(shown);
  const rowsOfFilm = film => (film === shown ? rows : ordered(rowsOf(film, given.filter(row => row[0] === film))));
  return [...films].sort().flatMap(rowsOfFilm);
}

/** By time in the film. */
function ordered(rows) {
  const start = row => Number(cellOf(row, "film_start_s") || cellOf(row, "new_film_start_s"));
  return rows.toSorted((a, b) => start(a) - start(b));
}

function loadScript(address) {
  return new Promise(done => {
    const script = make("script", {src: address});
    script.onload = script.onerror = done;
    document.head.append(script);
  });
}

const tableText = rows => [COLUMNS, ...rows].map(row => `${lineOf(row)}\n`).join("");

function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], {type: "text/tab-separated-values"}));
  make("a", {href: address, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

async function downloadCorrections(shown, rows) {
  download("corrections.tsv", tableText(await allRows(shown, rows)));
}
