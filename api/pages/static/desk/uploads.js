/** Files that a statement names, uploaded before it by a request that the same key signs (`ledger/cose/access_token.py`). */

import { base64, hex, sha256, utf8 } from "../verify/bytes.js";
import { Refuted, Uncheckable } from "../verify/errors.js";
import { canonical } from "../verify/json.js";
import * as cose from "../verify/sign1.js";
import { protectedHeader, signed } from "./signing.js";

/** @typedef {import("../verify/cbor.js").Cbor} Cbor */
/** @typedef {import("./signing.js").SigningKey} SigningKey */

const ACCESS = "application/vnd.credit-ledger.access+cose";
const ACCESS_JSON = "application/vnd.credit-ledger.access+json";
const PURPOSE = "上传 / upload";
const [CTI_BYTES, ANSWER_SECONDS_MAX] = [16, 120];

/**
 * Uploads a file to `path` in the name of a party; what the service answers. Throws `Refuted` with its words,
 * `Uncheckable` where it does not answer.
 *
 * @param {SigningKey} key @param {string} party @param {string} log @param {string} path @param {Uint8Array} content
 * @returns {Promise<Record<string, unknown>>}
 */
export async function upload(key, party, log, path, content) {
  const claims = new Map(
    /** @type {[number, Cbor][]} */ ([
      [cose.ISS, party],
      [cose.AUD, log],
      [cose.IAT, Math.floor(Date.now() / 1000)],
      [cose.CTI, crypto.getRandomValues(new Uint8Array(CTI_BYTES))],
    ]),
  );
  const asked = canonical({ content: hex(await sha256(content)), purpose: PURPOSE, resource: path });
  const token = await signed(key, protectedHeader(key, ACCESS, claims, ACCESS_JSON), utf8(asked));
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: {
        Authorization: `COSE ${base64(token).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`,
        "Content-Type": "application/octet-stream",
      },
      body: /** @type {BodyInit} */ (content),
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000),
    });
  } catch {
    throw new Uncheckable("连不上服务，文件未上传：请再试", "the service did not answer, the file is not uploaded: try again");
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const detail = answer.detail ? ` (${answer.detail})` : "";
  throw new Refuted(
    `${answer.title_zh ?? "文件未上传"}${detail}`,
    `${answer.title_en ?? `not uploaded (${response.status})`}${detail}`,
  );
}
