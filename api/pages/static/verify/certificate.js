/**
 * A certificate 承诺公告 (PDF), in the steps of `api/certificates/certificate_check.py` but the last:
 *
 * 1. The file is signed (PAdES), from its first byte to its last, by a certificate key of the trust file.
 * 2. It carries its entries, each a transparent statement with evidence, and nothing else; every one of them holds, as if
 *    it had been given by itself (`evidence.js`).
 * 3. The entries belong together: one enterprise, one public pledge of one campaign, its publication.
 *
 * Whether the print says what they say takes a typesetter, which a browser has not: what they say stands in the report.
 */

import { hex, sha256 } from "./bytes.js";
import * as wording from "./certificate_wording.js";
import { Malformed, Refuted, Uncheckable, VerificationError } from "./errors.js";
import { verifyEntry } from "./evidence.js";
import { isObject, parse } from "./json.js";
import { CERTIFICATE_ATTACHED_MAX, CERTIFICATE_BYTES_MAX } from "./limits.js";
import { signedBy } from "./pades.js";
import { Pdf, Quoted } from "./pdf.js";
import { Steps } from "./report.js";
import { shanghaiDate } from "./subject.js";

/** @typedef {import("./trust.js").Trust} Trust */
/** @typedef {import("./events.js").Event} Event */
/** @typedef {import("./certificate_wording.js").Said} Said */
/** @typedef {{event: Event, index: number, subject: string, digest: string, disputed: boolean}} Entry one that holds;
 *  `digest` of its statement, in hexadecimal */

const PARTICULARS = "certificate.json";
const STATEMENT = ".transparent.cose";
const EVIDENCE = ".evidence.cbor";
const SINGLE = ["pledge", "publication", "campaign", "policy"];
const PARTICULARS_FIELDS = ["issued_at", "page", "set_by", "v"];
const ISSUED_MAX = 253_402_300_799 - 86_400; // the year 9999, anywhere
const KINDS = {
  pledge: ["PledgeMade"],
  publication: ["PledgePublished"],
  campaign: ["CampaignOpened", "CampaignCorrected"],
  policy: ["RegistrationPolicyAdopted"],
  name: ["EnterpriseRegistered", "EnterpriseRenamed"],
  correction: ["PledgeReplaced"],
};

/**
 * Verifies a certificate; `steps` takes what was checked. What its entries say comes back, to be held beside the print.
 *
 * @param {Uint8Array} data @param {Trust} trust @param {Steps} steps @returns {Promise<Said[]>}
 * throws `Refuted`, `Malformed`, `Uncheckable`
 */
export async function verifyCertificate(data, trust, steps) {
  if (trust.certificateKeys.size === 0)
    throw new Uncheckable("信任文件中没有公告签名密钥", "the trust file has no certificate key");
  const pdf = new Pdf(data);
  const key = await signedBy(pdf, trust.certificateKeys); // 1
  steps.add(wording.fileSigned(key.kidHex), "certificate", key.kidHex);

  const files = await attachedTo(pdf); // 2
  const issued = issuedIn(files);
  /** @type {Map<string, Entry>} */
  const entries = new Map();
  const ofPledge = new Steps();
  for (const name of namesIn(files))
    entries.set(name, await verified(name, files, trust, name === "pledge" ? ofPledge : new Steps()));
  for (const { source, key: under, ...remark } of ofPledge.taken) steps.add(wording.ofPledge(remark), source, under);
  steps.add(wording.otherEntries(disputedIn(entries), entries.size - 1), "certificate");

  const said = belongTogether(entries, issued); // 3
  steps.add(wording.BELONG_TOGETHER, "certificate");
  return said;
}

/** The attachments by name. Throws `Malformed`. @param {Pdf} pdf @returns {Promise<Map<string, Uint8Array>>} */
async function attachedTo(pdf) {
  const root = pdf.dictionary(pdf.trailers[0].get("Root"));
  const names = pdf.list(pdf.dictionary(pdf.dictionary(root.get("Names")).get("EmbeddedFiles")).get("Names"));
  if (names.length > 2 * CERTIFICATE_ATTACHED_MAX)
    throw malformed(
      `公告至多附 ${CERTIFICATE_ATTACHED_MAX} 个文件`,
      `a certificate carries at most ${CERTIFICATE_ATTACHED_MAX} files`,
    );
  /** @type {Map<string, Uint8Array>} */
  const found = new Map();
  let room = CERTIFICATE_BYTES_MAX;
  for (let at = 1; at < names.length; at += 2) {
    const about = pdf.dictionary(names[at]);
    const named = about.get("UF");
    const name = named instanceof Quoted ? String.fromCharCode(...named.data.subarray(0, 80)) : "";
    if (found.has(name)) throw malformed(`两个附件同名：${name}`, `two files of one name: ${name}`);
    const content = await pdf.stream(pdf.dictionary(about.get("EF")).get("F"), room);
    room -= content.length;
    found.set(name, content);
  }
  return found;
}

/** When the certificate was made, by its particulars (Unix seconds). Throws `Malformed`.
 *  @param {Map<string, Uint8Array>} files @returns {number} */
function issuedIn(files) {
  const particulars = parse(file(files, PARTICULARS));
  const { v, issued_at: at, page, set_by: setBy } = particulars;
  if (
    Object.keys(particulars).sort().join() !== PARTICULARS_FIELDS.join() ||
    v !== 1 ||
    typeof at !== "number" ||
    !Number.isInteger(at) ||
    at < 0 ||
    at >= ISSUED_MAX ||
    typeof page !== "string" ||
    typeof setBy !== "string"
  )
    throw malformed(`${PARTICULARS} 格式不符`, `${PARTICULARS}: of another version, or of no possible time`);
  return at;
}

/** The names of the entries, in their order. Throws `Malformed` for other sets of files.
 *  @param {Map<string, Uint8Array>} files @returns {string[]} */
function namesIn(files) {
  const names = [...SINGLE];
  for (const kind of ["name", "correction"])
    for (let number = 1; files.has(`${kind}-${number}${STATEMENT}`); number += 1) names.push(`${kind}-${number}`);
  const due = new Set([PARTICULARS, ...names.flatMap((name) => [name + STATEMENT, name + EVIDENCE])]);
  const other = [...files.keys()].sort().find((name) => !due.has(name));
  if (other !== undefined)
    throw malformed(`不应有的附件：${other}`, `the certificate carries a file that does not belong there: ${other}`);
  return names;
}

/** @param {Map<string, Uint8Array>} files @param {string} name @returns {Uint8Array} */
function file(files, name) {
  const found = files.get(name);
  if (found === undefined) throw malformed(`缺少附件 ${name}`, `the certificate does not carry ${name}`);
  return found;
}

/** An entry verified like any other; what fails is told apart by its name.
 *  @param {string} name @param {Map<string, Uint8Array>} files @param {Trust} trust @param {Steps} steps
 *  @returns {Promise<Entry>} */
async function verified(name, files, trust, steps) {
  try {
    const found = await verifyEntry(file(files, name + STATEMENT), file(files, name + EVIDENCE), trust, steps);
    const { event, located, disputed } = found;
    if (event === null)
      throw new Refuted("密封的声明不上公告", "a sealed statement stands on no certificate");
    const kind = /** @type {keyof KINDS} */ (name.split("-")[0]);
    if (!KINDS[kind].includes(event.type))
      throw new Refuted(`第 ${located.index} 条不是这种记录：${event.type}`, `entry ${located.index} is a ${event.type}`);
    const { raw, subject } = located.statement;
    return { event, index: located.index, subject, digest: hex(await sha256(raw)), disputed };
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    const Same = /** @type {typeof VerificationError} */ (error.constructor);
    throw new Same(`${name}: ${error.zh}`, `${name}: ${error.en}`);
  }
}

/** @param {Map<string, Entry>} entries @returns {string[]} */
const disputedIn = (entries) =>
  [...entries]
    .filter(([name, { disputed }]) => name !== "pledge" && disputed)
    .map(([name, { index }]) => `${name} (${index})`);

/** What the entries say, all about one enterprise and one public pledge of one campaign. Throws `Refuted`.
 *  @param {Map<string, Entry>} entries by name @param {number} issued @returns {Said[]} */
function belongTogether(entries, issued) {
  const [pledge, publication, campaign, policy] = SINGLE.map((name) => /** @type {Entry} */ (entries.get(name)));
  const kind = (/** @type {string} */ wanted) =>
    [...entries].filter(([name]) => name.startsWith(`${wanted}-`)).map(([, entry]) => entry);
  const [names, corrections] = [kind("name"), kind("correction")];
  if (pledge.event.disclosure !== "public")
    throw new Refuted("该承诺不公开，不上公告", "the pledge is not for the public: nothing of it is announced");
  if (publication.event.pledge !== pledge.digest)
    throw new Refuted("公布的是另一份承诺", "what was published is another pledge");
  if (campaign.subject !== pledge.event.campaign)
    throw new Refuted("活动不是承诺所属的活动", `the pledge is of ${pledge.event.campaign}, not of ${campaign.subject}`);
  if (policy.subject !== "policy") throw new Refuted("登记规则不符", "the registration policy is not one");
  if (corrections.some(({ event }) => event.code !== publication.event.code))
    throw new Refuted("更正的是另一份承诺", "a correction is of another pledge");
  if ([publication, ...names, ...corrections].some(({ subject }) => subject !== pledge.subject))
    throw new Refuted("各条记录涉及不止一家企业", "the entries are about several enterprises");
  for (const row of [names, corrections])
    if (row.some(({ index }, at) => at > 0 && index <= row[at - 1].index))
      throw new Refuted("名称或更正的次序与日志不符", "names or corrections are not in the order of the log");
  return saidBy(pledge, publication, campaign, names, corrections, shanghaiDate(issued));
}

/** @param {Entry} pledge @param {Entry} publication @param {Entry} campaign @param {Entry[]} names
 *  @param {Entry[]} corrections @param {string} day of issue @returns {Said[]} */
function saidBy(pledge, publication, campaign, names, corrections, day) {
  /** @type {import("./json.js").JsonObject} */
  const corrected = { ...pledge.event, valid_until: publication.event.valid_until };
  for (const { event } of corrections)
    for (const field of ["content", "liability", "valid_until"]) if (event[field]) corrected[field] = event[field];
  const clauses = listOf(campaign.event.clauses).filter(isObject);
  const chosen = listOf(pledge.event.clauses).map((id) => {
    const found = clauses.find((one) => one.id === id);
    if (found === undefined)
      throw new Refuted("承诺选了活动没有的条款", "the pledge names a clause that its campaign does not have");
    return textOf(found.zh);
  });
  const known = names
    .filter(({ event }) => event.effective_on <= day)
    .sort((one, other) => Date.parse(one.event.effective_on) - Date.parse(other.event.effective_on) || one.index - other.index);
  return wording.saidOf({
    name: textOf(known.at(-1)?.event.name),
    code: textOf(publication.event.code),
    subject: pledge.subject,
    campaign: { zh: textOf(campaign.event.name_zh), en: textOf(campaign.event.name_en) },
    from: textOf(publication.event.valid_from),
    until: textOf(corrected.valid_until),
    content: textOf(corrected.content),
    clauses: chosen,
    liability: textOf(corrected.liability),
  });
}

/** @param {unknown} value @returns {unknown[]} */
const listOf = (value) => (Array.isArray(value) ? value : []);

/** @param {unknown} value */
const textOf = (value) => (typeof value === "string" ? value : "");

/** @param {string} zh @param {string} en */
const malformed = (zh, en) => new Malformed(zh, en);
