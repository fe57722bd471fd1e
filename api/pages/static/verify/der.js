/**
 * DER (ITU-T X.690 §10): definite lengths in their shortest form, tags of one byte. Enough to take apart a CMS signature
 * and the X.509 certificate in it; whatever matters is then compared byte by byte.
 */

import { concat } from "./bytes.js";
import { Malformed } from "./errors.js";

/** @typedef {{tag: number, content: Uint8Array, raw: Uint8Array}} Der one value: `raw` with tag and length */

export const [INTEGER, OCTETS, SEQUENCE, SET, CONTEXT] = [0x02, 0x04, 0x30, 0x31, 0xa0];

/** The values that stand one after the other in `data`, all of it. Throws `Malformed`. @param {Uint8Array} data
 *  @returns {Der[]} */
export function values(data) {
  /** @type {Der[]} */
  const found = [];
  for (let at = 0; at < data.length; ) {
    const one = first(data.subarray(at));
    found.push(one);
    at += one.raw.length;
  }
  return found;
}

/** The value at the beginning of `data`, whatever comes after it. Throws `Malformed`. @param {Uint8Array} data
 *  @returns {Der} */
export function first(data) {
  let [at, length] = [2, data[1]];
  if (data.length < 2 || (data[0] & 0x1f) === 0x1f) throw wrong();
  if (length >= 0x80) {
    const digits = length - 0x80;
    if (digits < 1 || digits > 3 || data.length < 2 + digits) throw wrong();
    length = data.subarray(2, 2 + digits).reduce((sum, one) => sum * 256 + one, 0);
    if (length < 0x80 || length < 256 ** (digits - 1)) throw wrong(); // there is a shorter form
    at += digits;
  }
  if (at + length > data.length) throw wrong();
  return { tag: data[0], content: data.subarray(at, at + length), raw: data.subarray(0, at + length) };
}

/** The values in one of tag `tag`; of just `count`, where that is given. Throws `Malformed`. @param {Der | undefined} one
 *  @param {number} tag @param {number} [count] @returns {Der[]} */
export function inside(one, tag, count) {
  if (one === undefined || one.tag !== tag) throw wrong();
  const found = values(one.content);
  if (count !== undefined && found.length !== count) throw wrong();
  return found;
}

/** r ‖ s of 64 bytes from an ECDSA signature in DER (RFC 3279 §2.2.3). Throws `Malformed`. @param {Uint8Array} data */
export function rawSignature(data) {
  const [sequence, more] = values(data);
  const numbers = inside(sequence, SEQUENCE, 2);
  if (more !== undefined) throw wrong();
  return concat(...numbers.map(unsigned));
}

/** @param {Der} number @returns {Uint8Array} 32 bytes, big-endian */
function unsigned({ tag, content }) {
  const padded = content[0] === 0;
  if (tag !== INTEGER || content.length === 0 || (padded ? !(content[1] >= 0x80) : content[0] >= 0x80)) throw wrong();
  const digits = padded ? content.subarray(1) : content;
  if (digits.length > 32) throw wrong();
  return concat(new Uint8Array(32 - digits.length), digits);
}

const wrong = () => new Malformed("PDF 的签名不是规范的 DER 编码", "the signature of the PDF is not in DER");
