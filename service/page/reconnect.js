// Images that were lost on the way to the service are sent again once it answers.

import { isReachable } from "./api.js";

/** @typedef {import("./session.js").Session} Session */

const LOOK_MS = 3000;

/**
 * Watch for the service to come back. The browser tells that a network is there, often before it is, and nothing of the service.
 * @param {Session} session
 */
export function startReconnecting(session) {
  let away = false;
  const look = async () => {
    if (lost(session).length === 0) return;
    if (!(await isReachable())) away = true;
    else if (away) {
      away = false;
      for (const item of lost(session)) session.retry(item);
    }
  };
  window.addEventListener("online", () => {
    away = true;
    void look();
  });
  setInterval(() => void look(), LOOK_MS);
}

/** @param {Session} session */
function lost(session) {
  return session.items.filter((item) => item.error?.code === "offline");
}
