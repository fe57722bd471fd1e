/**
 * Who the parties are, shown from the trust anchors on: the fold of evidence, entry by entry, each one checked.
 *
 * An entry counts only if its issuer's key was valid at its position, its signature holds, its issuer was entitled to it
 * by the catalogue, a new key proves its possession, and the rules of `parties.js` let it pass.
 */

import { equal, unhex } from "./bytes.js";
import { CATALOGUE, entitles } from "./catalogue.js";
import { Malformed, Refuted } from "./errors.js";
import { decodeEvent, decodePayload } from "./events.js";
import { decodeKey } from "./keys.js";
import { Parties } from "./parties.js";
import { takeIn } from "./party_rules.js";
import * as sign1 from "./sign1.js";
import { verifyStatement } from "./statement.js";
import { kindOf, ROOT_PARTY, shanghaiDate } from "./subject.js";

/** @typedef {import("./receipt.js").Located} Located */
/** @typedef {import("./statement.js").Statement} Statement */
/** @typedef {import("./parties.js").Event} Event */

/** The events that may be evidence: who there is, with which keys and roles, and how long a recovery waits. */
export const EVIDENCE_EVENTS = new Set([
  "TrustAnchorsEstablished",
  "TrustAnchorsSucceeded",
  "PartyEnrolled",
  "KeyEnrolled",
  "KeyRotated",
  "KeyRecovered",
  "KeyRevoked",
  "RoleGranted",
  "RoleRevoked",
  "RegistrationPolicyAdopted",
  "RegistrationPolicyProposed",
  "RegistrationPolicyApproved",
]);

const NEW_KEY = new Set(["KeyEnrolled", "KeyRotated", "KeyRecovered"]);
const POSSESSION_LABELS = [sign1.ALG, sign1.KID, sign1.CWT_CLAIMS, sign1.TYP];
/** @type {Map<number, "text">} */
const POSSESSION_CLAIMS = new Map([
  [sign1.ISS, "text"],
  [sign1.AUD, "text"],
]);

/** The governance that evidence shows, growing with each `take`. Used for one verification; made by `Chain.begin`. */
export class Chain {
  /** @param {ReadonlySet<string>} events that have a place here @param {number} charterSize */
  constructor(events, charterSize) {
    this.events = events;
    this.charterSize = charterSize;
    this.parties = new Parties();
  }

  /**
   * Begins with entry 0, which names the root key. The tree of its receipt must be the charter of the trust file: this is
   * what anchors everything else. Throws `Refuted`, `Malformed`.
   *
   * @param {import("./trust.js").Trust} trust @param {Located} first @param {ReadonlySet<string>} events
   */
  static async begin(trust, first, events = EVIDENCE_EVENTS) {
    const { statement, receipt } = first;
    const chain = new Chain(events, receipt.treeSize);
    const event = chain.#event(first);
    if (first.index !== 0 || event.type !== "TrustAnchorsEstablished") {
      throw new Refuted(
        "证据应以第 0 条（信任根）开始",
        "evidence begins with entry 0, which establishes the trust anchors",
      );
    }
    if (!equal(receipt.root, trust.charter)) {
      throw new Refuted(
        "信任根不在信任文件所列章程中",
        "the trust anchors are not in the charter that the trust file names",
      );
    }
    if (statement.issuer !== ROOT_PARTY || statement.subject !== ROOT_PARTY) {
      throw new Refuted("信任根应由根主体为自己确立", `trust anchors are established by ${ROOT_PARTY} for itself`);
    }
    await verifyStatement(statement, await decodeKey(unhex(event.root_key)));
    await sameLog(event, trust);
    await chain.#grow(first, event, event.root_officer, new Set(["root"]));
    return chain;
  }

  /** Checks one more governing entry and takes it in, in log order. Throws `Refuted`, `Malformed`, `Uncheckable`.
   *  @param {Located} entry */
  async take(entry) {
    const event = this.#event(entry);
    await this.signed(entry);
    this.checkEntitled(entry.statement, event);
    await checkNewKey(entry.statement, event);
    const officer = this.parties.keys.get(entry.statement.kidHex)?.officer ?? "";
    await this.#grow(entry, event, officer, this.parties.roles(entry.statement.issuer));
  }

  /** Checks a statement's signature under its issuer's key, valid at its position. Throws `Refuted`, `Uncheckable`.
   *  @param {Located} entry */
  async signed({ statement, receipt, index }) {
    const key = this.parties.usableKey(index, statement.kidHex, statement.issuer, shanghaiDate(receipt.iat));
    await verifyStatement(statement, await decodeKey(key.coseKey));
  }

  /** What a statement of another stream says, by somebody entitled to; null for a sealed one without its body.
   *  @param {Statement} statement @param {Uint8Array | null} body @returns {Promise<Event | null>} */
  async said(statement, body) {
    const event = await decodeEvent(statement, body);
    if (event !== null) {
      this.checkEntitled(statement, event);
      await checkNewKey(statement, event);
    }
    return event;
  }

  /** Checks that the issuer may say this, about such a subject, in this form. Throws `Refuted`.
   *  @param {Statement} statement @param {Event} event */
  checkEntitled(statement, event) {
    const line = CATALOGUE[event.type];
    const sealed = statement.commitment !== null;
    if (kindOf(statement.subject) !== line.stream)
      throw new Refuted(
        `${event.type} 不能关于 ${statement.subject}`,
        `${event.type} is not said about ${statement.subject}`,
      );
    if (line.form !== "either" && (line.form === "sealed") !== sealed)
      throw new Refuted(`${event.type} 的形式应为 ${line.form}`, `${event.type} is always ${line.form}`);
    if (!entitles(line, statement.issuer, statement.subject, this.parties.roles(statement.issuer))) {
      throw new Refuted(
        `就所示证据而言，${statement.issuer} 无权签发 ${event.type}`,
        `${statement.issuer} was not entitled to ${event.type}, as far as the evidence shows`,
      );
    }
    if (event.type === "KeyRotated" && event.replaces !== statement.kidHex) {
      throw new Refuted("密钥轮换必须由被替换的密钥签名", "a rotation is signed by the key that it replaces");
    }
  }

  /** @param {Located} entry @returns {Event} */
  #event({ statement, index }) {
    const event = statement.commitment === null ? decodePayload(statement.payload) : null;
    if (event === null || !this.events.has(event.type))
      throw new Malformed(
        `第 ${index} 条不应出现在证据中`,
        `entry ${index} has no place in evidence: ${event?.type ?? "sealed"}`,
      );
    return event;
  }

  /** @param {Located} entry @param {Event} event @param {string} officer @param {ReadonlySet<string>} roles */
  async #grow({ statement, receipt, index }, event, officer, roles) {
    await takeIn(this.parties, event, {
      index,
      recordedAt: receipt.iat,
      subject: statement.subject,
      issuer: statement.issuer,
      kid: statement.kidHex,
      officer,
      roles,
      bootstrap: index < this.charterSize,
    });
  }
}

/** Checks that a key which the event brings in is held by the party it is for. Throws `Refuted`, `Malformed`.
 *  @param {Statement} statement @param {Event} event */
export async function checkNewKey(statement, event) {
  if (!NEW_KEY.has(event.type)) return;
  const key = await decodeKey(unhex(event.key));
  const message = sign1.parseSign1(unhex(event.proof), sign1.POSSESSION, POSSESSION_LABELS);
  if (message.unprotected.size > 0)
    throw new Malformed("密钥持有证明不应有未保护头", "a proof of possession has no unprotected header");
  const named = sign1.claims(message.protected, POSSESSION_CLAIMS);
  const payload = await message.verify(key);
  const meant = named.get(sign1.ISS) === statement.subject && named.get(sign1.AUD) === statement.audience;
  if (!meant || !equal(payload, key.kid)) {
    throw new Refuted(
      `密钥持有证明不是为 ${statement.subject} 所作`,
      `the proof of possession is not for ${statement.subject} in ${statement.audience}`,
    );
  }
}

/** The charter and the trust file must mean the same log. Throws `Refuted`. @param {Event} anchors
 *  @param {import("./trust.js").Trust} trust */
async function sameLog(anchors, trust) {
  if (anchors.origin !== trust.origin)
    throw new Refuted(
      `章程属于日志 ${anchors.origin}`,
      `the charter is of the log ${anchors.origin}, not of ${trust.origin}`,
    );
  const receiptKey = await decodeKey(unhex(anchors.receipt_key));
  const standingKey = await decodeKey(unhex(anchors.standing_key));
  if (!trust.firstReceiptKeys.has(receiptKey.kidHex))
    throw new Refuted(
      "章程所列收据密钥不在信任文件中",
      "the charter names a receipt key that the trust file does not have",
    );
  if (!trust.firstVkeys.some((key) => key.format === anchors.checkpoint_vkey)) {
    throw new Refuted(
      "章程所列检查点密钥不在信任文件中",
      "the charter names a checkpoint key that the trust file does not have",
    );
  }
  if (!trust.firstStandingKeys.has(standingKey.kidHex))
    throw new Refuted(
      "章程所列践诺状况密钥不在信任文件中",
      "the charter names a standing key that the trust file does not have",
    );
}
