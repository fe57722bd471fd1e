/**
 * A completeness bundle: everything that a standing rests on, in one file. Its form only; `complete.js` verifies it.
 *
 * Deterministic CBOR in the order that `ledger/verifier/formats/bundle.py` gives.
 */

import { encode, Reader } from "./cbor.js";
import { concat, startsWith } from "./bytes.js";
import { Malformed } from "./errors.js";
import { BUNDLE_BYTES_MAX, BUNDLE_ENTRIES_MAX, BUNDLE_STREAMS_MAX } from "./limits.js";
import { BUNDLE } from "./sign1.js";
import { kindOf, parseSubject } from "./subject.js";

/** @typedef {{transparent: Uint8Array, body: Uint8Array | null}} Shown */
/** @typedef {{subject: string, proof: import("./map.js").MapProof, entries: Shown[]}} StreamShown */
/** @typedef {{root: Uint8Array, streams: StreamShown[], checkpoint: Uint8Array, consistency: Uint8Array[][]}} Bundle */

const BEGINNING = concat(Uint8Array.of(0xa6), encode("v"), encode(1), encode("typ"), encode(BUNDLE));
const [ROOT, STREAMS, CHECKPOINT, CONSISTENCY] = ["root", "streams", "checkpoint", "consistency"].map(encode);
const [ENTRIES, SUBJECT] = ["entries", "subject"].map(encode);
const STREAM = concat(Uint8Array.of(0xa3), encode("proof"));
const ENTRY = Uint8Array.of(0x82); // an array of two
const NULL = 0xf6;
const OTHERS = ["party", "policy", "campaign"];

/** Whether a file says that it is one. @param {Uint8Array} data */
export const isBundle = (data) => startsWith(data, BEGINNING);

/** All of its form is checked. Throws `Malformed`. @param {Uint8Array} data @returns {Bundle} */
export function parseBundle(data) {
  if (data.length > BUNDLE_BYTES_MAX || !isBundle(data)) throw malformed("not a completeness bundle of version 1");
  const reader = new Reader(data, BEGINNING.length);
  reader.skip(ROOT);
  const root = reader.bytes();
  reader.skip(STREAMS);
  const count = reader.array();
  if (count < 1 || count > BUNDLE_STREAMS_MAX) throw malformed(`a bundle shows 1 to ${BUNDLE_STREAMS_MAX} streams`);
  /** @type {StreamShown[]} */
  const streams = [];
  let left = BUNDLE_ENTRIES_MAX;
  for (let at = 0; at < count; at += 1) {
    streams.push(streamAt(reader, left));
    left -= streams[at].entries.length;
  }
  reader.skip(CHECKPOINT);
  const checkpoint = reader.bytes();
  reader.skip(CONSISTENCY);
  const consistency = items(reader, BUNDLE_ENTRIES_MAX + 1, () => hashes(reader.item(0)));
  if (reader.at !== data.length) throw malformed("bytes after the bundle");
  const [first, ...rest] = streams.map(({ subject }) => subject);
  if (kindOf(first) !== "enterprise" || rest.some((subject) => !OTHERS.includes(kindOf(subject)))) {
    throw malformed("a bundle is about an enterprise, and shows the governing streams that it takes to believe it");
  }
  if (new Set(rest).size !== rest.length) throw malformed("a bundle shows each stream once");
  return { root, streams, checkpoint, consistency };
}

/** @param {Reader} reader @param {number} most @returns {StreamShown} */
function streamAt(reader, most) {
  reader.skip(STREAM);
  const proof = mapProof(reader.item(0));
  reader.skip(ENTRIES);
  const entries = items(reader, most, () => {
    reader.skip(ENTRY);
    const transparent = reader.bytes();
    if (reader.data[reader.at] !== NULL) return { transparent, body: reader.bytes() };
    reader.at += 1;
    return { transparent, body: null };
  });
  reader.skip(SUBJECT);
  return { subject: parseSubject(reader.item(0)), proof, entries };
}

/** @template T @param {Reader} reader @param {number} most @param {() => T} read @returns {T[]} */
function items(reader, most, read) {
  const count = reader.array();
  if (count > most)
    throw malformed(`a bundle shows at most ${BUNDLE_ENTRIES_MAX} entries, and the proofs that belong to them`);
  /** @type {T[]} */
  const found = [];
  for (let at = 0; at < count; at += 1) found.push(read());
  return found;
}

/** @param {import("./cbor.js").Cbor} item @returns {import("./map.js").MapProof} */
function mapProof(item) {
  if (item instanceof Map && item.size === 2 && item.has("path") && item.has("found")) {
    const path = hashes(item.get("path") ?? null);
    const found = item.get("found");
    if (found === null) return { path, found: null };
    if (Array.isArray(found) && found.length === 3) {
      const [key, entries, root] = found;
      if (key instanceof Uint8Array && typeof entries === "number" && root instanceof Uint8Array)
        return { path, found: { key, entries, root } };
    }
  }
  throw malformed("a map proof of a bundle is a path, and what was found at its end");
}

/** @param {import("./cbor.js").Cbor} item @returns {Uint8Array[]} */
function hashes(item) {
  if (Array.isArray(item) && item.every((one) => one instanceof Uint8Array)) return /** @type {Uint8Array[]} */ (item);
  throw malformed("a proof of a bundle is a list of hashes");
}

/** @param {string} en */
const malformed = (en) => new Malformed(`完整性证明格式不符：${en}`, en);
