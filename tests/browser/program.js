// What tests ask of the program in the page: batches in, verdicts out. Read by `program.py`, never served.
async ([what, given]) => {
  const base = document.querySelector("script[type=module]").src.replace("page.js", "");
  const load = (name) => import(`${base}${name}.js`);
  const [verify, trusts, errors, evidence, complete, standing, acknowledgement, report, keys, pin] = await Promise.all(
    ["verify", "trust", "errors", "evidence", "complete", "standing", "acknowledgement", "report", "keys", "pin"].map(load),
  );
  const bytes = (text) => (text === null ? null : Uint8Array.from(atob(text), (one) => one.charCodeAt(0)));
  const judged = async (work) => {
    try {
      return { verdict: "verified", ...(await work()) };
    } catch (error) {
      if (error instanceof errors.Uncheckable) return { verdict: "uncheckable", why: error.en };
      if (error instanceof errors.VerificationError) return { verdict: "refuted", why: error.en };
      return { verdict: "defect", why: String(error.stack) };
    }
  };
  const said = (steps) => steps.taken.map(({ zh, en }) => [zh, en]);
  const known = new Map();
  const trustOf = async (text) => {
    if (!known.has(text)) known.set(text, await trusts.parseTrust(bytes(text)));
    return known.get(text);
  };

  const one = {
    async trust({ data }) {
      await trusts.parseTrust(bytes(data));
      return { steps: [], closed: false };
    },
    async entry(line) {
      const [steps, proofs] = [new report.Steps(), line.proofs.map(bytes)];
      const trust = await trustOf(line.trust);
      const found = await evidence.verifyEntry(
        bytes(line.data),
        bytes(line.evidence),
        trust,
        steps,
        bytes(line.body),
        proofs,
      );
      return { steps: said(steps), closed: found.event === null };
    },
    async head({ data, trust }) {
      const steps = new report.Steps();
      await complete.verifyHead(bytes(data), await trustOf(trust), steps);
      return { steps: said(steps), closed: false };
    },
    async standing({ data, trust, now }) {
      const steps = new report.Steps();
      await standing.verifyStanding(bytes(data), await trustOf(trust), steps, now);
      return { steps: said(steps), closed: false };
    },
    async acknowledgement({ data, trust, statement }) {
      const steps = new report.Steps();
      await acknowledgement.verifyAcknowledgement(bytes(data), bytes(statement), await trustOf(trust), steps);
      return { steps: said(steps), closed: false };
    },
    async signature({ key, alg, signature, message }) {
      await (await keys.decodeKey(bytes(key))).verify(alg, bytes(signature), bytes(message));
      return {};
    },
  };

  if (what === "recorded") return Promise.all(given.map((line) => judged(() => one[line.of](line))));
  if (what === "signatures") {
    keys.useNativeEd25519(given.native ? null : false);
    const found = [];
    for (const line of given.cases) found.push((await judged(() => one.signature(line))).verdict);
    keys.useNativeEd25519(null);
    return found;
  }
  if (what === "files") {
    const trust = await trustOf(given.trust);
    const files = Object.entries(given.files).map(([name, data]) => ({ name, data: bytes(data) }));
    return verify.verifyFiles(files, trust, given.now);
  }
  if (what === "flips") {
    const trust = await trustOf(given.trust);
    const files = Object.entries(given.files).map(([name, data]) => ({ name, data: bytes(data) }));
    const passed = [];
    for (const [at, mask] of given.flips) {
      const changed = files.map(({ name, data }) => ({ name, data: data.slice() }));
      changed[0].data[at] ^= mask; // the first file is the one that is changed
      const reports = await verify.verifyFiles(changed, trust, given.now);
      if (reports.some(({ verdict, steps }) => verdict === "verified" && steps.length > 0)) passed.push([at, mask]);
    }
    return passed;
  }
  if (what === "trust flips") {
    const passed = [];
    for (const [at, mask] of given.flips) {
      const kept = new Map();
      const store = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) };
      await pin.compareTrust(store, bytes(given.trust), "2026-03-15");
      const changed = bytes(given.trust);
      changed[at] ^= mask;
      if ((await pin.compareTrust(store, changed, "2026-03-16")).state !== "changed") passed.push([at, mask]);
    }
    return passed;
  }
  throw new Error(`unknown: ${what}`);
};
