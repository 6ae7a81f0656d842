"use strict";
// The panel of the selected cue, the list of all cues, and the form for a missed one.

/** Seconds of a text such as 1:02:03.5, 62:03.5 or 3723.5; null if it is none. */
function secondsOf(text) {
  if (!/^\s*(\d+:){0,2}\d+(\.\d*)?\s*$/.test(text)) return null;
  return text.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
}

function fillTracks(select, first) {
  const options = Object.entries(pageData.tracks).map(([id, {title, artist}]) => new Option(artist ? `${title} – ${artist}` : title, id));
  select.replaceChildren(...(first ? [new Option(first, "")] : []), ...options);
}

class Panel {
  constructor(verdicts, actions) {
    Object.assign(this, {verdicts, actions, selected: null, byDoubt: true});
    fillTracks(find("track"));
    fillTracks(find("missed-track"), "choose a track");
    for (const verdict of ["right", "wrong"]) find(verdict).addEventListener("click", () => actions.decide(verdict));
    find("clear").addEventListener("click", () => actions.clear());
    for (const side of ["film", "album"]) find(`hear-${side}`).addEventListener("click", () => actions.hear(side));
    find("again").addEventListener("click", () => actions.playCue());
    for (const edge of ["start", "end"]) {
      find(edge).addEventListener("change", () => this.typed(edge));
      find(`${edge}-here`).addEventListener("click", () => actions.moveEdge(edge));
    }
    find("at").addEventListener("change", () => this.typed("at"));
    find("track").addEventListener("change", () => actions.chooseTrack(find("track").value));
    find("diegetic").addEventListener("change", () => actions.change({diegetic: find("diegetic").value}));
    find("note").addEventListener("change", () => actions.change({note: find("note").value}));
    find("by-doubt").addEventListener("click", () => this.sortBy(true));
    find("by-time").addEventListener("click", () => this.sortBy(false));
    find("cues").tBodies[0].addEventListener("click", event => {
      const row = event.target.closest("tr");
      if (row) actions.go(this.rows[row.sectionRowIndex]);
    });
    find("missed").addEventListener("submit", event => {
      event.preventDefault();
      this.addMissed();
    });
  }

  typed(name) {
    const seconds = secondsOf(find(name).value);
    if (seconds === null) this.fill();
    else if (name === "at") this.actions.change({verdict: "changed", at: seconds});
    else this.actions.moveEdge(name, seconds);
  }

  sortBy(doubt) {
    this.byDoubt = doubt;
    this.update(this.selected);
  }

  addMissed() {
    const [start, end, at] = ["missed-start", "missed-end", "missed-at"].map(id => secondsOf(find(id).value));
    const track = find("missed-track").value;
    const fault = start === null || end === null || end <= start
      ? "Give a start, and an end after it, such as 1:02:03.5."
      : track ? "" : "Choose the track that plays.";
    find("missed-fault").textContent = fault;
    if (fault) return;
    this.actions.add({start, end, track, at: at ?? 0});
    find("missed").reset();
  }

  update(selected) {
    this.selected = selected;
    this.fill();
    this.list();
    const cues = this.verdicts.items.filter(item => item.cue), checked = cues.filter(isChecked).length;
    const added = this.verdicts.items.length - cues.length;
    find("progress").textContent = `${checked} of ${cues.length} checked${added ? `, ${added} added` : ""}`;
    find("undo").disabled = !this.verdicts.history.length;
    this.warn();
  }

  warn() {
    const {unmatched, isStored, warning} = this.verdicts, lines = warning ? [warning] : [];
    if (unmatched.length) lines.push(`${unmatched.length} of the given corrections fit no cue any more. A download contains them.`);
    if (isStored === false) lines.push("This browser does not hold the verdicts. Download them before you close the page.");
    find("warning").textContent = lines.join(" ");
    find("warning").hidden = !lines.length;
  }

  /** Show the selected cue. */
  fill() {
    const item = this.selected;
    find("cue-fields").disabled = !item;
    find("cue-title").textContent = item ? titleOf(spotOf(item).track) : "No cue is selected";
    if (!item) return;
    const spot = spotOf(item), track = pageData.tracks[spot.track], {decision, cue} = item;
    find("cue-facts").textContent = [
      track && track.artist, cue ? `confidence ${percent(cue.confidence)}` : "added",
      spot.speed !== 1 && `speed ${spot.speed.toFixed(4)}`, decision && decision.annotator && `by ${decision.annotator}`,
    ].filter(Boolean).join(" · ");
    find("start").value = clock(spot.start, 3);
    find("end").value = clock(spot.end, 3);
    find("at").value = clock(spot.at, 3);
    find("track").value = spot.track;
    find("diegetic").value = decision ? decision.diegetic : "";
    find("note").value = decision ? decision.note : "";
    for (const verdict of ["right", "wrong"]) {
      find(verdict).setAttribute("aria-pressed", Boolean(decision && decision.verdict === verdict));
      find(verdict).disabled = !cue;
    }
    find("clear").disabled = !decision;
    find("clear").firstChild.data = cue ? "Take back " : "Remove ";
    find("state").textContent = isChecked(item) ? VERDICT_NAMES[decision.verdict] : "not checked";
  }

  /** List the cues: by doubt those to check come first. */
  list() {
    const doubt = item => (isChecked(item) ? 2 : 0) + (item.cue ? item.cue.confidence : 1);
    this.rows = this.byDoubt ? this.verdicts.items.toSorted((a, b) => doubt(a) - doubt(b)) : [...this.verdicts.items];
    find("cues").tBodies[0].replaceChildren(...this.rows.map(item => this.row(item)));
    find("by-doubt").setAttribute("aria-pressed", this.byDoubt);
    find("by-time").setAttribute("aria-pressed", !this.byDoubt);
  }

  row(item) {
    const spot = spotOf(item), {cue, decision} = item, verdict = decision ? decision.verdict : "";
    const title = make("button", {type: "button", class: "link", dir: "auto"}, titleOf(spot.track));
    const cells = [
      make("td", {class: "number"}, clock(spot.start)), make("td", {class: "number"}, clock(spot.end)), make("td", {class: "title"}, title),
      make("td", {class: "number"}, cue ? percent(cue.confidence) : "–"),
      make("td", {class: `verdict ${verdict}`}, verdict ? MARKS[verdict] + VERDICT_NAMES[verdict] : ""),
      make("td", {}, decision && decision.diegetic ? {yes: "diegetic", no: "not diegetic"}[decision.diegetic] : ""),
      make("td", {class: "note", dir: "auto"}, decision ? decision.note : ""),
    ];
    return make("tr", item === this.selected ? {"aria-current": "true"} : {}, ...cells);
  }
}
