"use strict";
// The page of a film: what its parts do together, and the keys.

const annotatorKey = "scorelens desk annotator";
const verdicts = new Verdicts(pageData.film.id, pageData.cues, saves ? [] : pageData.given);
const player = new Player(find("film"), find("album-sound"));
let selected = null;

const actions = {
  select(item) {
    selected = item;
    const spot = item ? spotOf(item) : null;
    player.choose(spot, spot && pageData.tracks[spot.track]);
    timeline.update(item);
    panel.update(item);
  },
  /** Select a cue, move to its start and show it. */
  go(item) {
    if (!item) return;
    actions.select(item);
    player.seek(spotOf(item).start);
    timeline.reveal(spotOf(item));
  },
  nextDoubtful() {
    const list = verdicts.doubtful(), index = list.indexOf(selected);
    if (list.length) actions.go(list[(index + 1) % list.length]);
    else announce("Every cue is checked.");
  },
  neighbour(step) {
    const index = verdicts.items.indexOf(selected);
    const after = verdicts.items.findIndex(item => spotOf(item).start > player.time);
    const next = index >= 0 ? index + step : step > 0 ? after : (after < 0 ? verdicts.items.length : after) - 1;
    actions.go(verdicts.items[next]);
  },
  playCue() {
    if (selected) player.seek(spotOf(selected).start);
    if (player.film.paused) player.toggle();
  },
  hear(side) {
    player.hear(side);
  },
  decide(verdict) {
    if (selected && selected.cue) verdicts.decide(selected, {verdict}, annotator());
  },
  change(changes) {
    if (!selected) return;
    const allowed = selected.cue ? changes : {...changes, ...(changes.verdict ? {verdict: "missed"} : {})};
    verdicts.decide(selected, allowed, annotator());
  },
  /** Move an edge of the selected cue; a start takes the position in the track along. */
  moveEdge(edge, time = player.time) {
    if (!selected) return;
    const spot = spotOf(selected), moved = Math.round(time * 1000) / 1000;
    if (edge === "start" ? moved >= spot.end : moved <= spot.start) {
      announce(`The ${edge} would be ${edge === "start" ? "after the end" : "before the start"}.`);
      panel.fill();
      return;
    }
    const along = edge === "start" ? {at: Math.max(0, spot.at + (moved - spot.start) * spot.speed)} : {};
    actions.change({verdict: "changed", [edge]: moved, ...along});
  },
  chooseTrack(track) {
    if (selected && track !== spotOf(selected).track) actions.change({verdict: "changed", track, at: null});
  },
  clear() {
    if (!selected || !selected.decision) return;
    const item = selected;
    if (!item.cue) selected = null;
    verdicts.clear(item);
  },
  add(spot) {
    selected = verdicts.add(spot, annotator());
    actions.go(selected);
  },
  undo() {
    if (!verdicts.undo()) return announce("Nothing to undo.");
    return announce("Undone.");
  },
  /** The play head is the start of a missed cue, and at the second press its end. */
  markMissed() {
    find("missed").closest("details").open = true;
    const start = find("missed-start"), end = find("missed-end");
    const isEnd = start.value && !end.value && player.time > secondsOf(start.value);
    (isEnd ? end : start).value = clock(player.time, 3);
    if (!isEnd) end.value = "";
    if (isEnd) find("missed-track").focus();
    announce(isEnd ? "End of the missed cue: choose its track." : "Start of the missed cue: press m again at its end.");
  },
  ranged([low, high]) {
    find("range").textContent = `${clock(low)} – ${clock(high)}`;
  },
};

const panel = new Panel(verdicts, actions);
const timeline = new Timeline(find("timeline"), verdicts, player, actions);
const annotator = () => find("annotator").value.trim();
const save = () => downloadCorrections(pageData.film.id, verdicts.rows());
const announce = text => (find("message").textContent = text);

/** The item about the same cue, of items that were made anew. */
function sameItem(item) {
  const isSame = other => (item.cue ? other.cue === item.cue : !other.cue && onOneMusic(spotOf(other), spotOf(item)));
  return verdicts.items.includes(item) ? item : verdicts.items.find(isSame) || null;
}

verdicts.listeners.push(() => {
  if (selected) selected = sameItem(selected);
  actions.select(selected);
});

player.listeners.push(() => {
  for (const side of ["film", "album"]) find(`hear-${side}`).setAttribute("aria-pressed", player.side === side);
  const {album, film} = player;
  find("album-fault").textContent = album.error && player.track ? `This browser cannot play the track ${decodeURIComponent(player.track.address.split("/").pop())}.` : "";
  if (film.error) showFilmFault();
});

function showSaved(text, title = find("saved").title) {
  find("saved").textContent = text;
  find("saved").title = title;
}

/** Say that the film does not play, and what helps. */
function showFilmFault() {
  const {name, isPreview} = pageData.film;
  find("film-fault").hidden = false;
  find("film-fault-text").textContent = isPreview
    ? `The preview ${name} cannot be opened. Run the workflow again.`
    : `This browser cannot play ${name}, or the file has moved. With `;
  find("film-fault-option").hidden = isPreview;
}

function startFilm() {
  const {film} = player;
  film.addEventListener("error", showFilmFault);
  // Sound alone: the picture is in a format that the browser lacks.
  film.addEventListener("loadedmetadata", () => !film.videoWidth && pageData.film.hasPicture && showFilmFault());
  film.src = mediaUrl(pageData.film.address);
  for (const name of ["timeupdate", "seeked", "seeking"]) film.addEventListener(name, () => timeline.follow());
  const tick = () => {
    timeline.follow();
    player.align();
    if (!film.paused) requestAnimationFrame(tick);
  };
  film.addEventListener("play", () => requestAnimationFrame(tick));
}

const KEYS = {
  " ": player.toggle.bind(player), n: actions.nextDoubtful, Enter: actions.playCue,
  ArrowDown: () => actions.neighbour(1), ArrowUp: () => actions.neighbour(-1),
  ArrowRight: event => player.seek(player.time + (event.shiftKey ? 1 : 5)), ArrowLeft: event => player.seek(player.time - (event.shiftKey ? 1 : 5)),
  ".": () => player.seek(player.time + 0.04), ",": () => player.seek(player.time - 0.04),
  a: () => actions.hear("film"), b: () => actions.hear("album"), x: () => actions.hear(player.side === "film" ? "album" : "film"),
  y: () => actions.decide("right"), w: () => actions.decide("wrong"), Backspace: actions.clear,
  "[": () => actions.moveEdge("start"), "]": () => actions.moveEdge("end"), m: actions.markMissed,
  t: () => find("track").focus(), e: () => find("note").focus(), u: actions.undo, s: save,
  d: () => selected && actions.change({diegetic: {"": "yes", yes: "no", no: ""}[selected.decision ? selected.decision.diegetic : ""]}),
  "+": () => timeline.zoom(0.5), "=": () => timeline.zoom(0.5), "-": () => timeline.zoom(2), 0: () => timeline.show(0, timeline.length),
  z: () => selected && timeline.show(spotOf(selected).start - 3, spotOf(selected).end + 3), "?": () => find("keys").showModal(),
};

addEventListener("keydown", event => {
  if (find("keys").open) return;
  const {target} = event, isField = /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
  if (event.key === "Escape" && isField) target.blur();
  if (isField || event.altKey) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() !== "z") return;
  const isButton = /^(BUTTON|SUMMARY|A|VIDEO)$/.test(target.tagName) && (event.key === "Enter" || event.key === " ");
  const action = event.ctrlKey || event.metaKey ? actions.undo : isButton ? null : KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action(event);
});

// A served page has another port, and so another storage, each time; cookies are those of all ports.
const remembered = () => (saves ? document.cookie.match(/(?:^|; )scorelens_annotator=([^;]*)/)?.[1] : localStorage.getItem(annotatorKey));
try {
  find("annotator").value = decodeURIComponent(remembered() || "");
} catch { /* The name is then typed again. */ }
find("annotator").addEventListener("change", () => {
  const name = encodeURIComponent(annotator());
  try {
    if (saves) document.cookie = `scorelens_annotator=${name}; path=/; max-age=31536000; samesite=strict`;
    else localStorage.setItem(annotatorKey, name);
  } catch { /* The name is then typed again. */ }
});
for (const [id, action] of Object.entries({
  next: actions.nextDoubtful, undo: actions.undo, download: save, help: KEYS["?"], "help-close": () => find("keys").close(),
  "zoom-in": KEYS["+"], "zoom-out": KEYS["-"], "zoom-all": KEYS[0], "mark-missed": actions.markMissed,
  earlier: () => timeline.pan((timeline.range[0] - timeline.range[1]) / 2), later: () => timeline.pan((timeline.range[1] - timeline.range[0]) / 2),
})) find(id).addEventListener("click", action);
addEventListener("beforeunload", event => (saving ? saving.isPending : verdicts.isStored === false) && event.preventDefault());
startFilm();
actions.select(null);
const saving = saves ? new Saving(verdicts, showSaved) : null;
