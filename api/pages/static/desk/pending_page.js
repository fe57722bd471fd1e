/**
 * The pages `/desk/pending` and `/desk/pending/{id}`: publish one pledge, or all that the page shows. Each is read from
 * its own signed bytes; what is about to be signed stands on the page, row by row, and is asked for once.
 */

import { hex, sha256, unbase64 } from "../verify/bytes.js";
import { decodeKey } from "../verify/keys.js";
import { Malformed, Refuted, Uncheckable } from "../verify/errors.js";
import { element } from "../verify/view.js";
import { csvTable } from "./csv.js";
import { byId, during, FieldError, forgive, hideUndone, say, typed } from "./fields.js";
import { allKeys } from "./key_store.js";
import { untilShown } from "./projected.js";
import { batchItem } from "./row_scribe.js";
import { askJson, sendBatch, Stopped } from "./service.js";
import { buildStatement, readStatement, signStatement } from "./statement.js";

/** @typedef {import("./signing.js").SigningKey} SigningKey */
/** @typedef {import("./statement.js").Said} Said */

/**
 * @typedef {object} Waiting a pledge that waits, and its publication as it is built so far
 * @property {string} id
 * @property {string} name
 * @property {Said} pledge
 * @property {string} code
 * @property {string} validUntil
 * @property {import("./statement.js").Draft} draft
 * @property {import("./row_scribe.js").SignedItem | null} item
 * @property {{status: string, why: string} | null} fate
 */

const [BATCH_MAX, CODES_TRIED_MAX, SERIALS, PAUSE_MAX] = [200, 100, 1_000_000, 5_000];
const CODE = /^[0-9]{20}$/;
const BUSY = new Set(["busy", "unavailable", "too-many-requests"]);
const section = document.getElementById("publishing");
const of = (/** @type {string} */ name) => section?.dataset[name] ?? "";

/** @type {SigningKey | null} */
let key = null;
let today = "";
/** @type {Waiting[]} */
let about = [];
/** @type {AbortController | null} */
let stopping = null;
/** The last entry that was registered here. */
let last = -1;
/** The last serial that is used, by the code without it. @type {Map<string, number>} */
const used = new Map();

/** @param {string} id @param {boolean} shown */
const show = (id, shown) => {
  byId(id).hidden = !shown;
};

/** Reads each pledge from its bytes, and builds its publication. */
async function prepare() {
  if (key === null) return;
  const status = byId("status");
  status.textContent = say("正在拟制声明…", "Building the statements…");
  const asked = await askJson(of("fields"));
  today = asked.today;
  const listed = [...document.querySelectorAll("#rows tr[data-waits]")].map((row) => row.getAttribute("data-id"));
  const ids = asked.rows.map((/** @type {{id: string}} */ row) => row.id);
  if (section?.dataset.one === undefined && String(ids) !== String(listed)) {
    throw new Refuted("列表已变化：请刷新后再办理", "the list has changed: load the page again");
  }
  const given = section?.dataset.one === undefined ? "" : typed("code").trim();
  if (given !== "" && !CODE.test(given)) throw new FieldError("code", "应为 20 位数字", "20 digits");
  /** @type {string[]} */
  const leftOut = [];
  about = [];
  for (const row of asked.rows) {
    const code = given || row.code;
    if (code === null) {
      if (section?.dataset.one !== undefined) {
        throw new FieldError("code", "代码中没有行政区划，请填写编码", "its id names no division: write the code");
      }
      leftOut.push(row.name ?? row.id);
      continue;
    }
    about.push(await read(row, code));
  }
  for (const { code } of about) {
    used.set(code.slice(0, 14), Math.max(used.get(code.slice(0, 14)) ?? 0, Number(code.slice(14))));
  }
  status.textContent = "";
  propose(leftOut);
}

/** @param {{id: string, name: string | null, statement: string, body: string | null, valid_until: string | null}} row
 *  @param {string} code @returns {Promise<Waiting>} */
async function read(row, code) {
  const statement = unbase64(row.statement);
  if (hex(await sha256(statement)) !== row.id) {
    throw new Refuted("服务给出的承诺与编号不符", "a pledge that does not hash to the id that was asked for");
  }
  const pledge = await readStatement(statement, row.body === null ? null : unbase64(row.body));
  if (pledge.content.type !== "PledgeMade") throw new Refuted("不是承诺", "what waits here is no pledge");
  const validUntil = pledge.content.valid_until ?? row.valid_until;
  if (typeof validUntil !== "string") throw new Malformed("没有有效期", "the campaign says no end");
  const one = { id: row.id, name: row.name ?? "", pledge, code, validUntil };
  return { ...one, draft: await drafted(one), item: null, fate: null };
}

/** The publication, unsigned. @param {{id: string, pledge: Said, code: string, validUntil: string}} one */
function drafted({ id, pledge, code, validUntil }) {
  if (key === null) throw new Error("no key");
  const frame = { party: of("party"), log: of("log"), subject: pledge.subject, sealed: pledge.sealed };
  const dates = { effective_on: today, valid_from: today, valid_until: validUntil };
  return buildStatement(key, frame, { type: "PledgePublished", v: 1, pledge: id, code, ...dates });
}

/** Says what is about to be signed, as the built bytes say it. @param {string[]} leftOut */
async function propose(leftOut) {
  const lines = await Promise.all(
    about.map(async (one) => {
      const said = await readStatement(one.draft.bytes, one.draft.body);
      const cells = /** @type {[string, string, string][]} */ ([
        ["", one.name, said.subject],
        [say("承诺", "Pledge"), `${String(one.pledge.content.campaign).replace(/^campaign:/, "")} · ${one.pledge.content.reason}`, ""],
        [say("编码", "Code"), "", String(said.content.code)],
        [say("有效期", "Valid"), `${said.content.valid_from} – ${said.content.valid_until}`, ""],
      ]);
      const row = element("tr");
      for (const [name, text, id] of cells) {
        const cell = element("td", "", text);
        if (name !== "") cell.dataset.is = name;
        if (text !== "" && id !== "") cell.append(element("br"));
        if (id !== "") cell.append(element("code", "", id));
        row.append(cell);
      }
      return row;
    }),
  );
  const sealed = about.filter(({ pledge }) => pledge.sealed).length;
  byId("said").textContent = say(
    `以 ${of("party")} 的名义公布以下 ${about.length} 份承诺（其中密封 ${sealed} 份），每份签一次名。公布后不能撤回，只能撤销。编码如已被占用，改用下一个。`,
    `As ${of("party")}, publish these ${about.length} pledges (${sealed} of them sealed), each signed by itself. What is published stays; it can only be revoked. Where a code is taken, the next one is used.`,
  );
  byId("left-out").replaceChildren(
    ...leftOut.map((name) =>
      element("li", "", say(`${name}：代码中没有行政区划，请单独公布`, `${name}: no division in its id; publish it by itself`)),
    ),
  );
  byId("takes").replaceChildren(...lines);
  show("prepare-acts", false);
  show("confirm", true);
  byId("sign").hidden = about.length === 0;
}

function withdraw() {
  about = [];
  show("confirm", false);
  show("prepare-acts", true);
}

async function sign() {
  show("confirm", false);
  show("going", true);
  stopping = new AbortController();
  const bar = /** @type {HTMLProgressElement} */ (byId("bar"));
  const progress = () => {
    const done = about.filter(({ fate }) => fate !== null).length;
    bar.max = about.length;
    bar.value = done;
    byId("counted").textContent = `${done} / ${about.length}`;
  };
  window.addEventListener("beforeunload", held);
  /** @type {unknown} */
  let problem = null;
  try {
    for (let start = 0; start < about.length && !stopping.signal.aborted; start += BATCH_MAX) {
      progress();
      await publish(about.slice(start, start + BATCH_MAX), stopping.signal);
    }
    progress();
  } catch (error) {
    problem = error;
  } finally {
    window.removeEventListener("beforeunload", held);
    show("going", false);
    await finish();
  }
  if (problem !== null && !(problem instanceof Stopped)) throw problem;
}

/** A page that is left in the middle leaves rows where they are. @param {BeforeUnloadEvent} event */
function held(event) {
  event.preventDefault();
}

/** Signs and registers some, trying other codes where theirs is taken. @param {Waiting[]} part @param {AbortSignal} stop */
async function publish(part, stop) {
  if (key === null) return;
  for (let tries = 0, left = part; left.length > 0; tries += 1) {
    for (const one of left) {
      if (one.item !== null) continue;
      const statement = await signStatement(key, one.draft);
      one.item = { statement, body: one.draft.body, id: hex(await sha256(statement)), payloadSha256: "" };
    }
    const items = left.map(({ item }) => batchItem(/** @type {import("./row_scribe.js").SignedItem} */ (item)));
    const answers = await sendBatch(items, stop);
    for (const [place, one] of left.entries()) {
      const answer = answers[place];
      if (answer.status === "registered" || answer.status === "existing") {
        one.fate = { status: "published", why: "" };
        last = Math.max(last, answer.entry ?? -1);
      } else if (answer.rule === "pledge.code_taken" && tries < CODES_TRIED_MAX && section?.dataset.one === undefined) {
        one.code = another(one.code);
        one.draft = await drafted(one);
        one.item = null;
      } else if (!BUSY.has(answer.rule) || tries >= CODES_TRIED_MAX) {
        one.fate = { status: answer.rule || answer.status, why: say(answer.zh, answer.en) };
      }
    }
    left = left.filter(({ fate }) => fate === null);
    const pause = left.some(({ item }) => item !== null) ? Math.min(50 * 2 ** tries, PAUSE_MAX) : 0; // for a busy service
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** A code of the same division and day that nobody has here. @param {string} code */
function another(code) {
  const prefix = code.slice(0, 14);
  const serial = ((used.get(prefix) ?? Number(code.slice(14))) + 1) % SERIALS;
  used.set(prefix, serial);
  return `${prefix}${String(serial).padStart(6, "0")}`;
}

async function finish() {
  const published = about.filter(({ fate }) => fate?.status === "published");
  const others = about.filter(({ fate }) => fate?.status !== "published");
  byId("result").textContent = say(
    `已公布 ${published.length} 份，未公布 ${others.length} 份。`,
    `${published.length} published, ${others.length} not.`,
  );
  if (published.length > 0) byId("result").textContent += await untilShown(last, byId("status"));
  if (published.length > 0) hideUndone();
  const unsent = say("未发送", "not sent");
  byId("not-published").replaceChildren(
    ...others.map((one) => element("li", "", `${one.name || one.pledge.subject}: ${one.fate?.why ?? unsent}`)),
  );
  const lines = about.map((one) => [one.id, one.pledge.subject, one.name, one.code, one.fate?.status ?? "not sent", one.fate?.why ?? ""]);
  const link = /** @type {HTMLAnchorElement} */ (byId("final"));
  URL.revokeObjectURL(link.href);
  const content = csvTable([["id", "subject", "name", "code", "status", "why"], ...lines]);
  link.href = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (content)], { type: "text/csv" }));
  show("done", true);
}

async function begin() {
  if (section !== null) {
    section.hidden = false;
    byId("prepare").addEventListener("click", () => {
      if (section !== null) forgive(section);
      void during(prepare);
    });
    byId("sign").addEventListener("click", () => void during(sign));
    byId("cancel").addEventListener("click", withdraw);
    byId("stop").addEventListener("click", () => stopping?.abort());
    await during(async () => {
      const stored = (await allKeys()).find(({ kid, log }) => kid === of("kid") && log === of("log"));
      if (stored === undefined) {
        show("prepare-acts", false);
        throw new Uncheckable(
          "登录所用的密钥不在本浏览器中，不能签名：请先打开它的备份",
          "the key that is signed in is not in this browser, and nothing can be signed: open its backup first",
        );
      }
      key = { privateKey: stored.privateKey, publicKey: await decodeKey(stored.coseKey) };
    });
  }
  document.documentElement.dataset.ready = "yes";
}

void begin();
