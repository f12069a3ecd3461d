// Corrections that have not been saved, kept by the browser until they are.

import { Edit } from "./edit.js";

const STORE = "drafts";

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("septum", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} act
 * @returns {Promise<any>}
 */
async function withStore(mode, act) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const request = act(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
}

/**
 * @param {File} file
 * @param {number} page
 */
function keyOf(file, page) {
  return `${file.name}/${file.size}/${file.lastModified}/${page}`;
}

/**
 * Keep a correction; a browser that keeps nothing, as in a private window, is no error.
 * @param {File} file
 * @param {number} page
 * @param {Edit} edit
 */
export async function keepDraft(file, page, { width, height, data }) {
  await withStore("readwrite", (store) => store.put({ width, height, data }, keyOf(file, page))).catch(() => undefined);
}

/**
 * @param {File} file
 * @param {number} page
 * @returns {Promise<Edit | null>}
 */
export async function findDraft(file, page) {
  const found = await withStore("readonly", (store) => store.get(keyOf(file, page))).catch(() => undefined);
  if (!found) return null;
  const edit = new Edit(found.width, found.height, found.data);
  edit.unsaved = true;
  return edit;
}

/**
 * @param {File} file
 * @param {number} page
 */
export async function dropDraft(file, page) {
  await withStore("readwrite", (store) => store.delete(keyOf(file, page))).catch(() => undefined);
}
