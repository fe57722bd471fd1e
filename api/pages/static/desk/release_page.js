/**
 * The page `/desk/releases/…`: builds the statement of a draft from its fields, shows it in words from its bytes, signs
 * it by the key that is signed in, and leaves it with the service, for now or for a chosen time.
 */

import { decodeKey } from "../verify/keys.js";
import { Malformed, Uncheckable } from "../verify/errors.js";
import { element } from "../verify/view.js";
import { shanghaiTime } from "../verify/subject.js";
import { aside, byId, during, FieldError, onSubmit, say, typed } from "./fields.js";
import { allKeys } from "./key_store.js";
import { buildStatement, readStatement, signStatement } from "./statement.js";

/** @typedef {import("./signing.js").SigningKey} SigningKey */
/** @typedef {import("../verify/json.js").Json} Json */
/** @typedef {import("../verify/json.js").JsonObject} JsonObject */

const given = byId("draft").dataset;
/** By path, and by `path=value`, places in lists left out: Chinese and English. @type {Record<string, [string, string]>} */
const words = JSON.parse(given.words ?? "{}");

/** What waits for a person's word. @type {{key: SigningKey, draft: import("./statement.js").Draft} | null} */
let about = null;

/** The key of this browser that is signed in. Throws `Uncheckable`. @returns {Promise<SigningKey>} */
async function ownKey() {
  const stored = (await allKeys()).find((one) => one.kid === given.kid);
  if (stored === undefined) {
    throw new Uncheckable(
      "登录所用的密钥不在这个浏览器中，请先在“我的密钥”页打开它的备份",
      "the key that is signed in is not in this browser: open its backup at “My key”",
    );
  }
  return { privateKey: stored.privateKey, publicKey: await decodeKey(stored.coseKey) };
}

/** The day in Asia/Shanghai on which it is released. @param {string} at as typed, "" for now */
const dayOf = (at) => (at === "" ? shanghaiTime(Math.floor(Date.now() / 1000)) : at).slice(0, 10);

/** Every value as a line, in the words of its form. @param {Json} value @param {string} path
 *  @returns {[string, string][]} */
function lines(value, path) {
  if (Array.isArray(value)) {
    if (value.some((one) => typeof one === "object" && one !== null)) return value.flatMap((one) => lines(one, path));
    return [[called(path), value.map((one) => wordOf(path, one)).join(say("、", ", "))]];
  }
  if (typeof value !== "object" || value === null) return [[called(path), wordOf(path, value)]];
  return Object.entries(value).flatMap(([name, one]) => lines(one, path ? `${path}.${name}` : name));
}

/** @param {string} path */
const called = (path) => say(...(words[path] ?? [path, path]));

/** @param {string} path @param {Json} value */
function wordOf(path, value) {
  if (typeof value === "boolean") return value ? say("是", "yes") : say("否", "no");
  const plain = String(value);
  return say(...(words[`${path}=${plain}`] ?? [plain, plain]));
}

/** Builds what is to be signed, and shows it, read from its bytes. */
async function propose() {
  const { type, subject, fields, sealed, text } = JSON.parse(given.document ?? "");
  /** @type {HTMLInputElement} */
  const input = byId("when");
  if (!input.validity.valid) {
    const [min, max] = [input.min, input.max].map((one) => one.replace("T", " "));
    throw new FieldError("when", `请选择 ${min} 至 ${max} 之间的时间`, `a time from ${min} to ${max}`);
  }
  const content = { effective_on: dayOf(typed("when")), ...fields, type, v: 1 };
  const key = await ownKey();
  const draft = await buildStatement(
    key,
    {
      party: given.party ?? "",
      log: given.log ?? "",
      subject,
      ...(sealed === undefined || sealed === null ? {} : { sealed }),
      ...(text === undefined || text === null ? {} : { text }),
    },
    content,
  );
  const said = await readStatement(draft.bytes, draft.body);
  const { type: kind, ...rest } = { ...withoutFrame(said.content), type: said.content.type };
  if (kind !== type) throw new Malformed("将要签名的不是这份草稿", "what is to be signed is not this draft");
  const rows = [
    [say("事项", "Act"), (document.querySelector("h1")?.textContent ?? "") + aside(String(kind))],
    [say("关于", "About"), said.subject],
    [
      say("发布", "Release"),
      typed("when") === "" ? say("立即", "at once") : `${typed("when").replace("T", " ")} ${say("北京时间", "Beijing time")}`,
    ],
    ...lines(rest, ""),
    ...(said.text === null ? [] : lines(withoutFrame(said.text), "")),
    [say("形式", "Form"), said.sealed ? say("密封", "sealed") : say("公开", "open")],
    [say("签名主体", "Signed by"), said.party],
    [say("账本", "Log"), said.log],
  ];
  byId("said").replaceChildren(
    ...rows.flatMap(([name, value]) => [element("dt", "", name), element("dd", "text", value)]),
  );
  about = { key, draft };
  byId("confirm").hidden = false;
  byId("confirm-title").focus();
}

/** What is for people to read: not the seed of marks. @param {JsonObject} content */
function withoutFrame({ type: _type, v: _v, secret: _secret, ...rest }) {
  return rest;
}

/** @param {Uint8Array} bytes */
const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

async function release() {
  if (about === null) return;
  const { key, draft } = about;
  withdraw();
  byId("status").textContent = say("正在签名…", "Signing…");
  const statement = await signStatement(key, draft);
  /** @type {[string, string][]} */
  const values = [
    ["at", typed("when")],
    ["statement", base64(statement)],
    ["body", draft.body === null ? "" : base64(draft.body)],
  ];
  for (const [id, value] of values) /** @type {HTMLInputElement} */ (byId(id)).value = value;
  /** @type {HTMLFormElement} */ (byId("release-form")).submit();
}

function withdraw() {
  about = null;
  byId("confirm").hidden = true;
}

for (const one of document.querySelectorAll("[data-needs-script]")) if (one instanceof HTMLElement) one.hidden = false;
onSubmit("when-form", propose);
byId("when").addEventListener("input", withdraw);
byId("cancel").addEventListener("click", withdraw);
byId("release-form").addEventListener("submit", (event) => {
  event.preventDefault();
  void during(release);
});
document.documentElement.dataset.ready = "yes";
