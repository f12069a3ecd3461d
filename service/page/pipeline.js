// Sends one image at a time to the service: the boundary of each first, the cells of the one that is looked at, the rest.

import { inBackground } from "./background/call.js";
import { predict, ServiceError } from "./api.js";
import { isAnswered } from "./measure/preview.js";
import { parseTable } from "./measure/table.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./session.js").Item} Item */

/** Decoded images are kept up to so many pixels; the others are decoded again when they are looked at. */
const MOST_PX = 60e6;
const MOST_DRAWING_MS = 500;
const PAGES = /the file has (\d+) pages/;

/**
 * Work on the images of a session for as long as the page is open.
 * @param {Session} session
 */
export function startPipeline(session) {
  let busy = false;
  const run = async () => {
    if (busy) return;
    busy = true;
    for (let item = next(session); item; item = next(session)) {
      await step(session, item);
      await drawn();
    }
    busy = false;
  };
  session.on(["list", "current", "wake"], () => void run());
}

/** Wait until what is new has been drawn, so that nothing competes with it; a hidden page draws nothing. */
async function drawn() {
  const frame = new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  await Promise.race([frame, new Promise((resolve) => setTimeout(resolve, MOST_DRAWING_MS))]);
}

/**
 * Return the image to work on next, if any.
 * @param {Session} session
 * @returns {Item | undefined}
 */
function next({ items, current }) {
  const unfinished = (/** @type {Item} */ item) => ["waiting", "shown"].includes(item.status) || lacksDecoded(item, current);
  if (current && unfinished(current)) return current;
  return items.find((item) => item.status === "waiting") ?? items.find((item) => item.status === "shown");
}

/**
 * @param {Item} item
 * @param {Item | null} current
 */
function lacksDecoded(item, current) {
  return item === current && item.status === "ready" && (!item.view || !item.found);
}

/**
 * @param {Session} session
 * @param {Item} item
 */
async function step(session, item) {
  const options = JSON.stringify(item.options);
  const leave = new AbortController();
  const changed = () => session.items.includes(item) && options === JSON.stringify(item.options) ? undefined : leave.abort();
  session.on(["list"], changed);
  try {
    await advance(session, item, leave.signal);
  } catch (error) {
    if (!leave.signal.aborted) fail(session, item, error);
  } finally {
    session.removeEventListener("list", changed);
  }
}

/**
 * Get the boundary, or where there is one, the cells.
 * @param {Session} session
 * @param {Item} item
 * @param {AbortSignal} signal
 */
async function advance(session, item, signal) {
  const first = item.status === "waiting";
  const tell = (/** @type {string} */ progress, ahead = 0) => {
    Object.assign(item, { progress, ahead });
    session.emit("change");
  };
  if (first) item.status = "working";
  const format = first ? "view" : "zip";
  const stored = first ? item.viewArchive : item.cellArchive;
  const archive = stored ?? (await ask(item, format, tell, signal));
  signal.throwIfAborted();
  if (first) item.viewArchive = archive;
  else item.cellArchive = archive;
  await decode(item);
  signal.throwIfAborted();
  item.progress = "";
  item.status = first ? "shown" : "ready";
  if (isAnswered(item)) item.preview = null;
  forgetOthers(session);
  session.emit("list");
  if (item === session.current) session.emit("current");
}

/**
 * @param {Item} item
 * @param {string} format
 * @param {(progress: string, ahead?: number) => void} tell
 * @param {AbortSignal} signal
 */
async function ask(item, format, tell, signal) {
  const answer = await predict(item.file, format, item.options, tell, signal);
  item.unlike = (answer.headers.get("X-Septum-Unlike") ?? "").split(", ").filter(Boolean);
  return new Uint8Array(await answer.arrayBuffer());
}

/**
 * Decode what has been answered, unless something else has been asked for meanwhile.
 * @param {Item} item
 */
async function decode(item) {
  const { viewArchive, cellArchive } = item;
  if (viewArchive && !item.view) {
    const view = await inBackground("readView", { archive: viewArchive });
    if (item.viewArchive !== viewArchive) return;
    item.view = view;
  }
  if (!cellArchive || item.found) return;
  const { labels, csv, pixelSize } = await inBackground("readCells", { archive: cellArchive });
  if (item.cellArchive !== cellArchive) return;
  item.found = { labels, table: parseTable(csv), pixelSize };
  item.cells = item.found.table.rows;
}

/**
 * Drop what was decoded of images that have not been looked at for longest.
 * @param {Session} session
 */
function forgetOthers({ items, current }) {
  let pixels = 0;
  for (const item of [...items].sort((one, other) => Number(other === current) - Number(one === current) || other.id - one.id)) {
    if (!item.view) continue;
    pixels += item.view.pictures[0].width * item.view.pictures[0].height;
    if (pixels <= MOST_PX || item === current) continue;
    for (const picture of [item.view.pictures, ...item.view.channels].flat()) picture.close();
    Object.assign(item, { view: null, found: null, preview: null });
  }
}

/**
 * @param {Session} session
 * @param {Item} item
 * @param {unknown} error
 */
function fail(session, item, error) {
  const known = error instanceof ServiceError ? error : new ServiceError("page_failed", String(error));
  const pages = PAGES.exec(known.message);
  if (known.code === "multi_page" && pages) {
    item.pages = Number(pages[1]);
    session.ask(item, { page: 0 });
    return;
  }
  item.status = "failed";
  item.progress = "";
  item.error = { code: known.code, message: known.message, requestId: known.requestId };
  session.emit("list");
  if (item === session.current) session.emit("current");
}
