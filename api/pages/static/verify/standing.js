/**
 * The signed standing: what the log operator says of one enterprise now; and whether every entry that it rests on is one
 * that a completeness bundle shows. Computing it again from the entries is left to `credit-ledger verify`.
 */

import { Malformed, Refuted, Uncheckable } from "./errors.js";
import { isObject, parseCanonical } from "./json.js";
import { IAT_AHEAD_SECONDS_MAX, SIGNED_STANDING_BYTES_MAX, SIGNED_STANDING_VALID_SECONDS } from "./limits.js";
import * as sign1 from "./sign1.js";
import { kindOf, parseSubject } from "./subject.js";
import * as wording from "./wording.js";

/** @typedef {{subject: string, level: string, entries: number[], policy: number | null, notShown: number}} Standing */

const LABELS = [sign1.ALG, sign1.CONTENT_TYPE, sign1.KID, sign1.CWT_CLAIMS, sign1.TYP];
/** @type {Map<number, "text" | "number">} */
const CLAIMS = new Map([
  [sign1.ISS, "text"],
  [sign1.SUB, "text"],
  [sign1.EXP, "number"],
  [sign1.IAT, "number"],
]);

/**
 * Verifies a signed standing at `now` (Unix seconds): 1. no quorum is demanded, it is the operator's word; 2. its key is a
 * standing key of the trust file; 3. signature, log and validity hold.
 *
 * @param {Uint8Array} token @param {import("./trust.js").Trust} trust @param {import("./report.js").Steps} steps
 * @param {number} now @returns {Promise<Standing>} throws `Refuted`, `Malformed`, `Uncheckable`
 */
export async function verifyStanding(token, trust, steps, now) {
  trust.demandNothingOfWitnesses();
  if (token.length > SIGNED_STANDING_BYTES_MAX)
    throw new Malformed("签名文件过长", `a signed standing has at most ${SIGNED_STANDING_BYTES_MAX} bytes`);
  const message = sign1.parseSign1(token, sign1.STANDING, LABELS);
  const key = trust.standingKey(message.kidHex);
  if (key === null)
    throw new Uncheckable(
      `信任文件没有践诺状况密钥 ${message.kidHex}`,
      `the trust file has no standing key ${message.kidHex}`,
    );
  if (message.unprotected.size > 0)
    throw new Malformed("不应有未保护头", "a signed standing has no unprotected header");
  if (message.protected.get(sign1.CONTENT_TYPE) !== sign1.STANDING_JSON)
    throw new Malformed("内容类型不符", `content type is not ${sign1.STANDING_JSON}`);
  const named = sign1.claims(message.protected, CLAIMS);
  const [origin, subject] = [named.get(sign1.ISS), named.get(sign1.SUB)];
  const [issuedAt, expiresAt] = [named.get(sign1.IAT), named.get(sign1.EXP)];
  const payload = await message.verify(key);
  if (origin !== trust.origin)
    throw new Refuted(`践诺状况属于日志 ${origin}`, `the standing is of the log ${origin}, not of ${trust.origin}`);
  if (kindOf(parseSubject(subject)) !== "enterprise")
    throw new Malformed("践诺状况的对象不是企业", "a standing is about an enterprise");
  if (!(0 < expiresAt - issuedAt && expiresAt - issuedAt <= SIGNED_STANDING_VALID_SECONDS)) {
    throw new Refuted("有效期过长", "the signed standing holds longer than a signed standing may");
  }
  if (now >= expiresAt)
    throw new Refuted(
      `已于 ${now - expiresAt} 秒前失效，请重新获取`,
      `the signed standing expired ${now - expiresAt} s ago; ask for a new one`,
    );
  if (issuedAt > now + IAT_AHEAD_SECONDS_MAX)
    throw new Refuted("签发时间在将来", "the signed standing was issued in the future");
  steps.add(wording.NO_QUORUM, "trust");
  steps.add(wording.STANDING_SIGNED, "standing", message.kidHex);
  steps.add(wording.standingOf(origin, subject, expiresAt - now), "standing");
  return standingIn(payload, subject);
}

/**
 * Checks that each entry which a standing rests on is one that the bundle shows.
 *
 * @param {Standing} standing @param {import("./complete.js").VerifiedBundle | null} bundle about the same enterprise
 * @param {import("./report.js").Steps} steps throws `Refuted`, `Uncheckable` (no bundle, or one that ends before)
 */
export function checkReasons(standing, bundle, steps) {
  if (bundle === null) {
    if (standing.entries.length === 0) return;
    const list = standing.entries.slice(0, 8).join(", ") + (standing.entries.length > 8 ? " …" : "");
    throw new Uncheckable(
      `签名有效，但所依据的 ${standing.entries.length} 条记录（第 ${list} 条）没有出示：请把该企业的完整性证明一并放入`,
      `the signature holds, but the ${standing.entries.length} entries that it rests on (${list}) are not shown: add the enterprise's completeness bundle`,
    );
  }
  const policies = standing.policy === null ? [] : [standing.policy];
  const missing = [
    ...standing.entries.filter((index) => !bundle.entries.has(index)),
    ...policies.filter((index) => !bundle.policies.has(index)),
  ];
  const hidden = missing.find((index) => index < bundle.coveredSize);
  if (hidden !== undefined) {
    throw new Refuted(
      `所依据的第 ${hidden} 条不在该企业的完整记录中`,
      `it rests on entry ${hidden}, which is not among all entries of the enterprise`,
    );
  }
  if (missing.length > 0) {
    throw new Uncheckable(
      `完整性证明早于所依据的第 ${missing[0]} 条：请取新的`,
      `the bundle ends before entry ${missing[0]}, on which it rests: get a newer one`,
    );
  }
  if (standing.notShown > 0)
    throw new Uncheckable(`有 ${standing.notShown} 条理由未列出`, `${standing.notShown} of its reasons are not listed`);
  steps.add(wording.reasonsNamed(standing.entries.length + policies.length, bundle.coveredSize), "bundle");
}

/** @param {Uint8Array} payload @param {string} subject of the claims @returns {Standing} */
function standingIn(payload, subject) {
  const body = parseCanonical(payload);
  const {
    level,
    reasons = [],
    holds = [],
    pledges = [],
    revoked = null,
    policy = null,
    reasons_not_shown: notShown = 0,
  } = body;
  if (body.subject !== undefined && body.subject !== subject)
    throw new Refuted(
      "内容所述企业与签名所述不同",
      "the standing's content is about another enterprise than its signature says",
    );
  const rows = [reasons, holds, pledges].flatMap((list) => (Array.isArray(list) ? list : [null]));
  if (revoked !== null) rows.push(revoked);
  const entries = rows.map((row) => (isObject(row) ? row.entry : null));
  const policyEntry = policy === null ? null : isObject(policy) ? policy.entry : undefined;
  const whole = (/** @type {unknown} */ one) => typeof one === "number" && one >= 0;
  if (
    typeof level !== "string" ||
    !entries.every(whole) ||
    !(policyEntry === null || whole(policyEntry)) ||
    typeof notShown !== "number"
  ) {
    throw new Malformed("内容不是践诺状况", "not a standing");
  }
  return {
    subject,
    level,
    notShown,
    entries: [...new Set(/** @type {number[]} */ (entries))].sort((one, other) => one - other),
    policy: /** @type {number | null} */ (policyEntry),
  };
}
