/**
 * The trust file, pinned on first use and compared ever after: a changed one is an alarm, never a refresh.
 *
 * Whoever could change this file could make everything verify. So the first one that this browser saw is kept, and
 * another is believed only after a person has said so, digest in hand. `settle` is the only way to replace the kept one.
 */

import { base64, equal, hex, sha256, unbase64 } from "./bytes.js";
import { parse } from "./json.js";

/** @typedef {{getItem(name: string): string | null, setItem(name: string, value: string): void}} Store as localStorage */
/** @typedef {{file: Uint8Array, digest: string, since: string}} Pinned `digest`: SHA-256; `since`: the day, ISO 8601 */
/**
 * @typedef {object} Comparison what became of the file that was offered
 * @property {"first" | "same" | "kept" | "changed" | "none"} state `kept`: nothing was offered; `none`: and nothing is kept
 * @property {Pinned | null} pinned
 * @property {Pinned | null} offered where it is another one
 * @property {string[]} fields that differ, where both can be read
 */

const PLACE = "credit-ledger-trust";

/** What is kept; null if nothing is. What cannot be read counts as a change, never as nothing.
 *  @param {Store} store @returns {Promise<Pinned | null>} */
export async function pinnedIn(store) {
  const kept = store.getItem(PLACE);
  if (kept === null) return null;
  try {
    const { file, since } = JSON.parse(kept);
    return await pinnedOf(unbase64(file), since);
  } catch {
    return { file: new Uint8Array(), digest: "?", since: "?" };
  }
}

/**
 * Compares the file that is offered now with the one that was kept; keeps it if it is the first.
 *
 * @param {Store} store @param {Uint8Array | null} offered null where it could not be fetched @param {string} today
 * @returns {Promise<Comparison>}
 */
export async function compareTrust(store, offered, today) {
  const pinned = await pinnedIn(store);
  if (offered === null) return { state: pinned === null ? "none" : "kept", pinned, offered: null, fields: [] };
  if (pinned === null)
    return { state: "first", pinned: await settle(store, offered, today), offered: null, fields: [] };
  if (equal(pinned.file, offered)) return { state: "same", pinned, offered: null, fields: [] };
  return { state: "changed", pinned, offered: await pinnedOf(offered, today), fields: differing(pinned.file, offered) };
}

/** Keeps a file from now on, in place of any other: because it is the first, or because a person said so.
 *  @param {Store} store @param {Uint8Array} file @param {string} today @returns {Promise<Pinned>} */
export async function settle(store, file, today) {
  store.setItem(PLACE, JSON.stringify({ file: base64(file), since: today }));
  return pinnedOf(file, today);
}

/** @param {Uint8Array} file @param {string} since @returns {Promise<Pinned>} */
async function pinnedOf(file, since) {
  return { file, digest: hex(await sha256(file)), since };
}

/** @param {Uint8Array} one @param {Uint8Array} other @returns {string[]} */
function differing(one, other) {
  try {
    const [was, is] = [parse(one), parse(other)];
    const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
    return names.filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]));
  } catch {
    return [];
  }
}
