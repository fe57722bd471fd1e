/** The RFC 6962 / RFC 9162 tree: hashes, inclusion and consistency proofs. Verification throws; no boolean to forget. */

import { equal, sha256 } from "./bytes.js";
import { Malformed, Refuted } from "./errors.js";
import { PROOF_HASHES_MAX } from "./limits.js";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** SHA-256(0x00 ‖ entry) (RFC 6962 §2.1). @param {Uint8Array} entry */
export const leafHash = (entry) => sha256(LEAF, entry);

/** SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1). @param {Uint8Array} left @param {Uint8Array} right */
export const nodeHash = (left, right) => sha256(NODE, left, right);

/** The root over leaf hashes; SHA-256("") for none (RFC 6962 §2.1). @param {Uint8Array[]} leaves */
export async function rootOf(leaves) {
  if (leaves.length === 0) return sha256(new Uint8Array());
  let row = leaves;
  while (row.length > 1) {
    /** @type {Uint8Array[]} */
    const above = [];
    for (let at = 0; at + 1 < row.length; at += 2) above.push(await nodeHash(row[at], row[at + 1]));
    if (row.length % 2 === 1) above.push(row[row.length - 1]);
    row = above;
  }
  return row[0];
}

/**
 * The root that an inclusion proof gives for a leaf (RFC 9162 §2.1.3.2), to be compared with a signed one.
 *
 * @param {number} index @param {number} size @param {Uint8Array} leaf its hash @param {Uint8Array[]} proof leaf to root
 * @returns {Promise<Uint8Array>}
 */
export async function rootFromInclusion(index, size, leaf, proof) {
  checkShape(index, size, proof);
  if (index >= size)
    throw new Refuted(`第 ${index} 条不在 ${size} 条的树中`, `leaf ${index} is not in a tree of ${size} leaves`);
  let [node, last, root] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) throw new Refuted("包含证明过长", "the inclusion proof is too long");
    if (node % 2 === 1 || node === last) {
      root = await nodeHash(sibling, root);
      while (node % 2 === 0) [node, last] = [half(node), half(last)]; // no siblings where the tree is ragged
    } else {
      root = await nodeHash(root, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  if (last !== 0) throw new Refuted("包含证明过短", "the inclusion proof is too short");
  return root;
}

/** @param {number} index @param {number} size @param {Uint8Array} leaf @param {Uint8Array} root @param {Uint8Array[]} proof */
export async function verifyInclusion(index, size, leaf, root, proof) {
  if (!equal(await rootFromInclusion(index, size, leaf, proof), root)) {
    throw new Refuted("包含证明通向另一个根", "the inclusion proof leads to another root");
  }
}

/**
 * Checks that the first `old` leaves of the new tree are the old tree (RFC 9162 §2.1.4.2). Throws `Refuted`, `Malformed`.
 *
 * @param {number} old @param {number} now @param {Uint8Array} oldRoot @param {Uint8Array} newRoot
 * @param {Uint8Array[]} proof @returns {Promise<void>}
 */
export async function verifyConsistency(old, now, oldRoot, newRoot, proof) {
  checkShape(old, now, proof);
  if (!(0 < old && old <= now)) throw refuted(`no tree of ${now} leaves can be shown to extend one of ${old}`);
  if (old === now) {
    if (proof.length > 0 || !equal(oldRoot, newRoot))
      throw refuted("two trees of one size are the same only if their roots are");
    return;
  }
  // A complete old tree is the proof's first node itself; the verifier has its root, so it is not repeated.
  const path = isPowerOfTwo(old) ? [oldRoot, ...proof] : proof;
  if (path.length === 0) throw refuted("the consistency proof is too short");
  let [node, last] = [old - 1, now - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let [was, is] = [path[0], path[0]];
  for (const sibling of path.slice(1)) {
    if (last === 0) throw refuted("the consistency proof is too long");
    if (node % 2 === 1 || node === last) {
      was = await nodeHash(sibling, was);
      is = await nodeHash(sibling, is);
      while (node % 2 === 0) [node, last] = [half(node), half(last)];
    } else {
      is = await nodeHash(is, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  if (last !== 0) throw refuted("the consistency proof is too short");
  if (!equal(was, oldRoot) || !equal(is, newRoot)) throw refuted("the consistency proof leads to other roots");
}

const half = (/** @type {number} */ n) => Math.floor(n / 2);
const refuted = (/** @type {string} */ en) => new Refuted(`一致性证明不成立：${en}`, en);

/** @param {number} n */
function isPowerOfTwo(n) {
  return Number.isInteger(Math.log2(n)) && 2 ** Math.round(Math.log2(n)) === n;
}

/** @param {number} first @param {number} second @param {Uint8Array[]} proof */
function checkShape(first, second, proof) {
  const sizes = [first, second].every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!sizes || proof.length > PROOF_HASHES_MAX || proof.some((one) => one.length !== 32)) {
    throw new Malformed(
      "不是树证明",
      `a proof is at most ${PROOF_HASHES_MAX} hashes of 32 bytes, for sizes that a log has`,
    );
  }
}
