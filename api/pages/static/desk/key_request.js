/**
 * Asking for a key's enrolment from `/desk/key`: hands public key and proof of possession to the desk, and shows what
 * became of it. The service is asked by thumbprint; of the key nothing but its public half goes out.
 */

import { hex } from "../verify/bytes.js";
import { VerificationError } from "../verify/errors.js";
import { element } from "../verify/view.js";
import { during, FieldError, forgive, language, say } from "./fields.js";
import { asked } from "./service_answers.js";

/** @typedef {import("./key_store.js").StoredKey} StoredKey */
/** @typedef {{state: string, reason?: string, usable_from?: string}} KeyState */

const REQUESTS = "/desk/key/requests";
const OFFICER = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** What became of it, in words. @param {KeyState} state @returns {string} */
function inWords({ state, reason, usable_from: usableFrom }) {
  switch (state) {
    case "waiting":
      return say(
        "已申请，等候批准。请用电话或当面让对方核对指纹；可在此修改后重新申请。",
        "Asked for, and waiting for its approval. Have the thumbprint compared by telephone or in person; ask again here to change something.",
      );
    case "refused":
      return say(`申请被拒绝：${reason ?? ""}`, `The request was refused: ${reason ?? ""}`);
    case "enrolled":
      return say("已登记，可以登录和签名。", "In the book: it signs in, and signs.");
    case "recovering":
      return say(
        `已登记为恢复的密钥，等待期满后（${usableFrom} 起）可用。`,
        `In the book as a recovered key: it may be used from ${usableFrom}, when its waiting time is over.`,
      );
    case "ended":
      return say("已停用。", "Ended: it signs no more.");
    case "not_valid_today":
      return say("已登记，今日不在有效期内。", "In the book, and not valid today.");
    default:
      return say("还没有申请登记。", "Its enrolment was not asked for yet.");
  }
}

/** The state of a key's request, and the form that asks for it where there is something to ask. @param {StoredKey} stored
 *  @returns {Promise<HTMLElement>} */
export async function requestPart(stored) {
  const part = element("div", "key-request");
  /** @type {KeyState} */
  let state;
  try {
    state = await asked(`${REQUESTS}/${stored.kid}`);
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    part.append(element("p", "when", error[language])); // the key can be looked at all the same
    return part;
  }
  show(part, stored, state);
  return part;
}

/** @param {HTMLElement} part @param {StoredKey} stored @param {KeyState} state */
function show(part, stored, state) {
  const said = element("p", "notice-line", inWords(state));
  said.setAttribute("role", "status");
  part.dataset.state = state.state;
  part.replaceChildren(said);
  if (["unknown", "waiting", "refused"].includes(state.state)) part.append(form(part, stored));
}

/** @param {HTMLElement} part @param {StoredKey} stored */
function form(part, stored) {
  const made = element("form", "fields");
  made.noValidate = true;
  const id = `officer-${stored.kid}`;
  const label = element("label", "", say("经办人代号", "Officer's pseudonym"));
  label.htmlFor = id;
  const officer = element("input");
  officer.id = id;
  officer.autocomplete = "off";
  officer.spellcheck = false;
  officer.setAttribute("aria-describedby", `${id}-hint ${id}-wrong`);
  const hint = element(
    "p",
    "when",
    say(
      "小写字母、数字和连字符，如 quality-1；会公开，不写姓名、电话",
      "Lower-case letters, digits and hyphens, such as quality-1; it is public: no name, no telephone number",
    ),
  );
  hint.id = `${id}-hint`;
  const wrong = element("p", "problem");
  wrong.id = `${id}-wrong`;
  wrong.setAttribute("role", "alert");
  const recovers = element("input");
  recovers.type = "checkbox";
  recovers.id = `recovers-${stored.kid}`;
  const lost = element("label", "check");
  lost.append(
    recovers,
    ` ${say("原来的密钥和备份都丢失了，申请恢复（有等待期）", "The old key and its backup are lost: ask for a recovery, with its waiting time")}`,
  );
  const button = element("button", "button small", say("申请登记", "Ask for its enrolment"));
  made.append(label, officer, hint, wrong, lost, button);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    forgive(made);
    void during(async () => {
      const name = officer.value.trim();
      if (!OFFICER.test(name)) {
        throw new FieldError(
          id,
          "代号由小写字母、数字和连字符组成，最多 64 个字符",
          "a pseudonym has lower-case letters, digits and hyphens, 64 at most",
        );
      }
      show(part, stored, await ask(stored, name, recovers.checked));
    }).finally(() => {
      button.disabled = false;
    });
  });
  return made;
}

/** @param {StoredKey} stored @param {string} officer @param {boolean} recovers @returns {Promise<KeyState>} */
function ask(stored, officer, recovers) {
  return asked(REQUESTS, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      party: stored.party,
      officer,
      key: hex(stored.coseKey),
      proof: hex(stored.proof),
      recovers,
    }),
  });
}
