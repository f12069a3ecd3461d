// How images come in: dropped, picked, pasted, or the sample.

import { byId } from "../dom.js";

/** @typedef {import("../session.js").Session} Session */

const IMAGE = /\.(png|jpe?g|tiff?)$/i;

/**
 * Take images from all of the ways in.
 * @param {Session} session
 * @param {(names: string[]) => void} refuse called with the names of files that are no images
 */
export function startIntake(session, refuse) {
  const picker = /** @type {HTMLInputElement} */ (byId("picker"));
  const take = (/** @type {File[]} */ files) => {
    const images = files.filter((file) => IMAGE.test(file.name) || file.type.startsWith("image/"));
    const others = files.filter((file) => !images.includes(file)).map((file) => file.name);
    if (others.length) refuse(others);
    if (images.length) session.add(images);
  };
  picker.addEventListener("change", () => {
    take([...(picker.files ?? [])]);
    picker.value = "";
  });
  for (const id of ["pick", "add"]) byId(id).addEventListener("click", () => picker.click());
  byId("sample").addEventListener("click", () => void sample().then((file) => take([file])));
  listenToDrops(take);
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) take(files);
  });
}

/** @param {(files: File[]) => void} take */
function listenToDrops(take) {
  const carriesFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  const mark = (/** @type {boolean} */ over) => document.body.classList.toggle("dropping", over);
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && mark(false));
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    mark(false);
    take([...(event.dataTransfer?.files ?? [])]);
  });
}

/** @returns {Promise<File>} */
async function sample() {
  const answer = await fetch(new URL("../sample.png", import.meta.url));
  return new File([await answer.blob()], "sample.png", { type: "image/png", lastModified: 0 });
}
