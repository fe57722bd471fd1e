/**
 * The acknowledgement of a statement that waits: that the log's operator had it, and since when. No receipt: what became
 * of it afterwards is not said.
 */

import { equal, hex, sha256 } from "./bytes.js";
import { Malformed, Refuted, Uncheckable } from "./errors.js";
import { ACKNOWLEDGEMENT_BYTES_MAX } from "./limits.js";
import * as sign1 from "./sign1.js";
import { parseSubject } from "./subject.js";
import * as wording from "./wording.js";

/** @typedef {{subject: string, receivedAt: number, statementId: Uint8Array}} Acknowledged `receivedAt` in Unix seconds */

const LABELS = [sign1.ALG, sign1.KID, sign1.CWT_CLAIMS, sign1.TYP];
const [DIGEST_BYTES, YEAR_9999] = [32, 253_370_764_800]; // Unix seconds: a time that has a date
/** @type {Map<number, "text" | "number">} */
const CLAIMS = new Map([
  [sign1.ISS, "text"],
  [sign1.SUB, "text"],
  [sign1.IAT, "number"],
]);

/**
 * Verifies an acknowledgement: 1. no quorum is demanded, it is the operator's word; 2. its key is a receipt key of the
 * trust file; 3. signature and log hold; 4. the statement that was given with it is the one that it is about.
 *
 * @param {Uint8Array} token @param {Uint8Array | null} statement @param {import("./trust.js").Trust} trust
 * @param {import("./report.js").Steps} steps @returns {Promise<Acknowledged>} throws `Refuted`, `Malformed`, `Uncheckable`
 */
export async function verifyAcknowledgement(token, statement, trust, steps) {
  trust.demandNothingOfWitnesses();
  if (token.length > ACKNOWLEDGEMENT_BYTES_MAX)
    throw new Malformed("收件回执过长", `an acknowledgement has at most ${ACKNOWLEDGEMENT_BYTES_MAX} bytes`);
  const message = sign1.parseSign1(token, sign1.ACKNOWLEDGEMENT, LABELS);
  const key = trust.acknowledgementKey(message.kidHex);
  if (key === null)
    throw new Uncheckable(`信任文件没有收据密钥 ${message.kidHex}`, `the trust file has no receipt key ${message.kidHex}`);
  if (message.unprotected.size > 0)
    throw new Malformed("不应有未保护头", "an acknowledgement has no unprotected header");
  const named = sign1.claims(message.protected, CLAIMS);
  const [origin, about, receivedAt] = [named.get(sign1.ISS), named.get(sign1.SUB), named.get(sign1.IAT)];
  if (!(0 <= receivedAt && receivedAt < YEAR_9999))
    throw new Malformed("收件时间不是时间", "the time of an acknowledgement is none");
  const statementId = await message.verify(key);
  if (origin !== trust.origin)
    throw new Refuted(
      `收件回执属于日志 ${origin}`,
      `the acknowledgement is of the log ${origin}, not of ${trust.origin}`,
    );
  if (statementId.length !== DIGEST_BYTES)
    throw new Malformed("所指不是 SHA-256", "an acknowledgement is of a SHA-256, 32 bytes");
  const subject = parseSubject(about);
  const digest = hex(statementId);
  if (statement !== null && !equal(await sha256(statement), statementId))
    throw new Refuted(
      `它所指的是另一份声明，SHA-256 ${digest}`,
      `it acknowledges another statement, with SHA-256 ${digest}`,
    );
  steps.add(wording.NO_QUORUM, "trust");
  steps.add(wording.ACKNOWLEDGEMENT_SIGNED, "acknowledgement", message.kidHex);
  steps.add(wording.acknowledgedBy(origin, subject, receivedAt, digest), "acknowledgement");
  if (statement !== null) steps.add(wording.ACKNOWLEDGED_IS_BESIDE, "statement");
  return { subject, receivedAt, statementId };
}
