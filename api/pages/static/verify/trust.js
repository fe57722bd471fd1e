/**
 * The trust file: all that a verifier believes beforehand; small JSON, to be compared out of band.
 *
 * Pinning it, and what to do when it changes, is in `pin.js`.
 */

import { unhex } from "./bytes.js";
import { Malformed, Uncheckable } from "./errors.js";
import { isObject, parse } from "./json.js";
import { ALGORITHMS, loadPem } from "./keys.js";
import { TRUST_BYTES_MAX } from "./limits.js";
import { VerifierKey } from "./note.js";
import { isEmptyPolicy, NONE, parsePolicy } from "./policy.js";

/** @typedef {import("./keys.js").PublicKey} PublicKey */

const FIELDS = [
  "origin",
  "checkpoint_vkeys",
  "receipt_keys",
  "standing_keys",
  "certificate_keys",
  "charter",
  "witness_policy",
];
const KEY_FIELDS = ["alg", "kid", "pem"];
const DIGEST = /^[0-9a-f]{64}$/;

/** What is believed, ready to use: keys by thumbprint in hexadecimal; `charter` is a root of 32 bytes. */
export class Trust {
  /** @param {string} origin @param {VerifierKey[]} checkpointKeys @param {Map<string, PublicKey>} receiptKeys
   *  @param {Map<string, PublicKey>} standingKeys @param {string} charter @param {import("./policy.js").Policy | null} policy */
  constructor(origin, checkpointKeys, receiptKeys, standingKeys, charter, policy) {
    this.origin = origin;
    this.checkpointKeys = checkpointKeys;
    this.receiptKeys = receiptKeys;
    this.standingKeys = standingKeys;
    this.charterHex = charter;
    this.charter = unhex(charter);
    this.policy = policy;
  }

  /** The name of the quorum of witnesses that is demanded, null if none is. */
  get quorum() {
    return this.policy !== null && this.policy.quorum !== NONE ? this.policy.quorum : null;
  }

  /** Throws `Uncheckable` where the file demands a quorum of witnesses, which a receipt does not carry. */
  demandNothingOfWitnesses() {
    if (this.quorum === null) return;
    throw new Uncheckable(
      `信任文件要求见证法定数 ${this.quorum}, 只有树证明 (/entries/{index}/proof) 能够出示`,
      `the trust file demands the quorum ${this.quorum} of witnesses, which only a tlog-proof shows (/entries/{index}/proof)`,
    );
  }
}

/** Reads a trust file. Throws `Malformed`. @param {Uint8Array} data @returns {Promise<Trust>} */
export async function parseTrust(data) {
  if (data.length > TRUST_BYTES_MAX) throw malformed(`a trust file has at most ${TRUST_BYTES_MAX} bytes`);
  const file = parse(data);
  // A field that this version does not know might be a demand: it is refused.
  for (const name of Object.keys(file))
    if (!FIELDS.includes(name)) throw malformed(`unknown field ${name.slice(0, 80)}`);
  const { origin, charter, checkpoint_vkeys: vkeys, witness_policy: policy = "" } = file;
  if (!isLine(origin)) throw malformed("origin");
  if (typeof charter !== "string" || !DIGEST.test(charter)) throw malformed("charter");
  if (!Array.isArray(vkeys) || !vkeys.every(isLine) || typeof policy !== "string") throw malformed("keys or policy");
  const checkpointKeys = await Promise.all(vkeys.map((one) => VerifierKey.parse(String(one))));
  if (checkpointKeys.some((key) => key.name !== origin))
    throw malformed("a checkpoint key that is not named after the origin");
  const receiptKeys = await keysIn(file.receipt_keys);
  const standingKeys = await keysIn(file.standing_keys);
  if ("certificate_keys" in file) await keysIn(file.certificate_keys); // looked at only: certificates are not read here
  const parsed = isEmptyPolicy(policy) ? null : await parsePolicy(policy);
  return new Trust(String(origin), checkpointKeys, receiptKeys, standingKeys, charter, parsed);
}

/** @param {unknown} rows @returns {Promise<Map<string, PublicKey>>} */
async function keysIn(rows) {
  if (!Array.isArray(rows)) throw malformed("keys are a list");
  /** @type {Map<string, PublicKey>} */
  const keys = new Map();
  for (const row of rows) {
    if (!isObject(row) || Object.keys(row).sort().join() !== KEY_FIELDS.join())
      throw malformed("a key is kid, alg and pem");
    const key = await loadPem(String(row.pem));
    if (key.kidHex !== row.kid) throw malformed(`key ${String(row.kid).slice(0, 16)}… has another thumbprint`);
    if (![...ALGORITHMS.values()].some(({ name, kind }) => name === row.alg && kind === key.kind)) {
      throw malformed(`key ${key.kidHex.slice(0, 16)}… does not sign with ${String(row.alg).slice(0, 40)}`);
    }
    keys.set(key.kidHex, key);
  }
  return keys;
}

/** @param {unknown} value */
const isLine = (value) => typeof value === "string" && value !== "" && [...value].length <= 512;

/** @param {string} en */
const malformed = (en) => new Malformed(`不是信任文件: ${en}`, `not a trust file: ${en}`);
