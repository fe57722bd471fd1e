/**
 * The PAdES signature of a certificate (ETSI EN 319 142-1: CMS of RFC 5652, detached, over the whole file but its own
 * place), ECDSA on P-256 with SHA-256. Every byte of it is signed, or follows from what is signed, or has one value only.
 */

import { concat, equal, sha256, unhex } from "./bytes.js";
import * as der from "./der.js";
import { Refuted, Uncheckable } from "./errors.js";
import { decodeSpki } from "./keys.js";
import { malformed, Name, Quoted } from "./pdf.js";

/** @typedef {import("./keys.js").PublicKey} PublicKey */

const FIELD = "CreditLedger";
const ES256 = -7;
const oid = {
  signedData: unhex("06092a864886f70d010702"), // RFC 5652 §5.1
  data: unhex("06092a864886f70d010701"),
  contentType: unhex("06092a864886f70d010903"), // §11.1
  messageDigest: unhex("06092a864886f70d010904"), // §11.2
  signingCertificate: unhex("060b2a864886f70d010910022f"), // RFC 5035 §3
};
const SHA256 = unhex("300d06096086480165030402010500");
const ECDSA_SHA256 = unhex("300a06082a8648ce3d040302"); // RFC 5758 §3.2
const ONE = unhex("020101");

/**
 * The key that signed the file, all of it, by the one signature that certificates have.
 *
 * @param {import("./pdf.js").Pdf} pdf @param {ReadonlyMap<string, PublicKey>} believed by thumbprint
 * @returns {Promise<PublicKey>} throws `Malformed`, `Refuted`, `Uncheckable` (a key that is not believed)
 */
export async function signedBy(pdf, believed) {
  const { contents, range } = signatureIn(pdf);
  const cms = cmsIn(pdf.latin.slice(contents.start + 1, contents.end - 1), contents.data);
  const parts = takeApart(cms);
  const key = await decodeSpki(parts.publicKey);
  if (!believed.has(key.kidHex))
    throw new Uncheckable(
      `信任文件中没有公告签名密钥 ${key.kidHex}`,
      `the trust file has no certificate key ${key.kidHex}`,
    );
  const digest = await sha256(pdf.data.subarray(0, range[1]), pdf.data.subarray(range[2]));
  checkAttributes(parts.attributes, digest, await sha256(parts.x509));
  const signed = concat(Uint8Array.of(der.SET), parts.attributesRaw.subarray(1)); // RFC 5652 §5.4
  await key.verify(ES256, der.rawSignature(parts.signature), signed);
  return key;
}

/** The signature's own string, and what it says that it covers: everything else. @param {import("./pdf.js").Pdf} pdf
 *  @returns {{contents: Quoted, range: number[]}} */
function signatureIn(pdf) {
  const form = pdf.dictionary(pdf.dictionary(pdf.trailers[0].get("Root")).get("AcroForm"));
  const fields = pdf.list(form.get("Fields"));
  if (fields.length !== 1)
    throw new Refuted("PDF 应恰有一个签名", "the PDF does not bear the one signature that certificates have");
  const field = pdf.dictionary(fields[0]);
  const title = field.get("T");
  if (!isName(field, "FT", "Sig") || !(title instanceof Quoted) || field.has("Kids") || textOf(title) !== FIELD)
    throw new Refuted("PDF 的签名域不是公告的", "the PDF's signature field is not that of certificates");
  const signature = pdf.dictionary(field.get("V"));
  const contents = signature.get("Contents");
  if (
    !isName(signature, "Type", "Sig") ||
    !isName(signature, "Filter", "Adobe.PPKLite") ||
    !isName(signature, "SubFilter", "ETSI.CAdES.detached") ||
    !(contents instanceof Quoted)
  )
    throw new Refuted("签名不是 PAdES", "the signature is not PAdES");
  const range = pdf.list(signature.get("ByteRange"));
  const [from, before, after, rest] = /** @type {number[]} */ (range);
  if (range.length !== 4 || from !== 0 || before !== contents.start || after !== contents.end)
    throw new Refuted("签名范围除签名自身外还有缺口", "the signature leaves out more of the file than its own place");
  if (after + rest < pdf.data.length)
    throw new Refuted("签名之后文件又被追加了内容", "the file was added to after it was signed: an update since then");
  if (after + rest !== pdf.data.length) throw new Refuted("签名范围超出文件", "the signature covers more than the file");
  if (pdf.trailers.length !== 2)
    throw new Refuted(
      "文件在排版与签名之间另有更新，公告没有",
      "the file was updated between being set and being signed, which no certificate is",
    );
  return { contents, range: /** @type {number[]} */ (range) };
}

/** @param {import("./pdf.js").Dictionary} dictionary @param {string} key @param {string} wanted */
function isName(dictionary, key, wanted) {
  const found = dictionary.get(key);
  return found instanceof Name && found.text === wanted;
}

/** @param {Quoted} quoted */
const textOf = ({ data }) => String.fromCharCode(...data.subarray(0, 200));

/** The CMS value; behind it zeros, and all in one spelling: nothing signs what stands here. @param {string} digits
 *  @param {Uint8Array} data @returns {Uint8Array} */
function cmsIn(digits, data) {
  const { raw } = der.first(data);
  if (/[^0-9A-F]/.test(digits) || data.subarray(raw.length).some((one) => one !== 0))
    throw malformed("签名的写法", "the spelling of the signature");
  return raw;
}

/** @param {Uint8Array} cms */
function takeApart(cms) {
  const [type, content] = der.inside(der.first(cms), der.SEQUENCE, 2);
  const [signedData] = der.inside(content, der.CONTEXT, 1);
  const [version, digests, encapsulated, certificates, signers] = der.inside(signedData, der.SEQUENCE, 5);
  const [digest] = der.inside(digests, der.SET, 1);
  const [contentType] = der.inside(encapsulated, der.SEQUENCE, 1);
  const [x509] = der.inside(certificates, der.CONTEXT, 1);
  const [signer] = der.inside(signers, der.SET, 1);
  const [signerVersion, issued, digestBy, attributes, signedBy, signature] = der.inside(signer, der.SEQUENCE, 6);
  const [tbs] = der.inside(x509, der.SEQUENCE, 3);
  const [, serial, , issuer, , , publicKey] = der.inside(tbs, der.SEQUENCE, 8);
  same(type, oid.signedData);
  same(contentType, oid.data);
  for (const one of [version, signerVersion]) same(one, ONE);
  for (const one of [digest, digestBy]) same(one, SHA256);
  same(signedBy, ECDSA_SHA256);
  if (issued.tag !== der.SEQUENCE || !equal(issued.content, concat(issuer.raw, serial.raw)))
    throw malformed("签名者不是所附证书", "the signer is not whom the X.509 certificate names");
  if (signature.tag !== der.OCTETS) throw malformed("签名值", "the value of the signature");
  return {
    x509: x509.raw,
    publicKey: publicKey.raw,
    attributes: der.inside(attributes, der.CONTEXT, 3),
    attributesRaw: attributes.raw,
    signature: signature.content,
  };
}

/** @param {der.Der[]} attributes that are signed: just the three that PAdES asks for @param {Uint8Array} digest
 *  @param {Uint8Array} x509 SHA-256 of each */
function checkAttributes(attributes, digest, x509) {
  const [type, message, certificate] = attributes.map((one) => der.inside(one, der.SEQUENCE, 2));
  same(type[0], oid.contentType);
  same(der.inside(type[1], der.SET, 1)[0], oid.data);
  same(message[0], oid.messageDigest);
  const [signed] = der.inside(message[1], der.SET, 1);
  if (signed.tag !== der.OCTETS || !equal(signed.content, digest))
    throw new Refuted("文件在签名后被改动", "the file is not what was signed: it was altered");
  same(certificate[0], oid.signingCertificate);
  const [list] = der.inside(der.inside(certificate[1], der.SET, 1)[0], der.SEQUENCE, 1);
  const [named] = der.inside(der.inside(list, der.SEQUENCE, 1)[0], der.SEQUENCE, 2); // SHA-256 is the default
  if (named.tag !== der.OCTETS || !equal(named.content, x509))
    throw new Refuted("签名指明的是另一份证书", "the signature names another X.509 certificate");
}

/** @param {der.Der} one @param {Uint8Array} wanted */
function same(one, wanted) {
  if (!equal(one.raw, wanted)) throw malformed("签名的种类", "a signature of another kind");
}
