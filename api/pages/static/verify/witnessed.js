/** What witnesses add: the log showed them the tree in which a statement is (C2SP tlog-proof, tlog-policy). */

import { equal, text, unbase64 } from "./bytes.js";
import { Malformed, Refuted, Uncheckable } from "./errors.js";
import { PROOF_HASHES_MAX, TLOG_PROOF_BYTES_MAX } from "./limits.js";
import { leafHash, verifyInclusion } from "./merkle.js";
import { parseCheckpoint, parseNote } from "./note.js";
import { NO_POLICY } from "./policy.js";
import * as wording from "./wording.js";

/** @typedef {import("./receipt.js").Located} Located */
/** @typedef {import("./receipt.js").Roots} Roots */
/** @typedef {import("./trust.js").Trust} Trust */
/** @typedef {{index: number, hashes: Uint8Array[], checkpoint: Uint8Array}} TlogProof */

export const HEADER = "c2sp.org/tlog-proof@v1\n";
const INDEX = /^index (0|[1-9][0-9]{0,18})$/;
const EXTRA = "extra ";

/** Reads a tlog-proof ("Format"). Throws `Malformed`; canonical form only. @param {Uint8Array} data
 *  @returns {Promise<TlogProof>} */
export async function parseProof(data) {
  if (data.length > TLOG_PROOF_BYTES_MAX) throw malformed(`at most ${TLOG_PROOF_BYTES_MAX} bytes`);
  const blank = data.findIndex((byte, at) => byte === 10 && data[at + 1] === 10);
  if (blank < 0) throw malformed("no blank line");
  const lines = text(data.subarray(0, blank)).split("\n");
  if (`${lines.shift()}\n` !== HEADER) throw malformed("not a tlog-proof");
  if (lines[0]?.startsWith(EXTRA) && unbase64(String(lines.shift()).slice(EXTRA.length)).length === 0)
    throw malformed("extra data that are none");
  const match = INDEX.exec(lines.shift() ?? "");
  const index = match === null ? Number.NaN : Number(match[1]);
  if (!Number.isSafeInteger(index)) throw malformed("no index of an entry");
  const hashes = lines.map(unbase64);
  if (hashes.length > PROOF_HASHES_MAX || hashes.some((one) => one.length !== 32))
    throw malformed("hashes of 32 bytes");
  const checkpoint = data.slice(blank + 2);
  await parseCheckpoint(parseNote(checkpoint).text);
  return { index, hashes, checkpoint };
}

/** A checkpoint under the trust file's keys and policy. Throws `Refuted`, `Malformed`, `Uncheckable`.
 *  @param {Uint8Array} note @param {Trust} trust */
export async function requireHead(note, trust) {
  const { size } = await parseCheckpoint(parseNote(note).text);
  const keys = trust.vkeysAt(size);
  if (keys.length === 0) throw new Uncheckable("信任文件没有检查点密钥", "the trust file has no checkpoint key");
  const cosigned = await (trust.policy ?? NO_POLICY).require(note, keys);
  const { origin } = cosigned.checkpoint;
  if (origin !== trust.origin)
    throw new Refuted(`检查点属于 ${origin}`, `the checkpoint is of ${origin}, not of ${trust.origin}`);
  return cosigned;
}

/**
 * Checks every tlog-proof that was given; the target needs one if the trust file demands a quorum.
 *
 * @param {Located} target @param {Located[]} others of the evidence @param {Uint8Array[]} proofs @param {Trust} trust
 * @param {Roots} roots @returns {Promise<wording.Remark>} throws `Refuted`, `Malformed`, `Uncheckable`
 */
export async function checkWitnessed(target, others, proofs, trust, roots) {
  const found = new Map((await Promise.all(proofs.map(parseProof))).map((proof) => [proof.index, proof]));
  if (found.size !== proofs.length) throw new Malformed("两个树证明属于同一条记录", "two tlog-proofs are of one entry");
  const known = new Map([...others, target].map((entry) => [entry.index, entry]));
  for (const index of found.keys()) {
    if (!known.has(index))
      throw new Refuted(
        `树证明属于第 ${index} 条，不是所核验的`,
        `the tlog-proof is of entry ${index}, which is not what is verified`,
      );
  }
  if (!found.has(target.index)) trust.demandNothingOfWitnesses();
  if (found.size === 0) return wording.NO_QUORUM;
  const heads = new Map();
  for (const [index, proof] of found)
    heads.set(index, await check(/** @type {Located} */ (known.get(index)), proof, trust, roots));
  const head = heads.get(target.index);
  if (head === undefined) return wording.proofsOfEvidence(heads.size);
  return wording.quorum(head, heads.size - 1, others.length);
}

/** @param {Located} entry @param {TlogProof} proof @param {Trust} trust @param {Roots} roots */
async function check(entry, proof, trust, roots) {
  const cosigned = await requireHead(proof.checkpoint, trust);
  const { size, root } = cosigned.checkpoint;
  await verifyInclusion(proof.index, size, await leafHash(entry.statement.raw), root, proof.hashes);
  const receipt = roots.seen.get(size);
  if (receipt !== undefined && !equal(receipt.root, root)) {
    throw new Refuted(
      `日志就 ${size} 条签了两棵不同的树，其一给见证方`,
      `the log signed two different trees of ${size} entries, one for witnesses`,
    );
  }
  return cosigned;
}

/** @param {string} en */
const malformed = (en) => new Malformed(`不是规范的树证明：${en}`, `not a tlog-proof in its one form: ${en}`);
