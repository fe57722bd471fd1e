/**
 * Key files: PKCS#8 in PEM, encrypted by PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC (RFC 5958, 8018, 7468), as
 * `credit-ledger key new` writes them. Either program opens what the other wrote.
 */

import { base64, concat, equal, source, unbase64, unhex, utf8 } from "../verify/bytes.js";
import { Malformed, Refuted } from "../verify/errors.js";
import { BIT_STRING, DerReader, element, integer, OCTET_STRING, SEQUENCE } from "./der.js";

// Object identifiers, as elements
const PBES2 = unhex("06092a864886f70d01050d"); // RFC 8018 §A.4
const PBKDF2 = unhex("06092a864886f70d01050c"); // RFC 8018 §A.2
const HMAC_SHA256 = unhex("300c06082a864886f70d02090500"); // RFC 8018 §B.1.2, with its NULL
const AES_256_CBC = unhex("060960864801650304012a"); // RFC 8018 §B.2.5
const EC_PUBLIC_KEY = unhex("06072a8648ce3d0201"); // RFC 5480 §2.1.1
const P256 = unhex("06082a8648ce3d030107"); // RFC 5480 §2.1.1.1
const ED25519 = unhex("06032b6570"); // RFC 8410 §3

const [PARAMETERS, PUBLIC_KEY] = [0xa0, 0xa1]; // of ECPrivateKey, RFC 5915 §3
const ITERATIONS = 600_000; // of our own files; others say theirs
const ITERATIONS_MAX = 10_000_000;
const [SALT_BYTES, SALT_BYTES_MAX, IV_BYTES, KEY_BYTES] = [16, 64, 16, 32];
const FILE_CHARS_MAX = 16_384;
const LINE = 64; // RFC 7468 §2
const PEM = /^-----BEGIN ([A-Z ]+)-----\n([A-Za-z0-9+/=\n]+)\n-----END ([A-Z ]+)-----\n?$/;
export const ENCRYPTED = "ENCRYPTED PRIVATE KEY";

/** @param {string} label @param {Uint8Array} data @returns {string} RFC 7468 §2, lines of 64 */
export function pem(label, data) {
  const lines = base64(data).match(new RegExp(`.{1,${LINE}}`, "g")) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** The encrypted file of a private key in PKCS#8. @param {Uint8Array} pkcs8 @param {string} passphrase
 *  @returns {Promise<string>} */
export async function encryptKey(pkcs8, passphrase) {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const key = await derived(passphrase, salt, ITERATIONS, "encrypt");
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv }, key, source(pkcs8)));
  const derivation = element(
    SEQUENCE,
    PBKDF2,
    element(SEQUENCE, element(OCTET_STRING, salt), integer(ITERATIONS), HMAC_SHA256),
  );
  const scheme = element(SEQUENCE, AES_256_CBC, element(OCTET_STRING, iv));
  const algorithm = element(SEQUENCE, PBES2, element(SEQUENCE, derivation, scheme));
  return pem(ENCRYPTED, element(SEQUENCE, algorithm, element(OCTET_STRING, sealed)));
}

/**
 * The PKCS#8 of a P-256 key in an encrypted file. Throws `Malformed` (no such file, another kind of key), `Refuted`
 * (a wrong passphrase).
 *
 * @param {string} file @param {string} passphrase @returns {Promise<Uint8Array>}
 */
export async function decryptKey(file, passphrase) {
  const pkcs8 = await decryptPem(file, passphrase);
  checkP256(pkcs8);
  return pkcs8;
}

/**
 * The PKCS#8 in an encrypted file, of whatever kind its key is. Throws `Malformed`, `Refuted` (a wrong passphrase).
 *
 * @param {string} file @param {string} passphrase @returns {Promise<Uint8Array>}
 */
export async function decryptPem(file, passphrase) {
  const { salt, iterations, iv, sealed } = encryptedParts(unwrapped(file));
  const key = await derived(passphrase, salt, iterations, "decrypt");
  /** @type {ArrayBuffer} */
  let opened;
  try {
    opened = await crypto.subtle.decrypt({ name: "AES-CBC", iv: source(iv) }, key, source(sealed));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    throw wrongPassphrase();
  }
  const pkcs8 = new Uint8Array(opened);
  // one wrong passphrase in 256 leaves a padding that looks right, and then no PrivateKeyInfo
  if (!looksRight(pkcs8)) throw wrongPassphrase();
  return pkcs8;
}

/** Whether the bytes are one sequence that begins with a version. @param {Uint8Array} pkcs8 */
function looksRight(pkcs8) {
  try {
    const reader = new DerReader(pkcs8);
    reader.sequence().integer();
    reader.end();
    return true;
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

const wrongPassphrase = () =>
  new Refuted("口令不对，或文件已损坏", "the passphrase is wrong, or the file is damaged");

/** The PKCS#8 of a file that is not encrypted; null for one that is. Throws `Malformed`. @param {string} file
 *  @returns {Uint8Array | null} */
export function plainPem(file) {
  const match = file.length > FILE_CHARS_MAX ? null : PEM.exec(file.replaceAll("\r\n", "\n"));
  return match !== null && match[1] === "PRIVATE KEY" && match[3] === "PRIVATE KEY"
    ? unbase64(match[2].replaceAll("\n", ""))
    : null;
}

/** The DER of the one PEM block in a file. @param {string} file */
function unwrapped(file) {
  const match = file.length > FILE_CHARS_MAX ? null : PEM.exec(file.replaceAll("\r\n", "\n"));
  if (match === null || match[1] !== match[3]) {
    throw new Malformed("不是密钥文件（PEM）", "not a key file (PEM)");
  }
  if (match[1] === "PRIVATE KEY") {
    throw new Malformed(
      "该密钥文件没有加密：请用带口令的文件",
      "this key file is not encrypted: use one with a passphrase",
    );
  }
  if (match[1] !== ENCRYPTED) throw new Malformed("文件中不是私钥", "the file holds no private key");
  return unbase64(match[2].replaceAll("\n", ""));
}

/** @param {Uint8Array} data EncryptedPrivateKeyInfo, RFC 5958 §3 */
function encryptedParts(data) {
  const reader = new DerReader(data);
  const info = reader.sequence();
  reader.end();
  const algorithm = info.sequence();
  const sealed = info.take(OCTET_STRING);
  info.end();
  algorithm.expect(PBES2, "PBES2");
  const parameters = algorithm.sequence();
  algorithm.end();
  const derivation = parameters.sequence();
  const scheme = parameters.sequence();
  parameters.end();
  derivation.expect(PBKDF2, "PBKDF2");
  const rounds = derivation.sequence();
  derivation.end();
  const salt = rounds.take(OCTET_STRING);
  const iterations = rounds.integer();
  if (rounds.tag === 0x02 && rounds.integer() !== KEY_BYTES) throw unlike();
  rounds.expect(HMAC_SHA256, "HMAC-SHA-256");
  rounds.end();
  scheme.expect(AES_256_CBC, "AES-256-CBC");
  const iv = scheme.take(OCTET_STRING);
  scheme.end();
  const bounded = iterations > 0 && iterations <= ITERATIONS_MAX && salt.length <= SALT_BYTES_MAX;
  if (!bounded || iv.length !== IV_BYTES) throw unlike();
  return { salt, iterations, iv, sealed };
}

const unlike = () =>
  new Malformed("密钥文件的加密参数不受支持", "the key file is encrypted in a way that is not supported");

/** Whether it is a P-256 key (RFC 5958 §2, RFC 5915 §3). Throws `Malformed`, by name. @param {Uint8Array} pkcs8 */
export function checkP256(pkcs8) {
  const reader = new DerReader(pkcs8);
  const info = reader.sequence();
  reader.end();
  if (info.integer() !== 0) throw unlike();
  const algorithm = info.take(SEQUENCE);
  if (equal(algorithm, ED25519)) {
    throw new Malformed(
      "这是 Ed25519 密钥，请在命令行使用；浏览器中用 P-256 密钥（key new --kind p256）",
      "an Ed25519 key, for the command line; the browser takes P-256 ones (key new --kind p256)",
    );
  }
  if (!equal(algorithm, concat(EC_PUBLIC_KEY, P256))) {
    throw new Malformed("不是 P-256 密钥", "not a key of the curve P-256");
  }
  const outer = new DerReader(info.take(OCTET_STRING));
  info.end();
  const key = outer.sequence();
  outer.end();
  if (key.integer() !== 1 || key.take(OCTET_STRING).length !== KEY_BYTES) throw unlike();
  if (key.tag === PARAMETERS && !equal(key.take(PARAMETERS), P256)) throw unlike();
  if (key.tag === PUBLIC_KEY) {
    const point = new DerReader(key.take(PUBLIC_KEY));
    const bits = point.take(BIT_STRING);
    point.end();
    if (bits.length !== 66 || bits[0] !== 0 || bits[1] !== 4) throw unlike();
  }
  key.end();
}

/** @param {string} passphrase @param {Uint8Array} salt @param {number} iterations @param {"encrypt" | "decrypt"} use */
async function derived(passphrase, salt, iterations, use) {
  const word = await crypto.subtle.importKey("raw", source(utf8(passphrase)), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: source(salt), iterations };
  return crypto.subtle.deriveKey(how, word, { name: "AES-CBC", length: 8 * KEY_BYTES }, false, [use]);
}
