/** Signing in: a challenge is fetched, an answer built here from fields, signed, and sent. */

import { unhex } from "../verify/bytes.js";
import { Refuted } from "../verify/errors.js";
import { asked } from "./service_answers.js";
import { signInHeader, signSignIn } from "./signing.js";

/** @typedef {import("./signing.js").SigningKey} SigningKey */

const HEX_NONCE = /^[0-9a-f]{64}$/;

/** The protected header that answers a fresh challenge; of the service only nonce and time are taken. Throws `Refuted`.
 *  @param {SigningKey} key @param {string} party @param {string} ownLog @returns {Promise<Uint8Array>} */
export async function answerTo(key, party, ownLog) {
  const { log, nonce, expires_at: expiresAt } = await asked("/desk/challenge", {});
  if (log !== ownLog) {
    throw new Refuted(
      `这里是另一个账本（${String(log).slice(0, 80)}），这把密钥属于 ${ownLog}`,
      `this is another log (${String(log).slice(0, 80)}) than this key is for: ${ownLog}`,
    );
  }
  if (!HEX_NONCE.test(nonce) || !Number.isSafeInteger(expiresAt)) {
    throw new Refuted("登录凭据格式不对", "not a challenge");
  }
  return signInHeader(key, { party, log, webOrigin: location.origin, expiresAt, nonce: unhex(nonce) });
}

/** Signs an answer and begins the session. Throws what refuses it. @param {SigningKey} key
 *  @param {Uint8Array} protectedBytes of `answerTo` */
export async function beginSession(key, protectedBytes) {
  const answer = await signSignIn(key, protectedBytes);
  await asked("/desk/session", {
    method: "POST",
    headers: { "Content-Type": "application/cose" },
    body: /** @type {BodyInit} */ (answer),
  });
}
