/**
 * Entries of the log out of its bundles of 256 (C2SP tlog-tiles, "Log entries"): neighbours are mostly asked for, too.
 * Nothing is proved here, only fetched.
 */

import { Malformed } from "../verify/errors.js";
import { ask } from "./service.js";

const [WIDTH, LENGTH_BYTES, BUNDLES_MAX] = [256, 2, 32];

export class LogEntries {
  constructor() {
    this.size = 0;
    /** By path. @type {Map<string, Uint8Array[]>} */
    this.bundles = new Map();
  }

  /** The signed statement that is entry `index`. Throws `Malformed`, as `ask` does. @param {number} index
   *  @param {AbortSignal} stop @returns {Promise<Uint8Array>} */
  async statement(index, stop) {
    if (index >= this.size) this.size = await treeSize(stop);
    const number = Math.floor(index / WIDTH);
    const path = bundlePath(number, Math.min(WIDTH, this.size - number * WIDTH));
    let entries = this.bundles.get(path);
    if (entries === undefined) {
      const { response } = await ask(path, {}, stop);
      entries = bundleEntries(new Uint8Array(await response.arrayBuffer()));
      for (const oldest of this.bundles.keys()) {
        if (this.bundles.size < BUNDLES_MAX) break;
        this.bundles.delete(oldest);
      }
      this.bundles.set(path, entries);
    }
    const found = entries[index % WIDTH];
    if (found === undefined) throw new Malformed(`账本中没有第 ${index} 条`, `no entry ${index} in its bundle`);
    return found;
  }
}

/** The size that the checkpoint says. @param {AbortSignal} stop @returns {Promise<number>} */
async function treeSize(stop) {
  const { response } = await ask("/checkpoint", {}, stop);
  const size = Number((await response.text()).split("\n")[1]);
  if (!Number.isSafeInteger(size)) throw new Malformed("检查点格式不对", "not a checkpoint");
  return size;
}

/** `tile/entries/<N>[.p/<W>]`, N in groups of three digits. @param {number} number @param {number} width */
function bundlePath(number, width) {
  const groups = String(number).padStart(Math.ceil(String(number).length / 3) * 3, "0").match(/.{3}/g) ?? [];
  const name = groups.map((group, place) => (place < groups.length - 1 ? `x${group}` : group)).join("/");
  return `/tile/entries/${name}${width < WIDTH ? `.p/${width}` : ""}`;
}

/** @param {Uint8Array} data each entry after its length in two bytes @returns {Uint8Array[]} */
function bundleEntries(data) {
  const entries = [];
  for (let at = 0; at < data.length; ) {
    const start = at + LENGTH_BYTES;
    at = start + data[at] * 256 + data[at + 1];
    if (!(at <= data.length)) throw new Malformed("记录包不完整", "an entry bundle is cut short");
    entries.push(data.subarray(start, at));
  }
  return entries;
}
