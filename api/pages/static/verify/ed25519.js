/**
 * Verifying Ed25519 signatures (RFC 8032 §5.1.7) with BigInt, for browsers whose WebCrypto does not know Ed25519.
 *
 * Verify only: there are no secrets here, so that nothing depends on time. Slow (some milliseconds), exact, small.
 */

import { concat, hex, source } from "./bytes.js";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * inverse(121666n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);

/** @typedef {[bigint, bigint, bigint, bigint]} Point extended coordinates X, Y, Z, T (RFC 8032 §5.1.4) */

/** @type {Point} */
const NEUTRAL = [0n, 1n, 1n, 0n];
const BASE = base();

/**
 * Whether the signature holds: R, computed again from S, the key and the message, has the very bytes it was given with.
 *
 * @param {Uint8Array} key 32 bytes, which somebody saw to be neither of small order nor non-canonical
 * @param {Uint8Array} signature 64 bytes
 * @param {Uint8Array} message
 * @returns {Promise<boolean>}
 */
export async function verifyEd25519(key, signature, message) {
  const a = decompress(key);
  const s = number(signature.subarray(32));
  if (a === null || s >= L) return false;
  const r = signature.subarray(0, 32);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", source(concat(r, key, message))));
  const k = number(digest) % L;
  return hex(compress(add(times(s, BASE), times(k, negate(a))))) === hex(r);
}

/** @param {bigint} value */
function mod(value) {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

/** @param {bigint} value @param {bigint} exponent */
function power(value, exponent) {
  let result = 1n;
  for (let factor = mod(value), rest = exponent; rest > 0n; rest >>= 1n, factor = mod(factor * factor)) {
    if (rest & 1n) result = mod(result * factor);
  }
  return result;
}

/** @param {bigint} value */
function inverse(value) {
  return power(value, P - 2n);
}

/** Little-endian. @param {Uint8Array} data */
function number(data) {
  return BigInt(`0x${hex(data.slice().reverse())}`);
}

/** RFC 8032 §5.1.4. @param {Point} one @param {Point} other @returns {Point} */
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * t2 * D);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

/** @param {Point} point @returns {Point} */
function negate([x, y, z, t]) {
  return [mod(-x), y, z, mod(-t)];
}

/** @param {bigint} factor @param {Point} point @returns {Point} */
function times(factor, point) {
  let sum = NEUTRAL;
  for (let rest = factor, doubled = point; rest > 0n; rest >>= 1n, doubled = add(doubled, doubled)) {
    if (rest & 1n) sum = add(sum, doubled);
  }
  return sum;
}

/** RFC 8032 §5.1.2. @param {Point} point */
function compress([x, y, z]) {
  const inverted = inverse(z);
  const encoded = mod(y * inverted) | ((mod(x * inverted) & 1n) << 255n);
  return Uint8Array.from(encoded.toString(16).padStart(64, "0").match(/../g) ?? [], (pair) =>
    Number.parseInt(pair, 16),
  ).reverse();
}

/** RFC 8032 §5.1.3; null for what is no point. @param {Uint8Array} data @returns {Point | null} */
function decompress(data) {
  const encoded = number(data);
  const y = encoded & ((1n << 255n) - 1n);
  if (y >= P) return null;
  const x = recover(y, encoded >> 255n);
  return x === null ? null : [x, y, 1n, mod(x * y)];
}

/** @param {bigint} y @param {bigint} sign @returns {bigint | null} */
function recover(y, sign) {
  const squared = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(squared, (P + 3n) / 8n);
  if (mod(x * x - squared) !== 0n) x = mod(x * ROOT_OF_MINUS_ONE);
  if (mod(x * x - squared) !== 0n || (x === 0n && sign === 1n)) return null;
  return (x & 1n) === sign ? x : P - x;
}

/** @returns {Point} */
function base() {
  const y = mod(4n * inverse(5n));
  const x = recover(y, 0n);
  if (x === null) throw new Error("the base point is a point");
  return [x, y, 1n, mod(x * y)];
}
