/**
 * COSE_Sign1 (RFC 9052 §4.2): tagged, canonical, 64-byte signatures, no external data. Sliced, never encoded again.
 *
 * Labels: RFC 9052 §3.1, CWT claims RFC 9597 and 8392, `typ` RFC 9596, receipts RFC 9942, thumbprints RFC 9679.
 */

import { byteString, decode, Reader } from "./cbor.js";
import { concat, equal, hex, utf8 } from "./bytes.js";
import { Malformed, Refuted } from "./errors.js";
import { algorithm } from "./keys.js";

/** @typedef {import("./cbor.js").CborMap} CborMap */
/** @typedef {import("./keys.js").PublicKey} PublicKey */

export const [ALG, CONTENT_TYPE, KID, CWT_CLAIMS, TYP] = [1, 3, 4, 15, 16];
export const [RECEIPTS, VDS, VDP] = [394, 395, 396];
export const [TREE_SIZE, ORIGIN] = [-70001, -70002]; // private use
export const [ISS, SUB, AUD, EXP, IAT, CTI] = [1, 2, 3, 4, 6, 7];

// What is signed for one use must not pass for another: `typ` is looked at first
export const STATEMENT = "application/vnd.credit-ledger.statement+cose";
export const STANDING = "application/vnd.credit-ledger.standing+cose";
export const ACKNOWLEDGEMENT = "application/vnd.credit-ledger.acknowledgement+cose";
export const POSSESSION = "application/vnd.credit-ledger.possession+cose";
export const RECEIPT = "application/scitt-receipt+cose";
export const EVIDENCE = "application/vnd.credit-ledger.evidence+cbor";
export const BUNDLE = "application/vnd.credit-ledger.bundle+cbor";
export const PAYLOAD_JSON = "application/vnd.credit-ledger+json";
export const STANDING_JSON = "application/vnd.credit-ledger.standing+json";

export const EMPTY_MAP = Uint8Array.of(0xa0);
export const START = Uint8Array.of(0xd2, 0x84); // tag 18, array of 4
const NIL = Uint8Array.of(0xf6);
const SIGNATURE_HEAD = Uint8Array.of(0x58, 0x40);
const TO_BE_SIGNED = concat(Uint8Array.of(0x84, 0x6a), utf8("Signature1"));
const NO_EXTERNAL = Uint8Array.of(0x40);

/** @typedef {{protectedBytes: Uint8Array, unprotected: Uint8Array, payload: Uint8Array | null, signature: Uint8Array}} Parts */

/** Slices a message; all but the inside of the protected header is checked to be canonical. @param {Uint8Array} data
 *  @returns {Parts} */
export function split(data) {
  if (!equal(data.subarray(0, 2), START))
    throw malformed("不是带标签 18 的 COSE_Sign1", "not a COSE_Sign1 with tag 18");
  const reader = new Reader(data, 2);
  const protectedBytes = reader.bytes();
  const start = reader.at;
  if (!(reader.item(0) instanceof Map)) throw malformed("未保护头不是映射", "the unprotected header is not a map");
  const unprotected = data.subarray(start, reader.at);
  /** @type {Uint8Array | null} */
  let payload = null;
  if (data[reader.at] === NIL[0]) reader.at += 1;
  else payload = reader.bytes();
  const end = reader.at + 2;
  if (!equal(data.subarray(reader.at, end), SIGNATURE_HEAD) || data.length !== end + 64) {
    throw malformed("消息结尾不是 64 字节签名", "the message does not end in a signature of 64 bytes");
  }
  return { protectedBytes, unprotected, payload, signature: data.subarray(end) };
}

/** The tagged message of its parts. @param {Parts} parts @returns {Uint8Array} */
export function assemble({ protectedBytes, unprotected, payload, signature }) {
  const body = payload === null ? NIL : byteString(payload);
  return concat(START, byteString(protectedBytes), unprotected, body, SIGNATURE_HEAD, signature);
}

/** The Sig_structure (RFC 9052 §4.4). @param {Uint8Array} protectedBytes @param {Uint8Array} payload */
export function toBeSigned(protectedBytes, payload) {
  return concat(TO_BE_SIGNED, byteString(protectedBytes), NO_EXTERNAL, byteString(payload));
}

/** A parsed, not yet verified COSE_Sign1; `payload` is null where it is detached. */
export class Sign1 {
  /** @param {Parts} parts @param {CborMap} header @param {CborMap} loose @param {number} alg @param {Uint8Array} kid */
  constructor(parts, header, loose, alg, kid) {
    this.protectedBytes = parts.protectedBytes;
    this.payload = parts.payload;
    this.signature = parts.signature;
    this.protected = header;
    this.unprotected = loose;
    this.alg = alg;
    this.kid = kid;
    this.kidHex = hex(kid);
  }

  /**
   * The payload, once the signature over it holds under `key`. Throws `Refuted`, `Malformed`.
   *
   * @param {PublicKey} key @param {Uint8Array | null} [detached] the payload, where the message does not carry it
   */
  async verify(key, detached = null) {
    if ((this.payload === null) === (detached === null)) {
      throw malformed(
        "内容或内嵌或另给，不能兼有或皆无",
        "a payload is either embedded or given, not both and not neither",
      );
    }
    const payload = /** @type {Uint8Array} */ (this.payload ?? detached);
    if (!equal(this.kid, key.kid)) throw new Refuted("消息指明的是另一把密钥", "the message names another key");
    await key.verify(this.alg, this.signature, toBeSigned(this.protectedBytes, payload));
    return payload;
  }
}

/**
 * Takes apart a message whose protected `typ` is `typ` and whose protected labels are exactly `labels`.
 *
 * @param {Uint8Array} data @param {string} typ @param {number[]} labels @returns {Sign1} throws `Malformed`
 */
export function parseSign1(data, typ, labels) {
  const parts = split(data);
  const header = decode(parts.protectedBytes);
  if (!(header instanceof Map)) throw malformed("保护头不是映射", "the protected header is not a map");
  if (header.get(TYP) !== typ)
    throw malformed(`typ 不是 ${typ}`, `typ is ${String(header.get(TYP)).slice(0, 80)}, not ${typ}`);
  if (!sameKeys(header, labels)) {
    throw malformed("保护头的标签不符", `protected header labels are ${[...header.keys()]}, not ${labels}`);
  }
  const alg = header.get(ALG);
  algorithm(alg);
  const kid = header.get(KID);
  if (!(kid instanceof Uint8Array) || kid.length !== 32) {
    throw malformed("kid 不是 32 字节指纹", "kid is not a thumbprint of 32 bytes (RFC 9679)");
  }
  const loose = /** @type {CborMap} */ (decode(parts.unprotected));
  return new Sign1(parts, header, loose, /** @type {number} */ (alg), kid);
}

/** The `typ` in a message's protected header, whatever it is. Throws `Malformed`. @param {Uint8Array} data */
export function typOf(data) {
  const header = decode(split(data).protectedBytes);
  return header instanceof Map ? header.get(TYP) : undefined;
}

/**
 * The CWT claims of a header: exactly those in `types`, each of its type (RFC 9597). Throws `Malformed`.
 *
 * @param {CborMap} header @param {Map<number, "text" | "number" | "bytes">} types @returns {Map<number, any>}
 */
export function claims(header, types) {
  const found = header.get(CWT_CLAIMS);
  if (!(found instanceof Map) || !sameKeys(found, [...types.keys()])) {
    throw malformed("CWT 声明项不符", `CWT claims must be exactly ${[...types.keys()]}`);
  }
  for (const [label, type] of types) {
    const value = found.get(label);
    const actual = typeof value === "string" ? "text" : value instanceof Uint8Array ? "bytes" : typeof value;
    if (actual !== type) throw malformed(`CWT 声明项 ${label} 类型不符`, `CWT claim ${label} is not of type ${type}`);
  }
  return /** @type {Map<number, any>} */ (found);
}

/** @param {CborMap} map @param {number[]} labels */
export function sameKeys(map, labels) {
  return map.size === labels.length && labels.every((label) => map.has(label));
}

/** @param {string} zh @param {string} en */
function malformed(zh, en) {
  return new Malformed(zh, en);
}
