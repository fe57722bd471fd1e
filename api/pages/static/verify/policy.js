/** Trust policies: which logs are believed, which witnesses count, how many it takes (C2SP tlog-policy). */

import { Malformed, Uncheckable } from "./errors.js";
import { POLICY_BYTES_MAX, POLICY_GROUPS_MAX, POLICY_LOGS_MAX, POLICY_WITNESSES_MAX } from "./limits.js";
import { COSIGNATURE_ML_DSA_44, ED25519, openCheckpoint, parseNote, VerifierKey } from "./note.js";

/** @typedef {{name: string, key: VerifierKey}} Witness under the name that the policy gives it */
/** @typedef {{name: string, rule: string, members: string[]}} Group */
/** @typedef {{checkpoint: import("./note.js").Checkpoint, cosigners: string[], quorum: string}} Cosigned by whom */

export const NONE = "none";
const FORBIDDEN = /[^\t\n\x20-\x7e\x80-\uffff]/;
const WORD = /^[^\x00-\x20\x7f]+$/;
const THRESHOLD = /^[1-9][0-9]{0,8}$/;

/** A policy that makes sense: every name is defined before it is used, and used at most once. */
export class Policy {
  /** @param {VerifierKey[]} logs @param {Witness[]} witnesses @param {Group[]} groups @param {string} quorum */
  constructor(logs, witnesses, groups, quorum) {
    this.logs = logs;
    this.witnesses = witnesses;
    this.groups = groups;
    this.quorum = quorum;
  }

  /** Whether cosignatures of the witnesses of these names are a quorum. @param {string[]} names */
  reached(names) {
    const witnessed = new Set(names);
    for (const group of this.groups) {
      // members come before the groups that they are in
      if (group.members.filter((member) => witnessed.has(member)).length >= threshold(group)) witnessed.add(group.name);
    }
    return this.quorum === NONE || witnessed.has(this.quorum);
  }

  /**
   * Verifies a checkpoint: signed by one of the log's keys, cosigned by a quorum of the witnesses.
   *
   * @param {Uint8Array} note @param {VerifierKey[]} logKeys of the log that is meant @returns {Promise<Cosigned>}
   * throws `Malformed`, `Refuted` (a signature of a known key does not hold), `Uncheckable` (no quorum, no key)
   */
  async require(note, logKeys) {
    const listed = this.logs.map((key) => key.format);
    const keys = logKeys.filter((key) => listed.length === 0 || listed.includes(key.format));
    if (keys.length === 0)
      throw new Uncheckable("见证政策不认识该日志的密钥", "the policy does not know the log's key");
    const checkpoint = await openCheckpoint(note, keys);
    const cosigners = await this.#cosigners(note);
    if (!this.reached(cosigners)) {
      const found = cosigners.join(", ") || "none";
      throw new Uncheckable(
        `见证未达法定数 ${this.quorum}：${checkpoint.size} 条的树由 ${found} 联署`,
        `no quorum of witnesses: ${this.quorum} is needed, ${found} cosigned the tree of ${checkpoint.size} entries`,
      );
    }
    return { checkpoint, cosigners, quorum: this.quorum };
  }

  /** @param {Uint8Array} data @returns {Promise<string[]>} whose cosignatures hold; what cannot be checked is left out */
  async #cosigners(data) {
    const note = parseNote(data);
    /** @type {string[]} */
    const found = [];
    for (const { name, key } of this.witnesses) {
      const lines = note.signatures.filter((line) => line.name === key.name && line.keyId === key.keyId);
      if (lines.length === 0 || key.type === COSIGNATURE_ML_DSA_44) continue;
      for (const line of lines) await key.cosigned(note.text, line.signature);
      found.push(name);
    }
    return found.sort();
  }
}

/** What asks nothing of witnesses. */
export const NO_POLICY = new Policy([], [], [], NONE);

/** Reads a policy ("Policy file syntax and structure"). Throws `Malformed`. @param {string} said @returns {Promise<Policy>} */
export async function parsePolicy(said) {
  if (said.length > POLICY_BYTES_MAX || FORBIDDEN.test(said)) throw malformed("too long, or with control characters");
  /** @type {VerifierKey[]} */ const logs = [];
  /** @type {Witness[]} */ const witnesses = [];
  /** @type {Group[]} */ const groups = [];
  /** @type {string[]} */ const quorums = [];
  const names = new Set([NONE]);
  for (const [kind, ...words] of linesOf(said)) {
    if (kind === "log" && (words.length === 1 || words.length === 2)) {
      logs.push(await VerifierKey.parse(words[0]));
    } else if (kind === "witness" && (words.length === 2 || words.length === 3)) {
      const [name, vkey] = words;
      define(names, name);
      witnesses.push({ name, key: await VerifierKey.parse(vkey) });
    } else if (kind === "group" && words.length >= 3) {
      const [name, rule, ...members] = words;
      if (members.some((member) => member === NONE || !names.has(member)))
        throw malformed("a name is used before it is defined");
      define(names, name);
      groups.push({ name, rule, members });
    } else if (kind === "quorum" && words.length === 1 && names.has(words[0])) {
      quorums.push(words[0]);
    } else {
      throw malformed(`not a line of a policy: ${[kind, ...words].join(" ").slice(0, 120)}`);
    }
  }
  if (quorums.length !== 1) throw malformed("a policy says its quorum exactly once");
  check(logs, witnesses, groups);
  return new Policy(logs, witnesses, groups, quorums[0]);
}

/** Whether there is no line at all that demands something. @param {string} said */
export const isEmptyPolicy = (said) =>
  said.split("\n").every((line) => line.trim() === "" || line.trimStart().startsWith("#"));

/** @param {string} said */
function linesOf(said) {
  const lines = said.split("\n").map((line) => line.replace(/^[ \t]+|[ \t]+$/g, ""));
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.split(/[ \t]+/));
}

/** @param {Set<string>} names @param {string} name */
function define(names, name) {
  if (names.has(name) || !WORD.test(name)) throw malformed(`not a new name: ${name}`);
  names.add(name);
}

/** @param {Group} group */
function threshold({ rule, members }) {
  return rule === "all" ? members.length : rule === "any" ? 1 : Number(rule);
}

/** @param {VerifierKey[]} logs @param {Witness[]} witnesses @param {Group[]} groups */
function check(logs, witnesses, groups) {
  if (logs.length > POLICY_LOGS_MAX || witnesses.length > POLICY_WITNESSES_MAX || groups.length > POLICY_GROUPS_MAX) {
    throw malformed("too many logs, witnesses or groups");
  }
  if (witnesses.some(({ key }) => key.type === ED25519)) throw malformed("a witness's key is of a cosigner's type");
  distinct(logs.map((key) => String(key.key)));
  distinct(witnesses.map(({ key }) => String(key.key)));
  distinct(witnesses.map(({ key }) => `${key.name} ${key.keyId}`));
  distinct(groups.flatMap((group) => group.members));
  for (const group of groups) {
    const known = group.rule === "all" || group.rule === "any" || THRESHOLD.test(group.rule);
    if (!known || threshold(group) > group.members.length) throw malformed(`the group ${group.name} cannot be reached`);
  }
}

/** @param {string[]} values */
function distinct(values) {
  if (new Set(values).size !== values.length) throw malformed("a key or a member of groups stands twice");
}

/** @param {string} en */
const malformed = (en) => new Malformed(`见证政策不成立：${en}`, `the witness policy: ${en}`);
