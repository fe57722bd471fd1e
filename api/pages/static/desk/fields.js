/** Forms of the desks: what is wrong stands at its field, in the page's language, and nothing typed is lost. */

import { Malformed, VerificationError } from "../verify/errors.js";
import { parseSubject } from "../verify/subject.js";

export const language = document.documentElement.lang.startsWith("en") ? "en" : "zh";

/** @param {string} zh @param {string} en */
export const say = (zh, en) => (language === "zh" ? zh : en);

/** What cannot be done any more once the page's act is done. */
export function hideUndone() {
  for (const one of document.querySelectorAll("[data-until-done]")) if (one instanceof HTMLElement) one.hidden = true;
}

/** What stands in parentheses behind a word. @param {string} text */
export const aside = (text) => say(`（${text}）`, ` (${text})`);

/** @template {HTMLElement} T @param {string} id @returns {T} */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (found);
}

/** What is wrong with a field, by its id. */
export class FieldError extends VerificationError {
  /** @param {string} field @param {string} zh @param {string} en */
  constructor(field, zh, en) {
    super(zh, en);
    this.field = field;
  }
}

/** Says what is wrong at the field, and goes there. @param {string} field @param {string} said */
function complain(field, said) {
  const input = byId(field);
  input.setAttribute("aria-invalid", "true");
  byId(`${field}-wrong`).textContent = said;
  input.focus();
}

const NAMED = /^([a-z_]+)(?:[.[][^ ]*)? (?:中第|holds )/;

/** The field that a refusal names first, if this page has it. @param {string} said @returns {Element | null} */
function fieldNamed(said) {
  const name = NAMED.exec(said)?.[1];
  return name === undefined ? null : document.querySelector(`[data-field="${name}"], [name="${name}"]`);
}

/** What a refusal says, with the page's own word for the field that it names first; the place of the characters alone
 *  is left out. @param {string} said @returns {string} */
export function inPageWords(said) {
  if (!NAMED.test(said)) return said;
  const field = fieldNamed(said);
  const label = field === null ? null : document.querySelector(`label[for="${field.id}"]`);
  const word = field?.getAttribute("data-label") ?? label?.firstChild?.textContent?.trim() ?? say("正文", "the text");
  return said.replace(/^[^ ]+ ?/, say(`“${word}”`, `“${word}” `)).replace(/ \([^()]*, character \d+ to \d+\)$/, "");
}

/** Takes back what was said at the fields of a form. @param {HTMLElement} form */
export function forgive(form) {
  for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  for (const one of form.querySelectorAll(".problem")) one.textContent = "";
}

/**
 * Does `act` when the form is sent, once at a time; what it throws on purpose is said at its field, or above the form.
 *
 * @param {string} id @param {() => Promise<void>} act
 */
export function onSubmit(id, act) {
  /** @type {HTMLFormElement} */
  const form = byId(id);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    if (button === null || button.disabled) return;
    button.disabled = true;
    forgive(form);
    void during(act).finally(() => {
      button.disabled = false;
    });
  });
}

/** Does `act`; what it throws on purpose is said. @param {() => Promise<void>} act */
export async function during(act) {
  byId("problem").textContent = "";
  try {
    await act();
  } catch (error) {
    byId("status").textContent = "";
    if (!(error instanceof VerificationError)) {
      byId("problem").textContent = say(
        "出错了，未完成；请重试。",
        "Something went wrong, and nothing was done: try again.",
      );
      throw error;
    }
    const field = error instanceof FieldError ? error.field : (fieldNamed(error.zh)?.id ?? "");
    if (document.getElementById(`${field}-wrong`) !== null) complain(field, inPageWords(error[language]));
    else byId("problem").textContent = inPageWords(error[language]);
  }
}

/** @param {string} id @returns {string} what was typed */
export const typed = (id) => /** @type {HTMLInputElement} */ (byId(id)).value;

/** The chosen file's text. Throws `FieldError`. @param {string} id @returns {Promise<string>} */
export async function chosenText(id) {
  const file = /** @type {HTMLInputElement} */ (byId(id)).files?.[0];
  if (file === undefined) throw new FieldError(id, "请选择文件", "choose a file");
  if (file.size > 65_536) throw new FieldError(id, "文件过大，不是密钥文件", "too large for a key file");
  return file.text();
}

/** Runs `work`; what it throws on purpose is the fault of this field. @template T @param {string} field
 *  @param {() => Promise<T> | T} work @returns {Promise<T>} */
export async function atField(field, work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof VerificationError) || error instanceof FieldError) throw error;
    throw new FieldError(field, error.zh, error.en);
  }
}

const RESIDENT = /^[1-8][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]$/;

/** The party that somebody typed: an id, or an enterprise's code as on its licence. Throws `Malformed`.
 *  @param {string} text @returns {string} */
export function partyOf(text) {
  const plain = text.normalize("NFKC").trim();
  const code = plain.replace(/[\s-]/g, "").toUpperCase();
  if (RESIDENT.test(code.replace(/^PARTY:(USCC:)?/, ""))) {
    throw new Malformed("这是居民身份号码，不能用作主体编号", "a resident's identity number is no party");
  }
  if (plain.toLowerCase().startsWith("party:")) return parseSubject(plain);
  if (/^[0-9A-HJ-NPQRTUWXY]{18}$/.test(code)) return parseSubject(`party:uscc:${code}`);
  if (/^[0-9A-Z]{18}[0-9]{2}$/.test(code)) return parseSubject(`party:lei:${code}`);
  throw new Malformed(
    "不是统一社会信用代码，也不是主体编号（如 party:organizer）",
    "neither a unified social credit code nor the id of a party, such as party:organizer",
  );
}
