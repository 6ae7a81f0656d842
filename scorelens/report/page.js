"use strict";
// The report: tables sort, sections fold, the menu follows the reader.

/** The text that a cell is sorted by: its `data-value`, or its text without small print. */
const text = cell => cell.dataset.value
  ?? [...cell.childNodes].filter(node => node.nodeName !== "SMALL").map(node => node.textContent).join("").trim();
/** The number of a text such as "0.62", "+3", "43%" or "< 0.001"; NaN if it is another text. */
const number = value => Number(value.replace(/^< /, "").replace("%", "").replace(/,/g, "").split(/[\s(±]/)[0] || NaN);
const isMissing = value => value === "" || value === "–" || value === "nan";

function sort(table, column, ascending) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map(row => ({row, value: text(row.cells[column])}));
  const known = rows.filter(({value}) => !isMissing(value));
  const numeric = known.every(({value}) => !isNaN(number(value)));
  const compare = numeric
    ? (a, b) => number(a.value) - number(b.value)
    : (a, b) => a.value.localeCompare(b.value, "en", {numeric: true});
  known.sort((a, b) => (ascending ? compare(a, b) : compare(b, a)));
  // What is missing stays below in both directions.
  body.append(...[...known, ...rows.filter(({value}) => isMissing(value))].map(({row}) => row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sort(table, column, ascending);
    });
  });
}

// Folding: a link into a folded section unfolds it; paper shows everything.
const folds = [...document.querySelectorAll("main details.fold")];
const inner = [...document.querySelectorAll("main details")];
const setAll = open => folds.forEach(fold => { fold.open = open; });
document.getElementById("fold").addEventListener("click", () => setAll(false));
document.getElementById("unfold").addEventListener("click", () => setAll(true));
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  const details = target.querySelector("details.fold") ?? target.closest("details");
  if (details) details.open = true;
  const outer = details?.parentElement.closest("details");
  if (outer) outer.open = true;
  target.scrollIntoView();
}
window.addEventListener("hashchange", reveal);
if (location.hash) reveal();
let folded = [];
window.addEventListener("beforeprint", () => {
  folded = inner.filter(details => !details.open);
  folded.forEach(details => { details.open = true; });
});
window.addEventListener("afterprint", () => folded.forEach(details => { details.open = false; }));

// The menu: open beside the text, folded above it on a narrow screen.
const menu = document.getElementById("menu");
const narrow = window.matchMedia("(max-width: 60rem)");
const place = () => { menu.open = !narrow.matches; };
narrow.addEventListener("change", place);
place();
const links = new Map([...menu.querySelectorAll("a[href^='#']")].map(link => [link.hash.slice(1), link]));
for (const link of links.values()) {
  link.addEventListener("click", () => {
    if (narrow.matches) menu.open = false;
    if (link.hash === location.hash) reveal();
  });
}
const places = [...links.keys()].map(id => document.getElementById(id));
function follow() {
  const {scrollY, innerHeight} = window;
  const isEnd = scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
  const passed = places.filter(place => place.getBoundingClientRect().top < 0.2 * innerHeight);
  const current = (isEnd ? places : passed).at(-1) ?? places[0];
  links.forEach((link, id) => {
    if (id === current.id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  });
}
window.addEventListener("scroll", follow, {passive: true});
follow();

// What scrolls sideways can be reached, and so scrolled, by keyboard.
const scrollers = [...document.querySelectorAll(".scroll")];
const mark = () => {
  for (const box of scrollers) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
window.addEventListener("resize", mark);
mark();
