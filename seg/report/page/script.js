"use strict";
// The slider: from image over truth and probability to prediction.
const layers = ["image", "truth", "probability", "prediction"];
for (const slider of document.querySelectorAll(".see input")) {
  const show = () => {
    document.getElementById(slider.dataset.moves).style.setProperty("--see", slider.value);
    slider.setAttribute("aria-valuetext", layers[Math.round(slider.value)]);
  };
  slider.addEventListener("input", show);
  show();
}
// Tables: a click on a head sorts by its column, once more the other way round.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") !== "descending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const order = (one, other) => key(one).localeCompare(key(other), "en", { numeric: true });
      const byNumber = (one, other) => parseFloat(key(one)) - parseFloat(key(other));
      const rows = [...table.tBodies[0].rows].sort(column ? byNumber : order);
      table.tBodies[0].append(...(falling ? rows.reverse() : rows));
    });
  });
}
