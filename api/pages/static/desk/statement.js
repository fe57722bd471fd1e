/**
 * Statements made in the browser: built from fields, read back from their bytes for a person, signed, submitted.
 *
 * The same bytes as `ledger/cose/statement.py` makes of the same fields: a test compares the two, event by event.
 */

import { byteString, head, Reader } from "../verify/cbor.js";
import { concat, equal, hex, sha256, utf8 } from "../verify/bytes.js";
import { CATALOGUE } from "../verify/catalogue.js";
import { Malformed, Refuted, Uncheckable, VerificationError } from "../verify/errors.js";
import { decodeEvent } from "../verify/events.js";
import { canonical, parseCanonical } from "../verify/json.js";
import { BODY_BYTES_MAX } from "../verify/limits.js";
import * as cose from "../verify/sign1.js";
import { parseStatement } from "../verify/statement.js";
import { parseSubject } from "../verify/subject.js";
import { protectedHeader, signed } from "./signing.js";

/** @typedef {import("../verify/cbor.js").Cbor} Cbor */
/** @typedef {import("../verify/json.js").JsonObject} JsonObject */
/** @typedef {import("./signing.js").SigningKey} SigningKey */

/**
 * @typedef {object} Frame what a statement has besides its content
 * @property {string} party who says it
 * @property {string} log the origin of the log that it is for
 * @property {string} subject whom or what it is about
 * @property {boolean} [sealed] whether the content goes into a body of its own; as the catalogue has it, if left out
 * @property {NamedText} [text] a text that an open statement names by its digest
 * @property {number} [iat] Unix seconds; now, if left out
 * @property {Uint8Array} [cti] random, if left out
 * @property {Uint8Array} [salt] random, if left out
 */

/** @typedef {{field: string, content: JsonObject & {type: string}}} NamedText the field that holds its digest */

/**
 * @typedef {object} Said what a statement says, read from its bytes
 * @property {string} party
 * @property {string} log
 * @property {string} subject
 * @property {string} kidHex
 * @property {number} iat
 * @property {boolean} sealed
 * @property {JsonObject & {type: string, effective_on: string}} content
 * @property {JsonObject | null} text that belongs to an open statement
 */

/** @typedef {{status: "registered" | "existing", entry: number, receipt: Uint8Array} | {status: "pending"}} Outcome */

const [CTI_BYTES, SALT_BYTES] = [16, 32];
const ANSWER_SECONDS_MAX = 60;
const ARRAY = 4; // major type, RFC 8949 §3.1
const UNSIGNED = new Uint8Array(64);

/** What the service did not take, in its words. */
export class RegistrationRefused extends VerificationError {
  /** @param {string} rule @param {string} zh @param {string} en @param {string} detail */
  constructor(rule, zh, en, detail) {
    const said = rule === "text.personal_data" ? "" : detail; // its Chinese words say where already
    super(said ? `${zh}（${said}）` : zh, detail ? `${en} (${detail})` : en);
    this.rule = rule;
    this.detail = detail;
  }
}

/** A statement that was built here and is not signed yet. */
export class Draft {
  /** @param {Uint8Array} protectedBytes @param {Uint8Array} payload @param {Uint8Array | null} body */
  constructor(protectedBytes, payload, body) {
    this.protectedBytes = protectedBytes;
    this.payload = payload;
    this.body = body;
  }

  /** As it will be, but for the signature. */
  get bytes() {
    const { protectedBytes, payload } = this;
    return cose.assemble({ protectedBytes, unprotected: cose.EMPTY_MAP, payload, signature: UNSIGNED });
  }
}

/**
 * A statement about to be signed by `key`, of fields. `content` has the event's fields with `type`, `v` and
 * `effective_on`, in the JSON of docs/reference/events.md. Throws `Malformed`.
 *
 * @param {SigningKey} key @param {Frame} frame @param {JsonObject & {type: string}} content @returns {Promise<Draft>}
 */
export async function buildStatement(key, frame, content) {
  const line = Object.hasOwn(CATALOGUE, content.type) ? CATALOGUE[content.type] : null;
  if (line === null) throw new Malformed("不认识的类型", `not a type of the catalogue: ${content.type}`);
  const { party, log, subject, sealed = line.form === "sealed", text = null } = frame;
  if (line.form !== "either" && sealed !== (line.form === "sealed")) {
    throw new Malformed(
      line.form === "sealed" ? "该类声明须密封" : "该类声明须公开",
      line.form === "sealed" ? "this is said in sealed form" : "this is said in open form",
    );
  }
  if (sealed && text !== null) throw new Malformed("密封声明不另附正文", "a sealed statement names no text besides");
  const salt = frame.salt ?? crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const claims = new Map(
    /** @type {[number, Cbor][]} */ ([
      [cose.ISS, parseSubject(party)],
      [cose.SUB, parseSubject(subject)],
      [cose.AUD, log],
      [cose.IAT, frame.iat ?? Math.floor(Date.now() / 1000)],
      [cose.CTI, frame.cti ?? crypto.getRandomValues(new Uint8Array(CTI_BYTES))],
    ]),
  );
  const protectedBytes = protectedHeader(key, cose.STATEMENT, claims, cose.PAYLOAD_JSON);
  /** @type {Draft} */
  let draft;
  if (sealed) {
    const body = salted(content, salt);
    const payload = canonical({ commitment: hex(await sha256(body)), type: "sealed" });
    draft = new Draft(protectedBytes, utf8(payload), body);
  } else if (text !== null) {
    const body = salted({ ...text.content, v: 1 }, salt);
    const named = { ...content, [text.field]: hex(await sha256(body)) };
    draft = new Draft(protectedBytes, utf8(canonical(named)), body);
  } else {
    draft = new Draft(protectedBytes, utf8(canonical(content)), null);
  }
  await readStatement(draft.bytes, draft.body); // nobody is shown a statement that no log would take
  return draft;
}

/** The body that holds a content and its salt. @param {JsonObject} content @param {Uint8Array} salt */
function salted(content, salt) {
  const body = utf8(canonical({ ...content, salt: hex(salt) }));
  if (body.length > BODY_BYTES_MAX) {
    throw new Malformed("正文过长", `a body has at most ${BODY_BYTES_MAX} bytes`);
  }
  return body;
}

/**
 * What a statement says, read from its bytes and its body: for a person, before it is signed. Throws `Malformed`,
 * `Refuted` (the body is not the one that it commits to, or names). No signature is looked at.
 *
 * @param {Uint8Array} bytes @param {Uint8Array | null} body @returns {Promise<Said>}
 */
export async function readStatement(bytes, body) {
  const statement = parseStatement(bytes);
  const content = await decodeEvent(statement, body);
  if (content === null) throw new Malformed("缺少密封正文", "the body is missing");
  const sealed = statement.commitment !== null;
  /** @type {JsonObject | null} */
  let text = null;
  if (!sealed && body !== null) {
    if (!Object.values(content).includes(hex(await sha256(body)))) {
      throw new Refuted("正文与声明所指不符", "the body is not the one that the statement names");
    }
    const { salt: _, ...rest } = parseCanonical(body);
    text = rest;
  }
  const { issuer: party, audience: log, subject, kidHex, iat } = statement;
  return { party, log, subject, kidHex, iat, sealed, content, text };
}

/** The signed statement. Signs what `buildStatement` built for this key, nothing else. Throws `Refuted`.
 *  @param {SigningKey} key @param {Draft} draft @returns {Promise<Uint8Array>} */
export async function signStatement(key, draft) {
  if (!(draft instanceof Draft) || !equal(parseStatement(draft.bytes).kid, key.publicKey.kid)) {
    throw new Refuted("这不是为这把密钥拟的声明", "this was not built for this key");
  }
  return signed(key, draft.protectedBytes, draft.payload);
}

/** @param {Uint8Array} statement @param {Uint8Array | null} body an item of a batch (a CBOR sequence, RFC 8742) */
const item = (statement, body) =>
  body === null ? byteString(statement) : concat(head(ARRAY, 2), byteString(statement), byteString(body));

/**
 * What became of each statement, in their order: an outcome, or what refused it. Throws where nothing at all was taken
 * (`RegistrationRefused`), or nobody knows (`Uncheckable`): sending again is safe.
 *
 * @param {{statement: Uint8Array, body: Uint8Array | null}[]} items
 * @returns {Promise<(Outcome | RegistrationRefused)[]>}
 */
export async function submitAll(items) {
  /** @type {Response} */
  let response;
  /** @type {Uint8Array} */
  let answer;
  try {
    response = await fetch("/entries/batch", {
      method: "POST",
      headers: { "Content-Type": "application/cbor-seq", Accept: "application/json" },
      body: /** @type {BodyInit} */ (concat(...items.map(({ statement, body }) => item(statement, body)))),
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000),
    });
    answer = new Uint8Array(await response.arrayBuffer());
  } catch {
    throw new Uncheckable(
      "连不上服务，不知是否已登记：请再提交一次，同一声明只登记一次",
      "the service did not answer, and it is not known what was registered: submit again, nothing is registered twice",
    );
  }
  if (!response.ok) throw refusedWhole(response.status, answer);
  const reader = new Reader(answer, 0);
  const results = items.map(() => outcome(reader.item(0)));
  if (reader.at !== answer.length) throw new Malformed("服务的答复不完整", "more answers than statements");
  return results;
}

/** What became of one statement. Throws as `submitAll`, and where it was refused. @param {Uint8Array} statement
 *  @param {Uint8Array | null} [body] @returns {Promise<Outcome>} */
export async function submit(statement, body = null) {
  const [found] = await submitAll([{ statement, body }]);
  if (found instanceof VerificationError) throw found;
  return found;
}

/** @param {Cbor} told @returns {Outcome | RegistrationRefused} */
function outcome(told) {
  if (told instanceof Map) {
    const [status, entry, receipt] = ["status", "entry", "receipt"].map((name) => told.get(name));
    if (status === "pending") return { status };
    if (status === "registered" || status === "existing") {
      if (typeof entry === "number" && receipt instanceof Uint8Array) return { status, entry, receipt };
    }
    if (status === "refused") {
      const [rule, zh, en, detail] = ["rule", "zh", "en", "detail"].map((name) => String(told.get(name) ?? ""));
      return new RegistrationRefused(rule, zh, en, detail);
    }
  }
  throw new Malformed("服务的答复无法读懂", "an answer of the service that is none");
}

/** @param {number} status @param {Uint8Array} answer */
function refusedWhole(status, answer) {
  /** @type {Record<string, unknown>} */
  let told = {};
  try {
    told = JSON.parse(new TextDecoder().decode(answer));
  } catch {
    // not a problem in JSON: its status has to do
  }
  const kind = String(told.type ?? "").replace("urn:credit-ledger:", "");
  const [zh, en] = [told.title_zh ?? `服务未受理（${status}）`, told.title_en ?? `not taken (${status})`].map(String);
  return new RegistrationRefused(kind, zh, en, String(told.detail ?? ""));
}
