/**
 * DER (X.690 §10), the part of it that key files use: sequences, octet and bit strings, small whole numbers, fixed
 * object identifiers. Strict: definite lengths in their shortest form, nothing after what is expected.
 */

import { concat, equal, hex, unhex } from "../verify/bytes.js";
import { Malformed } from "../verify/errors.js";

export const [INTEGER, BIT_STRING, OCTET_STRING, NULL, SEQUENCE] = [0x02, 0x03, 0x04, 0x05, 0x30];

const malformed = (/** @type {string} */ en) => new Malformed(`密钥文件不是规范的 DER：${en}`, `DER: ${en}`);

/** An element of its tag and content. @param {number} tag @param {...Uint8Array} parts @returns {Uint8Array} */
export function element(tag, ...parts) {
  const content = concat(...parts);
  const size = content.length;
  if (size < 0x80) return concat(Uint8Array.of(tag, size), content);
  const digits = unhex(size.toString(16).padStart(2 * Math.ceil(size.toString(16).length / 2), "0"));
  return concat(Uint8Array.of(tag, 0x80 | digits.length), digits, content);
}

/** A whole number from 0 to 2^31 - 1. @param {number} number @returns {Uint8Array} */
export function integer(number) {
  let digits = number.toString(16);
  if (digits.length % 2 === 1) digits = `0${digits}`;
  if (Number.parseInt(digits.slice(0, 2), 16) >= 0x80) digits = `00${digits}`; // the first bit is the sign
  return element(INTEGER, unhex(digits));
}

/** Reads elements one after the other. Throws `Malformed`. */
export class DerReader {
  /** @param {Uint8Array} data */
  constructor(data) {
    this.data = data;
    this.at = 0;
  }

  /** The tag of the next element; -1 at the end. */
  get tag() {
    return this.at < this.data.length ? this.data[this.at] : -1;
  }

  /** The content of the next element, which has this tag. @param {number} tag @returns {Uint8Array} */
  take(tag) {
    if (this.tag !== tag) throw malformed(`tag ${this.tag.toString(16)} where ${tag.toString(16)} was expected`);
    let size = this.#byte(this.at + 1);
    let start = this.at + 2;
    if (size >= 0x80) {
      const digits = size & 0x7f;
      if (digits === 0 || digits > 3) throw malformed("an indefinite or too long length");
      size = 0;
      for (let count = 0; count < digits; count += 1) size = size * 256 + this.#byte(start + count);
      start += digits;
      if (size < 0x80 || size < 256 ** (digits - 1)) throw malformed("a length that is not the shortest");
    }
    if (start + size > this.data.length) throw malformed("it ends in the middle of an element");
    this.at = start + size;
    return this.data.subarray(start, this.at);
  }

  /** What is in the sequence that comes next. */
  sequence() {
    return new DerReader(this.take(SEQUENCE));
  }

  /** A whole number from 0 to 2^31 - 1. @returns {number} */
  integer() {
    const digits = this.take(INTEGER);
    const padded = digits.length > 1 && digits[0] === 0 && digits[1] < 0x80;
    if (digits.length === 0 || digits.length > 5 || digits[0] >= 0x80 || padded) {
      throw malformed("not a small whole number in its shortest form");
    }
    const number = Number.parseInt(hex(digits), 16);
    if (number > 0x7fffffff) throw malformed("a number that is too large");
    return number;
  }

  /** Goes past an element that must stand here, and says what it is for. @param {Uint8Array} due @param {string} what */
  expect(due, what) {
    const end = this.at + due.length;
    if (!equal(this.data.subarray(this.at, end), due)) throw malformed(`${what} was expected`);
    this.at = end;
  }

  /** Nothing comes after what was read. */
  end() {
    if (this.at !== this.data.length) throw malformed("more than was expected");
  }

  /** @param {number} at */
  #byte(at) {
    if (at >= this.data.length) throw malformed("it ends in the middle of an element");
    return this.data[at];
  }
}
