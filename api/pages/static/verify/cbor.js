/**
 * Deterministic CBOR (RFC 8949 §4.2.1), the part of it that our formats use; nothing else decodes.
 *
 * Only the one form is accepted: shortest heads, definite lengths, map keys in bytewise order without repetition,
 * nothing after the item, bounded nesting. Types: whole numbers below 2^53, `Uint8Array`, string, null, array, `Map`.
 */

import { compare, concat, text, utf8 } from "./bytes.js";
import { Malformed } from "./errors.js";

/** @typedef {number | string | null | Uint8Array | CborArray | CborMap} Cbor */
/** @typedef {Cbor[]} CborArray */
/** @typedef {Map<number | string, Cbor>} CborMap */

const DEPTH_MAX = 8;
const [UINT, NINT, BSTR, TSTR, ARRAY, MAP] = [0, 1, 2, 3, 4, 5];
const NULL = 0xf6;

const malformed = (/** @type {string} */ en) => new Malformed(`CBOR 不是规范形式：${en}`, `CBOR: ${en}`);

/** The shortest head of a major type with argument `n` (RFC 8949 §3). @param {number} major @param {number} n */
export function head(major, n) {
  const top = major << 5;
  if (n < 24) return Uint8Array.of(top | n);
  const width = n < 0x100 ? 1 : n < 0x10000 ? 2 : n < 0x100000000 ? 4 : 8;
  const data = new Uint8Array(1 + width);
  data[0] = top | (24 + Math.log2(width));
  for (let at = width, rest = n; at > 0; at -= 1, rest = Math.floor(rest / 256)) data[at] = rest % 256;
  return data;
}

/** `data` as a byte string. @param {Uint8Array} data */
export const byteString = (data) => concat(head(BSTR, data.length), data);

/** The one deterministic encoding of a value. @param {Cbor} value @returns {Uint8Array} */
export function encode(value) {
  if (value === null) return Uint8Array.of(NULL);
  if (typeof value === "number") return value >= 0 ? head(UINT, value) : head(NINT, -1 - value);
  if (value instanceof Uint8Array) return byteString(value);
  if (typeof value === "string") {
    const encoded = utf8(value);
    return concat(head(TSTR, encoded.length), encoded);
  }
  if (Array.isArray(value)) return concat(head(ARRAY, value.length), ...value.map(encode));
  const pairs = [...value].map(([key, item]) => ({ key: encode(key), item: encode(item) }));
  pairs.sort((one, other) => compare(one.key, other.key));
  return concat(head(MAP, pairs.length), ...pairs.flatMap(({ key, item }) => [key, item]));
}

/** The value of exactly one item in the deterministic form. Throws `Malformed`. @param {Uint8Array} data */
export function decode(data) {
  const reader = new Reader(data, 0);
  const value = reader.item(0);
  if (reader.at !== data.length) throw malformed("bytes after the item");
  return value;
}

/** Reads items one after the other; `at` is the offset of the next. Throws `Malformed`. */
export class Reader {
  /** @param {Uint8Array} data @param {number} at */
  constructor(data, at) {
    this.data = data;
    this.at = at;
  }

  /** The length of the array that begins here; goes on to its first item. */
  array() {
    return this.#expected(ARRAY, "an array was expected");
  }

  /** The byte string that begins here. */
  bytes() {
    return this.#take(this.#expected(BSTR, "a byte string was expected"));
  }

  /** Goes past bytes that must stand here. @param {Uint8Array} due */
  skip(due) {
    if (compare(this.#take(due.length), due) !== 0) throw malformed(`another field at byte ${this.at - due.length}`);
  }

  /** The item that begins here. @param {number} depth of what it lies in @returns {Cbor} */
  item(depth) {
    const first = this.#byte();
    if (first === NULL) return null;
    const major = first >> 5;
    if (major > MAP) throw malformed(`item 0x${first.toString(16)} has no place in our formats`);
    const n = this.#argument(first & 31);
    if (major === UINT) return n;
    if (major === NINT) return -1 - n;
    if (major === BSTR) return this.#take(n);
    if (major === TSTR) return text(this.#take(n));
    if (depth === DEPTH_MAX) throw malformed("nested too deeply");
    return major === ARRAY ? this.#array(n, depth + 1) : this.#map(n, depth + 1);
  }

  /** @param {number} major @param {string} otherwise */
  #expected(major, otherwise) {
    const first = this.#byte();
    if (first >> 5 !== major) throw malformed(otherwise);
    return this.#argument(first & 31);
  }

  /** @param {number} n @param {number} depth @returns {CborArray} */
  #array(n, depth) {
    /** @type {CborArray} */
    const items = [];
    for (let count = 0; count < n; count += 1) items.push(this.item(depth));
    return items;
  }

  /** @param {number} n @param {number} depth @returns {CborMap} */
  #map(n, depth) {
    /** @type {CborMap} */
    const found = new Map();
    /** @type {Uint8Array} */
    let previous = new Uint8Array();
    for (let count = 0; count < n; count += 1) {
      const start = this.at;
      const key = this.item(depth);
      if (typeof key !== "number" && typeof key !== "string") throw malformed("a map key that is no number or text");
      const encoded = this.data.subarray(start, this.at);
      if (compare(encoded, previous) <= 0) throw malformed("map keys out of order, or twice");
      previous = encoded;
      found.set(key, this.item(depth));
    }
    return found;
  }

  #byte() {
    return this.#take(1)[0];
  }

  /** @param {number} size */
  #take(size) {
    const end = this.at + size;
    if (end > this.data.length) throw malformed("it ends in the middle of an item");
    const taken = this.data.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  /** @param {number} info */
  #argument(info) {
    if (info < 24) return info;
    if (info > 27) throw malformed("indefinite length, or a reserved head");
    const n = this.#take(1 << (info - 24)).reduce((sum, byte) => sum * 256 + byte, 0);
    if (n < [24, 0x100, 0x10000, 0x100000000][info - 24]) throw malformed("a head that is not the shortest");
    if (!Number.isSafeInteger(n)) throw malformed("a number beyond 2^53, which no log of ours reaches");
    return n;
  }
}
