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
// Terms: a pointer, the keyboard or a touch has them explained in a bubble; without this script their titles do.
const bubble = document.createElement("div");
bubble.id = "about";
bubble.setAttribute("role", "tooltip");
bubble.hidden = true;
document.body.append(bubble);
const hide = () => { bubble.hidden = true; };
let place = hide;
for (const term of document.querySelectorAll("abbr")) {
  const about = term.title;
  const holder = term.closest("button") ?? term;
  const show = () => {
    bubble.textContent = about;
    bubble.hidden = false;
    holder.setAttribute("aria-describedby", "about");
    place = () => {
      const { left, bottom, top } = term.getBoundingClientRect();
      const below = bottom + bubble.offsetHeight + 8 < innerHeight;
      bubble.style.left = `${Math.max(8, Math.min(left, innerWidth - bubble.offsetWidth - 8))}px`;
      bubble.style.top = `${below ? bottom + 4 : top - bubble.offsetHeight - 4}px`;
    };
    place();
  };
  term.removeAttribute("title");
  if (holder === term) term.tabIndex = 0;
  term.addEventListener("pointerenter", show);
  term.addEventListener("pointerleave", hide);
  holder.addEventListener("focus", show);
  holder.addEventListener("blur", hide);
}
addEventListener("keydown", (event) => event.key === "Escape" && hide());
addEventListener("scroll", () => bubble.hidden || place(), true);
