/**
 * Public keys and the closed table of signature algorithms.
 *
 * Ed25519 (as EdDSA -8 or Ed25519 -19) and ECDSA over P-256 with SHA-256 (as ES256 -7 or ESP256 -9) with low S; anything
 * else is refused by name. An Ed25519 key of small order, or not in its canonical form, is refused wherever one is read.
 */

import { concat, equal, hex, sha256, source, unbase64, unhex } from "./bytes.js";
import { decode, encode } from "./cbor.js";
import { verifyEd25519 } from "./ed25519.js";
import { Malformed, Refuted } from "./errors.js";

/** @typedef {"ed25519" | "p256"} Kind */

/** @type {ReadonlyMap<number, {name: string, kind: Kind}>} RFC 9864, RFC 9053 §2 */
export const ALGORITHMS = new Map([
  [-7, { name: "ES256", kind: "p256" }],
  [-8, { name: "EdDSA", kind: "ed25519" }],
  [-9, { name: "ESP256", kind: "p256" }],
  [-19, { name: "Ed25519", kind: "ed25519" }],
]);

const REFUSED = new Map([
  [-257, "RS256"],
  [-36, "ES512"],
  [-35, "ES384"],
  [-37, "PS256"],
  [-47, "ES256K"],
  [-48, "ML-DSA-44"],
  [-49, "ML-DSA-65"],
  [-50, "ML-DSA-87"],
  [-53, "Ed448"],
  [5, "HMAC 256/256"],
]);
const [KTY, CRV, X, Y] = [1, -1, -2, -3]; // COSE_Key, RFC 9052 §7.1 and RFC 9053 §7
const [OKP, EC2] = [1, 2];
const [CRV_P256, CRV_ED25519] = [1, 6];
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ED25519_PRIME = 2n ** 255n - 19n;
/** y coordinates of the points whose order divides 8 (RFC 8032 §5.1): anything verifies under such a key */
const SMALL_ORDER = new Set([
  0n,
  1n,
  ED25519_PRIME - 1n,
  littleEndian(unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")),
  littleEndian(unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")),
]);
const SPKI_ED25519 = unhex("302a300506032b6570032100"); // RFC 8410 §4
const SPKI_P256 = unhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"); // RFC 5480 §2, uncompressed
const PEM = /^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=\n]+)\n-----END PUBLIC KEY-----\n?$/;

/** The row of a COSE algorithm. Throws `Malformed`, naming what was asked for. @param {unknown} number */
export function algorithm(number) {
  const row = typeof number === "number" ? ALGORITHMS.get(number) : undefined;
  if (row !== undefined) return row;
  const name =
    typeof number === "number" && REFUSED.has(number) ? `${REFUSED.get(number)} (${number})` : String(number);
  throw new Malformed(`不支持签名算法 ${name}`, `signature algorithm ${name} is not supported`);
}

/** A public key of the table: `coseKey` is its deterministic COSE_Key, `kid` that one's SHA-256 (RFC 9679). */
export class PublicKey {
  /** @param {Kind} kind @param {Uint8Array} raw 32 bytes, or 65 of an uncompressed point @param {Uint8Array} coseKey
   *  @param {Uint8Array} kid */
  constructor(kind, raw, coseKey, kid) {
    this.kind = kind;
    this.raw = raw;
    this.coseKey = coseKey;
    this.kid = kid;
    this.kidHex = hex(kid);
  }

  /**
   * Checks a raw signature of 64 bytes (r ‖ s for ECDSA, RFC 9053 §2.1). Throws `Refuted`, `Malformed`.
   *
   * @param {number} alg @param {Uint8Array} signature @param {Uint8Array} data @returns {Promise<void>}
   */
  async verify(alg, signature, data) {
    const row = algorithm(alg);
    if (row.kind !== this.kind) {
      throw new Refuted(
        `算法 ${row.name} 与密钥种类不符`,
        `algorithm ${row.name} does not go with a key of kind ${this.kind}`,
      );
    }
    if (signature.length !== 64) throw new Refuted("签名不是 64 字节", "a signature is 64 bytes");
    const holds =
      this.kind === "p256" ? await verifyP256(this.raw, signature, data) : await verifyRaw(this.raw, signature, data);
    const kid = this.kidHex.slice(0, 16);
    if (!holds)
      throw new Refuted(
        `密钥 ${kid}… 的签名不成立：文件被改过，或不是它签的`,
        `the signature of key ${kid}… does not hold: what was signed is not this`,
      );
  }
}

/** @param {Uint8Array} raw @param {Uint8Array} signature @param {Uint8Array} data */
async function verifyP256(raw, signature, data) {
  // n - s would verify as well: with only one of the two, nobody can vary a signed statement's bytes
  if (BigInt(`0x${hex(signature.subarray(32))}`) > P256_ORDER / 2n) {
    throw new Refuted("ECDSA 签名不是 low-S 形式", "the ECDSA signature is not low-S");
  }
  return crypto.subtle.verify(
    { name: "ECDSA", hash: "SHA-256" },
    await importP256(raw),
    source(signature),
    source(data),
  );
}

/** @param {Uint8Array} raw */
function importP256(raw) {
  return crypto.subtle.importKey("raw", source(raw), { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
}

/** @type {boolean | null} whether WebCrypto here knows Ed25519; found out at the first signature */
let native = null;

/** For tests: `false` takes the fallback, `null` finds out again. @param {boolean | null} wanted */
export function useNativeEd25519(wanted) {
  native = wanted;
}

/**
 * Whether an Ed25519 signature holds, by WebCrypto or, where it does not know Ed25519, by `ed25519.js`. The key must
 * have passed `checkEd25519`.
 *
 * @param {Uint8Array} raw @param {Uint8Array} signature @param {Uint8Array} data @returns {Promise<boolean>}
 */
export async function verifyRaw(raw, signature, data) {
  if (native !== false) {
    try {
      const key = await crypto.subtle.importKey("raw", source(raw), { name: "Ed25519" }, false, ["verify"]);
      native = true;
      return await crypto.subtle.verify({ name: "Ed25519" }, key, source(signature), source(data));
    } catch (error) {
      if (native === true) return false; // it knows Ed25519, but this is no key
      if (!(error instanceof DOMException)) throw error;
      native = false;
    }
  }
  return verifyEd25519(raw, signature, data);
}

/** Throws `Malformed` for a key of small order or not in its canonical form (RFC 8032 §5.1.3). @param {Uint8Array} raw */
export function checkEd25519(raw) {
  const y = littleEndian(raw) & ((1n << 255n) - 1n);
  if (raw.length !== 32 || y >= ED25519_PRIME || SMALL_ORDER.has(y)) {
    throw new Malformed(
      "Ed25519 公钥为小阶点或非规范编码",
      "an Ed25519 key of small order, or not in its canonical form (RFC 8032 §5.1.3)",
    );
  }
}

/** @param {Uint8Array} data */
function littleEndian(data) {
  return BigInt(`0x${hex(data.slice().reverse()) || "0"}`);
}

/** @param {[number, number | Uint8Array][]} members */
const coseKeyOf = (members) => encode(new Map(members));

/** @param {Uint8Array} raw 32 bytes */
async function ed25519(raw) {
  checkEd25519(raw);
  const coseKey = coseKeyOf([
    [KTY, OKP],
    [CRV, CRV_ED25519],
    [X, raw],
  ]);
  return new PublicKey("ed25519", raw, coseKey, await sha256(coseKey));
}

/** @param {Uint8Array} x @param {Uint8Array} y 32 bytes each */
async function p256(x, y) {
  const raw = concat(Uint8Array.of(4), x, y);
  try {
    await importP256(raw);
  } catch {
    throw new Malformed("公钥不是曲线上的点", "a key that is no point of its curve");
  }
  const coseKey = coseKeyOf([
    [KTY, EC2],
    [CRV, CRV_P256],
    [X, x],
    [Y, y],
  ]);
  return new PublicKey("p256", raw, coseKey, await sha256(coseKey));
}

/** The key of a COSE_Key in its one form. Throws `Malformed`. @param {Uint8Array} data @returns {Promise<PublicKey>} */
export async function decodeKey(data) {
  const members = decode(data);
  const wrong = new Malformed(
    "不是规范的 COSE_Key（Ed25519 或 P-256）",
    "not the one form of an Ed25519 or P-256 COSE_Key",
  );
  if (!(members instanceof Map)) throw wrong;
  const [kind, x, y] = [`${members.get(KTY)} ${members.get(CRV)}`, members.get(X), members.get(Y)];
  if (!(x instanceof Uint8Array) || x.length !== 32) throw wrong;
  /** @type {PublicKey} */
  let key;
  if (kind === `${OKP} ${CRV_ED25519}`) key = await ed25519(x);
  else if (kind === `${EC2} ${CRV_P256}` && y instanceof Uint8Array && y.length === 32) key = await p256(x, y);
  else throw wrong;
  if (!equal(key.coseKey, data)) throw wrong;
  return key;
}

/** The key of a SubjectPublicKeyInfo in PEM, as trust files have it. Throws `Malformed`. @param {string} pem */
export async function loadPem(pem) {
  const match = PEM.exec(pem);
  return decodeSpki(match === null ? new Uint8Array() : unbase64(match[1].replaceAll("\n", "")));
}

/** The key of a SubjectPublicKeyInfo in DER (RFC 5280 §4.1). Throws `Malformed`. @param {Uint8Array} der */
export async function decodeSpki(der) {
  if (der.length === 44 && equal(der.subarray(0, 12), SPKI_ED25519)) return ed25519(der.subarray(12));
  if (der.length === 91 && equal(der.subarray(0, 27), SPKI_P256)) return p256(der.subarray(27, 59), der.subarray(59));
  throw new Malformed("不是 Ed25519 或 P-256 公钥", "not a public key of Ed25519 or P-256");
}
