/**
 * The trust file: all that a verifier believes beforehand; small JSON, to be compared out of band.
 *
 * Pinning it, and what to do when it changes, is in `pin.js`.
 */

import { unhex } from "./bytes.js";
import { Malformed, Refuted, Uncheckable } from "./errors.js";
import { isObject, parse } from "./json.js";
import { ALGORITHMS, decodeKey, loadPem } from "./keys.js";
import { TRUST_BYTES_MAX } from "./limits.js";
import { VerifierKey } from "./note.js";
import { isEmptyPolicy, NONE, parsePolicy, Policy } from "./policy.js";

/** @typedef {import("./keys.js").PublicKey} PublicKey */
/** @typedef {{fromSize: number, vkey: VerifierKey, receiptKey: PublicKey, standingKey: PublicKey}} KeySuccession keys of
 *  the log that hold for trees of `fromSize` entries and more */

const FIELDS = [
  "origin",
  "checkpoint_vkeys",
  "receipt_keys",
  "standing_keys",
  "charter",
  "witness_policy",
  "certificate_keys", // of the PDFs of pledges
  "successions",
];
const SUCCESSION_FIELDS = ["checkpoint_vkey", "from_size", "receipt_key", "standing_key"];
const KEY_FIELDS = ["alg", "kid", "pem"];
const DIGEST = /^[0-9a-f]{64}$/;

/**
 * What is believed, ready to use: keys by thumbprint in hexadecimal; `charter` is a root of 32 bytes. The `first…` keys
 * hold up to the first of `successions`, which are in order of size: ask by `vkeysAt`, `receiptKey`,
 * `standingKey` and `acknowledgementKey`.
 */
export class Trust {
  /** @param {string} origin @param {VerifierKey[]} vkeys @param {Map<string, PublicKey>} receiptKeys
   *  @param {Map<string, PublicKey>} standingKeys @param {string} charter @param {Policy | null} policy
   *  @param {KeySuccession[]} successions @param {Map<string, PublicKey>} certificateKeys */
  constructor(origin, vkeys, receiptKeys, standingKeys, charter, policy, successions, certificateKeys) {
    this.origin = origin;
    this.firstVkeys = vkeys;
    this.firstReceiptKeys = receiptKeys;
    this.firstStandingKeys = standingKeys;
    this.charterHex = charter;
    this.charter = unhex(charter);
    this.policy = policy;
    this.successions = successions;
    this.certificateKeys = certificateKeys;
  }

  /** The keys that may sign the checkpoint of a tree of `size` entries. @param {number} size @returns {VerifierKey[]} */
  vkeysAt(size) {
    const found = this.#successionAt(size);
    return found === undefined ? this.firstVkeys : [found.vkey];
  }

  /** The key that may sign receipts of a tree of `size` entries. Throws `Uncheckable` for one that the file does not have,
   *  `Refuted` for one of trees of other sizes. @param {string} kid @param {number} size @returns {PublicKey} */
  receiptKey(kid, size) {
    const found = this.#successionAt(size);
    const key = found === undefined ? this.firstReceiptKeys.get(kid) : found.receiptKey;
    if (key !== undefined && key.kidHex === kid) return key;
    if (this.firstReceiptKeys.has(kid) || this.successions.some((one) => one.receiptKey.kidHex === kid))
      throw new Refuted(
        `收据密钥 ${kid.slice(0, 16)}… 不是 ${size} 条的树的密钥`,
        `receipt key ${kid.slice(0, 16)}… is not the one for a tree of ${size} entries`,
      );
    throw new Uncheckable(
      `信任文件没有收据密钥 ${kid}；如日志密钥已更替，请更新信任文件`,
      `the trust file has no receipt key ${kid}; where the log has succeeded its keys, bring the file up to date`,
    );
  }

  /** The key that may sign standings, null for one that the file does not have. @param {string} kid
   *  @returns {PublicKey | null} */
  standingKey(kid) {
    const later = this.successions.find((one) => one.standingKey.kidHex === kid);
    return later?.standingKey ?? this.firstStandingKeys.get(kid) ?? null;
  }

  /** The receipt key that may sign acknowledgements, whatever the size of the tree: what waits is in none; null for one
   *  that the file does not have. @param {string} kid @returns {PublicKey | null} */
  acknowledgementKey(kid) {
    const later = this.successions.find((one) => one.receiptKey.kidHex === kid);
    return later?.receiptKey ?? this.firstReceiptKeys.get(kid) ?? null;
  }

  /** With a succession that was verified, as the event says it. Throws `Refuted` where it contradicts one that is
   *  believed already, `Malformed`. @param {import("./parties.js").Event} event @returns {Promise<Trust>} */
  async succeeded(event) {
    const found = {
      fromSize: event.from_size,
      vkey: await VerifierKey.parse(event.checkpoint_vkey),
      receiptKey: await decodeKey(unhex(event.receipt_key)),
      standingKey: await decodeKey(unhex(event.standing_key)),
    };
    if (found.vkey.name !== this.origin)
      throw new Refuted("更替的检查点密钥不以日志命名", "a checkpoint key that succeeds is not named after the origin");
    const known = this.successions.find((one) => one.fromSize === found.fromSize);
    if (known !== undefined) {
      const same =
        known.vkey.format === found.vkey.format &&
        known.receiptKey.kidHex === found.receiptKey.kidHex &&
        known.standingKey.kidHex === found.standingKey.kidHex;
      if (same) return this;
      throw new Refuted(
        `自 ${found.fromSize} 条起的日志密钥与信任文件所列不同`,
        `the log's keys from size ${found.fromSize} on are others than the trust file says`,
      );
    }
    if (this.successions.some((one) => one.fromSize > found.fromSize))
      throw new Refuted(
        `信任文件不知道 ${found.fromSize} 条处的密钥更替`,
        `the trust file knows nothing of a succession of keys at size ${found.fromSize}`,
      );
    const all = [...this.firstVkeys, ...this.successions.map((one) => one.vkey)];
    const { origin, firstVkeys, firstReceiptKeys, firstStandingKeys, charterHex, certificateKeys } = this;
    const policy = listing(this.policy, all, [found.vkey]);
    const successions = [...this.successions, found];
    return new Trust(
      origin,
      firstVkeys,
      firstReceiptKeys,
      firstStandingKeys,
      charterHex,
      policy,
      successions,
      certificateKeys,
    );
  }

  /** @param {number} size @returns {KeySuccession | undefined} */
  #successionAt(size) {
    return this.successions.filter((one) => one.fromSize <= size).at(-1);
  }

  /** The name of the quorum of witnesses that is demanded, null if none is. */
  get quorum() {
    return this.policy !== null && this.policy.quorum !== NONE ? this.policy.quorum : null;
  }

  /** Throws `Uncheckable` where the file demands a quorum of witnesses, which a receipt does not carry. */
  demandNothingOfWitnesses() {
    if (this.quorum === null) return;
    throw new Uncheckable(
      `信任文件要求见证法定数 ${this.quorum}，只有树证明（/entries/{index}/proof）能够出示`,
      `the trust file demands the quorum ${this.quorum} of witnesses, which only a tlog-proof shows (/entries/{index}/proof)`,
    );
  }
}

/** Reads a trust file. Throws `Malformed`. @param {Uint8Array} data @returns {Promise<Trust>} */
export async function parseTrust(data) {
  if (data.length > TRUST_BYTES_MAX) throw malformed(`a trust file has at most ${TRUST_BYTES_MAX} bytes`);
  const file = parse(data);
  // A field that this version does not know might be a demand: it is refused.
  for (const name of Object.keys(file))
    if (!FIELDS.includes(name)) throw malformed(`unknown field ${name.slice(0, 80)}`);
  const { origin, charter, checkpoint_vkeys: vkeys, witness_policy: policy = "" } = file;
  if (!isLine(origin)) throw malformed("origin");
  if (typeof charter !== "string" || !DIGEST.test(charter)) throw malformed("charter");
  if (!Array.isArray(vkeys) || !vkeys.every(isLine) || typeof policy !== "string") throw malformed("keys or policy");
  const first = await Promise.all(vkeys.map((one) => VerifierKey.parse(String(one))));
  if (first.some((key) => key.name !== origin))
    throw malformed("a checkpoint key that is not named after the origin");
  const receiptKeys = await keysIn(file.receipt_keys);
  const standingKeys = await keysIn(file.standing_keys);
  const certificateKeys = await keysIn(file.certificate_keys ?? []);
  const successions = await successionsIn(file.successions ?? [], String(origin));
  const parsed = isEmptyPolicy(policy) ? null : await parsePolicy(policy);
  const later = successions.map((one) => one.vkey);
  const listed = listing(parsed, first, later);
  return new Trust(String(origin), first, receiptKeys, standingKeys, charter, listed, successions, certificateKeys);
}

/** @param {unknown} rows @param {string} origin @returns {Promise<KeySuccession[]>} */
async function successionsIn(rows, origin) {
  if (!Array.isArray(rows)) throw malformed("successions are a list");
  /** @type {KeySuccession[]} */
  const found = [];
  for (const row of rows) {
    if (!isObject(row) || Object.keys(row).sort().join() !== SUCCESSION_FIELDS.join())
      throw malformed("a succession is from_size, checkpoint_vkey, receipt_key and standing_key");
    const { from_size: fromSize, checkpoint_vkey: vkey } = row;
    if (typeof fromSize !== "number" || fromSize < 2 || !isLine(vkey)) throw malformed("the size or key of a succession");
    const [receiptKey] = (await keysIn([row.receipt_key])).values();
    const [standingKey] = (await keysIn([row.standing_key])).values();
    found.push({ fromSize, vkey: await VerifierKey.parse(String(vkey)), receiptKey, standingKey });
  }
  if (found.some((one) => one.vkey.name !== origin))
    throw malformed("a checkpoint key that is not named after the origin");
  if (found.some((one, at) => at > 0 && one.fromSize <= found[at - 1].fromSize))
    throw malformed("the successions of keys are not in order of their sizes");
  return found;
}

/** The policy with `keys` among its logs, where it lists one of those `known` that they succeed.
 *  @param {Policy | null} policy @param {VerifierKey[]} known @param {VerifierKey[]} keys @returns {Policy | null} */
function listing(policy, known, keys) {
  if (policy === null) return null;
  const listed = new Set(policy.logs.map((key) => key.format));
  if (!known.some((key) => listed.has(key.format))) return policy;
  const added = keys.filter((key) => !listed.has(key.format));
  return new Policy([...policy.logs, ...added], policy.witnesses, policy.groups, policy.quorum);
}

/** @param {unknown} rows @returns {Promise<Map<string, PublicKey>>} */
async function keysIn(rows) {
  if (!Array.isArray(rows)) throw malformed("keys are a list");
  /** @type {Map<string, PublicKey>} */
  const keys = new Map();
  for (const row of rows) {
    if (!isObject(row) || Object.keys(row).sort().join() !== KEY_FIELDS.join())
      throw malformed("a key is kid, alg and pem");
    const key = await loadPem(String(row.pem));
    if (key.kidHex !== row.kid) throw malformed(`key ${String(row.kid).slice(0, 16)}… has another thumbprint`);
    if (![...ALGORITHMS.values()].some(({ name, kind }) => name === row.alg && kind === key.kind)) {
      throw malformed(`key ${key.kidHex.slice(0, 16)}… does not sign with ${String(row.alg).slice(0, 40)}`);
    }
    keys.set(key.kidHex, key);
  }
  return keys;
}

/** @param {unknown} value */
const isLine = (value) => typeof value === "string" && value !== "" && [...value].length <= 512;

/** @param {string} en */
const malformed = (en) => new Malformed(`不是信任文件：${en}`, `not a trust file: ${en}`);
