/**
 * The page `/desk/sign-in`: fetches a challenge, says what is about to be signed, signs it by a key of this browser, and
 * goes on to the desk. What is signed is built here; of the challenge only its nonce and its time are taken.
 */

import { decodeKey } from "../verify/keys.js";
import { shanghaiTime } from "../verify/subject.js";
import { element } from "../verify/view.js";
import { answerTo, beginSession } from "./challenge.js";
import { byId, during, language, say } from "./fields.js";
import { allKeys } from "./key_store.js";
import { readSignIn } from "./signing.js";

/** @typedef {import("./key_store.js").StoredKey} StoredKey */
/** @typedef {import("./signing.js").SigningKey} SigningKey */

const [status, keyList, confirmed, said] = ["status", "keys", "confirm", "said"].map((id) => byId(id));

/** What waits for a person's word. @type {{key: SigningKey, protectedBytes: Uint8Array} | null} */
let about = null;

/** Builds what a key is to sign, and shows it, read from its bytes. @param {StoredKey} stored */
async function propose(stored) {
  status.textContent = say("正在取得登录凭据…", "Asking for a challenge…");
  const key = { privateKey: stored.privateKey, publicKey: await decodeKey(stored.coseKey) };
  const protectedBytes = await answerTo(key, stored.party, stored.log);
  const fields = readSignIn(key, protectedBytes);
  said.replaceChildren(
    ...[
      [say("登录到", "Sign in at"), fields.webOrigin],
      [say("账本", "Log"), fields.log],
      [say("主体", "As"), fields.party],
      [say("密钥", "Key"), key.publicKey.kidHex],
      [say("有效至", "Good until"), shanghaiTime(fields.expiresAt).slice(0, 19).replace("T", " ")],
    ].flatMap(([name, value]) => {
      const term = element("dd");
      term.append(element("code", "", value));
      return [element("dt", "", name), term];
    }),
  );
  about = { key, protectedBytes };
  confirmed.hidden = false;
  status.textContent = "";
  byId("sign").focus();
}

async function signIn() {
  if (about === null) return;
  const { key, protectedBytes } = about;
  withdraw(); // a challenge is good once, whatever comes of it
  status.textContent = say("正在登录…", "Signing in…");
  await beginSession(key, protectedBytes);
  location.assign(language === "en" ? "/en/desk" : "/desk");
}

function withdraw() {
  about = null;
  confirmed.hidden = true;
}

async function show() {
  const found = await allKeys();
  keyList.replaceChildren(
    ...found.map((stored) => {
      const item = element("li");
      item.append(element("b", "", stored.party), element("br"), element("code", "", `${stored.kid.slice(0, 16)}…`));
      const button = element("button", "button small", say("用这把密钥登录", "Sign in with this key"));
      button.type = "button";
      button.setAttribute(
        "aria-label",
        say(`用 ${stored.party} 的密钥登录`, `Sign in with the key of ${stored.party}`),
      );
      button.addEventListener("click", () => void during(() => propose(stored)));
      const row = element("div", "acts");
      row.append(button);
      item.append(row);
      return item;
    }),
  );
  byId("no-keys").hidden = found.length > 0;
}

async function begin() {
  if (globalThis.crypto?.subtle === undefined || globalThis.indexedDB === undefined) {
    byId("problem").textContent = say(
      "这个浏览器或连接不能签名：须用 https 和较新的浏览器。",
      "Nothing can be signed in this browser or over this connection: it takes https, and a current browser.",
    );
    return;
  }
  for (const one of document.querySelectorAll("[data-needs-script]"))
    if (one instanceof HTMLElement) one.hidden = false;
  byId("sign").addEventListener("click", () => void during(signIn));
  byId("cancel").addEventListener("click", withdraw);
  await during(show);
  document.documentElement.dataset.ready = "yes";
}

void begin();
