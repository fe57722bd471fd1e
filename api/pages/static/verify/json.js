/**
 * Canonical JSON (RFC 8785) as our payloads use it: sorted keys, no white space, whole numbers only.
 *
 * What is read is written again and compared byte by byte: so there is one spelling of each content, without keys twice.
 */

import { equal, text, utf8 } from "./bytes.js";
import { Malformed } from "./errors.js";

/** @typedef {null | boolean | number | string | JsonArray | JsonObject} Json */
/** @typedef {Json[]} JsonArray */
/** @typedef {{[key: string]: Json}} JsonObject */

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** The object in `data`, which must be in its canonical form. Throws `Malformed`. @param {Uint8Array} data */
export function parseCanonical(data) {
  const value = parse(data);
  if (!equal(utf8(canonical(value)), data)) {
    throw new Malformed("内容不是规范的 JSON (RFC 8785)", "the content is not in its canonical form (RFC 8785)");
  }
  return value;
}

/** The object in `data`, in whatever spelling. Throws `Malformed`. @param {Uint8Array} data @returns {JsonObject} */
export function parse(data) {
  const decoded = text(data);
  /** @type {Json} */
  let value;
  try {
    value = JSON.parse(decoded);
  } catch {
    throw new Malformed("不是 JSON", "not JSON");
  }
  if (!isObject(value)) throw new Malformed("不是 JSON 对象", "not a JSON object");
  return value;
}

/** @param {unknown} value @returns {value is JsonObject} */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The canonical text of a value. Throws `Malformed` for what has none among us. @param {Json} value @returns {string} */
export function canonical(value, depth = 0) {
  if (depth > 64) throw new Malformed("JSON 嵌套过深", "JSON nested too deeply");
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new Malformed("JSON 只能含整数", "JSON with a number that is not whole, or beyond 2^53");
  }
  if (typeof value === "string" && LONE_SURROGATE.test(value)) {
    throw new Malformed("JSON 含有不成对的代理码", "JSON with half a character");
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(",")}]`;
  if (isObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${canonical(key)}:${canonical(value[key], depth + 1)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}
