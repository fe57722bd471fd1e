/**
 * From a form to an entry of the book: a statement is built here from the form's fields, shown in words from its bytes,
 * signed by the key that signed in, submitted; then its receipt is offered. Pages that have `desk/act.html` in them.
 */

import { hex, sha256, unhex } from "../verify/bytes.js";
import { Refuted } from "../verify/errors.js";
import { decodeKey } from "../verify/keys.js";
import { element } from "../verify/view.js";
import { aside, byId, during, FieldError, forgive, hideUndone, language, say } from "./fields.js";
import { allKeys } from "./key_store.js";
import { untilShown } from "./projected.js";
import { buildStatement, readStatement, signStatement, submit } from "./statement.js";

/** @typedef {import("../verify/json.js").Json} Json */
/** @typedef {import("../verify/json.js").JsonObject} JsonObject */
/** @typedef {import("./signing.js").SigningKey} SigningKey */
/** @typedef {import("./statement.js").Draft} Draft */
/** @typedef {import("./statement.js").Outcome} Outcome */

const [status, confirmed, done] = ["status", "confirm", "done"].map((id) => byId(id));

/** What waits for a person's word. @type {{form: HTMLFormElement, key: SigningKey, draft: Draft} | null} */
let about = null;

/** What the page says of whoever is signed in. */
function frame() {
  const { log, party, kid } = byId("act-frame").dataset;
  if (log === undefined || party === undefined || kid === undefined) throw new Error("the page does not say who acts");
  return { log, party, kid };
}

/** The key that signed in, from this browser. Throws `Refuted`. @returns {Promise<SigningKey>} */
async function signingKey() {
  const { kid } = frame();
  const stored = (await allKeys()).find((one) => one.kid === kid);
  if (stored === undefined) {
    throw new Refuted(
      "登录所用的密钥不在本浏览器中：请先在“我的密钥”打开它的备份",
      "the key that signed in is not in this browser: open its backup at “My key” first",
    );
  }
  return { privateKey: stored.privateKey, publicKey: await decodeKey(stored.coseKey) };
}

/** The fields of a form as an event has them; what is empty is left out. Throws `FieldError`.
 *  @param {HTMLFormElement} form @returns {JsonObject} */
export function fieldsOf(form) {
  /** @type {JsonObject} */
  const found = {};
  for (const input of form.elements) {
    if (!(input instanceof HTMLInputElement || input instanceof HTMLSelectElement || input instanceof HTMLTextAreaElement))
      continue;
    if (input.name === "" || input.dataset.part !== undefined) continue; // a part of another field
    const value = input.value.normalize("NFC").trim();
    if (input instanceof HTMLInputElement && input.type === "checkbox") {
      const list = /** @type {Json[]} */ (found[input.name] ?? []);
      if (input.checked) found[input.name] = [...list, value];
    } else if (input instanceof HTMLInputElement && input.type === "radio") {
      if (input.checked) found[input.name] = value;
    } else if (value !== "") {
      const [is, most] = [[...value].length, Number(input.dataset.charsMax ?? Infinity)];
      if (is > most) {
        throw new FieldError(input.id, `最多 ${most} 字，现有 ${is} 字`, `${most} characters at most, not ${is}`);
      }
      found[input.name] = value;
    } else if (input.required) {
      throw new FieldError(input.id, "请填写", "this is needed");
    }
  }
  return found;
}

/** What the form calls a field, and a value of it. @param {HTMLFormElement} form @param {string} name @param {Json} value */
function wordsFor(form, name, value) {
  const inputs = [...form.elements].filter((one) => one.getAttribute("name") === name);
  /** @param {Element | undefined} input */
  const labelOf = (input) => {
    const own = input?.getAttribute("data-label");
    if (own) return own;
    const label = input?.id ? form.querySelector(`label[for="${CSS.escape(input.id)}"]`) : null;
    return [...(label?.childNodes ?? [])].filter((one) => one.nodeType === Node.TEXT_NODE).map((one) => one.textContent).join("").trim();
  };
  const chosen = inputs.find((one) => one.getAttribute("type") === "radio" && one.getAttribute("value") === value);
  if (chosen !== undefined) {
    const group = chosen.closest("fieldset")?.querySelector("legend")?.textContent ?? name;
    return { term: group, said: labelOf(chosen) + aside(String(value)) };
  }
  const inWords = (/** @type {unknown} */ one) => {
    const input = inputs.find((found) => found.getAttribute("value") === String(one));
    const word = input?.getAttribute("data-word") ?? (input?.getAttribute("type") === "checkbox" ? labelOf(input) : null);
    return word === null ? String(one) : word + aside(String(one));
  };
  const said = Array.isArray(value) ? value.map(inWords).join(say("、", ", ")) : inWords(value);
  const group = inputs[0]?.closest("fieldset")?.querySelector("legend")?.textContent;
  return { term: inputs[0]?.getAttribute("type") === "checkbox" && group ? group : labelOf(inputs[0]) || name, said };
}

/**
 * Builds what is to be signed, and shows it in words, read from its bytes. `content` has the event's fields but for
 * `type`, `v` and, where it is today, `effective_on`. Throws what is wrong with them.
 *
 * @param {HTMLFormElement} form with `data-act` and `data-subject` @param {JsonObject} content
 */
export async function propose(form, content) {
  const { act: type, subject, today, title, thumbprint } = form.dataset;
  if (type === undefined || subject === undefined || today === undefined) throw new Error("the form is about nothing");
  const key = await signingKey();
  const { log, party } = frame();
  const draft = await buildStatement(key, { party, log, subject }, { effective_on: today, ...content, type, v: 1 });
  const said = await readStatement(draft.bytes, draft.body);
  /** @type {[string, string][]} */
  const lines = [
    [say("事项", "Act"), (title ?? type) + aside(String(said.content.type))],
    [say("关于", "About"), said.subject],
    [say("签名主体", "Signed by"), `${said.party} · ${say("密钥", "key")} ${said.kidHex.slice(0, 16)}…`],
    [say("账本", "Log"), said.log],
    [say("生效日期", "Counts from"), said.content.effective_on],
  ];
  for (const [name, value] of Object.entries(said.content)) {
    if (["type", "v", "effective_on", "salt", "proof"].includes(name)) continue;
    if (name === "key") {
      const kid = hex(await sha256(unhex(String(value))));
      if (thumbprint !== undefined && kid !== thumbprint) {
        throw new Refuted("公钥与申请的指纹不符", "the key is not the one whose thumbprint was asked for");
      }
      lines.push([say("密钥指纹", "Key's thumbprint"), (kid.match(/.{8}/g) ?? []).join(" ")]);
      continue;
    }
    const { term, said: text } = wordsFor(form, name, value);
    lines.push([term, text]);
  }
  if (said.sealed) lines.push([say("形式", "Form"), say("密封：账本中只有其摘要", "sealed: the book has its digest alone")]);
  byId("said").replaceChildren(
    ...lines.flatMap(([term, text]) => [element("dt", "", term), element("dd", "text", text)]),
  );
  about = { form, key, draft };
  confirmed.hidden = false;
  done.hidden = true;
  status.textContent = "";
  byId("confirm-title").focus();
}

async function signAndSend() {
  if (about === null) return;
  const { form, key, draft } = about;
  status.textContent = say("正在签名并提交…", "Signing and sending…");
  const statement = await signStatement(key, draft);
  const outcome = await submit(statement, draft.body);
  withdraw();
  form.hidden = true;
  await tell(form, statement, outcome);
}

/** What became of it, with what its signer keeps. @param {HTMLFormElement} form @param {Uint8Array} statement
 *  @param {Outcome} outcome */
async function tell(form, statement, outcome) {
  const id = hex(await sha256(statement));
  const links = [file(say("保存已签名的声明", "Save the signed statement"), statement, `${id.slice(0, 16)}.cose`)];
  if (outcome.status === "pending") {
    byId("done-title").textContent = say("已收到，等候公布", "Received: it waits for its publication");
    byId("done-text").textContent = say(
      `声明编号 ${id}。组织方公布以前，它不在账本中；可随时查看或取下。`,
      `Statement ${id}. Until the organizer publishes it, it is not in the book; look at it, or take it down, at any time.`,
    );
    links.unshift(
      link(say("查看等候中的承诺", "See it wait"), `/desk/pending/${id}`),
      link(say("保存收件回执（已签名）", "Save the signed acknowledgement"), `/desk/enterprise/acknowledgements/${id}`),
    );
  } else {
    byId("done-title").textContent = say(`已登记：第 ${outcome.entry} 条记录`, `In the book: entry ${outcome.entry}`);
    const kept = say(
      "收据由账本签名，离线也能核验，请保存。",
      "The receipt is signed by the log and verifies offline: keep it.",
    );
    byId("done-text").textContent = kept + (await untilShown(outcome.entry, status));
    links.unshift(file(say("保存收据", "Save the receipt"), outcome.receipt, `${outcome.entry}.receipt.cose`));
  }
  const { then } = form.dataset;
  if (then !== undefined) links.push(link(say("继续", "Go on"), then, true));
  byId("done-acts").replaceChildren(...links);
  status.textContent = "";
  hideUndone();
  done.hidden = false;
  byId("done-title").focus();
}

/** @param {string} said @param {Uint8Array} content @param {string} name */
function file(said, content, name) {
  const made = element("a", "button plain small", said);
  made.href = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (content)], { type: "application/cose" }));
  made.download = name;
  return made;
}

/** @param {string} said @param {string} path @param {boolean} [main] of this site; in this page's language, if Chinese */
function link(said, path, main = false) {
  const made = element("a", main ? "button small" : "button plain small", said);
  made.href = language === "en" && !path.startsWith("/en/") ? `/en${path}` : path;
  return made;
}

function withdraw() {
  about = null;
  confirmed.hidden = true;
}

/** Makes every form of the page that says `data-act` an act. @param {(form: HTMLFormElement) => JsonObject} content */
export function begin(content) {
  if (globalThis.crypto?.subtle === undefined || globalThis.indexedDB === undefined) {
    byId("problem").textContent = say(
      "这个浏览器或连接不能签名：须用 https 和较新的浏览器。",
      "Nothing can be signed in this browser or over this connection: it takes https, and a current browser.",
    );
    return;
  }
  for (const one of document.querySelectorAll("[data-needs-script]"))
    if (one instanceof HTMLElement) one.hidden = false;
  for (const form of document.querySelectorAll("form[data-act]")) {
    if (!(form instanceof HTMLFormElement)) continue;
    form.addEventListener("input", ({ target }) => {
      if (!(target instanceof HTMLElement) || target.getAttribute("aria-invalid") !== "true") return;
      target.removeAttribute("aria-invalid");
      byId(`${target.id}-wrong`).textContent = "";
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      forgive(form);
      withdraw();
      void during(() => propose(form, content(form)));
    });
  }
  const sign = /** @type {HTMLButtonElement} */ (byId("sign"));
  sign.addEventListener("click", () => {
    if (sign.disabled) return;
    sign.disabled = true;
    void during(signAndSend).finally(() => {
      sign.disabled = false;
    });
  });
  byId("cancel").addEventListener("click", withdraw);
  document.documentElement.dataset.ready = "yes";
}
