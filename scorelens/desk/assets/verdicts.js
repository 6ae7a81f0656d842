"use strict";
// The verdicts of a film: what the machine matched, what people decided, undo, and rows of corrections.

/** Seconds as in a file of corrections; empty for null. */
const secondsText = value => (value === null ? "" : value.toFixed(3));
const overlap = (a, b) => Math.min(a.end, b.end) - Math.max(a.start, b.start);
const onOneMusic = (a, b) =>
  a.track === b.track && 2 * overlap(a, b) > Math.min(a.end - a.start, b.end - b.start);

/**
 * Items are the cues of the machine and those that people added, `cue` null, by time.
 * A decision is {verdict, start, end, track, at, diegetic, note, annotator, when, row}; start to at are null for "as it was",
 * and `row` is that of a file, which stays as it is until somebody decides anew.
 */
class Verdicts {
  constructor(film, cues, given) {
    Object.assign(this, {film, cues, given, history: [], listeners: [], warning: ""});
    this.restore(rowsOf(film, given));
  }

  /** Hold on to the rows; returns whether that was possible. */
  store(rows) {
    return writeStored(this.film, {rows, given: this.given.map(lineOf)});
  }

  /** Start anew from rows. */
  load(rows) {
    this.restore(rows);
    this.history = [];
    this.notify();
  }

  /** Say something above the cues; empty for nothing. */
  warn(text) {
    if (text === this.warning) return;
    this.warning = text;
    this.notify();
  }

  /**
   * Rows to items, in the order in which they were decided. The last row of a cue counts, and the
   * `earlier` ones stay; rows that fit no cue are held on to as they are.
   */
  restore(rows) {
    this.items = this.cues.map(cue => ({cue, decision: null, earlier: []}));
    this.unmatched = [];
    for (const row of rows) {
      const decision = decisionOf(row), item = this.itemOf(row, decision);
      if (item) {
        if (item.decision) item.earlier.push(item.decision.row);
        item.decision = decision;
      } else if (decision.verdict === "missed") this.items.push({cue: null, decision, earlier: []});
      else this.unmatched.push(row);
    }
    this.sort();
  }

  itemOf(row, decision) {
    const isMissed = decision.verdict === "missed";
    const spot = isMissed
      ? decision
      : {start: Number(row[1]), end: Number(row[2]), track: row[3]};
    const fitting = this.items.filter(item => {
      if ((item.cue === null) !== isMissed) return false;
      return onOneMusic(item.cue || item.decision, spot);
    });
    const from = item => overlap(item.cue || item.decision, spot);
    return fitting.toSorted((a, b) => from(b) - from(a))[0];
  }

  sort() {
    this.items.sort((a, b) => spotOf(a).start - spotOf(b).start || spotOf(a).end - spotOf(b).end);
  }

  /** Change the decision on an item; `changes` without a verdict keep that. */
  decide(item, changes, annotator) {
    this.remember();
    const before = item.decision || {...UNDECIDED};
    item.decision = {...before, ...changes, annotator, when: now(), row: null};
    if (["right", "wrong"].includes(item.decision.verdict)) Object.assign(item.decision, AS_IT_WAS);
    this.changed();
  }

  /** Add a cue that the machine missed. */
  add(spot, annotator) {
    this.remember();
    const decision = {...UNDECIDED, ...spot, verdict: "missed", annotator, when: now()};
    const item = {cue: null, decision, earlier: []};
    this.items.push(item);
    this.changed();
    return item;
  }

  /** Take the decision on an item back; an added cue goes. */
  clear(item) {
    this.remember();
    Object.assign(item, {decision: null, earlier: []});
    if (!item.cue) this.items.splice(this.items.indexOf(item), 1);
    this.changed();
  }

  remember() {
    this.history.push(this.rows());
  }

  undo() {
    if (!this.history.length) return false;
    this.restore(this.history.pop());
    this.changed();
    return true;
  }

  changed() {
    this.sort();
    this.isStored = this.store(this.rows());
    this.notify();
  }

  notify() {
    for (const listener of this.listeners) listener();
  }

  rows() {
    const decided = this.items.filter(item => item.decision);
    const rows = decided.flatMap(item => [...item.earlier, rowOf(this.film, item)]);
    return ordered([...rows, ...this.unmatched]);
  }

  /** Cues of the machine that nobody checked, the least confident first. */
  doubtful() {
    return this.items.filter(item => !isChecked(item)).sort((a, b) => a.cue.confidence - b.cue.confidence);
  }
}

const AS_IT_WAS = {start: null, end: null, track: null, at: null};
const UNDECIDED = {verdict: "", ...AS_IT_WAS, diegetic: "", note: "", annotator: "", when: "", row: null};
const now = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");
const isChecked = item => Boolean(item.decision && item.decision.verdict);

/** Where an item plays by the latest decision: start, end (s in the film), track, at (s in the track), speed, pitch. */
function spotOf({cue, decision}) {
  const base = cue || {speed: 1, pitch: 0, at: 0, confidence: null};
  const changes = decision ? ["start", "end", "track", "at"].filter(name => decision[name] !== null) : [];
  return {...base, ...Object.fromEntries(changes.map(name => [name, decision[name]]))};
}

function decisionOf(row) {
  const number = column => (cellOf(row, column) === "" ? null : Number(cellOf(row, column)));
  return {
    verdict: cellOf(row, "verdict"),
    start: number("new_film_start_s"),
    end: number("new_film_end_s"),
    track: cellOf(row, "new_track_id") || null,
    at: number("new_track_start_s"),
    diegetic: cellOf(row, "diegetic"),
    note: cellOf(row, "note"),
    annotator: cellOf(row, "annotator"),
    when: cellOf(row, "decided_at"),
    row,
  };
}

function rowOf(film, {cue, decision}) {
  if (decision.row) return decision.row;
  const checked = cue ? [secondsText(cue.start), secondsText(cue.end), cue.track] : ["", "", ""];
  const {verdict, start, end, track, at, diegetic, note, annotator, when} = decision;
  const values = [secondsText(start), secondsText(end), track || "", secondsText(at)];
  const clean = text => text.replace(/\s+/g, " ").trim();
  return [film, ...checked, verdict, ...values, diegetic, clean(note), clean(annotator), when];
}
