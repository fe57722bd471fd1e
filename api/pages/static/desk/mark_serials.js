/** The serials of a licence from its seed, and the root of their tree, as `ledger/mark_serials/serial_tree.py` makes them. */

import { concat, source, unhex, utf8 } from "../verify/bytes.js";
import { leafHash, nodeHash } from "../verify/merkle.js";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford's base 32
const [NUMBER_BYTES, TAG_BYTES, SPARE_BITS, SERIAL_CHARS] = [3, 8, 2n, 26];

/** The root over the first `count` serials of a range, 32 bytes. @param {Uint8Array} seed @param {string} range 10
 *  hexadecimal digits @param {number} count @param {(done: number) => void} told of each thousand */
export async function serialsRoot(seed, range, count, told) {
  const key = await crypto.subtle.importKey("raw", source(seed), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  /** @type {Uint8Array[]} complete subtrees, the largest first, by the bits of how many leaves there are */
  const stack = [];
  for (let number = 0; number < count; number += 1) {
    let node = await leafHash(utf8(await serial(key, unhex(range), number)));
    for (let bits = number; bits % 2 === 1; bits = Math.floor(bits / 2)) {
      node = await nodeHash(/** @type {Uint8Array} */ (stack.pop()), node);
    }
    stack.push(node);
    if (number % 1000 === 999) told(number + 1);
  }
  let root = /** @type {Uint8Array} */ (stack.pop());
  while (stack.length > 0) root = await nodeHash(/** @type {Uint8Array} */ (stack.pop()), root);
  return root;
}

/** @param {CryptoKey} key @param {Uint8Array} range @param {number} number @returns {Promise<string>} */
async function serial(key, range, number) {
  const place = unhex(number.toString(16).padStart(2 * NUMBER_BYTES, "0"));
  const message = concat(range, place);
  const tag = new Uint8Array(await crypto.subtle.sign("HMAC", key, source(message))).subarray(0, TAG_BYTES);
  let value = concat(message, tag).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) << SPARE_BITS;
  let spelled = "";
  for (let at = 0; at < SERIAL_CHARS; at += 1, value >>= 5n) spelled = ALPHABET[Number(value & 31n)] + spelled;
  return spelled;
}
