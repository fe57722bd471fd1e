/**
 * The statements of a roster's row, built here from its fields and named by the party's secret: the same ones that
 * `credit-ledger import` makes of the row (`api/importing/signing.py`).
 */

import { concat, hex, sha256, utf8 } from "../verify/bytes.js";
import { byteString, head } from "../verify/cbor.js";
import { buildStatement, readStatement, signStatement } from "./statement.js";

/** @typedef {import("../verify/json.js").JsonObject} JsonObject */
/** @typedef {import("./naming_secret.js").NamingSecret} NamingSecret */
/** @typedef {import("./signing.js").SigningKey} SigningKey */

/** @typedef {JsonObject & {type: string, effective_on: string}} EventFields */

/**
 * @typedef {object} RowFields what the service says of a row (`api/desk/staff/row_fields.py`)
 * @property {number} row
 * @property {string} name
 * @property {string} code
 * @property {string | null} subject null for an individual business
 * @property {string | null} individual its code, then
 * @property {boolean} sealed
 * @property {string} division
 * @property {string | null} given_code
 * @property {string} valid_until
 * @property {string} late_ground
 * @property {EventFields} enterprise
 * @property {EventFields & {campaign: string, scope: string, made_on: string}} pledge
 * @property {{event: EventFields & {period_from: string}, on: string | null, until: string, late_ground: string} | null} assessed
 */

/**
 * @typedef {object} Row a row with what derives from the secret
 * @property {RowFields} fields
 * @property {string} subject
 * @property {Uint8Array} identity
 * @property {bigint} serial
 * @property {import("./statement.js").Draft} draft the pledge's statement, as it will be signed
 * @property {import("./statement.js").Said} said what it says, read from its bytes
 */

/** @typedef {{statement: Uint8Array, body: Uint8Array | null, id: string, payloadSha256: string}} SignedItem */

const SERIALS = 1_000_000n;
const SHANGHAI_SECONDS = 8 * 3600;

/** What makes a row itself, as bytes; two different lists of parts never give the same. @param {string[]} parts */
const identityBytes = (...parts) => utf8(JSON.stringify(parts));

/** An item of a batch: `statement`, or `[statement, body]`. @param {SignedItem} item */
export const batchItem = ({ statement, body }) =>
  body === null ? byteString(statement) : concat(head(4, 2), byteString(statement), byteString(body));

/** The day in Shanghai. @param {number} seconds Unix @returns {string} */
export const shanghaiDay = (seconds) => new Date((seconds + SHANGHAI_SECONDS) * 1000).toISOString().slice(0, 10);

/** Signs statements of a party's rows. */
export class RowScribe {
  /** @param {SigningKey} key @param {{party: string, log: string, today: string}} where @param {NamingSecret} secret */
  constructor(key, { party, log, today }, secret) {
    this.key = key;
    this.party = party;
    this.log = log;
    this.today = today;
    this.secret = secret;
  }

  /** @param {RowFields} fields @returns {Promise<Row>} */
  async row(fields) {
    let subject = fields.subject;
    if (subject === null) {
      const derived = await this.secret.derive("import individual", utf8(fields.individual ?? ""));
      subject = `local:individual/${hex(derived)}`;
    }
    const { campaign, scope, made_on: madeOn } = fields.pledge;
    const identity = identityBytes(campaign, subject, scope, madeOn);
    const draft = await this.#draft(fields.pledge, subject, identity, fields.sealed);
    const said = await readStatement(draft.bytes, draft.body);
    return { fields, subject, identity, serial: BigInt(`0x${hex(await sha256(identity))}`), draft, said };
  }

  /** The code under which a row is published, `step` codes after the first that derives from it. @param {Row} row
   *  @param {number} step */
  code({ fields, serial }, step) {
    if (fields.given_code !== null) return fields.given_code;
    const number = (serial + BigInt(step)) % SERIALS;
    return `${fields.division}${fields.pledge.made_on.replaceAll("-", "")}${String(number).padStart(6, "0")}`;
  }

  /** EnterpriseRegistered. @param {Row} row @returns {Promise<SignedItem>} */
  enterprise({ fields, subject }) {
    return this.#signed(fields.enterprise, subject, identityBytes(subject), fields.individual !== null);
  }

  /** PledgeMade, as it was shown. @param {Row} row @returns {Promise<SignedItem>} */
  pledge({ draft }) {
    return this.#sign(draft);
  }

  /** PledgePublished, for the pledge of this id. @param {Row} row @param {string} pledge @param {number} step
   *  @returns {Promise<SignedItem>} */
  publication(row, pledge, step) {
    const { subject, identity, fields } = row;
    return this.#signed(this.#publishing(row, pledge, step, this.today), subject, identity, fields.sealed);
  }

  /** FulfilmentAssessed, of the pledge of this code. @param {Row} row @param {string} code @param {boolean} late
   *  @returns {Promise<SignedItem>} */
  assessment(row, code, late) {
    const { event, identity } = this.#assessing(row, code, this.today, late);
    return this.#signed(event, row.subject, identity, true);
  }

  /** The payloads that an earlier import of this row may have, were it sealed on that day. @param {Row} row
   *  @param {string | null} code of the assessed pledge; null: of the pledge itself @param {string} day
   *  @returns {Promise<string[]>} their SHA-256 */
  async sealedPayloads(row, code, day) {
    const { late_ground: _, ...bare } = row.fields.pledge;
    const events =
      code === null
        ? [bare, { ...bare, late_ground: row.fields.late_ground }].map((event) => ({ event, identity: row.identity }))
        : [false, true].map((late) => this.#assessing(row, code, day, late));
    return Promise.all(
      events.map(({ event, identity }) => this.#payload(/** @type {EventFields} */ (event), row.subject, identity)),
    );
  }

  /** The payload of a sealed publication, had it been signed on that day. @param {Row} row @param {string} pledge
   *  @param {number} step @param {string} day @returns {Promise<string>} its SHA-256 */
  sealedPublication(row, pledge, step, day) {
    return this.#payload(this.#publishing(row, pledge, step, day), row.subject, row.identity);
  }

  /** @param {Row} row @param {string} pledge @param {number} step @param {string} day @returns {EventFields} */
  #publishing(row, pledge, step, day) {
    return {
      type: "PledgePublished",
      v: 1,
      effective_on: day,
      pledge,
      code: this.code(row, step),
      valid_from: row.fields.pledge.made_on,
      valid_until: row.fields.valid_until,
    };
  }

  /** @param {Row} row @param {string} code @param {string} day @param {boolean} late */
  #assessing({ fields, subject }, code, day, late) {
    const { assessed } = fields;
    if (assessed === null) throw new Error("the row says nothing of its fulfilment");
    const { event, on, until } = assessed;
    const dated = on !== null ? {} : { effective_on: day, period_until: until < day ? until : day };
    const reason = late ? { late_ground: assessed.late_ground } : {};
    const identity = identityBytes("fulfilment", subject, code, event.period_from, until, on ?? "");
    const whole = /** @type {EventFields} */ (Object.assign({}, event, dated, reason, { code }));
    return { event: whole, identity };
  }

  /** @param {EventFields} event @param {string} subject @param {Uint8Array} identity @param {boolean} sealed
   *  @returns {Promise<SignedItem>} */
  async #signed(event, subject, identity, sealed) {
    return this.#sign(await this.#draft(event, subject, identity, sealed));
  }

  /** @param {import("./statement.js").Draft} draft @returns {Promise<SignedItem>} */
  async #sign(draft) {
    const statement = await signStatement(this.key, draft);
    const [id, payload] = [await sha256(statement), await sha256(draft.payload)];
    return { statement, body: draft.body, id: hex(id), payloadSha256: hex(payload) };
  }

  /** @param {EventFields} event @param {string} subject @param {Uint8Array} identity */
  async #payload(event, subject, identity) {
    return hex(await sha256((await this.#draft(event, subject, identity, true)).payload));
  }

  /** @param {EventFields} event @param {string} subject @param {Uint8Array} identity @param {boolean} sealed */
  async #draft(event, subject, identity, sealed) {
    const cti = await this.secret.derive(`import ${event.type} cti`, identity);
    const salt = sealed ? await this.secret.derive(`import ${event.type} salt`, identity, 32) : undefined;
    return buildStatement(this.key, { party: this.party, log: this.log, subject, sealed, cti, salt }, event);
  }
}

