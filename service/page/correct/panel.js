// The tab Correct: tools, undo, drafts, saving.

import { byId, debounce } from "../dom.js";
import { text } from "../language.js";
import { offerFile } from "../download.js";
import { boundaryCode } from "../viewer/raster.js";
import { editOf } from "../session.js";
import { dropDraft, findDraft, keepDraft } from "./draft.js";
import { Edit } from "./edit.js";
import { packCorrections } from "./save.js";
import { startShortcuts } from "./shortcuts.js";
import { Stroke } from "./tools.js";

/** @typedef {import("../session.js").Session} Session @typedef {import("../session.js").Item} Item */
/** @typedef {import("./tools.js").ToolName} ToolName */
/** @typedef {import("./strokes.js").Place} Place */

/** Lets the user correct the boundary of the image that is looked at. */
export class CorrectPanel {
  /**
   * @param {Session} session
   * @param {(message: string) => void} announce
   */
  constructor(session, announce) {
    this.#session = session;
    this.#announce = announce;
    byId("undo").addEventListener("click", () => this.#step("undo"));
    byId("redo").addEventListener("click", () => this.#step("redo"));
    byId("include").addEventListener("click", () => this.#include());
    byId("start-over").addEventListener("click", () => void this.#startOver());
    byId("save").addEventListener("click", () => void this.#save());
    this.#brush.addEventListener("input", () => this.#showBrush());
    byId("tools").addEventListener("change", () => this.#changed());
    startShortcuts({
      active: () => this.active,
      step: (which) => this.#step(which),
      resize: (by) => this.#resizeBrush(by),
    });
    window.addEventListener("beforeunload", (event) => this.unsaved() && event.preventDefault());
    session.on(["current"], () => void this.#open());
    this.#showBrush();
  }

  #session;
  #announce;
  #brush = /** @type {HTMLInputElement} */ (byId("brush"));
  /** @type {Stroke | null} */
  #stroke = null;
  /** @type {Place | null} where the last stroke ended */
  #last = null;
  /** @type {Set<string>} images whose draft has been looked for */
  #asked = new Set();
  /** Whether the tab is open. */
  active = false;
  #keep = debounce(400, (/** @type {Item} */ item, /** @type {number} */ page, /** @type {Edit} */ edit) => void keepDraft(item.file, page, edit));

  /** @returns {ToolName | "move"} */
  get tool() {
    const chosen = /** @type {HTMLInputElement | null} */ (document.querySelector("#tools input:checked"));
    return /** @type {ToolName | "move"} */ (chosen?.value ?? "move");
  }

  /** The diameter of the brush, in pixels of the image. */
  get diameter() {
    return Number(this.#brush.value);
  }

  /** The diameter of what the tool covers; strokes that cut or join have none. */
  get shownDiameter() {
    return ["draw", "erase", "void"].includes(this.tool) ? this.diameter : 1;
  }

  /** Whether a drag over the picture is a stroke. */
  drawing() {
    return this.active && this.tool !== "move" && Boolean(this.#session.current?.view);
  }

  /** Whether corrections would be lost. */
  unsaved() {
    return this.#session.items.some((item) => [...item.edits.values()].some((edit) => edit.unsaved));
  }

  /**
   * @param {Place} place
   * @param {"start" | "move" | "end" | "cancel"} phase
   * @param {boolean} straight join with the end of the last stroke by a line
   */
  stroke(place, phase, straight) {
    if (phase === "start") this.#begin(place, straight);
    else if (phase === "move") this.#stroke?.move(place);
    else this.#finish(place, phase);
    this.#session.emit("change");
  }

  /** Show what can be done. */
  show() {
    const item = this.#session.current;
    const edit = item && editOf(item);
    /** @type {HTMLButtonElement} */ (byId("undo")).disabled = !edit?.canUndo;
    /** @type {HTMLButtonElement} */ (byId("redo")).disabled = !edit?.canRedo;
    /** @type {HTMLButtonElement} */ (byId("start-over")).disabled = !edit;
    /** @type {HTMLButtonElement} */ (byId("include")).disabled = Boolean(edit) || !item?.view;
    const count = this.#session.items.reduce((sum, each) => sum + each.edits.size, 0);
    /** @type {HTMLButtonElement} */ (byId("save")).disabled = count === 0;
    byId("save").textContent = count ? text("correct.save", { count }) : text("correct.save_none");
    byId("tool-about").textContent = text(`tool.${this.tool}.about`);
    byId("correct-state").textContent = edit ? text(edit.unsaved ? "correct.unsaved" : "correct.saved") : text("correct.untouched");
  }

  /**
   * @param {Place} place
   * @param {boolean} straight
   */
  #begin(place, straight) {
    const item = this.#session.current;
    if (!item?.view || this.tool === "move") return;
    const edit = editOf(item) ?? this.#newEdit(item);
    this.#stroke = new Stroke(edit, this.tool, this.diameter, straight && this.#last ? this.#last : place);
    this.#stroke.move(place);
  }

  /**
   * @param {Place} place
   * @param {"end" | "cancel"} phase
   */
  #finish(place, phase) {
    if (phase === "end") this.#stroke?.end();
    else this.#stroke?.cancel();
    this.#stroke = null;
    this.#last = place;
    this.#changed();
  }

  /** @param {Item} item */
  #newEdit(item) {
    const [{ width, height, data }] = item.view?.probability ?? [{ width: 0, height: 0, data: new Uint16Array() }];
    const code = boundaryCode(this.#session.thresholdOf(item));
    return this.#adopt(item, new Edit(width, height, Uint8Array.from(data, (each) => Number(each >= code))));
  }

  /**
   * @param {Item} item
   * @param {Edit} edit
   */
  #adopt(item, edit) {
    edit.archive = item.viewArchive;
    item.edits.set(item.options.page ?? 0, edit);
    return edit;
  }

  #changed() {
    const item = this.#session.current;
    const edit = item && editOf(item);
    if (item && edit) this.#keep(item, item.options.page ?? 0, edit);
    this.show();
    this.#session.emit("change");
  }

  /** @param {"undo" | "redo"} which */
  #step(which) {
    const item = this.#session.current;
    (item && editOf(item))?.[which]();
    this.#changed();
  }

  /** Take the prediction as it is into the archive. */
  #include() {
    const item = this.#session.current;
    if (!item?.view || editOf(item)) return;
    this.#newEdit(item).unsaved = true;
    this.#changed();
  }

  async #startOver() {
    const item = this.#session.current;
    if (!item || !window.confirm(text("correct.confirm"))) return;
    item.edits.delete(item.options.page ?? 0);
    await dropDraft(item.file, item.options.page ?? 0);
    this.#changed();
  }

  /** Bring back the draft of an image that was corrected before. */
  async #open() {
    this.show();
    const item = this.#session.current;
    const page = item?.options.page ?? 0;
    if (!item?.view || this.#asked.has(`${item.id}/${page}`)) return;
    this.#asked.add(`${item.id}/${page}`);
    const draft = await findDraft(item.file, page);
    const [level] = item.view?.probability ?? [];
    if (!draft || item.edits.has(page) || draft.width !== level?.width || draft.height !== level.height) return;
    this.#adopt(item, draft);
    this.#announce(text("correct.restored", { name: item.name }));
    this.show();
    this.#session.emit("change");
  }

  async #save() {
    const items = this.#session.items.filter((item) => item.edits.size);
    offerFile(await packCorrections(items, this.#session.model?.input.channels), "corrections.zip", "application/zip");
    for (const item of items) {
      for (const [page, edit] of item.edits) {
        edit.unsaved = false;
        await dropDraft(item.file, page);
      }
    }
    this.show();
  }

  /** @param {number} by pixels */
  #resizeBrush(by) {
    this.#brush.value = String(this.diameter + by);
    this.#showBrush();
  }

  #showBrush() {
    byId("brush-value").textContent = `${this.diameter} px`;
    this.#session.emit("change");
  }
}
