/**
 * Receipts (RFC 9942): a COSE_Sign1 over the tree's root, detached, with the inclusion proof of one entry; and the
 * transparent statement (RFC 9943), which is a statement with receipts in its unprotected header.
 */

import { byteString, decode, encode, head } from "./cbor.js";
import { concat, equal } from "./bytes.js";
import { Malformed, Refuted } from "./errors.js";
import { PROOF_HASHES_MAX, RECEIPT_BYTES_MAX, RECEIPTS_MAX, STATEMENT_BYTES_MAX } from "./limits.js";
import { leafHash, rootFromInclusion } from "./merkle.js";
import * as sign1 from "./sign1.js";
import { parseStatement } from "./statement.js";

/** @typedef {import("./trust.js").Trust} Trust */
/** @typedef {import("./statement.js").Statement} Statement */
/** @typedef {{treeSize: number, index: number, root: Uint8Array, iat: number, kidHex: string}} VerifiedReceipt */
/** @typedef {{statement: Statement, receipt: VerifiedReceipt, index: number}} Located in the log; not verified itself */

const TRANSPARENT_BYTES_MAX = STATEMENT_BYTES_MAX + RECEIPTS_MAX * (RECEIPT_BYTES_MAX + 3) + 8;
const VDS_RFC9162_SHA256 = 1; // RFC 9942 §5.1
const INCLUSION = -1; // RFC 9942 §5.2
const LABELS = [sign1.ALG, sign1.KID, sign1.CWT_CLAIMS, sign1.TYP, sign1.VDS, sign1.TREE_SIZE, sign1.ORIGIN];
/** @type {Map<number, "text" | "number">} */
const CLAIMS = new Map([
  [sign1.ISS, "text"],
  [sign1.SUB, "text"],
  [sign1.IAT, "number"],
]);

/** The transparent statement of a statement and one receipt. Throws `Malformed`. @param {Uint8Array} statement
 *  @param {Uint8Array} receipt */
export function attach(statement, receipt) {
  const parts = sign1.split(statement);
  if (!equal(parts.unprotected, sign1.EMPTY_MAP))
    throw new Malformed("声明已附收据", "a statement without receipts is needed");
  const loose = concat(head(5, 1), encode(sign1.RECEIPTS), head(4, 1), byteString(receipt));
  return sign1.assemble({ ...parts, unprotected: loose });
}

/** The signed statement's bytes and its receipts, one at least. Throws `Malformed`. @param {Uint8Array} transparent
 *  @returns {{data: Uint8Array, receipts: Uint8Array[]}} */
export function detach(transparent) {
  if (transparent.length > TRANSPARENT_BYTES_MAX)
    throw new Malformed("透明声明过长", `a transparent statement has at most ${TRANSPARENT_BYTES_MAX} bytes`);
  const parts = sign1.split(transparent);
  const loose = /** @type {import("./cbor.js").CborMap} */ (decode(parts.unprotected));
  const receipts = loose.get(sign1.RECEIPTS);
  if (loose.size !== 1 || !Array.isArray(receipts) || receipts.length === 0 || receipts.length > RECEIPTS_MAX) {
    throw new Malformed(
      "不是透明声明：未保护头不是收据列表",
      "not a transparent statement: its unprotected header is not a list of receipts",
    );
  }
  const found = receipts.filter((one) => one instanceof Uint8Array);
  if (found.length !== receipts.length) throw new Malformed("收据不是字节串", "a receipt that is no byte string");
  return { data: sign1.assemble({ ...parts, unprotected: sign1.EMPTY_MAP }), receipts: found };
}

/** @param {Uint8Array} data */
function parseReceipt(data) {
  if (data.length > RECEIPT_BYTES_MAX)
    throw new Malformed("收据过长", `a receipt has at most ${RECEIPT_BYTES_MAX} bytes`);
  const message = sign1.parseSign1(data, sign1.RECEIPT, LABELS);
  if (message.payload !== null) throw new Malformed("收据的内容应为分离式", "a receipt's payload is detached");
  if (message.protected.get(sign1.VDS) !== VDS_RFC9162_SHA256) {
    throw new Malformed("收据的数据结构不是 RFC9162_SHA256", "the verifiable data structure is not RFC9162_SHA256");
  }
  const named = sign1.claims(message.protected, CLAIMS);
  const origin = message.protected.get(sign1.ORIGIN);
  if (typeof origin !== "string" || named.get(sign1.ISS) !== origin || named.get(sign1.SUB) !== origin) {
    throw new Malformed(
      "收据的签发者与日志名称不一致",
      "a receipt's iss, sub and origin are the log's origin, all three",
    );
  }
  const { size, index, path } = proofIn(message.unprotected);
  if (message.protected.get(sign1.TREE_SIZE) !== size) {
    throw new Malformed("证明的树大小与所签的不同", "the proof is for another tree size than the one that was signed");
  }
  return { message, origin, size, index, path, iat: /** @type {number} */ (named.get(sign1.IAT)) };
}

/** @param {import("./cbor.js").CborMap} unprotected */
function proofIn(unprotected) {
  const proofs = unprotected.get(sign1.VDP);
  const list = proofs instanceof Map && proofs.size === 1 ? proofs.get(INCLUSION) : undefined;
  if (unprotected.size !== 1 || !Array.isArray(list) || list.length !== 1 || !(list[0] instanceof Uint8Array)) {
    throw new Malformed(
      "收据应恰含一个包含证明",
      "a receipt's unprotected header is one inclusion proof and nothing else",
    );
  }
  const proof = decode(list[0]);
  if (Array.isArray(proof) && proof.length === 3) {
    const [size, index, path] = proof;
    if (typeof size === "number" && typeof index === "number" && Array.isArray(path) && 0 <= index && index < size) {
      const hashes = /** @type {Uint8Array[]} */ (path.filter((one) => one instanceof Uint8Array && one.length === 32));
      if (hashes.length > 0 && hashes.length === path.length && hashes.length <= PROOF_HASHES_MAX) {
        return { size, index, path: hashes };
      }
    }
  }
  throw new Malformed("包含证明格式不符", "the inclusion proof is not [tree_size, leaf_index, [+ hash]]");
}

/** Where a transparent statement's first receipt says that it is. Throws `Malformed`; verifies nothing.
 *  @param {Uint8Array} transparent */
export const indexOf = (transparent) => parseReceipt(detach(transparent).receipts[0]).index;

/** The tree heads that receipts have shown so far: one root per size, and time never goes back. */
export class Roots {
  constructor() {
    /** @type {Map<number, VerifiedReceipt>} by tree size */
    this.seen = new Map();
  }

  /** Throws `Refuted` where a head cannot belong to the same log as those before. @param {VerifiedReceipt} receipt */
  take(receipt) {
    const known = this.seen.get(receipt.treeSize);
    if (known === undefined) this.seen.set(receipt.treeSize, receipt);
    else if (!equal(known.root, receipt.root)) {
      throw new Refuted(
        `日志就 ${receipt.treeSize} 条签了两棵不同的树`,
        `the log signed two different trees of ${receipt.treeSize} entries`,
      );
    } else if (known.iat !== receipt.iat) this.#compare(receipt);
    if (known === undefined) this.#compare(receipt);
  }

  /** @param {VerifiedReceipt} receipt */
  #compare(receipt) {
    for (const other of this.seen.values()) {
      if ((other.treeSize - receipt.treeSize) * (other.iat - receipt.iat) < 0) {
        throw new Refuted(
          `日志的时间在 ${other.treeSize} 条与 ${receipt.treeSize} 条的树之间倒退`,
          `the log's time goes back between its trees of ${other.treeSize} and ${receipt.treeSize} entries`,
        );
      }
    }
  }
}

/**
 * Takes apart a transparent statement and verifies every receipt on it; the one of the smallest tree counts.
 *
 * @param {Uint8Array} transparent @param {Trust} trust @param {Roots} roots @returns {Promise<Located>}
 * throws `Malformed`, `Refuted` (a receipt that does not hold, another log), `Uncheckable` (an unknown receipt key)
 */
export async function locate(transparent, trust, roots) {
  const { data, receipts } = detach(transparent);
  const statement = parseStatement(data);
  if (statement.audience !== trust.origin) {
    throw new Refuted(
      `声明是给日志 ${statement.audience} 的，不是 ${trust.origin}`,
      `the statement is meant for the log ${statement.audience}, not for ${trust.origin}`,
    );
  }
  const leaf = await leafHash(data);
  /** @type {VerifiedReceipt[]} */
  const shown = [];
  for (const receipt of receipts) shown.push(await verifyReceipt(receipt, leaf, trust));
  for (const receipt of shown) roots.take(receipt);
  if (new Set(shown.map((receipt) => receipt.index)).size !== 1) {
    throw new Refuted("各收据所指位置不同", "the receipts place the statement at different positions");
  }
  const receipt = shown.reduce((least, one) => (one.treeSize < least.treeSize ? one : least));
  return { statement, receipt, index: receipt.index };
}

/** @param {Uint8Array} data @param {Uint8Array} leaf @param {Trust} trust @returns {Promise<VerifiedReceipt>} */
async function verifyReceipt(data, leaf, trust) {
  const { message, origin, size, index, path, iat } = parseReceipt(data);
  const key = trust.receiptKey(message.kidHex, size);
  if (origin !== trust.origin) {
    throw new Refuted(
      `收据属于日志 ${origin}，不是 ${trust.origin}`,
      `the receipt is of the log ${origin}, not of ${trust.origin}`,
    );
  }
  const root = await rootFromInclusion(index, size, leaf, path);
  await message.verify(key, root);
  return { treeSize: size, index, root, iat, kidHex: message.kidHex };
}
