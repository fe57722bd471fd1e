/**
 * The signed statement: an event, its subject, its issuer and the log it is meant for, in one COSE_Sign1.
 *
 * Its bytes are the log entry. Here its form and its signature; what it says is in `events.js`.
 */

import { equal, hex, sha256, text, unhex } from "./bytes.js";
import { decode } from "./cbor.js";
import { Malformed, Refuted } from "./errors.js";
import { algorithm } from "./keys.js";
import { CTI_BYTES_MAX, CTI_BYTES_MIN, STATEMENT_BYTES_MAX } from "./limits.js";
import * as sign1 from "./sign1.js";
import { kindOf, parseSubject } from "./subject.js";

const LABELS = [sign1.ALG, sign1.CONTENT_TYPE, sign1.KID, sign1.CWT_CLAIMS, sign1.TYP];
const CLAIMS = [sign1.ISS, sign1.SUB, sign1.AUD, sign1.IAT, sign1.CTI];
const SEALED = /^\{"commitment":"([0-9a-f]{64})","type":"sealed"\}$/;
const ORIGIN_MAX = 200;
const IAT_MAX = 253_402_300_799; // the end of the year 9999

/**
 * @typedef {object} Statement a well-formed signed statement, whose signature nobody has checked yet
 * @property {Uint8Array} raw all its bytes
 * @property {number} alg
 * @property {Uint8Array} kid
 * @property {string} kidHex
 * @property {string} issuer
 * @property {string} subject
 * @property {string} audience
 * @property {number} iat Unix seconds, by the issuer's clock
 * @property {Uint8Array} payload
 * @property {Uint8Array | null} commitment SHA-256 of the body of a sealed one
 * @property {Uint8Array} protectedBytes
 * @property {Uint8Array} signature
 */

/** Takes apart a signed statement: sizes, canonical form, claims, ids. Throws `Malformed`. @param {Uint8Array} data
 *  @returns {Statement} */
export function parseStatement(data) {
  if (data.length > STATEMENT_BYTES_MAX)
    throw malformed("声明过长", `a statement has at most ${STATEMENT_BYTES_MAX} bytes`);
  const { protectedBytes, unprotected, payload, signature } = sign1.split(data);
  if (!equal(unprotected, sign1.EMPTY_MAP))
    throw malformed("声明的未保护头不为空", "a signed statement has an empty unprotected header");
  if (payload === null) throw malformed("声明没有内嵌内容", "a statement's payload is embedded, not detached");
  const header = decode(protectedBytes);
  if (!(header instanceof Map) || header.get(sign1.TYP) !== sign1.STATEMENT) {
    throw malformed("typ 不是声明", `typ is not ${sign1.STATEMENT}`);
  }
  if (!sign1.sameKeys(header, LABELS)) throw malformed("保护头的标签不符", `protected header labels are not ${LABELS}`);
  if (header.get(sign1.CONTENT_TYPE) !== sign1.PAYLOAD_JSON)
    throw malformed("内容类型不符", `content type is not ${sign1.PAYLOAD_JSON}`);
  const [alg, kid, claims] = [header.get(sign1.ALG), header.get(sign1.KID), header.get(sign1.CWT_CLAIMS)];
  algorithm(alg);
  if (!(kid instanceof Uint8Array) || kid.length !== 32)
    throw malformed("kid 不是 32 字节指纹", "kid is not a thumbprint of 32 bytes (RFC 9679)");
  if (!(claims instanceof Map) || !sign1.sameKeys(claims, CLAIMS)) {
    throw malformed("CWT 声明项不符", "CWT claims must be exactly iss, sub, aud, iat, cti");
  }
  const [issuer, audience] = [parseSubject(claims.get(sign1.ISS)), claims.get(sign1.AUD)];
  const [iat, cti] = [claims.get(sign1.IAT), claims.get(sign1.CTI)];
  if (kindOf(issuer) !== "party") throw malformed("iss 不是主体", "iss is not a party id");
  if (typeof audience !== "string" || audience === "" || [...audience].length > ORIGIN_MAX) {
    throw malformed("aud 不是日志名称", "aud is not the origin of a log");
  }
  if (typeof iat !== "number" || iat < 0 || iat > IAT_MAX)
    throw malformed("iat 不是时间", "iat is not a time in whole Unix seconds");
  if (!(cti instanceof Uint8Array) || cti.length < CTI_BYTES_MIN || cti.length > CTI_BYTES_MAX) {
    throw malformed("cti 长度不符", `cti is not a byte string of ${CTI_BYTES_MIN} to ${CTI_BYTES_MAX} bytes`);
  }
  return {
    raw: data,
    alg: /** @type {number} */ (alg),
    kid,
    kidHex: hex(kid),
    issuer,
    subject: parseSubject(claims.get(sign1.SUB)),
    audience,
    iat,
    payload,
    commitment: commitmentIn(payload),
    protectedBytes,
    signature,
  };
}

/** Checks the signature under the key that the statement names. Throws `Refuted`. @param {Statement} statement
 *  @param {import("./keys.js").PublicKey} key */
export async function verifyStatement(statement, key) {
  if (!equal(statement.kid, key.kid)) throw new Refuted("声明指明的是另一把密钥", "the statement names another key");
  await key.verify(statement.alg, statement.signature, sign1.toBeSigned(statement.protectedBytes, statement.payload));
}

/** Checks that `body` is the one that was committed to. Throws `Refuted`. @param {Statement} statement
 *  @param {Uint8Array} body */
export async function checkCommitment(statement, body) {
  if (statement.commitment === null || !equal(await sha256(body), statement.commitment)) {
    throw new Refuted("正文与承诺值不符", "the body does not hash to the statement's commitment");
  }
}

/** @param {Uint8Array} payload */
function commitmentIn(payload) {
  const match = payload.length < 200 ? SEALED.exec(latin(payload)) : null;
  return match === null ? null : unhex(match[1]);
}

/** @param {Uint8Array} payload */
function latin(payload) {
  try {
    return text(payload);
  } catch {
    return "";
  }
}

/** @param {string} zh @param {string} en */
function malformed(zh, en) {
  return new Malformed(zh, en);
}
