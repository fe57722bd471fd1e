// What tests ask of the statements' program in the page: fields in, bytes out. Read by `test_statements.py`, never served.
async ([what, given]) => {
  const load = (name) => import(`/static/${name}.js`);
  const [statements, signing, errors] = await Promise.all(
    ["desk/statement", "desk/signing", "verify/errors"].map(load),
  );
  const bytes = (text) => (text === null ? null : Uint8Array.from(atob(text), (one) => one.charCodeAt(0)));
  const text = (data) =>
    data === null ? null : btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
  const judged = async (work) => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof errors.VerificationError) {
        return { refused: error.constructor.name, zh: error.zh, en: error.en, rule: error.rule };
      }
      return { defect: String(error.stack) };
    }
  };
  const one = {
    async make({ key, frame, content }) {
      const signer = await signing.importKey(bytes(key));
      const filled = { ...frame };
      for (const name of ["cti", "salt"]) if (name in frame) filled[name] = bytes(frame[name]);
      const draft = await statements.buildStatement(signer, filled, content);
      const said = await statements.readStatement(draft.bytes, draft.body);
      return { statement: text(await statements.signStatement(signer, draft)), body: text(draft.body), said };
    },
    async read({ statement, body }) {
      return { said: await statements.readStatement(bytes(statement), bytes(body)) };
    },
    async sign_for_another({ key, other, frame, content }) {
      const draft = await statements.buildStatement(await signing.importKey(bytes(key)), frame, content);
      return { statement: text(await statements.signStatement(await signing.importKey(bytes(other)), draft)) };
    },
    async submit({ statement, body }) {
      const { receipt = null, ...outcome } = await statements.submit(bytes(statement), bytes(body));
      return { outcome, receipt: text(receipt) };
    },
  };
  return Promise.all(given.map((line) => judged(() => one[what](line))));
};
