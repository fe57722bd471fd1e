/**
 * What statements say: payloads of open ones, bodies of sealed ones, as canonical JSON.
 *
 * Of every event the form, the type and the common fields are checked; of those that say who may say what (parties, keys,
 * roles, policies, the map) every field, since others rest on them.
 */

import { hex, sha256 } from "./bytes.js";
import { CATALOGUE } from "./catalogue.js";
import { Malformed, Refuted } from "./errors.js";
import { parseCanonical } from "./json.js";
import { BODY_BYTES_MAX } from "./limits.js";
import { checkCommitment } from "./statement.js";
import { isDate } from "./subject.js";

/** @typedef {import("./json.js").JsonObject} JsonObject */
/** @typedef {JsonObject & {type: string, effective_on: string}} Event */
/** @typedef {(value: unknown) => boolean} Check */

const SALT = /^(?:[0-9a-f]{2}){16,64}$/;
const GROUND = "GroundText"; // the body behind `PledgeRevoked.ground_text`

/** @type {Check} */
const line = (value) => typeof value === "string" && value !== "" && [...value].length <= 512;
/** @type {Check} */
const digest = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
/** @type {Check} */
const bytes = (value) => typeof value === "string" && /^(?:[0-9a-f]{2})+$/.test(value) && value.length <= 4096;
/** @type {Check} */
const officer = (value) => typeof value === "string" && /^[a-z0-9][a-z0-9-]{0,63}$/.test(value);
/** @type {Check} */
const cmaNumber = (value) => typeof value === "string" && /^[0-9A-Z]{6,20}$/.test(value);
/** @type {(least: number, most: number) => Check} */
const number = (least, most) => (value) => typeof value === "number" && least <= value && value <= most;
/** @type {(...values: string[]) => Check} */
const oneOf =
  (...values) =>
  (value) =>
    typeof value === "string" && values.includes(value);
const role = oneOf(
  "registrar",
  "organizer",
  "approver",
  "regulator",
  "laboratory",
  "handling_body",
  "data_officer",
  "log_operator",
);
const days = number(0, 36_500);
const size = number(1, Number.MAX_SAFE_INTEGER);
/** @type {Check} */
const dates = (value) => Array.isArray(value) && value.every(isDate);
/** @type {Check} */
const lines = (value) => Array.isArray(value) && value.length <= 256 && value.every(line);
/** @type {Check} */
const daysByType = (value) =>
  typeof value === "object" &&
  value !== null &&
  Object.entries(value).every(([type, one]) => /^[A-Z][A-Za-z]{0,63}$/.test(type) && days(one));
/** @type {Check} */
const document = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @typedef {{must: Record<string, Check>, may?: Record<string, Check>}} Fields */
/** @type {Fields} of a registration policy, as an event of its own or as a document */
const REGISTRATION_POLICY = {
  must: {
    statement_age_max_seconds: number(60, 31_536_000),
    recording_days_max_default: days,
    recording_days_max: daysByType,
    key_recovery_days: days,
    complaint_notice_working_days: days,
    pledge_months_max: number(0, 1_200),
    certificate_words_forbidden: lines,
  },
  may: { citation_recheck_days_max: days },
};
/** @type {Check} */
const registrationPolicy = (value) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { must, may } = REGISTRATION_POLICY;
  return (
    Object.entries(value).every(([name, one]) => (must[name] ?? may?.[name])?.(one) === true) &&
    Object.keys(must).every((name) => Object.hasOwn(value, name))
  );
};

/** @type {Record<string, Check>} fields that every event may leave out */
const COMMON = { legal_basis: line, late_ground: line };

/** @type {Record<string, Fields>} of what others rest on */
const FIELDS = {
  TrustAnchorsEstablished: {
    must: {
      origin: line,
      name_zh: line,
      name_en: line,
      root_key: bytes,
      root_officer: officer,
      checkpoint_vkey: line,
      receipt_key: bytes,
      standing_key: bytes,
    },
    may: { demo: (value) => value === true },
  },
  TrustAnchorsSucceeded: {
    must: {
      from_size: number(2, Number.MAX_SAFE_INTEGER),
      checkpoint_vkey: line,
      receipt_key: bytes,
      standing_key: bytes,
      reason: oneOf("planned", "lost", "compromised"),
    },
  },
  PartyEnrolled: { must: { name_zh: line }, may: { name_en: line, identifier: line, evidence: line } },
  LaboratoryAccredited: {
    must: { cma: cmaNumber, valid_from: isDate, valid_until: isDate },
    may: { evidence: line },
  },
  KeyEnrolled: {
    must: { key: bytes, proof: bytes, officer, valid_from: isDate },
    may: { valid_until: isDate, evidence: line },
  },
  KeyRotated: { must: { replaces: digest, key: bytes, proof: bytes }, may: { valid_until: isDate } },
  KeyRecovered: {
    must: { replaces: digest, key: bytes, proof: bytes, officer, usable_from: isDate, evidence: line },
    may: { valid_until: isDate },
  },
  KeyRevoked: {
    must: { kid: digest, reason: oneOf("retired", "superseded", "lost", "compromised") },
    may: { compromised_since: isDate },
  },
  RoleGranted: { must: { role } },
  RoleRevoked: { must: { role, reason: line } },
  RegistrationPolicyAdopted: REGISTRATION_POLICY,
  RegistrationPolicyProposed: { must: { policy: registrationPolicy } },
  RegistrationPolicyApproved: { must: { proposal: number(0, Number.MAX_SAFE_INTEGER) } },
  StandingPolicyProposed: { must: { policy: document } },
  StandingPolicyApproved: { must: { proposal: number(0, Number.MAX_SAFE_INTEGER) } },
  WorkCalendarPublished: { must: { year: number(2000, 2100), holidays: dates, workdays: dates } },
  HistoryGivenUp: {
    must: { lost_size: size, lost_root: digest, kept_size: size, kept_root: digest, reason: line },
  },
  MapRootPublished: { must: { root: digest, tree_size: size, subjects: size } },
};

/** The event of an open statement's payload. Throws `Malformed`. @param {Uint8Array} payload @returns {Event} */
export function decodePayload(payload) {
  return checked(parseCanonical(payload));
}

/**
 * The event that a statement makes: from its payload, or from `body` if it is sealed; null for a sealed one without body.
 *
 * @param {import("./statement.js").Statement} statement @param {Uint8Array | null} body
 * @returns {Promise<Event | null>} throws `Malformed`, `Refuted` (the body is not the one that was committed to)
 */
export async function decodeEvent(statement, body) {
  if (statement.commitment === null) return decodePayload(statement.payload);
  if (body === null) return null;
  await checkCommitment(statement, body);
  return checked(unsalted(body));
}

/** Checks that `body` is the text of a ground which an open event names by its digest. Throws `Refuted`, `Malformed`.
 *  @param {Event} event @param {Uint8Array} body */
export async function checkGround(event, body) {
  if (event.type !== "PledgeRevoked" || event.ground_text !== hex(await sha256(body))) {
    throw new Refuted("所给正文不属于这条声明", "the body that was given does not belong to this statement");
  }
  const { type, v, text } = unsalted(body);
  if (type !== GROUND || v !== 1 || typeof text !== "string") {
    throw new Refuted("所指正文不是理由文本", "the body that the statement names is not the text of a ground");
  }
}

/** @param {Uint8Array} body @returns {JsonObject} its content without the salt */
function unsalted(body) {
  if (body.length > BODY_BYTES_MAX) throw new Malformed("正文过长", `a body has at most ${BODY_BYTES_MAX} bytes`);
  const { salt, ...content } = parseCanonical(body);
  if (typeof salt !== "string" || !SALT.test(salt)) {
    throw new Malformed("正文的盐值不符", "the salt is not 16 to 64 bytes in lower-case hexadecimal");
  }
  return content;
}

/** @param {JsonObject} content @returns {Event} */
function checked(content) {
  const { type, v, effective_on: on, ...rest } = content;
  if (typeof type !== "string" || !Object.hasOwn(CATALOGUE, type)) {
    throw new Malformed(
      `不认识的类型 ${String(type).slice(0, 80)}`,
      `not a type of the catalogue: ${String(type).slice(0, 80)}`,
    );
  }
  if (v !== 1) throw new Malformed("不认识的格式版本", `schema version ${v} is not known`);
  if (!isDate(on)) throw new Malformed("effective_on 不是日期", "effective_on is no date");
  const fields = FIELDS[type];
  for (const [name, value] of Object.entries(rest)) {
    const check = COMMON[name] ?? fields?.must[name] ?? fields?.may?.[name];
    if (check === undefined ? fields !== undefined : !check(value)) throw field(type, name);
  }
  for (const name of Object.keys(fields?.must ?? {})) if (!Object.hasOwn(rest, name)) throw field(type, name);
  return /** @type {Event} */ (content);
}

/** @param {string} type @param {string} name */
const field = (type, name) =>
  new Malformed(`${type} 的字段 ${name} 不符`, `the field ${name} of ${type} is not as it must be`);
