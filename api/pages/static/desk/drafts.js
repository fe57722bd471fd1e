/** Half-filled forms: kept in this browser by form, and in files that a person opens again. No server sees them. */

import { Malformed } from "../verify/errors.js";

/** @typedef {{form: string, subject: string, sealed: boolean, fields: Record<string, unknown>, text: Record<string, unknown>}} DraftForm */

const PREFIX = "credit-ledger draft ";
const [CHARS_MAX, FORMAT] = [2_000_000, "credit-ledger form 1"];

/** A place for the draft of one form: of a party, an event type, and what its address filled in. */
export class DraftPlace {
  /** @param {string} party @param {string} type @param {string} address */
  constructor(party, type, address) {
    this.name = `${PREFIX}${party} ${type} ${address}`;
    this.type = type;
  }

  /** @returns {DraftForm | null} */
  get kept() {
    const text = localStorage.getItem(this.name);
    if (text === null) return null;
    try {
      return parseDraft(text, this.type);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      localStorage.removeItem(this.name); // of an older form
      return null;
    }
  }

  /** Whether it could be kept: a browser may have no room, or keep nothing. @param {DraftForm} draft */
  keep(draft) {
    try {
      localStorage.setItem(this.name, formatDraft(draft));
      return true;
    } catch (error) {
      if (error instanceof DOMException) return false;
      throw error;
    }
  }

  forget() {
    localStorage.removeItem(this.name);
  }
}

/** @param {DraftForm} draft */
export const formatDraft = (draft) => `${JSON.stringify({ format: FORMAT, ...draft }, null, 2)}\n`;

/** The draft in a file, if it is of this form. Throws `Malformed`. @param {string} text @param {string} type
 *  @returns {DraftForm} */
export function parseDraft(text, type) {
  /** @type {any} */
  let found = null;
  try {
    if (text.length <= CHARS_MAX) found = JSON.parse(text);
  } catch {
    // said below
  }
  const whole = ["fields", "text"].every((name) => typeof found?.[name] === "object" && found[name] !== null);
  if (found?.format !== FORMAT || typeof found.subject !== "string" || !whole) {
    throw new Malformed("这不是草稿文件", "not a file of a half-filled form");
  }
  if (found.form !== type) {
    throw new Malformed(
      `这是另一份表单的草稿：${String(found.form).slice(0, 80)}`,
      `a draft of another form: ${String(found.form).slice(0, 80)}`,
    );
  }
  return { form: type, subject: found.subject, sealed: found.sealed === true, fields: found.fields, text: found.text };
}
