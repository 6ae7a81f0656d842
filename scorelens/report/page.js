for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const value = (row, k) => row.cells[k].dataset.value ?? row.cells[k].textContent.trim();
  heads.forEach((head, k) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const order = (a, b) => value(a, k).localeCompare(value(b, k), "en", {numeric: true});
      const numbers = [...body.rows].every(row => value(row, k) === "–" || !isNaN(value(row, k)));
      const rank = row => (value(row, k) === "–" ? -Infinity : +value(row, k));
      const rows = [...body.rows].sort((a, b) => (numbers ? rank(a) - rank(b) || 0 : order(a, b)));
      body.append(...(up ? rows : rows.reverse()));
    });
  });
}
