/**
 * Verification of dropped files: what each is, by its bytes; what belongs together; and one of three outcomes for each.
 *
 * No network, no storage, no clock of its own: bytes, a trust file and the time go in, reports come out.
 */

import { verifyAcknowledgement } from "./acknowledgement.js";
import { isBundle } from "./bundle.js";
import { hex, startsWith, text, utf8 } from "./bytes.js";
import { encode } from "./cbor.js";
import { verifyCertificate } from "./certificate.js";
import * as ofCertificate from "./certificate_wording.js";
import { verifyBundle, verifyHead } from "./complete.js";
import { Uncheckable, VerificationError } from "./errors.js";
import { verifyEntry } from "./evidence.js";
import { attach } from "./receipt.js";
import { Steps } from "./report.js";
import * as sign1 from "./sign1.js";
import { checkReasons, verifyStanding } from "./standing.js";
import { HEADER } from "./witnessed.js";
import * as wording from "./wording.js";

/** @typedef {import("./wording.js").Remark} Remark */
/** @typedef {import("./trust.js").Trust} Trust */
/** @typedef {"transparent" | "statement" | "receipt" | "standing" | "acknowledgement" | "bundle" | "checkpoint" | "evidence" | "proof" | "body"
 *   | "trust" | "archive" | "pdf" | "cose" | "unknown"} Kind */
/** @typedef {{name: string, data: Uint8Array}} Dropped */
/** @typedef {Dropped & {kind: Kind}} Sorted */
/** @typedef {"verified" | "refuted" | "uncheckable"} Verdict 已核验 · 不符 · 无法核验 */
/**
 * @typedef {object} Report on one file
 * @property {string} name
 * @property {Kind} kind
 * @property {Verdict} verdict
 * @property {import("./report.js").Step[]} steps what was checked, in order
 * @property {Remark[]} notShown what this kind of verification cannot show
 * @property {Remark | null} why it is not verified
 * @property {import("./certificate_wording.js").Said[]} said what the verified entries of a certificate say
 */

const EVIDENCE_BEGINNING = new Uint8Array([
  0xa3,
  ...encode("v"),
  ...encode(1),
  ...encode("typ"),
  ...encode(sign1.EVIDENCE),
]);
const SIGNATURE_LINE = "\n\n— ";
const ENDINGS =
  /\.(?:transparent\.cose|receipt\.cose|standing\.cose|acknowledgement\.cose|evidence\.cbor|bundle\.cbor|body\.json|tlog-proof|cose)$/;
/** @type {Partial<Record<Kind, Remark>>} what is not checked by itself, and how it can be */
const NOT_ALONE = {
  receipt: {
    zh: "收据须与它的声明一起核验：请把两者一并放入",
    en: "a receipt is checked with its statement: add that one",
  },
  evidence: {
    zh: "证据须与它的声明一起核验：请把两者一并放入",
    en: "evidence is checked with its statement: add that one",
  },
  proof: {
    zh: "树证明须与它的声明一起核验：请把两者一并放入",
    en: "a tlog-proof is checked with its statement: add that one",
  },
  body: { zh: "正文须与它的声明一起核验：请把两者一并放入", en: "a body is checked with its statement: add that one" },
  trust: { zh: "这是信任文件，不是可核验的记录", en: "this is a trust file, not something that can be verified" },
  archive: {
    zh: "证据包（ZIP）请用命令 credit-ledger verify 核验",
    en: "an evidence archive (ZIP) is verified by the command credit-ledger verify",
  },
  cose: { zh: "这种 COSE 文件不在可核验之列", en: "a COSE file of a kind that is not verified here" },
  unknown: {
    zh: "不是能核验的文件：既不是声明、收据、公告、完整性证明、已签名的践诺状况、收件回执，也不是检查点",
    en: "not a kind of file that can be verified: no statement, receipt, certificate, bundle, signed standing, acknowledgement or checkpoint",
  },
};
const SEALED = { zh: "内容已密封，请附上正文", en: "the content is sealed: add its body" };

/** What a file is, by its bytes. @param {Uint8Array} data @returns {Kind} */
export function kindOfFile(data) {
  if (startsWith(data, utf8("PK\x03\x04"))) return "archive";
  if (startsWith(data, utf8("%PDF-"))) return "pdf";
  if (startsWith(data, utf8(HEADER))) return "proof";
  if (isBundle(data)) return "bundle";
  if (startsWith(data, EVIDENCE_BEGINNING)) return "evidence";
  if (data[0] === sign1.START[0]) return kindOfCose(data);
  const said = textOf(data);
  if (said.includes(SIGNATURE_LINE)) return "checkpoint";
  if (said.startsWith("{"))
    return said.includes('"checkpoint_vkeys"') ? "trust" : said.includes('"salt":"') ? "body" : "unknown";
  return "unknown";
}

/** @param {Uint8Array} data @returns {Kind} */
function kindOfCose(data) {
  try {
    const typ = sign1.typOf(data);
    if (typ === sign1.STANDING) return "standing";
    if (typ === sign1.RECEIPT) return "receipt";
    if (typ === sign1.ACKNOWLEDGEMENT) return "acknowledgement";
    if (typ !== sign1.STATEMENT) return "cose";
    return sign1.split(data).unprotected.length === 1 ? "statement" : "transparent";
  } catch (error) {
    if (error instanceof VerificationError) return "transparent"; // what it is not, its own verification says
    throw error;
  }
}

/** @param {Uint8Array} data */
function textOf(data) {
  try {
    return text(data);
  } catch {
    return "";
  }
}

/**
 * A report on each file that was dropped, except for those that only stand by others.
 *
 * @param {Dropped[]} files @param {Trust} trust @param {number} now Unix seconds @returns {Promise<Report[]>}
 */
export async function verifyFiles(files, trust, now) {
  const sorted = files.map(({ name, data }) => ({ name, data, kind: kindOfFile(data) }));
  const mains = sorted.filter(({ kind }) => !Object.hasOwn(NOT_ALONE, kind));
  /** @type {Set<Sorted>} */
  const used = new Set(mains);
  /** @type {Report[]} */
  const reports = [];
  for (const file of mains)
    reports.push(await reportOn(file, new Beside(file, sorted, mains.length === 1, used), trust, now));
  for (const file of sorted.filter((one) => !used.has(one))) {
    reports.push({
      name: file.name,
      kind: file.kind,
      verdict: "uncheckable",
      steps: [],
      notShown: [],
      why: NOT_ALONE[file.kind] ?? null,
      said: [],
    });
  }
  return reports;
}

/** The files that belong to one: of the same name but for the ending; or any, where there is but one to belong to. */
class Beside {
  /** @param {Sorted} file @param {Sorted[]} all @param {boolean} alone @param {Set<Sorted>} used */
  constructor(file, all, alone, used) {
    const name = stem(file.name);
    this.files = all.filter((one) => one !== file && (alone || stem(one.name) === name));
    this.all = all;
    this.used = used;
  }

  /** @param {Kind} kind @returns {Uint8Array[]} */
  every(kind) {
    const found = this.files.filter((one) => one.kind === kind);
    for (const one of found) this.used.add(one);
    return found.map((one) => one.data);
  }

  /** @param {Kind} kind @returns {Uint8Array | null} throws `Uncheckable` for several */
  one(kind) {
    const found = this.every(kind);
    if (found.length > 1)
      throw new Uncheckable(
        `有 ${found.length} 个同类文件可能属于它：请分开核验`,
        `${found.length} files of one kind may belong to it: verify them one at a time`,
      );
    return found[0] ?? null;
  }
}

/** @param {string} name */
const stem = (name) => name.replace(ENDINGS, "");

/** @param {Sorted} file @param {Beside} beside @param {Trust} trust @param {number} now @returns {Promise<Report>} */
async function reportOn({ name, data, kind }, beside, trust, now) {
  const steps = new Steps();
  /** @type {Remark[]} */
  let notShown = [];
  /** @type {Verdict} */
  let verdict = "uncheckable";
  /** @type {Remark | null} */
  let why = null;
  /** @type {Report["said"]} */
  let said = [];
  try {
    const found = await verifyOne(kind, data, beside, trust, steps, now);
    notShown = found.notShown;
    said = found.said ?? [];
    why = found.why ?? null;
    verdict = why === null ? "verified" : "uncheckable";
  } catch (error) {
    if (!(error instanceof VerificationError)) {
      console.error(error);
      why = { zh: `核验程序自身出错：${String(error)}`, en: `a defect of this program: ${String(error)}` };
    } else {
      verdict = error instanceof Uncheckable ? "uncheckable" : "refuted";
      why = { zh: error.zh, en: error.en };
    }
  }
  return { name, kind, verdict, steps: steps.taken, notShown, why, said };
}

/**
 * @param {Kind} kind @param {Uint8Array} data @param {Beside} beside @param {Trust} trust @param {Steps} steps
 * @param {number} now @returns {Promise<{notShown: Remark[], why?: Remark, said?: Report["said"]}>}
 * `why`: not everything could be checked
 */
async function verifyOne(kind, data, beside, trust, steps, now) {
  if (kind === "bundle") {
    await verifyBundle(data, trust, steps);
    return { notShown: [wording.NOT_COMPUTED, ...wording.BUNDLE_NOT_SHOWN] };
  }
  if (kind === "checkpoint") {
    await verifyHead(data, trust, steps);
    return { notShown: wording.headNotShown(trust) };
  }
  if (kind === "standing") {
    const standing = await verifyStanding(data, trust, steps, now);
    checkReasons(standing, await bundleAbout(standing.subject, beside.all, trust), steps);
    return { notShown: [wording.NOT_COMPUTED, ...wording.STANDING_NOT_SHOWN] };
  }
  if (kind === "acknowledgement") {
    const statement = beside.one("statement");
    const { statementId } = await verifyAcknowledgement(data, statement, trust, steps);
    return { notShown: wording.acknowledgementNotShown(hex(statementId), statement !== null) };
  }
  if (kind === "pdf") {
    const said = await verifyCertificate(data, trust, steps);
    return { notShown: [...ofCertificate.NOT_SHOWN, ...wording.entryNotShown(trust)], said };
  }
  const transparent = kind === "statement" ? withReceipt(data, beside.one("receipt")) : data;
  const proofs = beside.every("proof");
  const found = await verifyEntry(transparent, beside.one("evidence"), trust, steps, beside.one("body"), proofs);
  const notShown = wording.entryNotShown(trust);
  // That it is in the log is shown, what it says and whether the issuer may say it is not: never a plain yes.
  return found.event === null ? { notShown, why: SEALED } : { notShown };
}

/** The dropped bundle about an enterprise, verified; null if there is none. @param {string} subject
 *  @param {Sorted[]} files @param {Trust} trust */
async function bundleAbout(subject, files, trust) {
  for (const file of files.filter(({ kind }) => kind === "bundle")) {
    const bundle = await verifyBundle(file.data, trust, new Steps());
    if (bundle.subject === subject) return bundle;
  }
  return null;
}

/** @param {Uint8Array} statement @param {Uint8Array | null} receipt */
function withReceipt(statement, receipt) {
  if (receipt === null)
    throw new Uncheckable(
      "没有收据：无从证明它在日志中",
      "a statement without a receipt: nothing shows that it is in a log",
    );
  return attach(statement, receipt);
}
