/**
 * The verifiable map: a Merkle prefix trie from subjects to their streams (`docs/completeness.md` has it in prose).
 *
 *     key(subject) = H(subject)                                   item = H(0x00 ‖ leaf index ‖ leaf hash)
 *     leaf         = H(0x02 ‖ key ‖ number of entries ‖ root)     branch = H(0x03 ‖ left ‖ right)     empty = 32 zero bytes
 */

import { equal, sha256, uint64, utf8 } from "./bytes.js";
import { Malformed, Refuted } from "./errors.js";
import { MAP_PROOF_HASHES_MAX } from "./limits.js";
import { rootOf } from "./merkle.js";

/** @typedef {{entries: number, root: Uint8Array | null}} MapValue `root` null: nothing there */
/** @typedef {{path: Uint8Array[], found: {key: Uint8Array, entries: number, root: Uint8Array} | null}} MapProof */

const EMPTY = new Uint8Array(32);
const [ITEM, LEAF, BRANCH] = [Uint8Array.of(0), Uint8Array.of(2), Uint8Array.of(3)];

/** The value of a stream, given whole: leaf index and leaf hash of each entry, in order.
 *  @param {{index: number, leaf: Uint8Array}[]} items @returns {Promise<MapValue>} */
export async function streamValue(items) {
  if (items.length === 0) return { entries: 0, root: null };
  const hashes = await Promise.all(items.map(({ index, leaf }) => sha256(ITEM, uint64(index), leaf)));
  return { entries: items.length, root: await rootOf(hashes) };
}

/**
 * What the map of root `root` holds of a subject. Only the one proof that a subject has under a root is accepted.
 *
 * @param {string} subject @param {Uint8Array} root @param {MapProof} proof @returns {Promise<MapValue>}
 * throws `Malformed` for what is no proof at all, `Refuted` for one that leads elsewhere
 */
export async function verifyInMap(subject, root, proof) {
  const { path, found } = proof;
  checkShape(root, proof);
  const key = await sha256(utf8(subject));
  /** @type {Uint8Array} */
  let digest = EMPTY;
  /** @type {MapValue} */
  let value = { entries: 0, root: null };
  if (found !== null) {
    digest = await sha256(LEAF, found.key, uint64(found.entries), found.root);
    if (equal(found.key, key)) value = { entries: found.entries, root: found.root };
    if (path.some((_, at) => bit(found.key, at) !== bit(key, at))) {
      throw new Refuted(
        "映射证明终于不在此路径上的主体",
        "the map proof ends at a subject that does not lie on the path",
      );
    }
  }
  for (let at = path.length - 1; at >= 0; at -= 1) {
    const sibling = path[at].length === 0 ? EMPTY : path[at];
    digest = bit(key, at) === 1 ? await sha256(BRANCH, sibling, digest) : await sha256(BRANCH, digest, sibling);
  }
  if (!equal(digest, root)) throw new Refuted("映射证明通向另一个根", "the map proof leads to another root");
  return value;
}

/** @param {Uint8Array} key @param {number} depth */
const bit = (key, depth) => (key[depth >> 3] >> (7 - (depth & 7))) & 1;

/** @param {Uint8Array} root @param {MapProof} proof */
function checkShape(root, { path, found }) {
  if (root.length !== 32 || path.length > MAP_PROOF_HASHES_MAX)
    throw malformed(`at most ${MAP_PROOF_HASHES_MAX} hashes, under a root of 32 bytes`);
  if (path.some((one) => one.length > 0 && (one.length !== 32 || equal(one, EMPTY))))
    throw malformed("a hash has 32 bytes, or none where nothing lies");
  if (path.length > 0 && path[path.length - 1].length === 0)
    throw malformed("what has nothing beside it lies further up");
  if (found !== null && (found.key.length !== 32 || found.root.length !== 32 || found.entries <= 0))
    throw malformed("the leaf is a key, a number of entries and a root");
}

/** @param {string} en */
const malformed = (en) => new Malformed(`不是映射证明：${en}`, `not a map proof: ${en}`);
