// Hands tasks to the worker and returns what it makes of them.

const worker = new Worker(new URL("work.js", import.meta.url), { type: "module" });

/** @type {Map<number, {resolve: (result: any) => void, reject: (error: Error) => void}>} */
const waiting = new Map();
let last = 0;

worker.addEventListener("message", (event) => {
  const { id, result, error } = /** @type {{id: number, result: unknown, error?: string}} */ (event.data);
  const { resolve, reject } = waiting.get(id) ?? { resolve: () => undefined, reject: () => undefined };
  waiting.delete(id);
  if (error === undefined) resolve(result);
  else reject(new Error(error));
});

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
    worker.postMessage({ id, name, task });
  });
}
