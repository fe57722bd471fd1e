// What tests ask of the key files' program in the page: batches in, answers out. Read by `test_key_files.py`, never served.
async ([what, given]) => {
  const base = document.querySelector("script[type=module]").src.replace("key_page.js", "");
  const load = (name) => import(`${base}${name}.js`);
  const names = ["key_file", "signing", "der", "fields", "../verify/errors"];
  const [files, signing, der, fields, errors] = await Promise.all(names.map(load));
  const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const text = (data) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
  const judged = async (work) => {
    try {
      return { found: await work() };
    } catch (error) {
      if (error instanceof errors.VerificationError) return { refused: error.constructor.name, why: error.en };
      return { defect: String(error.stack) };
    }
  };
  const one = {
    async open({ file, passphrase }) {
      const pkcs8 = await files.decryptKey(file, passphrase);
      const key = await signing.importKey(pkcs8);
      return { kid: key.publicKey.kidHex, pem: signing.publicPem(key.publicKey) };
    },
    async write({ passphrase }) {
      const pkcs8 = await signing.newKey();
      const key = await signing.importKey(pkcs8);
      return { kid: key.publicKey.kidHex, file: await files.encryptKey(pkcs8, passphrase) };
    },
    async sign({ file, passphrase, data }) {
      const key = await signing.importKey(await files.decryptKey(file, passphrase));
      return Promise.all(data.map(async (item) => text(await signing.sign(key, bytes(item)))));
    },
    async proof({ file, passphrase, party, log }) {
      const key = await signing.importKey(await files.decryptKey(file, passphrase));
      return text(await signing.provePossession(key, party, log));
    },
    async low({ signature }) {
      return text(signing.lowS(bytes(signature)));
    },
    async integer({ number }) {
      const encoded = der.integer(number);
      return { encoded: text(encoded), again: new der.DerReader(encoded).integer() };
    },
    async read_integer({ data }) {
      const reader = new der.DerReader(bytes(data));
      const number = reader.integer();
      reader.end();
      return number;
    },
    async octets({ size }) {
      const encoded = der.element(der.OCTET_STRING, new Uint8Array(size));
      return { encoded: text(encoded), again: new der.DerReader(encoded).take(der.OCTET_STRING).length };
    },
    async read_octets({ data }) {
      const reader = new der.DerReader(bytes(data));
      const found = reader.take(der.OCTET_STRING);
      reader.end();
      return text(found);
    },
    async party({ typed }) {
      return fields.partyOf(typed);
    },
  };
  return Promise.all(given.map((line) => judged(() => one[what](line))));
}
