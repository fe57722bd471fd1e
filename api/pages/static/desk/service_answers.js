/** What the service answers to a page of the desks, as JSON. */

import { Refuted, Uncheckable } from "../verify/errors.js";

const ANSWER_SECONDS_MAX = 20;

/** An answer of the service; what it refuses is thrown in its own words. Throws `Refuted`, `Uncheckable`.
 *  @param {string} path @param {RequestInit} how @returns {Promise<any>} */
export async function asked(path, how = {}) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, { ...how, cache: "no-store", signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000) });
  } catch {
    throw new Uncheckable("连不上服务，请稍后再试", "the service cannot be reached: try again");
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new Refuted(
    String(answer.title_zh ?? `服务未接受（${response.status}）`),
    String(answer.detail || answer.title_en || `the service did not take it (${response.status})`),
  );
}
