/**
 * The secret from which what a party imports gets its names, as `ledger/keys/naming_secret.py` has it: opened from its
 * file, or made of the party's only key, and kept in this browser as an object that derives and cannot be read out.
 */

import { concat, equal, hex, sha256, source, unhex, utf8 } from "../verify/bytes.js";
import { Malformed, Refuted } from "../verify/errors.js";
import { checkP256, decryptPem, encryptKey, plainPem } from "./key_file.js";
import { importKey } from "./signing.js";

/** @typedef {{value: Uint8Array, fromKey: boolean}} OpenedSecret */

const HMAC = { name: "HMAC", hash: "SHA-256" };
const X25519 = unhex("302e020100300506032b656e04220420"); // PKCS#8 before the 32 bytes, RFC 8410 §7
const [SECRET_BYTES, DERIVED_BYTES_MAX] = [32, 32];
const [DATABASE, SECRETS] = ["credit-ledger-import", "secrets"];

/** Derives names; the secret itself stays where it is. */
export class NamingSecret {
  /** @param {CryptoKey} key an HMAC key @param {string} fingerprint by which people compare two copies */
  constructor(key, fingerprint) {
    this.key = key;
    this.fingerprint = fingerprint;
  }

  /** @param {Uint8Array} value 32 bytes @returns {Promise<NamingSecret>} */
  static async of(value) {
    if (value.length !== SECRET_BYTES) throw new Malformed("导入密文长度不对", "not a secret of 32 bytes");
    const key = await crypto.subtle.importKey("raw", source(value), HMAC, false, ["sign"]);
    const digest = await sha256(utf8("credit-ledger secret\0"), value);
    return new NamingSecret(key, hex(digest).slice(0, 16));
  }

  /** Bytes that only a holder of the secret can tell from `identity`: HKDF-Expand with SHA-256 (RFC 5869 §2.3), one
   *  block of it. @param {string} label keeps uses apart @param {Uint8Array} identity @param {number} length
   *  @returns {Promise<Uint8Array>} */
  async derive(label, identity, length = 16) {
    if (length > DERIVED_BYTES_MAX) throw new Error("one block of 32 bytes at most");
    const info = concat(utf8(`credit-ledger\0${label}\0`), identity, Uint8Array.of(1));
    return new Uint8Array(await crypto.subtle.sign(HMAC, this.key, source(info))).subarray(0, length);
  }
}

/**
 * What is in a file: a party's secret, or one of its P-256 keys, from which a secret is made that is not there yet.
 * Throws `Malformed`, `Refuted` (a wrong passphrase, another key than `kid`).
 *
 * @param {string} file @param {string} passphrase "" for a file that is not encrypted
 * @param {string} kid of the key that signs, hexadecimal @returns {Promise<OpenedSecret>}
 */
export async function openSecret(file, passphrase, kid) {
  if ((file.match(/-----BEGIN /g) ?? []).length > 1) {
    throw new Malformed(
      "文件中有多份导入密文；请用命令行 credit-ledger import 导入",
      "the file holds several secrets: import by `credit-ledger import`",
    );
  }
  const pkcs8 = passphrase === "" ? plainPem(file) : await decryptPem(file, passphrase);
  if (pkcs8 === null) throw new Malformed("文件已加密或不是密钥文件；请填写口令", "encrypted, or no such file");
  if (pkcs8.length === X25519.length + SECRET_BYTES && equal(pkcs8.subarray(0, X25519.length), X25519)) {
    return { value: pkcs8.slice(X25519.length), fromKey: false };
  }
  checkP256(pkcs8);
  if (passphrase === "") throw new Malformed("密钥的备份须是加密的", "a backup of a key is encrypted");
  const key = await importKey(pkcs8);
  if (key.publicKey.kidHex !== kid) {
    throw new Refuted("这是另一把密钥的备份", "the backup of another key than the one that is signed in");
  }
  const readable = await crypto.subtle.importKey("pkcs8", source(pkcs8), { name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
  ]);
  const { d } = await crypto.subtle.exportKey("jwk", readable);
  return { value: await extract(unbase64url(d ?? "")), fromKey: true };
}

/** The file of a secret, as `save_secrets` writes it. @param {Uint8Array} value @param {string} passphrase
 *  @returns {Promise<string>} */
export const secretFile = (value, passphrase) => encryptKey(concat(X25519, value), passphrase);

/** HKDF-Extract with SHA-256 and no salt (RFC 5869 §2.2). @param {Uint8Array} material @returns {Promise<Uint8Array>} */
async function extract(material) {
  const key = await crypto.subtle.importKey("raw", source(new Uint8Array(32)), HMAC, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign(HMAC, key, source(material)));
}

/** @param {string} party @param {string} log @param {NamingSecret} secret */
export async function keepSecret(party, log, secret) {
  await asked("readwrite", (store) =>
    store.put({ name: `${party} ${log}`, key: secret.key, fingerprint: secret.fingerprint }),
  );
}

/** The party's secret in this browser, if there is one. @param {string} party @param {string} log
 *  @returns {Promise<NamingSecret | null>} */
export async function keptSecret(party, log) {
  const found = await asked("readonly", (store) => store.get(`${party} ${log}`));
  return found === undefined ? null : new NamingSecret(found.key, found.fingerprint);
}

/** @template T @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T>} ask @returns {Promise<T>} */
async function asked(mode, ask) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(SECRETS, { keyPath: "name" });
  const database = await settled(opening);
  try {
    return await settled(ask(database.transaction(SECRETS, mode, { durability: "strict" }).objectStore(SECRETS)));
  } finally {
    database.close();
  }
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {string} text */
const unbase64url = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
