/** Subject ids (the names of streams), and the calendar by which the log counts days: Asia/Shanghai. */

import { Malformed } from "./errors.js";

const ENTERPRISE =
  "(?:uscc:[0-9A-HJ-NPQRTUWXY]{18}|lei:[0-9A-Z]{18}[0-9]{2}|local:[a-z0-9-]{1,32}/[A-Za-z0-9._-]{1,128})";
const SLUG = "[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?";

/** @type {Record<string, RegExp>} */
const FORMS = {
  party: new RegExp(`^party:(?:${SLUG}|${ENTERPRISE})$`),
  campaign: new RegExp(`^campaign:${SLUG}$`),
  enterprise: new RegExp(`^${ENTERPRISE}$`),
  policy: /^policy$/,
  map: /^map$/,
  access: /^access$/,
};

export const ROOT_PARTY = "party:root";
export const POLICY = "policy";
export const MAP = "map";

/** `party`, `policy`, `campaign`, `map`, `access` or `enterprise`, by prefix alone. @param {string} subject */
export function kindOf(subject) {
  const prefix = subject.split(":", 1)[0];
  return prefix !== "enterprise" && Object.hasOwn(FORMS, prefix) ? prefix : "enterprise";
}

/** The id, if it is well-formed. Throws `Malformed`. @param {unknown} subject @returns {string} */
export function parseSubject(subject) {
  if (typeof subject === "string" && subject.length <= 200 && FORMS[kindOf(subject)].test(subject)) return subject;
  throw new Malformed(
    `不是主体编号：${String(subject).slice(0, 80)}`,
    `not a subject id: ${String(subject).slice(0, 80)}`,
  );
}

/** @param {string} subject */
export const isGoverning = (subject) => kindOf(subject) !== "enterprise";

const SHANGHAI_SECONDS = 8 * 3600;
const DAY_MS = 86_400_000;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;

/** The date of a Unix second in Asia/Shanghai: ISO 8601, so that later is greater. @param {number} seconds */
export const shanghaiDate = (seconds) => new Date((seconds + SHANGHAI_SECONDS) * 1000).toISOString().slice(0, 10);

/** As Python writes it: 2026-03-14T23:00:00+08:00. @param {number} seconds */
export const shanghaiTime = (seconds) =>
  `${new Date((seconds + SHANGHAI_SECONDS) * 1000).toISOString().slice(0, 19)}+08:00`;

/** @param {string} day ISO 8601 @param {number} days @returns {string} */
export const addDays = (day, days) => new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);

/** @param {unknown} value */
export function isDate(value) {
  if (typeof value !== "string" || !DATE.test(value)) return false;
  const at = Date.parse(value);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(value) && !value.startsWith("0000");
}
