/** What a verification gives back: never a boolean, always the steps that were taken, from which bytes, under whose key. */

/** @typedef {import("./wording.js").Remark} Remark */
/** @typedef {"trust" | "statement" | "receipt" | "evidence" | "proof" | "body" | "checkpoint" | "bundle" | "standing"
 *   | "certificate" | "acknowledgement"} Source */
/** @typedef {Remark & {source: Source, key: string | null}} Step `key`: thumbprint in hexadecimal */

/** The steps of one verification, which also stand where it ends in an error: what was checked until then, was. */
export class Steps {
  constructor() {
    /** @type {Step[]} */
    this.taken = [];
  }

  /** @param {Remark} remark @param {Source} source which bytes it is about @param {string | null} key under which */
  add(remark, source, key = null) {
    this.taken.push({ ...remark, source, key });
  }

  /** What is said before everything else. @param {Remark} remark @param {Source} source */
  first(remark, source) {
    this.taken.unshift({ ...remark, source, key: null });
  }
}
