/** Files that a statement names, uploaded before it by a request that the same key signs (`ledger/cose/access_token.py`). */

import { base64, hex, sha256, utf8 } from "../verify/bytes.js";
import { Malformed, Refuted, Uncheckable } from "../verify/errors.js";
import { canonical } from "../verify/json.js";
import * as cose from "../verify/sign1.js";
import { byId } from "./fields.js";
import { protectedHeader, signed } from "./signing.js";

/** @typedef {import("../verify/cbor.js").Cbor} Cbor */
/** @typedef {import("./signing.js").SigningKey} SigningKey */

const ACCESS = "application/vnd.credit-ledger.access+cose";
const ACCESS_JSON = "application/vnd.credit-ledger.access+json";
const PURPOSE = "上传 / upload";
const [CTI_BYTES, ANSWER_SECONDS_MAX, MIB] = [16, 300, 1024 * 1024];

/** How much of a file has gone out, and its whole length. @typedef {(sent: number, of: number) => void} Progress */

/**
 * Uploads a file to `path` in the name of a party; what the service answers. Throws `Refuted` with its words (of a quota
 * that is full, too), `Uncheckable` where it does not answer.
 *
 * @param {SigningKey} key @param {string} party @param {string} log @param {string} path @param {Uint8Array} content
 * @param {Progress} progress @returns {Promise<Record<string, unknown>>}
 */
export async function upload(key, party, log, path, content, progress) {
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
  const { status, said } = await sent(path, token, content, progress);
  /** @type {Record<string, unknown>} */
  let answer = {};
  try {
    answer = JSON.parse(said);
  } catch {
    // no answer of the service's own: its status has to do
  }
  if (200 <= status && status < 300) return answer;
  const { detail } = answer;
  throw new Refuted(
    `${answer.title_zh ?? "文件未上传"}${detail ? `（${detail}）` : ""}`,
    `${answer.title_en ?? `not uploaded (${status})`}${detail ? ` (${detail})` : ""}`,
  );
}

/** By XMLHttpRequest: `fetch` does not say how much has gone out. Throws `Uncheckable`. @param {string} path
 *  @param {Uint8Array} token @param {Uint8Array} content @param {Progress} progress
 *  @returns {Promise<{status: number, said: string}>} */
function sent(path, token, content, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const silent = () =>
      reject(
        new Uncheckable("连不上服务，文件未上传：请再试", "the service did not answer, the file is not uploaded: try again"),
      );
    request.open("POST", path);
    request.timeout = ANSWER_SECONDS_MAX * 1000;
    const plain = base64(token).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    request.setRequestHeader("Authorization", `COSE ${plain}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = ({ loaded }) => progress(Math.min(loaded, content.length), content.length);
    request.onload = () => resolve({ status: request.status, said: request.responseText });
    request.onerror = silent;
    request.ontimeout = silent;
    progress(0, content.length);
    request.send(/** @type {XMLHttpRequestBodyInit} */ (content));
  });
}

/** A bar of the page: `ID-bar`, `ID-counted` within what is hidden where nothing goes on. @param {HTMLElement} holder
 *  @param {string} id @returns {Progress} */
export function barOf(holder, id) {
  const bar = /** @type {HTMLProgressElement} */ (byId(`${id}-bar`));
  const counted = byId(`${id}-counted`);
  return (sent, of) => {
    holder.hidden = false;
    bar.max = of;
    bar.value = sent;
    counted.textContent = `${sizeSaid(sent)} / ${sizeSaid(of)}`;
  };
}

/** The content of a file that was chosen. Throws `Malformed` for one that is too large, or empty. @param {File} file
 *  @param {number} bytesMax @returns {Promise<Uint8Array>} */
export async function contentOf(file, bytesMax) {
  if (file.size > bytesMax) {
    const [is, most] = [file.size, bytesMax].map((bytes) => bytes.toLocaleString("en"));
    throw new Malformed(`文件过大：${is} 字节，最大 ${most}`, `the file is too large: ${is} bytes, and ${most} at most`);
  }
  if (file.size === 0) throw new Malformed("文件为空", "the file is empty");
  return new Uint8Array(await file.arrayBuffer());
}

/** @param {number} bytes */
export const sizeSaid = (bytes) =>
  bytes < 1024 ? `${bytes} B` : bytes < MIB ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / MIB).toFixed(1)} MB`;
