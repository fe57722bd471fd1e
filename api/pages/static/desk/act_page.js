/**
 * The page `/desk/act/{EventType}`: a form made from the catalogue is filled in, what it says is read back from its
 * bytes, signed by the key that is signed in, submitted; the receipt is checked and handed out.
 */

import { hex, sha256 } from "../verify/bytes.js";
import { Malformed, Refuted, Uncheckable, VerificationError } from "../verify/errors.js";
import { decodeKey } from "../verify/keys.js";
import { attach, locate, Roots } from "../verify/receipt.js";
import { parseSubject, shanghaiTime } from "../verify/subject.js";
import { parseTrust } from "../verify/trust.js";
import { element } from "../verify/view.js";
import { offerAttachments } from "./attaching.js";
import { DraftPlace, formatDraft, parseDraft } from "./drafts.js";
import { atField, byId, during, inPageWords, language, partyOf, say } from "./fields.js";
import { addItem, fieldAt, fieldsIn, fillIn, idOf, objectIn, typedIn, valueOf } from "./form_values.js";
import { wordsOf } from "./form_words.js";
import { allKeys } from "./key_store.js";
import { serialsRoot } from "./mark_serials.js";
import { untilShown } from "./projected.js";
import { buildStatement, readStatement, RegistrationRefused, signStatement, submit } from "./statement.js";
import { barOf, contentOf, upload } from "./uploads.js";

/** @typedef {import("../verify/json.js").JsonObject} JsonObject */
/** @typedef {import("./form_values.js").Fault} Fault */
/** @typedef {import("./signing.js").SigningKey} SigningKey */
/** @typedef {import("./statement.js").Draft} Draft */
/** @typedef {import("./drafts.js").DraftForm} DraftForm */

const TRUST = "/.well-known/credit-ledger-trust.json";
const HELD_MS_MAX = 50 * 60 * 1000; // uploads are held for an hour
const [SEED_BYTES, RANGE_BYTES, DRAFT_MS] = [32, 5, 400];
const OF_THE_PAGE = ["subject", "sealed", "back"];
const [status, filling, confirming, done] = ["status", "filling", "confirm", "done"].map((id) => byId(id));
/** @type {HTMLFormElement} */
const form = byId("act");
/** @type {HTMLInputElement} */
const subject = byId("subject");
const { type = "", party = "", kid = "", log = "", textField } = form.dataset;
const textHolder = document.getElementById("named-text");
const sealedChoice = () => /** @type {HTMLInputElement | null} */ (form.querySelector("input[name=sealed][value='1']"));

/** What waits for a person's word; `signed` once it is, so that sending it again sends the same. */
/** @type {{key: SigningKey, draft: Draft, signed: Uint8Array | null} | null} */
let about = null;
/** Files that a statement may name, by SHA-256, and when they were uploaded.
 *  @type {Map<string, {content: Uint8Array, at: number}>} */
const annexes = new Map();
/** Ends once no file is under way: nothing is proposed without what was chosen for it. @type {Promise<void>} */
let uploading = Promise.resolve();
/** @type {string[]} addresses of files that this page offers */
const offered = [];

// ---------------------------------------------------------------- what was typed

/** @returns {DraftForm} */
function typed() {
  return {
    form: type,
    subject: subject.value,
    sealed: sealedChoice()?.checked ?? false,
    fields: typedIn(form),
    text: textHolder === null ? {} : typedIn(textHolder),
  };
}

/** @param {DraftForm} draft */
function fill(draft) {
  if (!subject.readOnly) subject.value = draft.subject;
  const sealed = sealedChoice();
  if (sealed !== null) {
    /** @type {HTMLInputElement} */ (form.querySelector("input[name=sealed][value='0']")).checked = !draft.sealed;
    sealed.checked = draft.sealed;
  }
  fillIn(form, draft.fields);
  if (textHolder !== null) fillIn(textHolder, draft.text);
}

/** What the address fills in: `name=…`, nested `name.inner=…`, in lists `name.0.inner=…`. */
function addressed() {
  const asked = new URLSearchParams(location.search);
  if (asked.has("subject") && !subject.readOnly) subject.value = asked.get("subject") ?? "";
  const sealed = sealedChoice();
  if (sealed !== null && ["1", "true"].includes(asked.get("sealed") ?? "")) sealed.checked = true;
  /** @type {any} */
  const fields = {};
  for (const path of new Set(asked.keys())) {
    if (OF_THE_PAGE.includes(path)) continue;
    const steps = path.split(".");
    let at = fields;
    steps.forEach((step, place) => {
      const here = /^\d+$/.test(step) ? Math.min(Number(step), 499) : step;
      if (place === steps.length - 1) at[here] = asked.getAll(path).length > 1 ? asked.getAll(path) : asked.get(path);
      else at = at[here] ??= /^\d+$/.test(steps[place + 1]) ? [] : {};
    });
  }
  for (const field of fieldsIn(form)) {
    const name = field.dataset.field ?? "";
    if (field.dataset.kind === "choices" && typeof fields[name] === "string") fields[name] = [fields[name]];
    if (Array.isArray(fields[name])) fields[name] = fields[name].filter((/** @type {unknown} */ one) => one !== undefined);
  }
  fillIn(form, fields);
}

// ---------------------------------------------------------------- faults at their fields

/** @param {Fault[]} faults */
function complain(faults) {
  for (const { field, zh, en } of faults) {
    byId(field).setAttribute("aria-invalid", "true");
    const said = byId(`${field}-wrong`);
    said.textContent = said.textContent === "" ? say(zh, en) : `${said.textContent}; ${say(zh, en)}`;
  }
  status.textContent = say(`有 ${faults.length} 处须修改。`, `To be mended: ${faults.length}.`);
  byId(faults[0].field).focus();
}

function forgive() {
  for (const one of filling.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  for (const one of filling.querySelectorAll(".problem")) one.textContent = "";
  byId("problem").textContent = "";
  status.textContent = "";
}

/** The field that a refusal is about, if it says so. @param {VerificationError} error @returns {string | null} its id */
function faultyField(error) {
  const rule = error instanceof RegistrationRefused ? error.rule : "";
  const path = /\$\.([A-Za-z_0-9.[\]]+)/.exec(error.en)?.[1] ?? /([a-z_][a-z_0-9.]*), character/.exec(error.en)?.[1];
  if (path !== undefined) {
    const found = fieldAt(form, path) ?? (textHolder === null ? null : fieldAt(textHolder, path));
    if (found !== null) return idOf(found);
  }
  if (rule === "text.hidden_character") {
    const named = /^([a-z_]+) holds/.exec(error.en)?.[1] ?? "";
    const found = form.querySelector(`[data-field="${named}"]`);
    if (found instanceof HTMLElement) return idOf(found);
  }
  const fields = fieldsIn(form);
  const about_ = fields.find((one) => (one.dataset.rules ?? "").split(" ").includes(rule));
  if (about_ !== undefined) return idOf(about_);
  if ((subject.dataset.rules ?? "").split(" ").includes(rule) && !subject.readOnly) return "subject";
  const tail = `_${rule.split(".")[1] ?? ""}_`;
  const named = fields
    .filter((one) => tail.includes(`_${one.dataset.field}_`))
    .sort((one, other) => (other.dataset.field ?? "").length - (one.dataset.field ?? "").length);
  return named.length > 0 ? idOf(named[0]) : null;
}

// ---------------------------------------------------------------- from fields to a statement

/** @returns {string} */
function subjectTyped() {
  const text = subject.value.normalize("NFKC").trim();
  const kind = subject.dataset.kind;
  if (text === "" || text === "campaign:") throw new Malformed("必填", "this is needed");
  if (kind === "party") return partyOf(text);
  if (kind === "campaign") return parseSubject(text.startsWith("campaign:") ? text : `campaign:${text}`);
  if (kind !== "enterprise") return parseSubject(text);
  return partyOf(/^(uscc|lei|local):/.test(text) ? `party:${text}` : text).replace(/^party:/, "");
}

/** The key that is signed in, if it is in this browser. @returns {Promise<SigningKey>} */
async function signingKey() {
  const stored = (await allKeys()).find((one) => one.kid === kid && one.log === log);
  if (stored === undefined) {
    throw new Refuted(
      "登录所用的密钥不在本浏览器中：请到“我的密钥”打开备份",
      "the key that you signed in with is not in this browser: open its backup at “My key”",
    );
  }
  return { privateKey: stored.privateKey, publicKey: await decodeKey(stored.coseKey) };
}

/** The text that an open statement brings, and what the browser makes for it. @param {JsonObject} content
 *  @param {boolean} sealed @param {Fault[]} faults @returns {Promise<import("./statement.js").NamedText | undefined>} */
async function namedText(content, sealed, faults) {
  if (textField === undefined) return undefined;
  if (textHolder === null) {
    const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
    if (typeof content.range === "string" && typeof content.count === "number" && faults.length === 0) {
      const root = await serialsRoot(seed, content.range, content.count, (made) => {
        status.textContent = say(`正在生成标识序列：${made}`, `Making the serials: ${made}`);
      });
      content.serials_root = hex(root);
    }
    return { field: textField, content: { type: "MarkSeed", secret: hex(seed) } };
  }
  const [field] = fieldsIn(textHolder);
  const text = valueOf(field, faults);
  if (text === undefined) return undefined;
  if (sealed) {
    const [zh, en] = ["密封的声明不附正文", "a sealed statement comes without a text"];
    faults.push({ field: idOf(field), zh, en });
    return undefined;
  }
  return { field: textField, content: { type: "GroundText", text } };
}

/** What was filled in, taken together; null where something is to be mended, which is then said at its field. */
async function filledIn() {
  forgive();
  /** @type {Fault[]} */
  const faults = [];
  let whom = "";
  try {
    whom = subjectTyped();
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    if (subject.readOnly) throw error;
    faults.push({ field: "subject", zh: error.zh, en: error.en });
  }
  const content = /** @type {JsonObject & {type: string}} */ ({ type, v: 1, ...objectIn(form, faults) });
  const sealed = sealedChoice()?.checked ?? form.dataset.form === "sealed";
  const text = await namedText(content, sealed, faults);
  for (const input of form.querySelectorAll("input[data-file=annex]")) {
    const field = /** @type {HTMLElement} */ (input.closest("[data-field]"));
    const digest = /** @type {HTMLInputElement | null} */ (field.querySelector("[data-field=sha256] [data-input]"));
    if (/** @type {HTMLInputElement} */ (input).files?.length && digest?.value === "") {
      const [zh, en] = ["所选的文件没有上传：请重新选择", "the file that was chosen is not uploaded: choose it again"];
      faults.push({ field: idOf(field), zh, en });
    }
  }
  if (faults.length > 0) {
    complain(faults);
    return null;
  }
  return { whom, content, sealed, text };
}

async function propose() {
  await uploading;
  const key = await signingKey();
  const filled = await filledIn();
  if (filled === null) return;
  const { whom, content, sealed, text } = filled;
  const draft = await buildStatement(key, { party, log, subject: whom, sealed, text }, content);
  about = { key, draft, signed: null };
  const said = await readStatement(draft.bytes, draft.body);
  byId("said").replaceChildren(...wordsOf(said, form, textHolder));
  show(confirming);
  byId("confirm-title").focus();
}

/** Lays what was filled in for another officer to release; dated today it counts from the day of its release. */
async function lay() {
  await uploading;
  const filled = await filledIn();
  if (filled === null) return;
  const { type: _type, v: _v, ...fields } = filled.content;
  if (annexes.size > 0 || type === "AttachmentAdded") {
    throw new Malformed(
      "附有文件的声明须自行签名：上传的文件只保留很短时间",
      "a statement with files is signed here: uploads are held for a short time only",
    );
  }
  if (fields.effective_on === /** @type {HTMLInputElement} */ (byId("today")).value) delete fields.effective_on;
  const drafted = { type, subject: filled.whom, fields, sealed: filled.sealed, ...(filled.text ? { text: filled.text } : {}) };
  /** @type {HTMLInputElement} */ (byId("laid")).value = JSON.stringify(drafted);
  /** @type {HTMLFormElement} */ (byId("laying")).submit();
}

// ---------------------------------------------------------------- signing, submitting, the receipt

/** Shows one part of the page, and hides the others. @param {HTMLElement} part */
function show(part) {
  for (const one of [filling, confirming, done]) one.hidden = one !== part;
  status.textContent = "";
}

async function sign() {
  if (about === null) return;
  const waiting = about;
  try {
    status.textContent = say("正在登记…", "Registering…");
    const { content: said, subject: about_ } = await readStatement(waiting.draft.bytes, waiting.draft.body);
    for (const [digest, { content, at }] of annexes) {
      if (Date.now() - at > HELD_MS_MAX && JSON.stringify(said).includes(digest)) await uploadAnnex(content, digest);
    }
    waiting.signed ??= await signStatement(waiting.key, waiting.draft);
    const outcome = await submit(waiting.signed, waiting.draft.body);
    about = null;
    place.forget();
    await finish(waiting.signed, waiting.draft.body, outcome);
    if (outcome.status !== "pending" && document.getElementById("attaching") !== null) {
      const today = /** @type {HTMLInputElement} */ (byId("today")).value;
      offerAttachments({ key: waiting.key, party, log, subject: about_, entry: outcome.entry, today });
    }
  } catch (error) {
    if (error instanceof Uncheckable || !(error instanceof VerificationError)) throw error; // it may be sent again
    about = null;
    show(filling);
    const field = faultyField(error);
    if (field === null) {
      byId("problem").textContent = inPageWords(error[language]);
      byId("problem").focus();
    } else complain([{ field, zh: inPageWords(error.zh), en: inPageWords(error.en) }]);
  }
}

/** @param {Uint8Array} statement @param {Uint8Array | null} body @param {import("./statement.js").Outcome} outcome */
async function finish(statement, body, outcome) {
  const [title, said, files] = ["done-title", "done-said", "done-files"].map((id) => byId(id));
  if (outcome.status === "pending") {
    const id = hex(await sha256(statement));
    title.textContent = say("已收到，等候公布", "Received: it waits for its publication");
    said.textContent = say(`声明的 SHA-256：${id}`, `SHA-256 of the statement: ${id}`);
    files.append(link(statement, "application/cose", `${type}-${id.slice(0, 8)}.cose`, say("下载声明", "The statement")));
    done.dataset.statement = id;
  } else {
    const transparent = attach(statement, outcome.receipt);
    const at = await checkedReceipt(transparent, outcome.entry);
    title.textContent = say(`已登记为第 ${outcome.entry} 条`, `Registered as entry ${outcome.entry}`);
    said.textContent =
      at === null
        ? say("收据未能在此核验，请到核验页核验。", "The receipt could not be checked here: check it on the page Verify.")
        : say(`登记时间 ${at}；收据已在本浏览器核验。`, `Recorded at ${at}; the receipt was checked in this browser.`);
    said.textContent += await untilShown(outcome.entry, status);
    const name = `${type}-${outcome.entry}`;
    files.append(
      link(transparent, "application/cose", `${name}.transparent.cose`, say("下载签名回执", "The signed acknowledgement")),
    );
    done.dataset.entry = String(outcome.entry);
    done.dataset.statement = hex(await sha256(statement));
  }
  if (body !== null) files.append(link(body, "application/json", `${type}.body.json`, say("下载正文", "The body")));
  show(done);
  title.focus();
}

/** When the receipt says that the statement was recorded; null where the log's keys are not to be had. Throws
 *  `Refuted` for a receipt that does not hold. @param {Uint8Array} transparent @param {number} entry */
async function checkedReceipt(transparent, entry) {
  /** @type {Uint8Array} */
  let file;
  try {
    const response = await fetch(TRUST, { signal: AbortSignal.timeout(20_000) });
    if (!response.ok) return null;
    file = new Uint8Array(await response.arrayBuffer());
  } catch {
    return null;
  }
  const found = await locate(transparent, await parseTrust(file), new Roots());
  if (found.index !== entry) throw new Refuted("收据是另一条记录的", "the receipt is of another entry");
  return shanghaiTime(found.receipt.iat).slice(0, 19).replace("T", " ");
}

/** @param {Uint8Array | string} content @param {string} media @param {string} name @param {string} said */
function link(content, media, name, said) {
  const made = element("a", "button plain small", said);
  made.href = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (content)], { type: media }));
  made.download = name;
  offered.push(made.href);
  return made;
}

// ---------------------------------------------------------------- files, lists, drafts

/** @param {HTMLInputElement} input */
async function chosen(input) {
  const file = input.files?.[0];
  if (file === undefined) return;
  const content = await contentOf(file, Number(input.dataset.bytesMax ?? Infinity));
  if (input.dataset.file === "attachment") {
    status.textContent = say("正在上传…", "Uploading…");
    const found = await uploaded("/v1/attachments", content);
    fillIn(form, Object.fromEntries(Object.entries(found).map(([name, value]) => [name, String(value)])));
    status.textContent = say("附件已上传。", "The attachment is uploaded.");
    return;
  }
  const field = /** @type {HTMLElement} */ (input.closest("[data-field]"));
  status.textContent = say("正在计算摘要…", "Computing its digest…");
  const digest = hex(await sha256(content));
  status.textContent = "";
  if (input.dataset.file === "digest") {
    const target = /** @type {HTMLInputElement} */ (field.querySelector("[data-input]"));
    target.value = digest;
    return;
  }
  const { media_type: mediaType } = await uploadAnnex(content, digest);
  fillIn(field, { sha256: digest, bytes: String(content.length), media_type: String(mediaType) });
  status.textContent = say("附件已上传，登记后公开。", "The annex is uploaded, and public once the statement is registered.");
}

/** @param {string} path @param {Uint8Array} content */
async function uploaded(path, content) {
  const holder = byId("uploading");
  try {
    return await upload(await signingKey(), party, log, path, content, barOf(holder, "upload"));
  } finally {
    holder.hidden = true;
  }
}

/** Throws `Refuted` where the service holds something else. @param {Uint8Array} content @param {string} digest of it */
async function uploadAnnex(content, digest) {
  status.textContent = say("正在上传…", "Uploading…");
  const found = await uploaded("/annexes", content);
  if (found.sha256 !== digest) throw new Refuted("上传后的文件与所选不同", "what was uploaded is not the file that was chosen");
  annexes.set(digest, { content, at: Date.now() });
  return found;
}

const place = new DraftPlace(party, type, draftAddress());

/** What the address fills in, without where one goes on afterwards: forms with other beginnings have other drafts. */
function draftAddress() {
  const asked = new URLSearchParams(location.search);
  asked.delete("back");
  asked.sort();
  return asked.toString();
}

function keepDraft() {
  if (about !== null || !done.hidden) return;
  byId("draft-state").textContent = place.keep(typed())
    ? say("填写的内容已留在本浏览器，登记后清除。", "What you filled in is kept in this browser until it is registered.")
    : say("本浏览器不能留存草稿：请存为文件。", "This browser keeps no drafts: save yours to a file.");
}

function begin() {
  if (globalThis.crypto?.subtle === undefined || globalThis.indexedDB === undefined) {
    byId("problem").textContent = say(
      "这个浏览器或连接不能签名：须用 https 和较新的浏览器。",
      "Nothing can be signed in this browser or over this connection: it takes https, and a current browser.",
    );
    return;
  }
  filling.hidden = false;
  const effective = fieldsIn(form).find((one) => one.dataset.field === "effective_on");
  if (effective !== undefined) fillIn(form, { effective_on: /** @type {HTMLInputElement} */ (byId("today")).value });
  if (type === "MarkLicensed") fillIn(form, { range: hex(crypto.getRandomValues(new Uint8Array(RANGE_BYTES))) });
  for (const one of fieldsIn(form)) {
    if (one.dataset.kind === "list" && Number(one.dataset.itemsMin ?? 0) > 0) addItem(one);
  }
  addressed();
  const kept = place.kept;
  if (kept !== null) {
    fill(kept);
    status.textContent = say("已恢复上次未完成的填写。", "What you had filled in before is here again.");
  }
  let timer = 0; // of what is typed and not yet kept; 0 for nothing
  const settled = () => {
    clearTimeout(timer);
    timer = 0;
  };
  const changed = () => {
    settled();
    timer = setTimeout(() => {
      timer = 0;
      keepDraft();
    }, DRAFT_MS);
  };
  form.addEventListener("input", changed);
  form.addEventListener("change", (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || input.dataset.file === undefined) return;
    const [before, at] = [uploading, input.closest("[data-field]")?.id || idOfWrong(input)];
    const work = async () => {
      await before;
      byId(at).removeAttribute("aria-invalid"); // what was wrong with another file
      byId(`${at}-wrong`).textContent = "";
      await during(() => atField(at, () => chosen(input)));
    };
    uploading = work().then(changed, changed);
  });
  form.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (button === null || button.type !== "button") return;
    if (button.dataset.add !== undefined) {
      const made = addItem(/** @type {HTMLElement} */ (button.closest("[data-field]")));
      /** @type {HTMLElement | null} */ (made.querySelector("[data-input]"))?.focus();
    } else if (button.dataset.remove !== undefined) button.closest("[data-item]")?.remove();
    changed();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void during(propose);
  });
  byId("sign").addEventListener("click", () => {
    const button = /** @type {HTMLButtonElement} */ (byId("sign"));
    if (button.disabled) return;
    button.disabled = true;
    void during(sign).finally(() => {
      button.disabled = false;
    });
  });
  byId("lay").addEventListener("click", () => void during(lay));
  byId("change").addEventListener("click", () => {
    about = null;
    show(filling);
  });
  byId("draft-save").addEventListener("click", () => {
    const made = link(formatDraft(typed()), "application/json", `${type}.draft.json`, "");
    made.click();
  });
  byId("draft-clear").addEventListener("click", () => {
    const asked = say("清空填写的内容吗？", "Clear all that you filled in?");
    if (!confirm(asked)) return;
    settled(); // what was about to be kept would come back
    place.forget();
    location.reload();
  });
  byId("draft-file").addEventListener("change", () => {
    void during(() =>
      atField("draft-file", async () => {
        forgive();
        const file = /** @type {HTMLInputElement} */ (byId("draft-file")).files?.[0];
        if (file !== undefined) fill(parseDraft(await file.text(), type));
        keepDraft();
      }),
    );
  });
  addEventListener("pagehide", () => {
    if (timer !== 0) {
      settled();
      keepDraft(); // who leaves at once loses nothing
    }
    for (const address of offered) URL.revokeObjectURL(address);
  });
  document.documentElement.dataset.ready = "yes";
}

/** The id at which something is said about a chosen file. @param {HTMLInputElement} input */
function idOfWrong(input) {
  const field = input.closest("[data-field]");
  return field instanceof HTMLElement ? idOf(field) : input.id;
}

begin();
