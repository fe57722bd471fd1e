/**
 * The log's own keys after they were succeeded: what the root said of them, shown from the trust anchors on, in the steps
 * of `ledger/verifier/succession.py`.
 *
 * Who has an older trust file is shown the root's statements, each with its receipt. A succession is announced under a
 * tree that the keys before it sign, so that one leads to the next.
 */

import { equal } from "./bytes.js";
import { Chain, EVIDENCE_EVENTS } from "./chain.js";
import { Refuted } from "./errors.js";
import { decodePayload } from "./events.js";
import { detach, indexOf, locate, Roots } from "./receipt.js";
import { parseStatement } from "./statement.js";
import { ROOT_PARTY } from "./subject.js";

/** @typedef {import("./trust.js").Trust} Trust */

/**
 * `trust` with the successions of the log's keys that these transparent statements show: those about parties and policies,
 * in any order, entry 0 among them; what is no evidence is left alone.
 *
 * 1. each statement is where its receipt says, in a tree that a key signed which is in force at its size
 * 2. entry 0 is in the charter of the trust file, and names its first keys
 * 3. from there on entry by entry, as evidence is checked (`chain.js`); a succession is believed from its size on
 *
 * @param {Trust} trust @param {Uint8Array[]} governing @returns {Promise<Trust>} throws `Refuted`, `Malformed`,
 * `Uncheckable` (what is shown lacks something that it rests on)
 */
export async function renewed(trust, governing) {
  if (!governing.some((one) => succession(trust, one))) return trust;
  /** @type {Map<number, Uint8Array>} */
  const shown = new Map();
  for (const one of governing) {
    const index = indexOf(one);
    const same = shown.get(index) ?? one;
    if (!equal(detach(same).data, detach(one).data))
      throw new Refuted("日志的同一位置出现两条声明", "two statements are shown at one position of the log");
    shown.set(index, same);
  }
  const roots = new Roots();
  /** @type {Chain | null} */
  let chain = null;
  for (const [, transparent] of [...shown].sort(([one], [other]) => one - other)) {
    const located = await locate(transparent, trust, roots); // 1
    if (chain === null) {
      chain = await Chain.begin(trust, located); // 2
      continue;
    }
    if (located.statement.commitment !== null) continue;
    const event = decodePayload(located.statement.payload);
    if (!EVIDENCE_EVENTS.has(event.type)) continue;
    await chain.take(located); // 3
    if (event.type === "TrustAnchorsSucceeded") trust = await trust.succeeded(event);
  }
  return trust;
}

/** Whether it says of keys that `trust` does not know. Nothing is verified. @param {Trust} trust
 *  @param {Uint8Array} transparent */
function succession(trust, transparent) {
  const statement = parseStatement(detach(transparent).data);
  if (statement.subject !== ROOT_PARTY || statement.commitment !== null) return false;
  const event = decodePayload(statement.payload);
  return (
    event.type === "TrustAnchorsSucceeded" && trust.successions.every(({ fromSize }) => fromSize !== event.from_size)
  );
}
