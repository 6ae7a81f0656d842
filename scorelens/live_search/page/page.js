"use strict";

const $ = (id) => document.getElementById(id);
const audio = $("audio");
const SHORTLIST = "scorelens shortlist";
const state = { hits: [], current: -1, playing: null, like: null, image: "", mark: [null, null], asked: 0, until: null };
let shortlist = stored();

function stored() {
  try {
    return JSON.parse(localStorage.getItem(SHORTLIST)) || [];
  } catch {
    return [];
  }
}

function element(name, text, properties = {}) {
  const made = Object.assign(document.createElement(name), properties);
  if (text !== undefined) made.textContent = text;
  return made;
}

function clock(seconds) {
  if (seconds === null) return "";
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function parsedTime(text) {
  if (!/^(\d+:){0,2}\d+(\.\d+)?$/.test(text.trim())) throw new Error(`${text || "no time"}: write a time such as 12:30`);
  return text.trim().split(":").reduce((total, part) => 60 * total + Number(part), 0);
}

async function answer(response) {
  const data = await response.json();
  if (!response.ok) throw new Error(data.message);
  return data;
}

// What is asked for.

function range(name) {
  const [low, high] = ["low", "high"].map((end) => $(`${name}_${end}`).value);
  return low || high ? [low === "" ? null : Number(low), high === "" ? null : Number(high)] : null;
}

function query() {
  const asked = { words: $("words").value, limit: 50, filters: {} };
  if ($("tag").value.trim()) asked.tags = $("tag").value.split(",").map((tag) => tag.trim());
  if ($("film").value) asked.moment = { film_id: $("film").value, time_s: parsedTime($("time").value) };
  if (state.image) asked.image = state.image;
  if (state.like) asked.like = { source: state.like.source, start_s: state.like.start_s, end_s: state.like.end_s };
  for (const [key, name] of [["tempo_bpm", "tempo"], ["loudness_db", "loudness"], ["length_s", "length"]]) {
    if (range(name)) asked.filters[key] = range(name);
  }
  for (const [key, id] of [["key", "key"], ["speech", "speech"], ["singing", "singing"], ["used_in", "used"], ["library", "library"]]) {
    if ($(id).value) asked.filters[key] = $(id).value;
  }
  if ($("genre").value) asked.filters.genres = [$("genre").value];
  return asked;
}

async function search() {
  const number = ++state.asked;
  $("message").textContent = "";
  $("count").textContent = "Searching…";
  try {
    const body = JSON.stringify(query());
    const headers = { "Content-Type": "application/json" };
    const data = await answer(await fetch("/api/search", { method: "POST", body, headers }));
    if (number !== state.asked) return; // a later search was asked for
    state.hits = data.hits;
    state.current = -1;
    showHits();
  } catch (error) {
    if (number !== state.asked) return;
    $("count").textContent = "";
    $("message").textContent = error.message;
  }
}

function setLike(like) {
  state.like = like;
  showParts();
}

function showParts() {
  const parts = [];
  if (state.like) {
    const { start_s, end_s } = state.like;
    const passage = start_s === null && end_s === null ? "" : `, ${clock(start_s || 0)} to ${end_s === null ? "the end" : clock(end_s)}`;
    parts.push(`Like ${state.like.title}${passage}`);
  }
  if (state.image) parts.push("Like the picture");
  $("like").textContent = parts.join("; ");
  $("like").hidden = $("unlike").hidden = !parts.length;
}

async function drop(file) {
  $("message").textContent = "";
  try {
    const address = `/api/search/drop?name=${encodeURIComponent(file.name)}`;
    const { name } = await answer(await fetch(address, { method: "POST", body: file }));
    if (file.type.startsWith("image/")) state.image = name;
    else state.like = { source: name, title: file.name, start_s: null, end_s: null };
    showParts();
    await search();
  } catch (error) {
    $("message").textContent = error.message;
  }
}

// Hits.

function showHits() {
  const body = $("hits").tBodies[0];
  body.replaceChildren(...state.hits.map(row));
  const count = state.hits.length;
  $("count").textContent = count
    ? `${count} ${count === 1 ? "hit" : "hits"}, the best first. Answered by ${state.hits[0].why}`
    : "No track passes the filters";
}

function row(hit, number) {
  const made = element("tr");
  const track = element("td");
  track.append(element("span", hit.title, { dir: "auto" }), element("span", hit.artist, { className: "artist", dir: "auto" }));
  const first = element("td");
  first.append(button("Play", `Play ${hit.title} from ${clock(hit.start_s)}`, () => play(number)));
  const actions = element("td");
  actions.append(
    button("Like", `More like ${hit.title}`, () => moreLike(number)),
    " ",
    button("Shortlist", `Shortlist ${hit.title}`, () => toggle(hit)),
  );
  actions.lastChild.className = "choose";
  const tempo = hit.tempo_bpm === null ? "" : Math.round(hit.tempo_bpm);
  const cells = [hit.album, clock(hit.length_s), tempo, hit.key, hit.used_in.join(", "), hit.score.toFixed(2)];
  made.append(first, track, ...cells.map((text) => element("td", text)), actions);
  made.addEventListener("focusin", () => mark(number));
  press(made, hit);
  return made;
}

function button(text, label, action) {
  const made = element("button", text, { type: "button" });
  made.setAttribute("aria-label", label);
  made.addEventListener("click", action);
  return made;
}

function rows() {
  return [...$("hits").tBodies[0].rows];
}

function mark(number) {
  state.current = number;
  rows().forEach((each, position) => each.classList.toggle("current", position === number));
}

function move(step) {
  const last = state.hits.length - 1;
  if (last < 0) return;
  const number = Math.min(Math.max(state.current + step, 0), last);
  rows()[number].querySelector("button").focus();
}

function moreLike(number) {
  const hit = state.hits[number];
  const [start_s, end_s] = state.playing && state.playing.track_id === hit.track_id ? state.mark : [null, null];
  $("words").value = $("tag").value = $("film").value = "";
  state.image = "";
  setLike({ source: hit.track_id, title: hit.title, start_s, end_s });
  search();
}

// Playing.

function play(number) {
  const hit = state.hits[number];
  if (!hit) return;
  mark(number);
  rows().forEach((each, position) => each.classList.toggle("playing", position === number));
  state.playing = hit;
  state.mark = [null, null];
  const from = hit.file_start_s + hit.start_s;
  const end = hit.length_s === null ? "" : `,${(hit.file_start_s + hit.length_s).toFixed(2)}`;
  audio.src = `/api/search/sound/${hit.number}#t=${from.toFixed(2)}${end}`;
  $("player").hidden = false;
  $("playing").textContent = `${hit.title} — ${hit.artist || hit.album}`;
  showMark();
  audio.play().catch(() => {}); // the controls show why
}

function markPassage(end) {
  if (!state.playing) return;
  state.mark[end] = Math.max(0, audio.currentTime - state.playing.file_start_s);
  showMark();
}

function showMark() {
  const [start, end] = state.mark;
  $("passage").textContent = start === null && end === null ? "" : `passage ${clock(start || 0)} to ${end === null ? "the end" : clock(end)}`;
}

audio.addEventListener("ended", () => play(state.hits.indexOf(state.playing) + 1));

// The shortlist.

function toggle(hit) {
  const kept = shortlist.filter((each) => each.track_id !== hit.track_id);
  shortlist = kept.length < shortlist.length ? kept : [...shortlist, hit];
  showShortlist();
}

function press(each, hit) {
  const chosen = shortlist.some((one) => one.track_id === hit.track_id);
  each.querySelector(".choose").setAttribute("aria-pressed", chosen);
}

function showShortlist() {
  try {
    localStorage.setItem(SHORTLIST, JSON.stringify(shortlist));
  } catch { /* without storage the list lasts as long as the page */ }
  $("shortlist").replaceChildren(
    ...shortlist.map((hit) => {
      const made = element("li", `${hit.title} — ${hit.artist || hit.album} `, { dir: "auto" });
      made.append(button("Remove", `Remove ${hit.title}`, () => toggle(hit)));
      return made;
    }),
  );
  $("chosen").textContent = shortlist.length;
  for (const id of ["csv", "m3u", "clear"]) $(id).disabled = !shortlist.length;
  rows().forEach((each, number) => press(each, state.hits[number]));
}

const COLUMNS = ["title", "artist", "album", "path", "file_start_s", "start_s", "length_s", "tempo_bpm", "key", "loudness_db", "score", "why"];

function csvText(hits) {
  const cell = (value) => {
    let text = value === null ? "" : String(value);
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`; // no formula for a spreadsheet
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [COLUMNS, ...hits.map((hit) => COLUMNS.map((name) => hit[name]))].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

function m3uText(hits) {
  const line = (text) => text.replace(/[\r\n]+/g, " ");
  const entries = hits.map((hit) => `#EXTINF:${Math.round(hit.length_s ?? -1)},${line(hit.artist ? `${hit.artist} - ${hit.title}` : hit.title)}\n${hit.path}\n`);
  return `#EXTM3U\n${entries.join("")}`;
}

function download(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  element("a", undefined, { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

// Keys and events.

const KEYS = {
  "/": () => $("words").focus(),
  j: () => move(1),
  k: () => move(-1),
  p: () => (audio.paused ? audio.play().catch(() => {}) : audio.pause()),
  n: () => play(state.playing ? state.hits.indexOf(state.playing) + 1 : 0),
  s: () => state.hits[state.current] && toggle(state.hits[state.current]),
  l: () => state.hits[state.current] && moreLike(state.current),
  "[": () => markPassage(0),
  "]": () => markPassage(1),
};

document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input, select, textarea");
  if (event.key === "Escape" && field) {
    event.preventDefault(); // which would empty the field
    field.blur();
  }
  if (field || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

$("query").addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
$("file").addEventListener("change", () => $("file").files[0] && drop($("file").files[0]));
$("unlike").addEventListener("click", () => {
  state.image = "";
  $("file").value = "";
  setLike(null);
});
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files[0]) drop(event.dataTransfer.files[0]);
});
$("csv").addEventListener("click", () => download("shortlist.csv", csvText(shortlist), "text/csv"));
$("m3u").addEventListener("click", () => download("shortlist.m3u8", m3uText(shortlist), "audio/x-mpegurl"));
$("clear").addEventListener("click", () => {
  shortlist = [];
  showShortlist();
});

// Start.

function options(id, values) {
  $(id).append(...values.map(([value, text]) => element("option", text, { value })));
}

async function start() {
  showShortlist();
  try {
    const data = await answer(await fetch("/api/search"));
    options("film", Object.entries(data.films));
    options("used", Object.entries(data.films));
    for (const [id, values] of [["key", data.keys], ["genre", data.genres], ["library", data.libraries]]) options(id, values.map((value) => [value, value]));
    $("tags").append(...data.tags.map((tag) => element("option", undefined, { value: tag })));
    $("speech").disabled = $("singing").disabled = !data.has_speech;
    const picture = data.models.image || "no model here; say it in words";
    $("about").textContent = `${data.tracks} tracks. Words: ${data.models.words}. Pictures: ${picture}. Likeness: ${data.models.like}. All are estimates.`;
  } catch (error) {
    $("about").textContent = "";
    $("message").textContent = error.message;
  }
  $("words").focus();
}

start();
