/**
 * A statement in the log, with the evidence about its issuer, in the steps of `ledger/verifier/statement.py`:
 *
 * 1. If the trust file demands a quorum of witnesses, a tlog-proof is there; each that is given holds.
 * 2. The statement is in the one form that statements have, meant for this log, and every receipt on it holds, under the
 *    log's key for a tree of its size: of the trust file, or of a succession that the evidence shows (`succession.js`).
 * 3. So is every entry of the evidence; they stand in log order, under trees that do not contradict.
 * 4. Entry 0 is in the charter that the trust file names, and names the log's keys of the file.
 * 5. From there on each entry was signed by a valid key, by an issuer entitled to it, within the rules.
 * 6. The statement was signed by a key of its issuer that was valid at its position.
 * 7. Its content is well-formed; a sealed one's is the body that it commits to.
 * 8. Its issuer was entitled to say this about such a subject.
 * 9. What the evidence holds of later entries does not dispute the key.
 */

import { equal } from "./bytes.js";
import { decode } from "./cbor.js";
import { Chain, checkNewKey } from "./chain.js";
import { Malformed, Refuted, Uncheckable } from "./errors.js";
import { checkGround, decodeEvent } from "./events.js";
import { EVIDENCE_BYTES_MAX, EVIDENCE_ENTRIES_MAX } from "./limits.js";
import { locate, Roots } from "./receipt.js";
import { EVIDENCE } from "./sign1.js";
import { renewed } from "./succession.js";
import * as wording from "./wording.js";
import { checkWitnessed } from "./witnessed.js";

/** @typedef {import("./receipt.js").Located} Located */
/** @typedef {import("./report.js").Steps} Steps */

/** The transparent statements of a file of evidence, none verified. Throws `Malformed`. @param {Uint8Array} data
 *  @returns {Uint8Array[]} */
export function parseEvidence(data) {
  if (data.length > EVIDENCE_BYTES_MAX)
    throw new Malformed("证据过长", `evidence has at most ${EVIDENCE_BYTES_MAX} bytes`);
  const file = decode(data);
  const entries =
    file instanceof Map && file.size === 3 && file.get("typ") === EVIDENCE && file.get("v") === 1
      ? file.get("entries")
      : null;
  if (
    Array.isArray(entries) &&
    entries.length > 0 &&
    entries.length <= EVIDENCE_ENTRIES_MAX &&
    entries.every((one) => one instanceof Uint8Array)
  ) {
    return /** @type {Uint8Array[]} */ (entries);
  }
  throw new Malformed("不是第 1 版证据文件", "not evidence of version 1: typ, v and a list of entries, one at least");
}

/**
 * Verifies a transparent statement; `steps` takes what was checked, as it is. Throws `Refuted`, `Malformed`, `Uncheckable`.
 *
 * @param {Uint8Array} transparent @param {Uint8Array | null} evidence @param {import("./trust.js").Trust} trust
 * @param {Steps} steps @param {Uint8Array | null} body @param {Uint8Array[]} proofs C2SP tlog-proofs
 * @returns {Promise<{event: import("./events.js").Event | null, disputed: boolean, located: Located}>}
 */
export async function verifyEntry(transparent, evidence, trust, steps, body = null, proofs = []) {
  if (proofs.length === 0) trust.demandNothingOfWitnesses(); // 1, continued below

  const entriesShown = evidence === null ? [] : parseEvidence(evidence);
  trust = await renewed(trust, entriesShown);
  const roots = new Roots(); // 2
  const target = await locate(transparent, trust, roots);
  const { statement, receipt, index } = target;
  steps.add(wording.located(target, trust), "receipt", receipt.kidHex);

  if (evidence === null) {
    throw new Uncheckable(
      "没有附上关于签发者的证据：由 /entries/{index}/evidence 提供",
      "no evidence about the issuer was given: it is served at /entries/{index}/evidence",
    );
  }
  /** @type {Located[]} */
  const entries = []; // 3
  for (const one of entriesShown) entries.push(await locate(one, trust, roots));
  checkOrder(entries);
  const others = entries.filter((entry) => entry.index !== index);
  steps.first(await checkWitnessed(target, others, proofs, trust, roots), proofs.length > 0 ? "proof" : "trust");
  steps.add(wording.evidenceInOrder(entries.length), "evidence", entries[0].receipt.kidHex);

  const chain = await Chain.begin(trust, entries[0]); // 4
  steps.add(wording.anchored(trust), "evidence");

  const before = entries.slice(1).filter((entry) => entry.index < index); // 5
  const after = entries.slice(1).filter((entry) => entry.index >= index);
  for (const entry of before) await chain.take(entry);
  steps.add(wording.chained(before.length), "evidence");

  if (index === 0)
    same(entries[0], target); // 6: the trust anchors themselves, which the chain began with
  else await chain.signed(target);
  steps.add(wording.signed(statement, chain.parties.byId.get(statement.issuer)?.name), "statement", statement.kidHex);

  const event = await decodeEvent(statement, body); // 7
  if (event !== null) {
    if (body !== null && statement.commitment === null) await checkGround(event, body);
    if (event.type === "TrustAnchorsEstablished" && index !== 0) {
      throw new Refuted("信任根只能由第 0 条确立", "trust anchors are established by entry 0 and never again");
    }
    await checkNewKey(statement, event);
  }
  steps.add(wording.decoded(statement.commitment !== null, event, body !== null), body === null ? "statement" : "body");

  if (event !== null) chain.checkEntitled(statement, event); // 8
  steps.add(wording.entitled(statement.subject, chain.parties.roles(statement.issuer), event === null), "evidence");

  for (const entry of after) {
    // 9
    if (entry.index === index) same(entry, target);
    await chain.take(entry);
  }
  const disputed = chain.parties.disputed(statement.kidHex, index, receipt.iat);
  steps.add(wording.later(after.length, disputed), "evidence");
  return { event, disputed, located: target };
}

/** @param {Located[]} entries */
function checkOrder(entries) {
  for (let at = 1; at < entries.length; at += 1) {
    const [before, after] = [entries[at - 1].index, entries[at].index];
    if (before >= after)
      throw new Refuted(
        `证据中第 ${after} 条排在第 ${before} 条之后`,
        `entry ${after} stands after entry ${before} in the evidence`,
      );
  }
}

/** @param {Located} entry @param {Located} target */
function same(entry, target) {
  if (!equal(entry.statement.raw, target.statement.raw)) {
    throw new Refuted(
      `日志的同一位置出现两条声明：${target.index}`,
      `two statements are shown at one position of the log: ${target.index}`,
    );
  }
}
