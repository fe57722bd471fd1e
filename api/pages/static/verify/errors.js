/**
 * The three ways in which a verification ends other than well, each with words in Chinese and English.
 *
 * Parsers and verifiers raise nothing but these (`ledger/errors.py` is the same on the other side). Anything else that
 * escapes is a defect of this program, and never a verdict about a file.
 */

/** Base of the errors that are raised on purpose: `zh` and `en` say to a person what is wrong. */
export class VerificationError extends Error {
  /**
   * @param {string} zh
   * @param {string} en
   */
  constructor(zh, en) {
    super(en);
    this.zh = zh;
    this.en = en;
  }
}

/** Bytes or text that are not the one canonical form of what they claim to be. */
export class Malformed extends VerificationError {}

/** A verification came out false: a signature, proof, digest or binding does not hold. */
export class Refuted extends VerificationError {}

/** A verification could not be carried out: something that it needs was not given. */
export class Uncheckable extends VerificationError {}
