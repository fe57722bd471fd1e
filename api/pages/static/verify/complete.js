/**
 * Verification of a completeness bundle, in the steps of `ledger/verifier/completeness_bundle.py`:
 *
 * 1. The checkpoint is signed by the log's key, and by the quorum of witnesses that the trust file demands.
 * 2. Every statement is in the one form that statements have, meant for this log, and its receipts hold.
 * 3. All trees that the receipts show are beginnings of the checkpoint's: there is one log.
 * 4. Each stream holds statements about its own subject, in order, each once; no stream that others rest on is missing.
 * 5. Entry 0 is in the charter that the trust file names.
 * 6. In the order of the log, every statement was signed by a valid key, by an issuer entitled to it; bodies are those
 *    that were committed to. (The rules on campaigns, and the inside of policies, an audit checks.)
 * 7. The map's root was registered by the log's operator, over entries before its own.
 * 8. Each stream is complete up to the size that the root covers; or the map shows that there is nothing.
 * 9. The entries since then are in the log, and named as what they are: nobody shows that they are all.
 */

import { equal, hex } from "./bytes.js";
import { parseBundle } from "./bundle.js";
import { CATALOGUE } from "./catalogue.js";
import { Chain } from "./chain.js";
import { Refuted, Uncheckable } from "./errors.js";
import { streamValue, verifyInMap } from "./map.js";
import { leafHash, verifyConsistency } from "./merkle.js";
import { locate, Roots } from "./receipt.js";
import { isGoverning, kindOf, MAP, POLICY, ROOT_PARTY } from "./subject.js";
import { renewed } from "./succession.js";
import * as wording from "./wording.js";
import { requireHead } from "./witnessed.js";

/** @typedef {import("./receipt.js").Located} Located */
/** @typedef {import("./trust.js").Trust} Trust */
/** @typedef {import("./report.js").Steps} Steps */
/** @typedef {{located: Located, leaf: Uint8Array, body: Uint8Array | null}} Entry */
/** @typedef {{subject: string, proof: import("./map.js").MapProof, entries: Entry[]}} Stream */
/**
 * @typedef {object} VerifiedBundle a subject's stream, whole up to `coveredSize`, and what is shown since
 * @property {string} subject
 * @property {number} size of the checkpoint's tree
 * @property {number} coveredSize
 * @property {ReadonlySet<number>} entries about the subject, by leaf index
 * @property {ReadonlySet<number>} policies entries that put a standing policy into force
 */

const GOVERNING = new Set(
  Object.keys(CATALOGUE).filter((type) => ["party", "policy", "campaign", "map"].includes(CATALOGUE[type].stream)),
);

/**
 * Verifies a checkpoint as the log signed it, by itself. Throws `Refuted`, `Malformed`, `Uncheckable`.
 *
 * @param {Uint8Array} note @param {Trust} trust @param {Steps} steps
 */
export async function verifyHead(note, trust, steps) {
  const cosigned = await requireHead(note, trust);
  const head = cosigned.checkpoint;
  steps.add(trust.quorum === null ? wording.NO_QUORUM : wording.quorum(cosigned), "checkpoint");
  steps.add(wording.HEAD_SIGNED, "checkpoint");
  steps.add(wording.headOf(head, hex(head.root)), "checkpoint");
  return head;
}

/**
 * Verifies a bundle; `steps` takes what was checked, as it is. Throws `Refuted`, `Malformed`, `Uncheckable`.
 *
 * @param {Uint8Array} data @param {Trust} trust @param {Steps} steps @returns {Promise<VerifiedBundle>}
 */
export async function verifyBundle(data, trust, steps) {
  const bundle = parseBundle(data);
  const governing = bundle.streams.filter(({ subject }) => ["party", "policy"].includes(kindOf(subject)));
  trust = await renewed(
    trust,
    governing.flatMap(({ entries }) => entries.map(({ transparent }) => transparent)),
  );
  const head = await verifyHead(bundle.checkpoint, trust, steps); // 1

  const roots = new Roots(); // 2
  const root = await locate(bundle.root, trust, roots);
  /** @type {Map<string, Stream>} */
  const streams = new Map();
  for (const { subject, proof, entries } of bundle.streams)
    streams.set(subject, { subject, proof, entries: await locateAll(entries, trust, roots) });
  const all = [...streams.values()].flatMap((stream) => stream.entries);
  steps.add(wording.bundleLocated(all.length + 1, trust), "bundle", root.receipt.kidHex);

  await oneLog(bundle.consistency, roots, head); // 3
  steps.add(wording.oneLog(roots.seen.size, head.size), "bundle");

  whole(streams, root); // 4
  steps.add(wording.streams(bundle.streams[0].subject, streams.size - 1), "bundle");

  const anchors = /** @type {Stream} */ (streams.get(ROOT_PARTY)).entries[0].located;
  const chain = await Chain.begin(trust, anchors, GOVERNING); // 5
  steps.add(wording.anchored(trust), "bundle");

  const counted = await inOrder(chain, all, root); // 6
  steps.add(wording.bundleInOrder(all.length + 1, counted.sealed, counted.closed), "bundle");

  const mapRoot = chain.parties.mapRoots[chain.parties.mapRoots.length - 1]; // 7
  steps.add(wording.rooted(mapRoot, root.statement.issuer), "bundle");

  for (const stream of streams.values()) await complete(stream, mapRoot); // 8
  const { subject, entries } = /** @type {Stream} */ (streams.get(bundle.streams[0].subject));
  const before = entries.filter(({ located }) => located.index < mapRoot.treeSize).length;
  steps.add(wording.complete(subject, before, mapRoot, streams.size - 1), "bundle");

  steps.add(wording.since(entries.length - before, mapRoot, head.size), "bundle"); // 9
  return {
    subject,
    size: head.size,
    coveredSize: mapRoot.treeSize,
    entries: new Set(entries.map(({ located }) => located.index)),
    policies: chain.parties.standingPolicies,
  };
}

/** @param {import("./bundle.js").Shown[]} shown @param {Trust} trust @param {Roots} roots @returns {Promise<Entry[]>} */
async function locateAll(shown, trust, roots) {
  /** @type {Entry[]} */
  const entries = [];
  for (const { transparent, body } of shown) {
    const located = await locate(transparent, trust, roots);
    entries.push({ located, leaf: await leafHash(located.statement.raw), body });
  }
  return entries;
}

/** One consistency proof between neighbouring sizes, up to the checkpoint's.
 *  @param {Uint8Array[][]} proofs @param {Roots} roots @param {import("./note.js").Checkpoint} head */
async function oneLog(proofs, roots, head) {
  const known = new Map([...roots.seen].map(([size, receipt]) => [size, receipt.root]));
  const same = known.get(head.size);
  if (same !== undefined && !equal(same, head.root))
    throw new Refuted(
      `日志就 ${head.size} 条签了两棵不同的树`,
      `the log signed two different trees of ${head.size} entries`,
    );
  known.set(head.size, head.root);
  const sizes = [...known.keys()].sort((one, other) => one - other);
  const largest = sizes[sizes.length - 1];
  if (largest > head.size)
    throw new Refuted(
      `收据的树有 ${largest} 条，检查点只有 ${head.size} 条`,
      `a receipt is of a tree of ${largest} entries, the checkpoint of ${head.size} only`,
    );
  if (proofs.length !== sizes.length - 1)
    throw new Refuted(
      "一致性证明的个数不符",
      "the bundle does not hold one consistency proof for each step between its trees",
    );
  for (let at = 0; at < proofs.length; at += 1) {
    const [old, now] = [sizes[at], sizes[at + 1]];
    await verifyConsistency(
      old,
      now,
      /** @type {Uint8Array} */ (known.get(old)),
      /** @type {Uint8Array} */ (known.get(now)),
      proofs[at],
    );
  }
}

/** Each statement in its own stream and in order; and the streams that must be there.
 *  @param {Map<string, Stream>} streams @param {Located} root */
function whole(streams, root) {
  const needed = new Set([ROOT_PARTY, POLICY, root.statement.issuer]);
  for (const { subject, entries } of streams.values()) {
    entries.forEach(({ located: { statement, index } }, at) => {
      if (statement.subject !== subject)
        throw new Refuted(
          `${subject} 的记录流中有关于 ${statement.subject} 的记录`,
          `an entry in the stream of ${subject} is about ${statement.subject}`,
        );
      const before = at === 0 ? -1 : entries[at - 1].located.index;
      if (before >= index)
        throw new Refuted(
          `${subject} 的第 ${index} 条排在第 ${before} 条之后`,
          `entry ${index} stands after entry ${before} in the stream of ${subject}`,
        );
      needed.add(statement.issuer);
    });
  }
  if (root.statement.subject !== MAP)
    throw new Refuted(`第 ${root.index} 条不是映射根`, `entry ${root.index} is no root of the map`);
  for (const subject of [...needed].sort()) {
    if ((streams.get(subject)?.entries.length ?? 0) === 0)
      throw new Uncheckable(
        `缺少所依据的记录流 ${subject}`,
        `the bundle lacks the stream of ${subject}, on which others rest`,
      );
  }
}

/** Every entry at its position, under the governance of that position.
 *  @param {Chain} chain @param {Entry[]} all @param {Located} root @returns {Promise<{sealed: number, closed: number}>} */
async function inOrder(chain, all, root) {
  const entries = [...all, { located: root, body: null }].sort((one, other) => one.located.index - other.located.index);
  const counted = { sealed: 0, closed: 0 };
  for (const { located, body } of entries.slice(1)) {
    // entry 0 began the chain
    const { statement, index } = located;
    if (isGoverning(statement.subject)) {
      await chain.take(located);
      continue;
    }
    await chain.signed(located);
    const sealed = statement.commitment !== null;
    if (body !== null && !sealed)
      throw new Refuted(`第 ${index} 条是公开的，不应附正文`, `entry ${index} is open: a body does not belong to it`);
    const event = await chain.said(statement, body);
    counted.sealed += sealed ? 1 : 0;
    counted.closed += event === null ? 1 : 0;
  }
  return counted;
}

/** The entries that are shown are those that the map counts, neither more nor less nor others.
 *  @param {Stream} stream @param {{treeSize: number, root: Uint8Array}} mapRoot */
async function complete({ subject, proof, entries }, mapRoot) {
  const value = await verifyInMap(subject, mapRoot.root, proof);
  const covered = entries.filter(({ located }) => located.index < mapRoot.treeSize);
  if (covered.length !== value.entries) {
    throw new Refuted(
      `前 ${mapRoot.treeSize} 条中 ${subject} 有 ${value.entries} 条记录，所示只有 ${covered.length} 条`,
      `${subject} has ${value.entries} entries among the first ${mapRoot.treeSize} of the log, but ${covered.length} are shown`,
    );
  }
  const shown = await streamValue(covered.map(({ located: { index }, leaf }) => ({ index, leaf })));
  if (shown.root !== null && (value.root === null || !equal(shown.root, value.root))) {
    throw new Refuted(
      `所示 ${subject} 的记录不是映射所载`,
      `the entries that are shown of ${subject} are not those that the map holds`,
    );
  }
}
