/**
 * Private keys in the browser, and what they sign: COSE_Sign1 messages that are built here from fields, never from bytes
 * that somebody gave. Signatures are low-S: WebCrypto does not see to it, and everybody who verifies does.
 */

import { concat, equal, hex, source, unhex } from "../verify/bytes.js";
import { decode, encode } from "../verify/cbor.js";
import { Malformed, Refuted } from "../verify/errors.js";
import { decodeKey } from "../verify/keys.js";
import * as cose from "../verify/sign1.js";
import { pem } from "./key_file.js";

/** @typedef {import("../verify/cbor.js").Cbor} Cbor */
/** @typedef {import("../verify/keys.js").PublicKey} PublicKey */
/** @typedef {{privateKey: CryptoKey, publicKey: PublicKey}} SigningKey */
/** @typedef {{party: string, log: string, webOrigin: string, expiresAt: number, nonce: Uint8Array}} SignInFields */

export const SIGN_IN = "application/vnd.credit-ledger.sign-in+cose";
const ES256 = -7;
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n; // of P-256, SEC 2 §2.4.2
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const NONCE_BYTES = 32;
const PROBE = new TextEncoder().encode("credit-ledger: does this key belong to that one?");

/** A new key, in PKCS#8 until its backup is safe. @returns {Promise<Uint8Array>} */
export async function newKey() {
  const pair = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  return new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
}

/** The key of a PKCS#8, its private half not extractable from here on. Throws `Malformed`. @param {Uint8Array} pkcs8
 *  @returns {Promise<SigningKey>} */
export async function importKey(pkcs8) {
  try {
    const readable = await crypto.subtle.importKey("pkcs8", source(pkcs8), ALGORITHM, true, ["sign"]);
    const { x, y } = await crypto.subtle.exportKey("jwk", readable);
    const coseKey = encode(
      new Map(
        /** @type {[number, Cbor][]} COSE_Key, RFC 9053 §7.1 */ ([
          [1, 2],
          [-1, 1],
          [-2, unbase64url(x ?? "")],
          [-3, unbase64url(y ?? "")],
        ]),
      ),
    );
    const privateKey = await crypto.subtle.importKey("pkcs8", source(pkcs8), ALGORITHM, false, ["sign"]);
    const key = { privateKey, publicKey: await decodeKey(coseKey) };
    await sign(key, PROBE);
    return key;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    throw new Malformed("文件中的私钥不能使用", "the private key in the file cannot be used");
  }
}

/**
 * A raw signature of 64 bytes, low-S, checked under the public key before it leaves (RFC 9053 §2.1). Throws `Refuted`
 * where the two halves do not belong together.
 *
 * @param {SigningKey} key @param {Uint8Array} data @returns {Promise<Uint8Array>}
 */
export async function sign(key, data) {
  const how = { name: "ECDSA", hash: "SHA-256" };
  const signature = lowS(new Uint8Array(await crypto.subtle.sign(how, key.privateKey, source(data))));
  await key.publicKey.verify(ES256, signature, data);
  return signature;
}

/** The one of (r, s) and (r, n - s) that counts. @param {Uint8Array} signature 64 bytes @returns {Uint8Array} */
export function lowS(signature) {
  const s = BigInt(`0x${hex(signature.subarray(32))}`);
  if (s <= ORDER / 2n) return signature;
  return concat(signature.subarray(0, 32), unhex((ORDER - s).toString(16).padStart(64, "0")));
}

/** The protected header of a message by this key. @param {SigningKey} key @param {string} typ
 *  @param {Map<number, Cbor>} claims @param {string | null} [contentType] of the payload, where the format names one
 *  @returns {Uint8Array} */
export function protectedHeader(key, typ, claims, contentType = null) {
  /** @type {[number, Cbor][]} */
  const labels = [
    [cose.ALG, ES256],
    [cose.KID, key.publicKey.kid],
    [cose.CWT_CLAIMS, claims],
    [cose.TYP, typ],
  ];
  if (contentType !== null) labels.push([cose.CONTENT_TYPE, contentType]);
  return encode(new Map(labels));
}

/** The message over a protected header and a payload, which is the key's thumbprint where the format has none of its
 *  own. @param {SigningKey} key @param {Uint8Array} protectedBytes @param {Uint8Array} [payload]
 *  @returns {Promise<Uint8Array>} */
export async function signed(key, protectedBytes, payload = key.publicKey.kid) {
  const signature = await sign(key, cose.toBeSigned(protectedBytes, payload));
  return cose.assemble({ protectedBytes, unprotected: cose.EMPTY_MAP, payload, signature });
}

/** The proof that the holder of the key wants it enrolled for a party in a log, as `key show` makes it.
 *  @param {SigningKey} key @param {string} party @param {string} log @returns {Promise<Uint8Array>} */
export function provePossession(key, party, log) {
  const claims = new Map([
    [cose.ISS, party],
    [cose.AUD, log],
  ]);
  return signed(key, protectedHeader(key, cose.POSSESSION, claims));
}

/** What is to be signed to sign in: the protected header, by its fields. @param {SigningKey} key
 *  @param {SignInFields} fields @returns {Uint8Array} */
export function signInHeader(key, { party, log, webOrigin, expiresAt, nonce }) {
  if (nonce.length !== NONCE_BYTES) throw new Malformed("登录凭据格式不对", `a challenge has ${NONCE_BYTES} bytes`);
  const claims = new Map(
    /** @type {[number, Cbor][]} */ ([
      [cose.ISS, party],
      [cose.SUB, log],
      [cose.AUD, webOrigin],
      [cose.EXP, expiresAt],
      [cose.CTI, nonce],
    ]),
  );
  return protectedHeader(key, SIGN_IN, claims);
}

/** What such a header says, read from its bytes: for a person, before it is signed. Throws `Malformed`, `Refuted`.
 *  @param {SigningKey} key @param {Uint8Array} protectedBytes @returns {SignInFields} */
export function readSignIn(key, protectedBytes) {
  const header = decode(protectedBytes);
  if (!(header instanceof Map) || !cose.sameKeys(header, [cose.ALG, cose.KID, cose.CWT_CLAIMS, cose.TYP])) {
    throw new Malformed("将要签名的内容不是登录", "what is to be signed is no sign-in");
  }
  const kid = header.get(cose.KID);
  if (header.get(cose.TYP) !== SIGN_IN || !(kid instanceof Uint8Array) || !equal(kid, key.publicKey.kid)) {
    throw new Refuted("将要签名的内容不是这把密钥的登录", "what is to be signed is no sign-in by this key");
  }
  const types = new Map(
    /** @type {[number, "text" | "number" | "bytes"][]} */ ([
      [cose.ISS, "text"],
      [cose.SUB, "text"],
      [cose.AUD, "text"],
      [cose.EXP, "number"],
      [cose.CTI, "bytes"],
    ]),
  );
  const found = cose.claims(header, types);
  const [party, log, webOrigin, expiresAt, nonce] = [...types.keys()].map((label) => found.get(label));
  return { party, log, webOrigin, expiresAt, nonce };
}

/** The answer to a challenge. @param {SigningKey} key @param {Uint8Array} protectedBytes of `signInHeader` */
export const signSignIn = (key, protectedBytes) => signed(key, protectedBytes);

/** The public half in PEM. @param {PublicKey} key @returns {string} */
export function publicPem(key) {
  const prefix = unhex("3059301306072a8648ce3d020106082a8648ce3d030107034200"); // RFC 5480 §2
  return pem("PUBLIC KEY", concat(prefix, key.raw));
}

/** @param {string} text */
const unbase64url = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
