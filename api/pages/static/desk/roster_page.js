/**
 * The page `/desk/roster/{id}`: fetches the sound rows as fields, builds their pledges, says in words what is about to be
 * signed, asks once, signs and registers in batches, and makes the final report.
 */

import { decodeKey } from "../verify/keys.js";
import { Refuted, Uncheckable } from "../verify/errors.js";
import { element } from "../verify/view.js";
import { csvTable } from "./csv.js";
import { atField, byId, chosenText, during, onSubmit, say, typed } from "./fields.js";
import { allKeys } from "./key_store.js";
import { keepSecret, keptSecret, NamingSecret, openSecret, secretFile } from "./naming_secret.js";
import { untilShown } from "./projected.js";
import { RosterSigning } from "./roster_signing.js";
import { RowScribe } from "./row_scribe.js";
import { askJson } from "./service.js";

/** @typedef {import("./row_course.js").Fate} Fate */
/** @typedef {import("./row_scribe.js").Row} Row */
/** @typedef {import("./signing.js").SigningKey} SigningKey */
/** @typedef {{row: number, name: string, code: string, status: string, reasons: {rule: string, zh: string, en: string}[], subject: string | null, entries: number[], pledge_code: string | null}} RowReport */

const HEADER = ["row", "name", "code", "status", "rule", "why_zh", "why_en", "subject", "entries", "pledge_code"];
const ENDS = 3; // rows at the beginning and at the end that stand on the page
const STATES = new Map([
  ["accepted", ["已登记", "registered", "good"]],
  ["already registered", ["此前已登记", "registered before", "pledged"]],
  ["flagged", ["须人核实", "flagged", "watch"]],
  ["refused", ["不予登记", "refused", "alert"]],
  ["not sent", ["未发送", "not sent", "normal"]],
]);

const section = byId("signing");
const of = (/** @type {string} */ name) => section.dataset[name] ?? "";
const [status, secretForm, confirmed, going, done] = ["status", "secret", "confirm", "going", "done"].map((id) => byId(id));

/** @type {SigningKey | null} */
let key = null;
/** @type {NamingSecret | null} */
let secret = null;
/** What waits for a person's word. @type {{scribe: RowScribe, rows: Row[]} | null} */
let about = null;
/** Of all runs on this page, by row. @type {Map<number, Fate>} */
const fates = new Map();
/** @type {Row[]} */
let prepared = [];
/** @type {AbortController | null} */
let stopping = null;

/** @param {HTMLElement} one @param {boolean} shown */
const show = (one, shown) => {
  one.hidden = !shown;
};

/** @param {string} href @param {string} name @param {string} text */
function download(href, name, text) {
  const link = element("a", "", text);
  link.setAttribute("href", href);
  link.setAttribute("download", name);
  return link;
}

/** Which secret names what is imported. */
function settleSecret() {
  show(secretForm, secret === null);
  show(byId("prepare-acts"), secret !== null && about === null && Number(of("ready")) > 0);
  const kept = byId("secret-kept");
  show(kept, secret !== null);
  if (secret !== null) kept.textContent = say(`导入密文指纹 ${secret.fingerprint}`, `Import secret ${secret.fingerprint}`);
}

async function openIt() {
  const file = await chosenText("secret-file");
  const opened = await atField("secret-passphrase", () => openSecret(file, typed("secret-passphrase"), of("kid")));
  const made = await NamingSecret.of(opened.value);
  if (opened.fromKey) {
    const { party, keys_of_party: keys } = await askJson(`/v1/keys/${of("kid")}`);
    if (party !== of("party") || !Array.isArray(keys) || keys.some((one) => one !== of("kid"))) {
      throw new Refuted(
        "贵单位用过其他密钥，可能已用它导入过：请打开那时的导入密文，否则同一记录会登记两次",
        "your party has had other keys, with which it may have imported before: open the import secret of that time, or every row would count twice",
      );
    }
    const name = `${of("party").replace(/^party:/, "").replace(/[^A-Za-z0-9._-]+/g, "-")}.import-secret.pem`;
    const content = await secretFile(opened.value, typed("secret-passphrase"));
    const link = download(
      URL.createObjectURL(new Blob([content], { type: "application/x-pem-file" })),
      name,
      say("保存导入密文：换浏览器、换密钥或用命令行时都要用它", "Save the import secret: another browser, key or the command needs it"),
    );
    link.id = "secret-saved";
    byId("secret-kept").after(link);
  }
  await keepSecret(of("party"), of("log"), made);
  secret = made;
  settleSecret();
}

/** Fetches the rows as fields, and builds their pledges. */
async function prepare() {
  if (key === null || secret === null) return;
  show(byId("prepare-acts"), false);
  const scribe = new RowScribe(key, { party: of("party"), log: of("log"), today: of("today") }, secret);
  /** @type {Row[]} */
  const rows = [];
  let after = 0;
  for (let more = true; more; ) {
    status.textContent = say(`正在拟制声明… ${rows.length}`, `Building the statements… ${rows.length}`);
    const piece = await askJson(`${of("roster")}/fields?after=${after}`);
    rows.push(...(await Promise.all(piece.rows.map((/** @type {any} */ fields) => scribe.row(fields)))));
    more = piece.more;
    after = rows[rows.length - 1]?.fields.row ?? 0;
  }
  status.textContent = "";
  prepared = rows;
  propose({ scribe, rows });
}

/** Says what is about to be signed, as the built bytes say it. @param {{scribe: RowScribe, rows: Row[]}} what */
function propose(what) {
  about = what;
  const { rows, scribe } = what;
  const [sealed, hidden, assessed] = [
    rows.filter(({ said }) => said.sealed).length,
    rows.filter(({ fields }) => fields.individual !== null).length,
    rows.filter(({ fields }) => fields.assessed !== null).length,
  ];
  const campaigns = [...new Set(rows.map(({ said }) => String(said.content.campaign).replace(/^campaign:/, "")))].join("、");
  const parties = [...new Set(rows.map(({ said }) => said.party))].join("、");
  byId("said").textContent = say(
    `以 ${parties} 的名义，为活动 ${campaigns} 登记 ${rows.length} 份承诺，并逐份公布；账本中没有的企业先行登记。` +
      `其中密封 ${sealed} 份，个体工商户 ${hidden} 份，附履行评估 ${assessed} 份。每份声明各签一次名。`,
    `As ${parties}, register ${rows.length} pledges of the campaign ${campaigns}, and publish each; enterprises that the book does not have are entered first. ` +
      `Of them ${sealed} are sealed, ${hidden} of individual businesses, ${assessed} with an assessment. Each statement is signed by itself.`,
  );
  const line = (/** @type {Row} */ row) => {
    const cells = /** @type {[string, string, string][]} */ ([
      [say("行", "Row"), String(row.fields.row), ""],
      [say("企业", "Enterprise"), row.fields.name, row.said.subject],
      [say("承诺", "Pledge"), `${row.said.content.made_on} · ${row.said.content.reason}`, scribe.code(row, 0)],
      [say("有效期至", "Valid until"), row.fields.valid_until, ""],
    ]);
    const found = element("tr");
    for (const [name, text, id] of cells) {
      const cell = element("td", "", text);
      if (name !== "") cell.dataset.is = name;
      if (id !== "") cell.append(element("br"), element("code", "", id));
      found.append(cell);
    }
    return found;
  };
  const ends = rows.length <= 2 * ENDS ? rows : [...rows.slice(0, ENDS), ...rows.slice(-ENDS)];
  byId("ends").replaceChildren(...ends.map(line));
  const all = /** @type {HTMLDetailsElement} */ (byId("all"));
  all.ontoggle = () => {
    if (all.open && byId("all-rows").childElementCount === 0) byId("all-rows").append(...rows.map(line));
  };
  byId("all-rows").replaceChildren();
  show(confirmed, true);
  byId("sign").focus();
}

function withdraw() {
  about = null;
  show(confirmed, false);
  settleSecret();
}

async function sign() {
  if (about === null) return;
  const { scribe, rows } = about;
  show(confirmed, false);
  show(done, false);
  show(going, true);
  stopping = new AbortController();
  window.addEventListener("beforeunload", held);
  const bar = /** @type {HTMLProgressElement} */ (byId("bar"));
  const began = performance.now();
  const progress = (/** @type {number} */ count) => {
    bar.max = rows.length;
    bar.value = count;
    byId("counted").textContent = `${count} / ${rows.length}`;
  };
  progress(0);
  try {
    const signing = new RosterSigning(scribe, progress, stopping.signal);
    for (const [row, fate] of await signing.run(rows)) fates.set(row, fate);
    section.dataset.seconds = ((performance.now() - began) / 1000).toFixed(1);
    await finish(signing.ended);
  } finally {
    about = null;
    window.removeEventListener("beforeunload", held);
    show(going, false);
  }
}

/** A page that is left in the middle leaves rows unsent. @param {BeforeUnloadEvent} event */
function held(event) {
  event.preventDefault();
}

/** The report of all rows: the dry run's, with what became of those that were signed. @param {{zh: string, en: string} | null} ended */
async function finish(ended) {
  /** @type {{rows: RowReport[]}} */
  const report = await askJson(`${of("roster")}/report.json`);
  const subjects = new Map(prepared.map(({ fields, subject }) => [fields.row, subject]));
  const rows = report.rows.map((one) => {
    const fate = fates.get(one.row);
    const hidden = one.reasons.filter(({ rule }) => rule === "row.hidden");
    return fate === undefined
      ? one
      : {
          ...one,
          status: fate.status,
          reasons: [...fate.reasons, ...hidden],
          subject: subjects.get(one.row) ?? null,
          entries: fate.entries,
          pledge_code: fate.code,
        };
  });
  const lines = rows.map((one) => [
    one.row,
    one.name,
    one.code,
    one.status,
    one.reasons.map(({ rule }) => rule).join("; "),
    one.reasons.map(({ zh }) => zh).join("；"),
    one.reasons.map(({ en }) => en).join("; "),
    one.subject,
    one.entries.join(" "),
    one.pledge_code,
  ]);
  const link = /** @type {HTMLAnchorElement} */ (byId("final"));
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(
    new Blob([/** @type {BlobPart} */ (csvTable([HEADER, ...lines]))], { type: "text/csv" }),
  );
  link.download = `${of("file").replace(/\.[^.]*$/, "")}.report.csv`;
  const counts = [...STATES.keys()].map((state) => ({ state, count: rows.filter((one) => one.status === state).length }));
  byId("result").replaceChildren(
    ...counts.filter(({ count }) => count > 0).map(({ state, count }) => {
      const item = element("li");
      item.dataset.status = state;
      item.append(tagOf(state), ` `, element("b", "num", String(count)));
      return item;
    }),
  );
  const out = rows.filter(({ row, status: state }) => fates.has(row) && !["accepted", "already registered"].includes(state));
  show(byId("kept-out"), out.length > 0);
  byId("kept-out-rows").replaceChildren(
    ...out.map((one) => {
      const item = element("li");
      const why = one.reasons.map((reason) => say(reason.zh, reason.en)).join(say("；", "; "));
      item.append(element("span", "num", String(one.row)), ` ${one.name} `, tagOf(one.status), element("small", "note", why));
      return item;
    }),
  );
  show(byId("again"), out.some((one) => one.status === "not sent"));
  const last = rows.reduce((most, { entries }) => Math.max(most, ...entries), -1);
  if (last >= 0) byId("status").textContent = await untilShown(last, byId("status"));
  show(done, true);
  show(byId("nothing-yet"), false);
  if (ended !== null) throw new Uncheckable(`提前结束：${ended.zh}`, `ended early: ${ended.en}`);
}

/** @param {string} state */
function tagOf(state) {
  const [zh, en, tone] = STATES.get(state) ?? [state, state, "normal"];
  return element("span", `tag ${tone}`, say(zh, en));
}

/** Goes on with the rows whose fate is not known. */
function goOn() {
  if (key === null || secret === null) return;
  const left = prepared.filter(({ fields }) => fates.get(fields.row)?.status === "not sent");
  const scribe = new RowScribe(key, { party: of("party"), log: of("log"), today: of("today") }, secret);
  show(done, false);
  propose({ scribe, rows: left });
}

async function begin() {
  show(section, true);
  byId("prepare").addEventListener("click", () => void during(prepare));
  byId("sign").addEventListener("click", () => void during(sign));
  byId("cancel").addEventListener("click", withdraw);
  byId("stop").addEventListener("click", () => stopping?.abort());
  byId("again").addEventListener("click", goOn);
  onSubmit("secret", openIt);
  await during(async () => {
    const stored = (await allKeys()).find(({ kid, log }) => kid === of("kid") && log === of("log"));
    if (stored === undefined) {
      throw new Uncheckable(
        "登录所用的密钥不在本浏览器中，不能签名：请先打开它的备份",
        "the key that is signed in is not in this browser, and nothing can be signed: open its backup first",
      );
    }
    key = { privateKey: stored.privateKey, publicKey: await decodeKey(stored.coseKey) };
    secret = await keptSecret(of("party"), of("log"));
    settleSecret();
  });
  document.documentElement.dataset.ready = "yes";
}

void begin();
