"use strict";
// The rows of the time line that hold bars: cues, references, music on no album, keys, shots.

const ROW = 24; // pixels
const SMALL_ROW = 15;

/** Put bars that overlap on separate lanes; returns how many there are and sets `lane` of each. */
function assignLanes(bars) {
  const ends = [];
  for (const bar of bars) {
    const free = ends.findIndex(end => end <= bar.start + 0.001);
    bar.lane = free < 0 ? ends.length : free;
    ends[bar.lane] = bar.end;
  }
  return Math.max(1, ends.length);
}

const titleOf = track => (pageData.tracks[track] ? pageData.tracks[track].title : track || "not on the album");
const VERDICT_NAMES = {right: "right", wrong: "wrong", changed: "changed", missed: "added", "": "a remark"};
const MARKS = {right: "✓ ", wrong: "✗ ", changed: "± ", missed: "+ "};

/** The bars of the cues, by the verdicts. */
function cueBars(items) {
  return items.map(item => {
    const spot = spotOf(item), verdict = item.decision ? item.decision.verdict : "";
    const doubt = spot.confidence === null || spot.confidence === undefined ? "" : ` ${percent(spot.confidence)}`;
    const text = `${MARKS[verdict] || ""}${titleOf(spot.track)}${doubt}`;
    return {start: spot.start, end: spot.end, text, item, verdict, strength: spot.confidence ?? 1};
  });
}

/** All rows: {name, height, bars} with bars by time, each {start, end, text}. */
function laneRows(verdicts) {
  const rows = [];
  const bars = cueBars(verdicts.items), lanes = assignLanes(bars);
  for (let lane = 0; lane < lanes; lane++) {
    rows.push({name: lane ? "" : "cues", kind: "cue", height: ROW, bars: bars.filter(bar => bar.lane === lane)});
  }
  for (const {name, spans} of pageData.references) {
    const marked = spans.map(([start, end, track]) => ({start, end, text: titleOf(track)}));
    const count = assignLanes(marked.sort((a, b) => a.start - b.start));
    for (let lane = 0; lane < count; lane++) {
      rows.push({name: lane ? "" : name, kind: "reference", height: SMALL_ROW, bars: marked.filter(bar => bar.lane === lane)});
    }
  }
  const plainRow = (name, kind, list, text) => {
    if (list.length) rows.push({name, kind, height: SMALL_ROW, bars: list.map(([start, end, label]) => ({start, end, text: label ?? text}))});
  };
  plainRow("unknown", "unknown", pageData.unknown, "music on no album");
  const keys = pageData.keys.toSorted((a, b) => a[0] - b[0]);
  // Where cues overlap, each key lasts until the next begins.
  plainRow("key", "key", keys.map(([start, end, name], k) => [start, Math.min(end, keys[k + 1]?.[0] ?? end), name]));
  if (pageData.shots.length) rows.push({name: "shots", kind: "shots", height: SMALL_ROW, bars: []});
  return rows;
}

/** Index of the first of ascending values that is not below. */
function firstFrom(values, low) {
  let from = 0, to = values.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (values[middle] < low) from = middle + 1;
    else to = middle;
  }
  return from;
}

class LanePainter {
  constructor(rows, colours, selected) {
    Object.assign(this, {rows, colours, selected});
    this.height = rows.reduce((sum, row) => sum + row.height, 0);
  }

  /** Draw into a plot of uPlot, whose canvas has device pixels. */
  draw(plot) {
    const {ctx} = plot, ratio = devicePixelRatio, {left, top, width, height} = plot.bbox;
    ctx.save();
    ctx.textBaseline = "middle";
    ctx.font = `${12 * ratio}px system-ui, sans-serif`;
    let y = top;
    for (const row of this.rows) {
      ctx.fillStyle = this.colours.quiet;
      ctx.textAlign = "right";
      ctx.fillText(shortened(ctx, row.name, left - 8 * ratio), left - 6 * ratio, y + (row.height * ratio) / 2);
      ctx.textAlign = "left";
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, top, width, height);
      ctx.clip();
      if (row.kind === "shots") this.drawShots(plot, y, row.height * ratio);
      else for (const bar of row.bars) this.drawBar(plot, row, bar, y);
      ctx.restore();
      y += row.height * ratio;
    }
    ctx.restore();
  }

  drawShots(plot, y, height) {
    const {ctx} = plot, {min, max} = plot.scales.x, {shots} = pageData;
    const first = firstFrom(shots, min), last = firstFrom(shots, max);
    const step = Math.max(1, Math.floor((last - first) / 1500));
    ctx.fillStyle = this.colours.quiet;
    for (let k = first; k < last; k += step) ctx.fillRect(plot.valToPos(shots[k], "x", true), y + 2, devicePixelRatio, height - 4);
  }

  drawBar(plot, row, bar, y) {
    const {ctx} = plot, ratio = devicePixelRatio, {min, max} = plot.scales.x;
    if (bar.end < min || bar.start > max) return;
    const left = plot.valToPos(Math.max(bar.start, min - 1), "x", true);
    const right = plot.valToPos(Math.min(bar.end, max + 1), "x", true);
    const width = Math.max(right - left, ratio), top = y + ratio, height = row.height * ratio - 2 * ratio;
    const isSelected = bar.item && bar.item === this.selected();
    ctx.fillStyle = this.colours[{cue: "accent", unknown: "quiet"}[row.kind] || "line"];
    ctx.globalAlpha = bar.verdict === "wrong" ? 0.08 : row.kind === "cue" ? 0.12 + 0.38 * bar.strength ** 2 : row.kind === "unknown" ? 0.35 : 0.7;
    ctx.fillRect(left, top, width, height);
    ctx.globalAlpha = 1;
    const edge = {right: "good", wrong: "bad", changed: "text", missed: "text"}[bar.verdict];
    if (edge || isSelected) {
      ctx.strokeStyle = this.colours[isSelected ? "text" : edge];
      ctx.lineWidth = (isSelected ? 2.5 : 1.5) * ratio;
      ctx.setLineDash(bar.verdict === "wrong" ? [4 * ratio, 3 * ratio] : []);
      ctx.strokeRect(left + ratio, top + ratio / 2, Math.max(width - 2 * ratio, 1), height - ratio);
      ctx.setLineDash([]);
    }
    const from = Math.max(left, plot.bbox.left) + 4 * ratio, room = right - from - 4 * ratio;
    if (!bar.text || room < 14 * ratio) return;
    ctx.fillStyle = this.colours.text;
    const text = shortened(ctx, bar.text, room);
    ctx.fillText(text, from, top + height / 2);
    if (bar.verdict === "wrong") ctx.fillRect(from, top + height / 2, ctx.measureText(text).width, ratio);
  }

  /** The bar of a cue at a point: seconds, and pixels from the top. */
  cueAt(time, y, slack) {
    let top = 0;
    for (const row of this.rows) {
      if (row.kind === "cue" && y >= top && y < top + row.height) {
        return row.bars.find(bar => time >= bar.start - slack && time <= bar.end + slack);
      }
      top += row.height;
    }
    return undefined;
  }
}

/** A text cut to a width in device pixels. */
function shortened(ctx, text, width) {
  if (!text || ctx.measureText(text).width <= width) return text;
  let low = 0, high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (ctx.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return low ? `${text.slice(0, low)}…` : "";
}
