/**
 * The page `/desk/key`: makes a key, has its backup saved and opened again, and only then keeps it; opens backups; shows
 * what a registrar needs to enrol a key, and asks for it. A private key is sent nowhere.
 */

import { equal, hex } from "../verify/bytes.js";
import { decodeKey } from "../verify/keys.js";
import { Malformed, Refuted } from "../verify/errors.js";
import { element } from "../verify/view.js";
import { shanghaiDate } from "../verify/subject.js";
import { atField, byId, chosenText, during, FieldError, onSubmit, partyOf, say, typed } from "./fields.js";
import { decryptKey, encryptKey } from "./key_file.js";
import { requestPart } from "./key_request.js";
import { allKeys, forgetKey, keepKey } from "./key_store.js";
import { importKey, newKey, provePossession, publicPem } from "./signing.js";

/** @typedef {import("./key_store.js").StoredKey} StoredKey */

const PASSPHRASE_CHARS_MIN = 12;
const [status, own, save, keyList] = ["status", "own", "save", "keys"].map((id) => byId(id));
const log = byId("log").textContent ?? "";

/** The key that was made and does not count yet. @type {{party: string, kid: Uint8Array} | null} */
let made = null;
/** @type {string[]} addresses of files that this page offers */
let offered = [];

/** @param {string} content @param {string} type */
function offer(content, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  offered.push(address);
  return address;
}

/** A name for files about a key, without what file systems do not take. @param {string} party @param {string} kid */
const fileName = (party, kid) => `${party.slice(6).replaceAll(/[^A-Za-z0-9.-]/g, "-")}-${kid.slice(0, 8)}`;

/** A new passphrase, typed twice. */
function newPassphrase() {
  const word = typed("make-passphrase");
  if ([...word].length < PASSPHRASE_CHARS_MIN) {
    throw new FieldError(
      "make-passphrase",
      `口令至少 ${PASSPHRASE_CHARS_MIN} 个字符`,
      `a passphrase has ${PASSPHRASE_CHARS_MIN} characters at least`,
    );
  }
  if (/[\r\n]/.test(word)) throw new FieldError("make-passphrase", "口令须为一行", "a passphrase is one line");
  if (word !== typed("make-again")) {
    throw new FieldError("make-again", "两次输入的口令不同", "the two passphrases differ");
  }
  return word;
}

async function make() {
  const party = await atField("make-party", () => partyOf(typed("make-party")));
  const passphrase = newPassphrase();
  status.textContent = say("正在生成…", "Making it…");
  const pkcs8 = await newKey();
  const file = await encryptKey(pkcs8, passphrase);
  const { publicKey } = await importKey(pkcs8);
  pkcs8.fill(0);
  made = { party, kid: publicKey.kid };
  /** @type {HTMLAnchorElement} */
  const link = byId("backup");
  link.href = offer(file, "application/x-pem-file");
  link.download = `${fileName(party, publicKey.kidHex)}.pem`;
  save.hidden = false;
  status.textContent = say(
    "密钥已生成，尚未启用：请保存备份并打开它。",
    "The key is made, and not in use yet: save its backup and open it.",
  );
  byId("save-title").focus();
}

/** Opens the file that is chosen in a form, and keeps its key for a party. @param {string} form
 *  @param {(kid: Uint8Array) => string} party whose it is, by its thumbprint; throws where it must not be kept */
async function open(form, party) {
  const text = await chosenText(`${form}-file`);
  status.textContent = say("正在打开…", "Opening it…");
  const pkcs8 = await decrypted(form, text);
  const key = await atField(`${form}-file`, () => importKey(pkcs8));
  pkcs8.fill(0);
  const whose = party(key.publicKey.kid);
  await keepKey({
    kid: key.publicKey.kidHex,
    party: whose,
    log,
    coseKey: key.publicKey.coseKey,
    proof: await provePossession(key, whose, log),
    privateKey: key.privateKey,
    addedOn: shanghaiDate(Math.floor(Date.now() / 1000)),
  });
  for (const id of [`${form}-passphrase`, "make-passphrase", "make-again"]) {
    /** @type {HTMLInputElement} */ (byId(id)).value = "";
  }
  await show();
  status.textContent = say("密钥已启用。", "The key is in use.");
  byId("own-title").focus();
}

/** @param {string} form @param {string} text */
async function decrypted(form, text) {
  try {
    return await decryptKey(text, typed(`${form}-passphrase`));
  } catch (error) {
    if (error instanceof Malformed) throw new FieldError(`${form}-file`, error.zh, error.en);
    if (error instanceof Refuted) throw new FieldError(`${form}-passphrase`, error.zh, error.en);
    throw error;
  }
}

async function check() {
  await open("check", (kid) => {
    if (made === null || !equal(made.kid, kid)) {
      throw new FieldError(
        "check-file",
        "这是另一把密钥的文件，不是刚才生成的",
        "the file of another key, not of the one just made",
      );
    }
    return made.party;
  });
  made = null;
  save.hidden = true;
}

async function openBackup() {
  const party = await atField("open-party", () => partyOf(typed("open-party")));
  await open("open", () => party);
}

/** Shows the keys of this browser, each with what a registrar needs. */
async function show() {
  const found = await allKeys();
  keyList.replaceChildren(...(await Promise.all(found.map(shown))));
  own.hidden = found.length === 0;
}

/** @param {StoredKey} stored */
async function shown(stored) {
  const publicKey = await decodeKey(stored.coseKey);
  // as `credit-ledger key show --json --party … --audience …` writes it
  const document_ = {
    kind: publicKey.kind,
    kid: stored.kid,
    key: hex(stored.coseKey),
    pem: publicPem(publicKey),
    proof: hex(stored.proof),
    party: stored.party,
    audience: stored.log,
  };
  const text = `${JSON.stringify(document_, null, 2)}\n`;
  const section = element("div", "own-key");
  section.dataset.kid = stored.kid;
  const facts = element("dl", "facts");
  for (const [name, value] of [
    [say("主体", "Party"), stored.party],
    [say("指纹", "Thumbprint"), (stored.kid.match(/.{8}/g) ?? []).join(" ")], // to be read out
    [say("账本", "Log"), stored.log],
    [say("加入", "Added"), stored.addedOn],
  ]) {
    const term = element("dd");
    term.append(element("code", "", value));
    facts.append(element("dt", "", name), term);
  }
  const label = element("label", "", say("公钥与持有证明，交给登记员", "Public key and proof, for the registrar"));
  const box = element("textarea", "handed", text);
  box.id = `handed-${stored.kid}`;
  label.htmlFor = box.id;
  box.readOnly = true;
  box.rows = 7;
  section.append(facts, await requestPart(stored), label, box, acts(stored, text));
  return section;
}

/** @param {StoredKey} stored @param {string} text */
function acts(stored, text) {
  const row = element("div", "acts");
  const copy = element("button", "button small", say("复制", "Copy"));
  copy.addEventListener("click", () => {
    void during(async () => {
      await navigator.clipboard.writeText(text);
      status.textContent = say("已复制。", "Copied.");
    });
  });
  const download = element("a", "button plain small", say("下载", "Download"));
  download.href = offer(text, "application/json");
  download.download = `${fileName(stored.party, stored.kid)}.key.json`;
  const forget = element("button", "button plain small", say("从本浏览器移除", "Remove from this browser"));
  forget.addEventListener("click", () => {
    const asked = say("移除后，只有备份能再打开这把密钥。移除吗？", "Only its backup opens this key again. Remove it?");
    if (!confirm(asked)) return;
    void during(async () => {
      await forgetKey(stored.kid);
      await show();
      status.textContent = say("已移除。", "Removed.");
    });
  });
  for (const one of [copy, forget]) one.type = "button";
  row.append(copy, download, forget);
  return row;
}

async function begin() {
  if (globalThis.crypto?.subtle === undefined || globalThis.indexedDB === undefined) {
    byId("problem").textContent = say(
      "这个浏览器或连接不能生成密钥：须用 https 和较新的浏览器。",
      "Keys cannot be made in this browser or over this connection: it takes https, and a current browser.",
    );
    return;
  }
  for (const one of document.querySelectorAll("[data-needs-script]"))
    if (one instanceof HTMLElement) one.hidden = false;
  onSubmit("make", make);
  onSubmit("check", check);
  onSubmit("open", openBackup);
  addEventListener("pagehide", () => {
    for (const address of offered) URL.revokeObjectURL(address);
    offered = [];
  });
  await during(show);
  document.documentElement.dataset.ready = "yes";
}

void begin();
