"use strict";
// The time line: panes of uPlot over one range of film time, and the play head.

const EDGE = 7; // pixels within which a press takes hold of an edge
const POINTS = 500; // of a line in sight, at most: each is the mean of its seconds
const PANE = 84; // height of a pane of curves, pixels
const PRINTED = 680; // width on paper, pixels: fits A4 and Letter; a canvas is not laid out anew there
const HUES = ["#0072b2", "#d55e00", "#009e73", "#c0569a", "#8a6d00", "#3a9bdc", "#7d55c7", "#8c564b"];
const DARK_HUES = ["#56b4e9", "#ff9a5c", "#4fcf9f", "#e3a0c6", "#d9c04a", "#9fc5ff", "#b79cf2", "#c9a08e"];
const dark = matchMedia("screen and (prefers-color-scheme: dark)"), print = matchMedia("print");
const DECIBELS = {label: "loudness, dB", unit: " dB", range: [-60, 0], splits: [-60, -30, 0]};
const SHARES = {unit: "", range: [0, 1], splits: [0, 0.5, 1]};

/** What the run measured, as panes: {label, range, splits, names, times, lines}. */
function panes() {
  const {series, genres, film} = pageData, seconds = Math.ceil(film.length);
  const times = Array.from({length: seconds}, (_, second) => second + 0.5);
  const line = name => {
    const {low, high, bytes} = series[name], step = (high - low) / 254;
    return Array.from(bytesOf(bytes), code => (code ? low + (code - 1) * step : null));
  };
  const groups = [
    [{...DECIBELS}, {music_db: "music of the cue", rest_db: "everything else"}],
    [{...SHARES, label: "sound"}, {music: "music", speech: "speech"}],
    [{...SHARES, label: "picture"}, {brightness: "brightness"}],
    [{label: "tempo, BPM", unit: " BPM", range: [40, 200], splits: [40, 120, 200]}, {tempo: "tempo"}],
  ];
  const made = groups.flatMap(([pane, names]) => {
    const there = Object.keys(names).filter(name => series[name]);
    return there.length ? [{...pane, readings: [], names: there.map(name => names[name]), times, lines: there.map(line)}] : [];
  });
  if (genres && genres.spans.length) made.push({...SHARES, isStepped: true, label: "genre", readings: [], names: genres.names, ...genreLines(genres)});
  return made;
}

/** The part of a pane from `low` to `high`, averaged to `POINTS` points at most: arrays for uPlot. */
function averaged({times, lines, isStepped}, low, high) {
  if (isStepped) return [times, ...lines];
  const width = Math.max(1, Math.ceil((high - low) / POINTS));
  // Bins lie on multiples of their width, so that a line does not flicker while it moves.
  const first = Math.max(0, Math.floor(low / width) - 1), last = Math.min(Math.ceil(times.length / width), Math.ceil(high / width) + 1);
  const bins = Array.from({length: Math.max(0, last - first)}, (_, bin) => (first + bin) * width);
  const mean = line => bins.map(from => {
    let sum = 0, count = 0;
    for (let second = from; second < from + width && second < line.length; second++) {
      if (line[second] !== null) (sum += line[second]), count++;
    }
    return count ? sum / count : null;
  });
  return [bins.map(from => from + width / 2), ...lines.map(mean)];
}

/** Steps over the cues; where cues overlap the earlier one counts. */
function genreLines({names, spans}) {
  const times = [], lines = names.map(() => []);
  const add = (time, values) => {
    times.push(time);
    lines.forEach((line, k) => line.push(values ? values[k] : null));
  };
  let before = -1;
  for (const [from, end, values] of spans.toSorted((a, b) => a[0] - b[0])) {
    const start = Math.max(from, before + 0.001);
    if (end <= start) continue;
    add(start, values);
    add(end, values);
    add(end + 0.0005, null);
    before = end + 0.0005;
  }
  return {times, lines};
}

class Timeline {
  constructor(folder, verdicts, player, actions) {
    Object.assign(this, {folder, verdicts, player, actions, plots: [], selected: null});
    this.length = pageData.film.length;
    this.range = [0, this.length];
    this.panes = panes();
    this.head = make("div", {class: "play-head"});
    this.build();
    new ResizeObserver(() => this.resize()).observe(folder);
    for (const media of [dark, print]) media.addEventListener("change", () => this.build());
    folder.addEventListener("wheel", event => this.wheel(event), {passive: false});
  }

  get gutter() {
    return this.width < 560 ? 46 : 84;
  }

  build() {
    this.width = print.matches ? PRINTED : Math.max(this.folder.clientWidth, 200);
    for (const plot of this.plots) plot.destroy();
    const style = getComputedStyle(document.documentElement);
    this.colours = Object.fromEntries(
      ["text", "quiet", "page", "panel", "line", "accent", "good", "bad"].map(name => [name, style.getPropertyValue(`--${name}`).trim()])
    );
    this.folder.replaceChildren(this.head);
    this.painter = new LanePainter(laneRows(this.verdicts), this.colours, () => this.selected);
    this.plots = [this.lanePlot(), ...this.panes.map(pane => this.panePlot(pane))];
    this.show(...this.range);
    this.moveHead();
  }

  options(height, axes, series, scales, more = {}) {
    const pad = axes.length && axes[0].show === false ? 8 : 0; // room for the outer labels of a pane
    return {
      width: this.width, height, padding: [pad, 8, pad, 0], legend: {show: false}, axes, series,
      scales: {x: {time: false, range: () => this.range}, ...scales},
      cursor: {y: false, points: {show: false}, sync: {key: "desk", setSeries: false}, drag: {x: true, y: false, setScale: false, dist: 4}, ...more.cursor},
      hooks: {setSelect: [plot => this.zoomToSelection(plot)], ...more.hooks},
    };
  }

  timeAxis() {
    const {quiet, line} = this.colours, decimals = () => (this.range[1] - this.range[0] < 10 ? 1 : 0);
    const label = values => values.map(value => clock(value, decimals()));
    return {side: 0, size: 26, space: 84, stroke: quiet, grid: {stroke: line, width: 1}, ticks: {show: false}, values: (plot, values) => label(values), incrs: [0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600]};
  }

  lanePlot() {
    const mousedown = (plot, target, handler) => event => this.press(plot, event, handler);
    const dblclick = () => () => this.show(0, this.length);
    const plot = new uPlot(
      this.options(this.painter.height + 26, [this.timeAxis(), {size: this.gutter, values: () => [], grid: {show: false}, ticks: {show: false}}],
        [{}, {show: false}], {y: {range: [0, 1]}},
        {cursor: {bind: {mousedown, dblclick}}, hooks: {draw: [drawn => this.painter.draw(drawn)]}}),
      [[0, this.length], [null, null]], this.folder
    );
    plot.over.addEventListener("mousemove", event => {
      plot.over.style.cursor = this.edgeAt(plot, event) ? "ew-resize" : "default";
    });
    return plot;
  }

  panePlot(pane) {
    const {quiet, line} = this.colours;
    const hues = dark.matches ? DARK_HUES : HUES, hue = k => hues[k % hues.length];
    const names = pane.names.map((name, k) => {
      const swatch = make("i");
      swatch.style.background = hue(k);
      pane.readings[k] = make("b");
      return make("span", {}, swatch, name, " ", pane.readings[k]);
    });
    this.folder.append(make("p", {class: "pane-label"}, make("strong", {}, pane.label), ...names));
    const axes = [
      {show: false},
      {size: this.gutter, stroke: quiet, grid: {stroke: line, width: 1}, ticks: {show: false}, splits: () => pane.splits},
    ];
    const series = pane.names.map((name, k) => ({stroke: hue(k), width: 1.5, spanGaps: false, points: {show: false}}));
    const dblclick = () => () => this.show(0, this.length);
    const mousedown = (plot, target, handler) => event => this.press(plot, event, handler);
    return new uPlot(this.options(PANE, axes, [{}, ...series], {y: {range: pane.range}}, {cursor: {bind: {dblclick, mousedown}}}),
      averaged(pane, ...this.range), this.folder);
  }

  /** The selected cue's edge under the pointer: `start`, `end` or undefined. */
  edgeAt(plot, event) {
    if (!this.selected || plot !== this.plots[0]) return undefined;
    const box = plot.over.getBoundingClientRect(), x = event.clientX - box.left, spot = spotOf(this.selected);
    const bar = this.painter.cueAt(plot.posToVal(x, "x"), event.clientY - box.top, (EDGE * (this.range[1] - this.range[0])) / box.width);
    if (!bar || bar.item !== this.selected) return undefined;
    const near = name => Math.abs(plot.valToPos(spot[name], "x") - x) <= EDGE;
    return near("start") ? "start" : near("end") ? "end" : undefined;
  }

  press(plot, event, zoom) {
    if (event.button !== 0) return;
    const edge = this.edgeAt(plot, event), box = plot.over.getBoundingClientRect();
    const timeOf = moved => Math.min(Math.max(0, plot.posToVal(moved.clientX - box.left, "x")), this.length);
    if (!edge) zoom(event);
    const release = up => {
      removeEventListener("mouseup", release);
      const isClick = Math.abs(up.clientX - event.clientX) < 4;
      if (edge && !isClick) this.actions.moveEdge(edge, timeOf(up));
      else if (!edge && isClick) this.click(plot, up, timeOf(up));
    };
    addEventListener("mouseup", release);
  }

  click(plot, event, time) {
    const y = event.clientY - plot.over.getBoundingClientRect().top;
    const bar = plot === this.plots[0] ? this.painter.cueAt(time, y, 0) : undefined;
    if (bar) this.actions.select(bar.item);
    this.player.seek(time);
  }

  zoomToSelection(plot) {
    const {left, width} = plot.select;
    if (width < 4) return;
    const from = plot.posToVal(left, "x"), to = plot.posToVal(left + width, "x");
    plot.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
    this.show(from, to);
  }

  wheel(event) {
    const span = this.range[1] - this.range[0], along = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey) {
      const box = this.plots[0].over.getBoundingClientRect(), share = (event.clientX - box.left) / box.width;
      this.zoom(Math.exp(Math.min(Math.max(event.deltaY, -120), 120) / 300), this.range[0] + span * share);
    } else if (Math.abs(along) > (event.shiftKey ? 0 : Math.abs(event.deltaY))) this.pan((along / 800) * span);
    else return;
    event.preventDefault();
  }

  zoom(factor, around = this.player.time) {
    const [low, high] = this.range, center = around < low || around > high ? (low + high) / 2 : around;
    this.show(center - (center - low) * factor, center + (high - center) * factor);
  }

  pan(seconds) {
    this.show(this.range[0] + seconds, this.range[1] + seconds);
  }

  /** Show a range of film time, moved and cut to the film. */
  show(from, to) {
    const span = Math.min(Math.max(to - from, Math.min(2, this.length)), this.length);
    const low = Math.min(Math.max((from + to - span) / 2, 0), this.length - span);
    this.range = [low, low + span];
    this.moveHead();
    this.actions.ranged(this.range);
    // Once a frame, however many events call for it.
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = null;
    const [min, max] = this.range, [lanes, ...plots] = this.plots;
    lanes.setScale("x", {min, max});
    plots.forEach((plot, k) => plot.setData(averaged(this.panes[k], min, max)));
  }

  /** Show a stretch with something around it, unless it is in sight and not tiny. */
  reveal(spot) {
    const [low, high] = this.range, span = spot.end - spot.start;
    const inSight = spot.start >= low && spot.end <= high && span > (high - low) / 20;
    if (!inSight) this.show(spot.start - 1.5 * span - 5, spot.end + 1.5 * span + 5);
  }

  /** Draw the cues anew; their lanes may have changed. */
  update(selected) {
    this.selected = selected;
    const height = this.painter.height;
    this.painter = new LanePainter(laneRows(this.verdicts), this.colours, () => this.selected);
    if (this.painter.height === height) this.plots[0].redraw(false);
    else this.build();
  }

  resize() {
    const width = this.folder.clientWidth;
    if (width && Math.max(width, 200) !== this.width && !print.matches) this.build();
  }

  moveHead() {
    const {time} = this.player, [low, high] = this.range, plot = this.plots[0];
    const share = (time - low) / (high - low);
    this.head.hidden = share < 0 || share > 1;
    if (plot) this.head.style.transform = `translateX(${plot.over.offsetLeft + share * plot.over.clientWidth}px)`;
    for (const pane of this.panes) this.read(pane, time);
  }

  /** Values at the play head. */
  read(pane, time) {
    const index = firstFrom(pane.times, pane.isStepped ? time : Math.floor(time));
    const isGap = pane.isStepped && pane.times[index] > time + 0.002 && (pane.lines[0][index - 1] ?? null) === null;
    pane.names.forEach((_, k) => {
      const value = isGap ? null : pane.lines[k][index] ?? null;
      const text = value === null ? "" : pane.range[1] === 1 ? percent(value) : `${Math.round(value)}${pane.unit}`;
      if (pane.readings[k].textContent !== text) pane.readings[k].textContent = text;
    });
  }

  /** Follow the play head while the film plays. */
  follow() {
    const {time} = this.player, [low, high] = this.range;
    if (time > high || time < low) this.show(time - 0.05 * (high - low), time + 0.95 * (high - low));
    else this.moveHead();
  }
}
