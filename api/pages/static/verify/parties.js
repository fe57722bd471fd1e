/**
 * Who there is, in which roles, with which keys: what the governing entries add up to. What may be said about it is in
 * `party_rules.js`.
 */

import { Refuted, Uncheckable } from "./errors.js";
import { shanghaiDate } from "./subject.js";

/** @typedef {import("./events.js").Event & {[field: string]: any}} Event */
/** @typedef {{name: string, nameEn: string | null, roles: Set<string>, keys: string[]}} Party */
/**
 * @typedef {object} EnrolledKey
 * @property {string} kid hexadecimal, like all thumbprints here
 * @property {Uint8Array} coseKey
 * @property {string} party
 * @property {string} officer
 * @property {string} enrolledOn Asia/Shanghai, like all dates here
 * @property {string} validFrom
 * @property {string | null} validUntil
 * @property {string | null} usableFrom set by a recovery
 * @property {number | null} endedAt
 * @property {string | null} compromisedSince
 * @property {string | null} successor
 * @property {boolean} rotated whether the old key itself signed it in
 */
/** @typedef {{index: number, recordedAt: number, subject: string, issuer: string, kid: string, officer: string,
 *   roles: ReadonlySet<string>, bootstrap: boolean}} Place where an entry stands, and who says it */

const LACKING = new Set(["key.unknown", "party.not_enrolled", "policy.none_in_force"]);

/** A rule that refuses because something is not there makes the evidence insufficient, any other refutes it.
 *  @param {number} index @param {string} rule @param {string} zh @param {string} en @returns {never} */
export function refuse(index, rule, zh, en) {
  const Verdict = LACKING.has(rule) ? Uncheckable : Refuted;
  throw new Verdict(
    `第 ${index} 条，就所示证据而言：${zh}（${rule}）`,
    `entry ${index}, as far as the evidence shows: ${rule}: ${en}`,
  );
}

/** The state of the governing streams, growing entry by entry in the order of the log. */
export class Parties {
  constructor() {
    /** @type {Event | null} */
    this.anchors = null;
    /** @type {Event[]} `TrustAnchorsSucceeded`, in log order */
    this.successions = [];
    /** @type {Map<string, Party>} */
    this.byId = new Map();
    /** @type {Map<string, EnrolledKey>} */
    this.keys = new Map();
    /** @type {{from: string, index: number, recoveryDays: number}[]} */
    this.registration = [];
    /** @type {Map<number, {issuer: string, kid: string, approved: boolean}>} of standing policies */
    this.proposals = new Map();
    /** @type {Map<number, {issuer: string, kid: string, approved: boolean, recoveryDays: number}>} */
    this.registrationProposals = new Map();
    /** @type {Map<string, {party: string, index: number}>} by CMA number */
    this.accreditations = new Map();
    /** @type {{index: number, treeSize: number, root: Uint8Array, subjects: number}[]} the newest, oldest first */
    this.mapRoots = [];
    /** @type {Set<number>} entries that put a standing policy into force */
    this.standingPolicies = new Set();
  }

  /** @param {string} party @returns {ReadonlySet<string>} */
  roles(party) {
    return this.byId.get(party)?.roles ?? new Set();
  }

  /** The issuer's key, if it may sign an entry recorded here and on that day. Throws `Refuted`, `Uncheckable`.
   *  @param {number} index @param {string} kid @param {string} issuer @param {string} today */
  usableKey(index, kid, issuer, today) {
    const key = this.keys.get(kid);
    if (key === undefined) return refuse(index, "key.unknown", "签名密钥未登记", "the signing key is not enrolled");
    if (key.party !== issuer)
      refuse(index, "key.not_the_issuers", "签名密钥属于另一主体", "the signing key belongs to another party");
    if (key.endedAt !== null)
      refuse(
        index,
        "key.ended",
        `签名密钥已由第 ${key.endedAt} 条记录停用`,
        `the signing key was ended by entry ${key.endedAt}`,
      );
    if (!validOn(key, today))
      refuse(
        index,
        "key.not_valid_today",
        "签名密钥当日不在有效期内",
        "the signing key is not valid today (or its waiting period after a recovery is not over)",
      );
    return key;
  }

  /** Whether an entry lies in the time in which its key was compromised. @param {string} kid @param {number} index
   *  @param {number} recordedAt */
  disputed(kid, index, recordedAt) {
    const key = this.keys.get(kid);
    if (key === undefined || key.compromisedSince === null || key.endedAt === null) return false;
    return index < key.endedAt && shanghaiDate(recordedAt) >= key.compromisedSince;
  }
}

/** @param {EnrolledKey} key @param {string} day */
export function validOn(key, day) {
  return (
    key.validFrom <= day &&
    (key.validUntil === null || day <= key.validUntil) &&
    (key.usableFrom === null || key.usableFrom <= day)
  );
}
