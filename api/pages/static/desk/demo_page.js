/**
 * The page `/desk/demo`, of demonstrations on this machine alone: puts the key of one of its parties into this browser,
 * and signs in with it. What it signs to sign in is built here like anywhere else.
 */

import { unhex } from "../verify/bytes.js";
import { shanghaiDate } from "../verify/subject.js";
import { answerTo, beginSession } from "./challenge.js";
import { byId, during, language, say } from "./fields.js";
import { keepKey } from "./key_store.js";
import { asked } from "./service_answers.js";
import { importKey, provePossession } from "./signing.js";

const log = byId("log").textContent ?? "";

/** @param {string} name of the key @param {string} desk to go on to */
async function signInAs(name, desk) {
  byId("status").textContent = say("正在登录…", "Signing in…");
  const { party, pkcs8 } = await asked(`/desk/demo/keys/${name}`, { method: "POST" });
  const key = await importKey(unhex(pkcs8));
  await keepKey({
    kid: key.publicKey.kidHex,
    party,
    log,
    coseKey: key.publicKey.coseKey,
    proof: await provePossession(key, party, log),
    privateKey: key.privateKey,
    addedOn: shanghaiDate(Math.floor(Date.now() / 1000)),
  });
  await beginSession(key, await answerTo(key, party, log));
  location.assign(language === "en" ? `/en${desk}` : desk);
}

for (const one of document.querySelectorAll("[data-needs-script]")) if (one instanceof HTMLElement) one.hidden = false;
for (const button of document.querySelectorAll("button[data-name]")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  button.addEventListener("click", () => {
    if (button.disabled) return;
    button.disabled = true;
    void during(() => signInAs(button.dataset.name ?? "", button.dataset.desk ?? "/desk")).finally(() => {
      button.disabled = false;
    });
  });
}
document.documentElement.dataset.ready = "yes";
