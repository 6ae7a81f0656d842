"use strict";
// Saving in place, if the page is served: the film's rows, whole, into the file of corrections.

class Saving {
  /** `verdicts` are loaded and saved; `report` shows a status. */
  constructor(verdicts, report) {
    const address = `${saves}/${encodeURIComponent(verdicts.film)}`;
    Object.assign(this, {verdicts, report, address, version: null, base: [], isDirty: false, isBusy: false, file: ""});
    verdicts.store = () => {
      this.isDirty = true;
      this.send();
      return true;
    };
    document.addEventListener("visibilitychange", () => document.hidden || this.load());
    this.load();
  }

  /** Whether something would be lost with the page. */
  get isPending() {
    return this.isDirty || this.isBusy;
  }

  /** Take over what is in the file. */
  async load() {
    if (this.isBusy) return;
    await this.alone(async () => {
      const [status, answer] = await request(this.address);
      if (status !== 200) return this.fail(answer.message);
      this.file = answer.file.split("/").pop();
      if (answer.version !== this.version) this.join(answer);
      if (!this.isDirty) this.report(`Saved in ${this.file}`, this.named(answer));
      return true;
    });
  }

  named({file, isNamed}) {
    return isNamed ? file : `${file}, which no settings name: write cues: {corrections: ${this.file}} for the next run.`;
  }

  /** Save, and save again what changed meanwhile. */
  async send() {
    if (this.isBusy) return;
    if (this.version === null) return this.load();
    await this.alone(async () => {
      const rows = this.verdicts.rows();
      this.isDirty = false;
      this.report("Saving…");
      const [status, answer] = await request(this.address, {version: this.version, rows});
      if (status === 409) return this.join(answer);
      if (status !== 200) {
        this.isDirty = true;
        return this.fail(answer.message);
      }
      Object.assign(this, {version: answer.version, base: rows});
      this.verdicts.warn(this.conflict ?? "");
      this.report(`Saved in ${this.file}`);
      return true;
    });
  }

  /** One request at a time; after a success what changed meanwhile is saved. */
  async alone(action) {
    this.isBusy = true;
    const isDone = await action();
    this.isBusy = false;
    if (isDone && this.isDirty) this.send();
  }

  fail(message) {
    this.report("Not saved");
    this.verdicts.warn(`Not saved: ${message} The next change tries again; a download has everything.`);
    return false;
  }

  /**
   * Join the rows of the file with what was changed here since the last ones. Of a cue that both
   * decided both rows stay, and the later counts.
   */
  join({rows: theirs, version}) {
    const lines = rows => new Set(rows.map(lineOf));
    const mine = this.verdicts.rows(), base = lines(this.base), here = lines(mine), there = lines(theirs);
    const staying = theirs.filter(row => !base.has(lineOf(row)) || here.has(lineOf(row)));
    const added = mine.filter(row => !base.has(lineOf(row)) && !there.has(lineOf(row)));
    const isTheirs = row => !base.has(lineOf(row)) && there.has(lineOf(row));
    const ofBoth = item => {
      const rows = [...item.earlier, rowOf(this.verdicts.film, item)];
      return rows.some(isTheirs) && rows.some(row => added.includes(row));
    };
    this.verdicts.load(inTime([...staying, ...added]));
    const clashes = this.verdicts.items.filter(item => item.decision && ofBoth(item));
    Object.assign(this, {version, base: theirs, isDirty: added.length > 0 || staying.length < theirs.length});
    if (clashes.length) this.conflict = `Decided elsewhere too: ${clashes.map(clashText).join("; ")}. Both are in the file, and the later counts.`;
    this.verdicts.warn(this.conflict ?? "");
    return true;
  }
}

function clashText(item) {
  const [before] = item.earlier.slice(-1), by = name => (name ? ` by ${name}` : "");
  const earlier = `${VERDICT_NAMES[cellOf(before, "verdict")]}${by(cellOf(before, "annotator"))}`;
  const {verdict, annotator} = item.decision;
  return `${clock(spotOf(item).start)} ${VERDICT_NAMES[verdict]}${by(annotator)}, before that ${earlier}`;
}

/** Status and answer; status 0 if nobody answers. */
async function request(address, body) {
  const sent = body && {method: "PUT", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)};
  try {
    const response = await fetch(address, {cache: "no-store", ...sent});
    const isJson = (response.headers.get("Content-Type") || "").startsWith("application/json");
    return [response.status, isJson ? await response.json() : {message: `${await response.text()}.`}];
  } catch {
    return [0, {message: "`scorelens desk` does not answer; is it still running?"}];
  }
}
