// Hands tasks to the worker and returns what it makes of them.

/** @type {Map<number, {resolve: (result: any) => void, reject: (error: Error) => void}>} */
const waiting = new Map();
let last = 0;

/** @type {Worker | null} null where it could not be loaded, e.g. since the connection was lost */
let worker = start();

function start() {
  const begun = new Worker(new URL("work.js", import.meta.url), { type: "module" });
  begun.addEventListener("message", (event) => {
    const { id, result, error } = /** @type {{id: number, result: unknown, error?: string}} */ (event.data);
    const { resolve, reject } = waiting.get(id) ?? { resolve: () => undefined, reject: () => undefined };
    waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  });
  begun.addEventListener("error", () => {
    worker = null;
    for (const { reject } of waiting.values()) reject(new Error("the page is incomplete: reload it"));
    waiting.clear();
  });
  return begun;
}

/**
 * Do a task of work.js in the background.
 * @param {string} name
 * @param {Record<string, unknown>} task
 * @returns {Promise<any>}
 */
export function inBackground(name, task) {
  last += 1;
  const id = last;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker ??= start();
    worker.postMessage({ id, name, task });
  });
}
