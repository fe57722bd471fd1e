/** Bytes: comparing, joining, hexadecimal, strict base64 and UTF-8, SHA-256 by WebCrypto. */

import { Malformed } from "./errors.js";

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @param {string} text @returns {Uint8Array} UTF-8 */
export const utf8 = (text) => ENCODER.encode(text);

/** The text of UTF-8 bytes. Throws `Malformed` for any other bytes. @param {Uint8Array} data @returns {string} */
export function text(data) {
  try {
    return DECODER.decode(data);
  } catch {
    throw new Malformed("文本不是 UTF-8", "text that is not UTF-8");
  }
}

/** @param {...Uint8Array} parts @returns {Uint8Array} */
export function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** @param {Uint8Array} one @param {Uint8Array} other @returns {boolean} */
export function equal(one, other) {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Whether `data` begins with `beginning`. @param {Uint8Array} data @param {Uint8Array} beginning @returns {boolean} */
export const startsWith = (data, beginning) => equal(data.subarray(0, beginning.length), beginning);

/** Bytewise order, as of strings. @param {Uint8Array} one @param {Uint8Array} other @returns {number} */
export function compare(one, other) {
  for (let at = 0; at < Math.min(one.length, other.length); at += 1) {
    if (one[at] !== other[at]) return one[at] - other[at];
  }
  return one.length - other.length;
}

/** @param {Uint8Array} data @returns {string} lower case */
export const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {string} digits of which somebody saw to it that they are hexadecimal @returns {Uint8Array} */
export const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** The bytes of base64 (RFC 4648 §4) in its one spelling, else throws `Malformed`. @param {string} spelled */
export function unbase64(spelled) {
  if (!BASE64.test(spelled)) throw new Malformed("不是规范的 base64", `not canonical base64: ${spelled.slice(0, 40)}`);
  const raw = atob(spelled);
  if (btoa(raw) !== spelled) throw new Malformed("base64 含有多余的位", "base64 with unused bits set");
  return Uint8Array.from(raw, (one) => one.charCodeAt(0));
}

/** @param {Uint8Array} data @returns {string} base64 with padding */
export const base64 = (data) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));

/** Bytes as WebCrypto takes them: nobody shares their memory. @param {Uint8Array} data */
export const source = (data) => /** @type {BufferSource} */ (data);

/** SHA-256, 32 bytes. @param {...Uint8Array} parts @returns {Promise<Uint8Array>} */
export async function sha256(...parts) {
  return new Uint8Array(
    await crypto.subtle.digest("SHA-256", source(parts.length === 1 ? parts[0] : concat(...parts))),
  );
}

/** A number (below 2^53) in 8 bytes, big-endian. @param {number} number @returns {Uint8Array} */
export function uint64(number) {
  const data = new Uint8Array(8);
  new DataView(data.buffer).setBigUint64(0, BigInt(number));
  return data;
}
