/** Signed notes, verifier keys, checkpoints and cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature). */

import { base64, concat, equal, hex, sha256, text, unbase64, utf8 } from "./bytes.js";
import { Malformed, Refuted, Uncheckable } from "./errors.js";
import { checkEd25519, verifyRaw } from "./keys.js";
import { CHECKPOINT_BYTES_MAX, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX } from "./limits.js";

export const [ED25519, COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44] = [0x01, 0x04, 0x06];
const KEY_BYTES = new Map([
  [ED25519, 32],
  [COSIGNATURE_ED25519, 32],
  [COSIGNATURE_ML_DSA_44, 1312],
]);
const KEY_ID_BYTES = 4;
const TIME_BYTES = 8;
const NAME = /^[^\s\x85+\x00-\x1f\ud800-\udfff]+$/u;
const CONTROL = /[\x00-\x09\x0b-\x1f]/;
const LINE = /^[^\x00-\x1f]+$/;
const SIZE = /^(?:0|[1-9][0-9]{0,18})$/;
const DASH = "— ";

/** @typedef {{name: string, keyId: string, signature: Uint8Array}} Signature the bytes after the key id */
/** @typedef {{text: Uint8Array, signatures: Signature[]}} Note not verified */
/** @typedef {{origin: string, size: number, root: Uint8Array}} Checkpoint */

/** A public key with its name, as text `<name>+<key id in hex>+<base64(type ‖ key)>`. */
export class VerifierKey {
  /** @param {string} name @param {number} type @param {Uint8Array} key @param {string} keyId @param {string} format */
  constructor(name, type, key, keyId, format) {
    this.name = name;
    this.type = type;
    this.key = key;
    this.keyId = keyId;
    this.format = format;
  }

  /** Reads a vkey in its canonical form. Throws `Malformed`. @param {string} spelled @returns {Promise<VerifierKey>} */
  static async parse(spelled) {
    const [name, id, encoded, ...more] = spelled.split("+", 2).concat(spelled.split("+").slice(2).join("+"));
    if (spelled.length > NOTE_BYTES_MAX || more.length > 0 || !encoded) throw notKey(spelled);
    checkName(name);
    const material = unbase64(encoded);
    const [type, key] = [material[0], material.slice(1)];
    if (KEY_BYTES.get(type) !== key.length) throw notKey(spelled);
    if (type !== COSIGNATURE_ML_DSA_44) checkEd25519(key);
    const keyId = hex((await sha256(utf8(name), utf8("\n"), material)).subarray(0, KEY_ID_BYTES));
    if (keyId !== id || base64(material) !== encoded) throw notKey(spelled);
    return new VerifierKey(name, type, key, keyId, spelled);
  }

  /** Checks a signature line's bytes over a note's text. Throws `Refuted`, `Uncheckable`. @param {Uint8Array} said
   *  @param {Uint8Array} signature */
  async verify(said, signature) {
    if (this.type !== ED25519) {
      await this.cosigned(said, signature);
    } else if (signature.length !== 64 || !(await verifyRaw(this.key, signature, said))) {
      throw new Refuted(`${this.name} 的签名不成立`, `the signature of ${this.name} does not hold`);
    }
  }

  /** Checks a `timestamped_signature`; the Unix second in it. Throws `Refuted`, `Uncheckable`. @param {Uint8Array} said
   *  @param {Uint8Array} signature @returns {Promise<bigint>} */
  async cosigned(said, signature) {
    if (this.type === COSIGNATURE_ML_DSA_44) {
      throw new Uncheckable(
        `${this.name} 用 ML-DSA-44 联署，浏览器不能核对`,
        `${this.name} cosigns with ML-DSA-44, which browsers do not support`,
      );
    }
    if (signature.length !== TIME_BYTES + 64)
      throw new Refuted(`${this.name} 的联署格式不符`, `not a cosignature: that of ${this.name}`);
    const at = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
    const message = concat(utf8(`cosignature/v1\ntime ${at}\n`), said);
    if (at >= 2n ** 63n || !(await verifyRaw(this.key, signature.subarray(TIME_BYTES), message))) {
      throw new Refuted(`${this.name} 的联署不成立`, `the cosignature of ${this.name} does not hold`);
    }
    return at;
  }
}

/** @param {string} spelled */
const notKey = (spelled) => new Malformed("不是验证公钥", `not a verifier key: ${spelled.slice(0, 80)}`);

/** @param {string} name */
function checkName(name) {
  if (!NAME.test(name)) throw new Malformed("不是密钥名称", `not a key name: ${name.slice(0, 80)}`);
}

/** Reads a note without verifying it. Throws `Malformed`; canonical form only. @param {Uint8Array} data @returns {Note} */
export function parseNote(data) {
  if (data.length > NOTE_BYTES_MAX) throw new Malformed("签名文本过长", `a note has at most ${NOTE_BYTES_MAX} bytes`);
  let end = -1; // the text may have empty lines: the last one ends it
  for (let at = data.length - 2; at >= 0 && end < 0; at -= 1) if (data[at] === 10 && data[at + 1] === 10) end = at + 1;
  if (end < 0) throw new Malformed("签名文本缺少空行", "a note has a blank line before its signatures");
  const said = data.slice(0, end);
  noControls(said);
  const lines = noControls(data.subarray(end + 1)).split("\n");
  if (lines.pop() !== "" || lines.length === 0 || lines.length > NOTE_SIGNATURES_MAX) {
    throw new Malformed("签名行数不符", `a note ends with 1 to ${NOTE_SIGNATURES_MAX} signature lines`);
  }
  return { text: said, signatures: lines.map(signatureIn) };
}

/** @param {string} line @returns {Signature} */
function signatureIn(line) {
  const space = line.indexOf(" ", DASH.length);
  if (!line.startsWith(DASH) || space < 0)
    throw new Malformed("不是签名行", `not a signature line: ${line.slice(0, 80)}`);
  const name = line.slice(DASH.length, space);
  const data = unbase64(line.slice(space + 1));
  if (data.length <= KEY_ID_BYTES) throw new Malformed("签名过短", `not a signature line: ${line.slice(0, 80)}`);
  checkName(name);
  return { name, keyId: hex(data.subarray(0, KEY_ID_BYTES)), signature: data.slice(KEY_ID_BYTES) };
}

/** @param {Uint8Array} data */
function noControls(data) {
  const said = text(data);
  if (CONTROL.test(said)) throw new Malformed("签名文本含控制字符", "a note has no control characters but newlines");
  return said;
}

/** The inside of a checkpoint's text. Throws `Malformed`. @param {Uint8Array} said @returns {Promise<Checkpoint>} */
export async function parseCheckpoint(said) {
  const lines = text(said).split("\n");
  if (
    said.length > CHECKPOINT_BYTES_MAX ||
    lines.pop() !== "" ||
    lines.length < 3 ||
    !lines.every((one) => LINE.test(one))
  ) {
    throw new Malformed("不是检查点", "a checkpoint is at least three lines without control characters");
  }
  const [origin, size, encoded] = lines;
  const root = unbase64(encoded);
  if (!SIZE.test(size) || !Number.isSafeInteger(Number(size)) || root.length !== 32) {
    throw new Malformed("检查点的大小或根不符", "a checkpoint is of a size and a root of 32 bytes");
  }
  if (size === "0" && !equal(root, await sha256(new Uint8Array())))
    throw new Malformed("空树只有一个根", "the empty tree has but one root");
  return { origin, size: Number(size), root };
}

/**
 * Reads a signed checkpoint and verifies that one of the log's `keys` signed it, the log being named after that key.
 *
 * @param {Uint8Array} data @param {VerifierKey[]} keys @returns {Promise<Checkpoint>} throws `Malformed`, `Refuted`
 */
export async function openCheckpoint(data, keys) {
  if (data.length > CHECKPOINT_BYTES_MAX)
    throw new Malformed("检查点过长", `a checkpoint has at most ${CHECKPOINT_BYTES_MAX} bytes`);
  const note = parseNote(data);
  const names = new Set();
  for (const line of note.signatures) {
    const key = keys.find((one) => one.name === line.name && one.keyId === line.keyId);
    if (key === undefined) continue; // of others, such as witnesses
    await key.verify(note.text, line.signature);
    names.add(line.name);
  }
  if (names.size === 0) throw new Refuted("没有已知密钥的签名", "no known key signed the note");
  const head = await parseCheckpoint(note.text);
  if (!names.has(head.origin)) {
    throw new Refuted(`检查点属于 ${head.origin}`, `the checkpoint is of ${head.origin}, not of ${[...names][0]}`);
  }
  return head;
}
