// Requests to the service that serves the page.

const TOKEN = "septum-token";
const BUSY = new Set(["busy", "draining", "loading", "out_of_memory", "too_many_jobs", "too_many_requests"]);
const FOR_JOBS = new Set(["use_jobs", "timeout"]);
const MOST_TRIES = 120;

/**
 * @typedef {object} Options of a prediction
 * @property {number | null} page of a stack, from 0
 * @property {number | null} pixelSize in micrometers; null as the file says
 * @property {boolean | null} tta average over the turned and mirrored image; null as the model's scores were made
 * @property {string | null} decoder numbers that are not the model's own, as the service takes them
 * @property {number} [threshold]
 * @property {string} [model] tag; the served one if not given
 */

/** What the service refused, or that it cannot be reached (code "offline"). */
export class ServiceError extends Error {
  /**
   * @param {string} code for programs
   * @param {string} message in the words of the service
   * @param {string} requestId of its line in the log
   * @param {number} retryAfter in seconds
   */
  constructor(code, message, requestId = "", retryAfter = 1) {
    super(message);
    this.code = code;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

/** @type {(wrong: boolean) => Promise<string>} */
let askForToken = () => Promise.reject(new ServiceError("unauthorized", "a token is needed"));

/**
 * Say what asks the user for the token of the service.
 * @param {(wrong: boolean) => Promise<string>} ask
 */
export function onTokenNeeded(ask) {
  askForToken = ask;
}

/**
 * @param {string} [tag] of another model than the served one
 * @returns {Promise<Record<string, any>>} the model card
 */
export async function fetchModel(tag) {
  return (await request(tag === undefined ? "model" : `model?${new URLSearchParams({ model: tag })}`)).json();
}

/** @returns {Promise<Record<string, any>[]>} the models that can be asked for, the latest first */
export async function fetchModels() {
  return (await request("models")).json();
}

/** @returns {Promise<boolean>} whether the service answers at all */
export async function isReachable() {
  return send("livez", {}).then(() => true, () => false);
}

/**
 * Predict an image, by a job where it takes long; wait while the service is busy.
 * @param {Blob} file
 * @param {string} format
 * @param {Options} options
 * @param {(state: string, ahead?: number) => void} tell called with "sending", "busy", "waiting" or "running", and jobs before it
 * @param {AbortSignal} signal
 * @returns {Promise<Response>}
 */
export async function predict(file, format, options, tell, signal) {
  const query = new URLSearchParams({ format });
  if (options.tta !== null) query.set("tta", String(options.tta));
  if (options.page !== null) query.set("page", String(options.page));
  if (options.pixelSize !== null) query.set("pixel_size_um", String(options.pixelSize));
  if (options.decoder !== null) query.set("decoder", options.decoder);
  if (options.model !== undefined) query.set("model", options.model);
  if (options.threshold !== undefined) query.set("threshold", String(options.threshold));
  tell("sending");
  const sent = { method: "POST", body: file, signal };
  try {
    return await persist(() => request(`predict?${query}`, sent), tell, signal);
  } catch (error) {
    if (!(error instanceof ServiceError && FOR_JOBS.has(error.code))) throw error;
  }
  const job = await (await persist(() => request(`jobs?${query}`, sent), tell, signal)).json();
  return finish(job.url, tell, signal);
}

/**
 * @param {string} url of a job
 * @param {(state: string, ahead?: number) => void} tell
 * @param {AbortSignal} signal
 * @returns {Promise<Response>}
 */
async function finish(url, tell, signal) {
  const path = url.replace(/^\//, "");
  signal.addEventListener("abort", () => void request(path, { method: "DELETE" }).catch(() => undefined));
  for (;;) {
    const answer = await request(path, { signal });
    if (answer.status === 200) return answer;
    const { status, ahead } = await answer.json();
    tell(status, ahead);
    await pause(Number(answer.headers.get("Retry-After") ?? 1), signal);
  }
}

/**
 * Repeat a request while the service is busy.
 * @param {() => Promise<Response>} attempt
 * @param {(state: string) => void} tell
 * @param {AbortSignal} signal
 */
async function persist(attempt, tell, signal) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ServiceError && BUSY.has(error.code)) || tries === MOST_TRIES) throw error;
      tell("busy");
      await pause(error.retryAfter, signal);
    }
  }
}

/**
 * @param {string} path relative to the page
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 */
async function request(path, init = {}) {
  const answer = await send(path, init);
  if (answer.status !== 401) return checked(answer);
  const wrong = sessionStorage.getItem(TOKEN) !== null;
  sessionStorage.setItem(TOKEN, await askForToken(wrong));
  return request(path, init);
}

/**
 * @param {string} path
 * @param {RequestInit} init
 */
async function send(path, init) {
  const token = sessionStorage.getItem(TOKEN);
  /** @type {Record<string, string>} */
  const headers = token === null ? {} : { Authorization: `Bearer ${asLatin(token)}` };
  try {
    return await fetch(new URL(path, document.baseURI), { ...init, headers, cache: "no-store" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ServiceError("offline", "the service cannot be reached");
  }
}

/** @param {Response} answer */
async function checked(answer) {
  if (answer.ok) return answer;
  const { error } = await answer.json().catch(() => ({ error: {} }));
  throw new ServiceError(
    error?.code ?? "internal_error",
    error?.message ?? `the service answered ${answer.status}`,
    answer.headers.get("X-Request-ID") ?? "",
    Number(answer.headers.get("Retry-After") ?? 1),
  );
}

/**
 * Return a header's text whose characters are the bytes of UTF-8, as the service compares them.
 * @param {string} token
 */
function asLatin(token) {
  return String.fromCharCode(...new TextEncoder().encode(token));
}

/**
 * @param {number} seconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
