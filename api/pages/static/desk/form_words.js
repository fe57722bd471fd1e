/** What a statement says, as a person reads it before it is signed: from its bytes, in the words of the form. */

import { shanghaiTime } from "../verify/subject.js";
import { element } from "../verify/view.js";
import { aside, say } from "./fields.js";
import { fieldsIn } from "./form_values.js";

/** @typedef {import("../verify/json.js").Json} Json */
/** @typedef {import("./statement.js").Said} Said */
/** @typedef {[string, Node][]} Lines terms and what they are */

const FRAME = ["type", "v", "salt"];

/** The lines of a list of facts. @param {Said} said @param {HTMLElement} form @param {HTMLElement | null} text the holder
 *  of the text that comes with it @returns {HTMLElement[]} */
export function wordsOf(said, form, text) {
  const { content, subject, party, log, sealed, kidHex, iat } = said;
  /** @type {Lines} */
  const lines = [
    [say("事项", "Act"), plain((document.querySelector("h1")?.textContent ?? "") + aside(String(content.type)))],
    [say("关于", "About"), code(subject)],
    ...linesOf(content, form),
  ];
  if (said.text !== null && text !== null) lines.push(...linesOf(said.text, text));
  lines.push(
    [say("形式", "Form"), plain(sealed ? say("密封", "sealed") : say("公开", "open"))],
    [say("签名主体", "Signed by"), code(party)],
    [say("密钥", "Key"), code(kidHex)],
    [say("账本", "Log"), code(log)],
    [say("签名时间", "At"), plain(shanghaiTime(iat).slice(0, 19).replace("T", " "))],
  );
  return facts(lines);
}

/** @param {Lines} lines */
const facts = (lines) =>
  lines.flatMap(([name, value]) => {
    const said = element("dd");
    said.append(value);
    return [element("dt", "", name), said];
  });

const plain = (/** @type {string} */ said) => element("span", "text", said);
const code = (/** @type {string} */ said) => element("code", "", said);

/** The lines of an object, in the order of the fields of its holder; what has no field there comes last, by its name.
 *  @param {{[name: string]: Json}} content @param {ParentNode & Element} holder @returns {Lines} */
function linesOf(content, holder) {
  const fields = fieldsIn(holder);
  const known = new Set(fields.map((one) => one.dataset.field));
  const named = fields
    .filter((one) => Object.hasOwn(content, one.dataset.field ?? ""))
    .map((one) => /** @type {[string, Node]} */ ([one.dataset.label, shown(content[one.dataset.field ?? ""], one)]));
  const others = Object.entries(content)
    .filter(([name]) => !known.has(name) && !FRAME.includes(name))
    .map(([name, value]) => /** @type {[string, Node]} */ ([name, code(JSON.stringify(value))]));
  return [...named, ...others];
}

/** A value of a field. @param {Json} value @param {HTMLElement} field @returns {Node} */
function shown(value, field) {
  if (value === null) return plain("—");
  if (typeof value === "boolean") return plain(value ? say("是", "yes") : say("否", "no"));
  if (Array.isArray(value)) {
    if (value.length === 0) return plain(say("无", "none"));
    const list = element("ol", "plain");
    for (const one of value) {
      const item = element("li");
      item.append(shownItem(one, field));
      list.append(item);
    }
    return list;
  }
  if (typeof value === "object") return group(value, field);
  const word = wordOf(String(value), field);
  if (word !== null) return plain(word + aside(String(value)));
  return ["digest", "month", "date", "number"].includes(field.dataset.kind ?? "") ? code(String(value)) : plain(String(value));
}

/** @param {Json} item @param {HTMLElement} field */
function shownItem(item, field) {
  const template = /** @type {HTMLTemplateElement | null} */ (field.querySelector(":scope > template"));
  const holder = template?.content.firstElementChild ?? null;
  if (holder !== null && typeof item === "object" && item !== null && !Array.isArray(item)) return group(item, holder);
  return shown(item, field);
}

/** @param {{[name: string]: Json}} content @param {Element} holder */
function group(content, holder) {
  const list = element("dl", "facts");
  list.append(...facts(linesOf(content, holder)));
  return list;
}

/** What the form calls a value of a closed list. @param {string} value @param {HTMLElement} field */
function wordOf(value, field) {
  for (const one of field.querySelectorAll("option, [data-word]")) {
    const spelled = one instanceof HTMLOptionElement ? one.value : /** @type {HTMLElement} */ (one).dataset.word;
    if (spelled === value && value !== "") return one.textContent;
  }
  return null;
}
