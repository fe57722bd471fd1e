/** The service as a desk's page asks it: what it refuses is thrown in its own words, what is busy is asked again. */

import { Reader } from "../verify/cbor.js";
import { Malformed, Refuted, Uncheckable } from "../verify/errors.js";

/**
 * @typedef {object} Answer what the service says of one item of a batch
 * @property {string} status registered, existing, pending, refused
 * @property {number | null} entry
 * @property {string} rule
 * @property {string} zh
 * @property {string} en
 * @property {string | null} payloadSha256 hexadecimal, of what has the item's name already
 * @property {boolean} repeated an earlier answer to it was lost
 */

const [TRIES_MAX, WAIT_SECONDS_MAX, ANSWER_SECONDS_MAX] = [10, 60, 120];
const AGAIN = new Set([429, 502, 503, 504]);

/** It was told to stop; what was under way may have arrived. */
export class Stopped extends Error {}

/**
 * An answer of the service, waited for as long as it asks. Throws `Refuted` in the service's words, `Uncheckable` where
 * it stays silent or busy, `Stopped`.
 *
 * @param {string} path @param {RequestInit} how @param {AbortSignal} [stop] ends waiting between two tries
 * @returns {Promise<{response: Response, repeated: boolean}>}
 */
export async function ask(path, how = {}, stop = undefined) {
  let repeated = false;
  /** @type {Uncheckable} */
  let problem = silent();
  for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
    let wait = Math.min(2 ** attempt / 4, WAIT_SECONDS_MAX);
    try {
      const signal = AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000);
      const response = await fetch(path, { ...how, cache: "no-store", redirect: "manual", signal });
      if (response.ok) return { response, repeated };
      if (response.type === "opaqueredirect") {
        throw new Refuted("登录已结束，请重新登录", "the session ended: sign in again");
      }
      if (!AGAIN.has(response.status)) throw await refusal(response);
      const after = Number(response.headers.get("Retry-After"));
      if (after > 0) wait = Math.min(after, WAIT_SECONDS_MAX);
      problem = new Uncheckable("服务繁忙，请稍后再试", "the service stays busy: try again");
    } catch (error) {
      if (error instanceof Refuted) throw error;
      repeated = true;
      problem = silent();
    }
    if (attempt + 1 < TRIES_MAX) await pause(wait, stop);
  }
  throw problem;
}

const silent = () => new Uncheckable("连不上服务，请稍后再试", "the service cannot be reached: try again");

/** @param {Response} response */
async function refusal(response) {
  const said = await response.json().catch(() => ({}));
  const { detail } = said;
  return new Refuted(
    `${said.title_zh ?? "服务未接受"}${detail === undefined ? "" : `（${detail}）`}`,
    `${said.title_en ?? `the service refused (${response.status})`}${detail === undefined ? "" : ` (${detail})`}`,
  );
}

/** @param {number} seconds @param {AbortSignal | undefined} stop @returns {Promise<void>} */
function pause(seconds, stop) {
  return new Promise((resolve, reject) => {
    if (stop?.aborted) return reject(new Stopped());
    const timer = setTimeout(resolve, seconds * 1000);
    stop?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Stopped());
    });
  });
}

/** JSON of the service. @param {string} path @param {unknown} [sent] by POST, where it is given
 *  @returns {Promise<any>} */
export async function askJson(path, sent = undefined) {
  const posted = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(sent) };
  const accept = { Accept: "application/json" };
  const how = sent === undefined ? { headers: accept } : { ...posted, headers: { ...posted.headers, ...accept } };
  const { response } = await ask(path, how);
  return response.json();
}

/** Registers items, each as a batch has them; one answer per item, in order. @param {Uint8Array[]} items
 *  @param {AbortSignal} [stop] @returns {Promise<Answer[]>} */
export async function sendBatch(items, stop = undefined) {
  const { response, repeated } = await ask(
    "/entries/batch",
    { method: "POST", headers: { "Content-Type": "application/cbor-seq" }, body: new Blob(items.map(plain)) },
    stop,
  );
  const reader = new Reader(new Uint8Array(await response.arrayBuffer()), 0);
  return items.map(() => answer(reader.item(0), repeated));
}

/** @param {Uint8Array} data */
const plain = (data) => /** @type {BlobPart} */ (data);

/** @param {import("../verify/cbor.js").Cbor} said @param {boolean} repeated @returns {Answer} */
function answer(said, repeated) {
  if (!(said instanceof Map)) throw new Malformed("服务的答复格式不对", "the service's answer about an item is none");
  const word = (/** @type {string} */ name) => {
    const value = said.get(name);
    return typeof value === "string" ? value : "";
  };
  const entry = said.get("entry");
  const detail = word("detail");
  return {
    status: word("status"),
    entry: typeof entry === "number" ? entry : null,
    rule: word("rule"),
    zh: word("zh") + (detail && `（${detail}）`),
    en: word("en") + (detail && ` (${detail})`),
    payloadSha256: word("payload_sha256") || null,
    repeated,
  };
}
