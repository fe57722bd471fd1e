/**
 * What was filled in, from the fields of a form to the JSON of an event: checked by the bounds that the page gives each
 * field (`data-…`, from the definition of the event), every fault at its field; and the way back, for drafts.
 */

import { isDate } from "../verify/subject.js";

/** @typedef {import("../verify/json.js").Json} Json */
/** @typedef {import("../verify/json.js").JsonObject} JsonObject */
/** @typedef {{field: string, zh: string, en: string}} Fault what is wrong with the field of this id */
/** @typedef {string | boolean | string[] | Filled | Filled[]} Typed what a person typed, as it stands */
/** @typedef {{[name: string]: Typed}} Filled */

const HOLDERS = "[data-field],[data-item],form";
const DATE_EXAMPLE = "2026-03-15";

/** The fields that lie in a form, a group or an item, and in nothing between. @param {Element} holder
 *  @returns {HTMLElement[]} */
export function fieldsIn(holder) {
  const found = /** @type {HTMLElement[]} */ ([...holder.querySelectorAll("[data-field]")]);
  return found.filter((one) => one.parentElement?.closest(HOLDERS) === holder);
}

/** @param {HTMLElement} field @returns {HTMLInputElement} */
const inputOf = (field) => /** @type {HTMLInputElement} */ (field.querySelector("[data-input]"));

/** @param {HTMLElement} field @returns {HTMLInputElement[]} */
const ticksOf = (field) => [...field.querySelectorAll("input[type=checkbox]")].map((one) => /** @type {any} */ (one));

/** @param {HTMLElement} field @returns {HTMLElement[]} */
const itemsOf = (field) => /** @type {any} */ ([...field.querySelectorAll(":scope > [data-items] > [data-item]")]);

/** The id of what a fault is said at. @param {HTMLElement} field */
export const idOf = (field) => field.id || inputOf(field).id;

const name = (/** @type {HTMLElement} */ field) => field.dataset.field ?? "";
const kind = (/** @type {HTMLElement} */ field) => field.dataset.kind ?? "";

/** The object that the fields in a holder make. @param {Element} holder @param {Fault[]} faults what is wrong is added
 *  @returns {JsonObject} */
export function objectIn(holder, faults) {
  /** @type {JsonObject} */
  const made = {};
  for (const field of fieldsIn(holder)) {
    const value = valueOf(field, faults);
    if (value !== undefined) made[name(field)] = value;
  }
  return made;
}

/** The value of a field; undefined where it is left out. @param {HTMLElement} field @param {Fault[]} faults
 *  @returns {Json | undefined} */
export function valueOf(field, faults) {
  const { required, absent, omits } = field.dataset;
  if (kind(field) !== "flag" && isEmpty(field) && !(kind(field) === "group" && required !== undefined)) {
    const least = Number(field.dataset.itemsMin ?? 0);
    if (required !== undefined && (absent === undefined || least > 0)) {
      faults.push({ field: idOf(field), zh: "必填", en: "this is needed" });
      return undefined;
    }
    return absent === undefined ? undefined : JSON.parse(absent);
  }
  const value = filledIn(field, faults);
  return value !== undefined && omits !== undefined && JSON.stringify(value) === omits ? undefined : value;
}

/** @param {HTMLElement} field @param {Fault[]} faults @returns {Json | undefined} */
function filledIn(field, faults) {
  switch (kind(field)) {
    case "group":
      return objectIn(field, faults);
    case "flag":
      return inputOf(field).checked;
    case "choices":
      return counted(
        field,
        ticksOf(field).flatMap((one) => (one.checked ? [one.value] : [])),
        faults,
      );
    case "list":
      return counted(
        field,
        itemsOf(field).map((one) => objectIn(one, faults)),
        faults,
      );
    case "lines": {
      const lines = linesOf(inputOf(field).value).map((one) => scalar(field, one, faults));
      return counted(field, lines.filter((one) => one !== undefined), faults);
    }
    case "pairs":
      return pairs(field, faults);
    default:
      return scalar(field, inputOf(field).value, faults);
  }
}

/** @param {string} text */
const linesOf = (text) =>
  text
    .split("\n")
    .map((one) => one.trim())
    .filter((one) => one !== "");

/** A list, if it is neither too short nor too long. @param {HTMLElement} field @param {Json[]} values
 *  @param {Fault[]} faults */
function counted(field, values, faults) {
  const { itemsMin = "0", itemsMax = "Infinity" } = field.dataset;
  if (values.length < Number(itemsMin)) {
    faults.push({ field: idOf(field), zh: `至少 ${itemsMin} 项`, en: `${itemsMin} at least` });
  } else if (values.length > Number(itemsMax)) {
    faults.push({ field: idOf(field), zh: `至多 ${itemsMax} 项`, en: `${itemsMax} at most` });
  }
  return values;
}

/** A table from lines such as `PledgeMade: 60`. @param {HTMLElement} field @param {Fault[]} faults */
function pairs(field, faults) {
  /** @type {JsonObject} */
  const made = {};
  for (const line of linesOf(inputOf(field).value)) {
    const match = /^([A-Za-z0-9_.]+)\s*[:：=]\s*([0-9]{1,15})$/.exec(line);
    if (match === null || Object.hasOwn(made, match[1])) {
      faults.push({ field: idOf(field), zh: `读不懂：${line}`, en: `not a line of a table, or twice: ${line}` });
      continue;
    }
    const number = Number(match[2]);
    const { least = "0", most = "Infinity" } = field.dataset;
    if (number < Number(least) || number > Number(most)) {
      faults.push({ field: idOf(field), zh: `须为 ${least} 至 ${most}：${line}`, en: `${least} to ${most}: ${line}` });
    } else made[match[1]] = number;
  }
  return made;
}

/** One value, checked. @param {HTMLElement} field @param {string} typed @param {Fault[]} faults */
function scalar(field, typed, faults) {
  const text = typed.normalize("NFC").replaceAll("\r\n", "\n").trim();
  const wrong = (/** @type {string} */ zh, /** @type {string} */ en) => {
    faults.push({ field: idOf(field), zh, en });
    return undefined;
  };
  const { pattern, lengthMin = "0", lengthMax = "Infinity", least = "-Infinity", most = "Infinity" } = field.dataset;
  if (kind(field) === "number") {
    if (!/^-?[0-9]{1,15}$/.test(text)) return wrong("须为整数", "a whole number");
    const number = Number(text);
    if (number < Number(least)) return wrong(`不小于 ${least}`, `${least} at least`);
    if (number > Number(most)) return wrong(`不大于 ${most}`, `${most} at most`);
    return number;
  }
  if ((field.dataset.of ?? kind(field)) === "date") {
    return isDate(text) ? text : wrong(`须为日期，如 ${DATE_EXAMPLE}`, `a date, such as ${DATE_EXAMPLE}: ${text}`);
  }
  const length = [...text].length;
  if (length > Number(lengthMax)) {
    return wrong(`至多 ${lengthMax} 个字符，现有 ${length} 个`, `${lengthMax} characters at most, these are ${length}`);
  }
  if (length < Number(lengthMin)) return wrong(`至少 ${lengthMin} 个字符`, `${lengthMin} characters at least`);
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`, "u").test(text)) {
    if (kind(field) === "month") return wrong("须为年月，如 2026-03", "a month, such as 2026-03");
    if (kind(field) === "digest") return wrong("须为 64 位小写十六进制", "64 hexadecimal digits, lower case");
    return wrong(`格式不符：${text.slice(0, 40)}`, `not in its form: ${text.slice(0, 40)}`);
  }
  if (kind(field) !== "text" && text.includes("\n")) return wrong("须为一行", "one line");
  return text;
}

/** Whether nobody filled in anything. @param {HTMLElement} field @returns {boolean} */
function isEmpty(field) {
  switch (kind(field)) {
    case "group":
      return fieldsIn(field).every(isEmpty);
    case "list":
      return itemsOf(field).length === 0;
    case "choices":
      return ticksOf(field).every((one) => !one.checked && !one.defaultChecked);
    case "flag":
      return inputOf(field).checked === inputOf(field).defaultChecked;
    default:
      return inputOf(field).value.trim() === "" && !inputOf(field).validity.badInput;
  }
}

/** What was typed in a holder, as it stands. @param {Element} holder @returns {Filled} */
export function typedIn(holder) {
  return Object.fromEntries(fieldsIn(holder).map((field) => [name(field), typedOf(field)]));
}

/** @param {HTMLElement} field @returns {Typed} */
function typedOf(field) {
  switch (kind(field)) {
    case "group":
      return typedIn(field);
    case "list":
      return itemsOf(field).map(typedIn);
    case "choices":
      return ticksOf(field).flatMap((one) => (one.checked ? [one.value] : []));
    case "flag":
      return inputOf(field).checked;
    default:
      return inputOf(field).value;
  }
}

/** Fills in what was typed elsewhere; what has no field here is let be. @param {Element} holder @param {unknown} filled */
export function fillIn(holder, filled) {
  if (typeof filled !== "object" || filled === null) return;
  for (const field of fieldsIn(holder)) {
    if (!Object.hasOwn(filled, name(field))) continue;
    const typed = /** @type {Record<string, unknown>} */ (filled)[name(field)];
    switch (kind(field)) {
      case "group":
        fillIn(field, typed);
        break;
      case "list":
        for (const item of itemsOf(field)) item.remove();
        if (Array.isArray(typed)) for (const one of typed.slice(0, 500)) fillIn(addItem(field), one);
        break;
      case "choices":
        for (const one of ticksOf(field)) one.checked = Array.isArray(typed) && typed.includes(one.value);
        break;
      case "flag":
        inputOf(field).checked = typed === true || typed === "true";
        break;
      default:
        inputOf(field).value = Array.isArray(typed) ? typed.join("\n") : String(typed);
    }
  }
}

let items = 0;

/** One more item of a list. @param {HTMLElement} field @returns {HTMLElement} */
export function addItem(field) {
  const [template, holder] = ["template", "[data-items]"].map((one) => field.querySelector(`:scope > ${one}`));
  const made = /** @type {HTMLElement} */ (
    /** @type {HTMLTemplateElement} */ (template).content.firstElementChild?.cloneNode(true)
  );
  items += 1;
  for (const one of made.querySelectorAll("[id],[for],[aria-describedby]")) {
    for (const attribute of ["id", "for", "aria-describedby"]) {
      const value = one.getAttribute(attribute);
      if (value !== null) one.setAttribute(attribute, value.replaceAll(`__${name(field)}__`, String(items)));
    }
  }
  holder?.append(made);
  return made;
}

/** The field at a path such as `products.2.name` (places from 1, or `products[1].name` from 0). @param {Element} form
 *  @param {string} path @returns {HTMLElement | null} */
export function fieldAt(form, path) {
  const steps = path.replaceAll(/\[(\d+)\]/g, (_, place) => `.${Number(place) + 1}`).split(".");
  /** @type {Element} */
  let holder = form;
  /** @type {HTMLElement | null} */
  let found = null;
  for (const step of steps) {
    if (/^\d+$/.test(step)) {
      const item = found === null ? undefined : itemsOf(found)[Number(step) - 1];
      if (item === undefined) return found;
      holder = item;
    } else {
      const next = fieldsIn(holder).find((one) => name(one) === step);
      if (next === undefined) return found;
      [found, holder] = [next, next];
    }
  }
  return found;
}
