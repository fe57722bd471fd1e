/**
 * The page `/verify`: files are dropped or chosen, verified under the pinned trust file, and reported on.
 *
 * Nothing is sent anywhere. The one thing that is asked of the service is its trust file, to be compared.
 */

import { compareTrust, settle } from "./pin.js";
import { textsOf } from "./texts.js";
import { parseTrust } from "./trust.js";
import { VerificationError } from "./errors.js";
import { equal } from "./bytes.js";

/** @typedef {import("./verify.js").Report} Report */
/** @typedef {import("./verify.js").Kind} Kind */
/** @typedef {import("./verify.js").Dropped} Dropped */

const FILE_BYTES_MAX = 256 * 1024 * 1024;
const TRUST_SECONDS_MAX = 10;
const DIGITS = 8; // of the new digest, to be typed before it is believed
const language = document.documentElement.lang.startsWith("en") ? "en" : "zh";
const texts = textsOf(language);

/** @type {Map<string, Dropped>} by name: what is dropped again takes its former place */
const files = new Map();
/** @type {import("./pin.js").Comparison} */
let compared = { state: "none", pinned: null, offered: null, fields: [] };
/** @type {import("./trust.js").Trust | null} */
let trust = null;
let round = 0;

/** @template {HTMLElement} T @param {string} id @returns {T} */
function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (found);
}

/** @type {HTMLInputElement} */
const chooser = byId("files");
const [drop, status, reports, clear] = ["drop", "status", "reports", "clear"].map((id) => byId(id));
const [trustSaid, trustDigest, alarm] = ["trust-said", "trust-digest", "alarm"].map((id) => byId(id));

/** The day by this device's clock. */
const today = () => new Date().toISOString().slice(0, 10);

/** The service's trust file as it is now, null if it cannot be had. @returns {Promise<Uint8Array | null>} */
async function offeredTrust() {
  try {
    const signal = AbortSignal.timeout(TRUST_SECONDS_MAX * 1000);
    const response = await fetch("/.well-known/credit-ledger-trust.json", { cache: "no-store", signal });
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
  } catch {
    return null;
  }
}

async function believe() {
  compared = await compareTrust(localStorage, await offeredTrust(), today());
  await showTrust();
}

async function showTrust() {
  const { state, pinned, offered, fields } = compared;
  const since = state === "same" || state === "kept" ? (pinned?.since ?? "") : "";
  trustSaid.textContent = state === "changed" ? texts.changed : `${texts[state]}${since}`;
  trustDigest.textContent = pinned?.digest ?? "";
  alarm.hidden = state !== "changed";
  byId("digest-pinned").textContent = `${pinned?.digest} (${pinned?.since})`;
  byId("digest-offered").textContent = offered?.digest ?? "";
  byId("alarm-fields").textContent = fields.length > 0 ? texts.fields + fields.join(", ") : "";
  trust = null;
  if (pinned === null || state === "changed") return;
  try {
    trust = await parseTrust(pinned.file);
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    trustSaid.textContent = texts.broken + error[language];
  }
}

/** Believes what a person decided, and verifies everything again. @param {"pinned" | "offered"} which */
async function decide(which) {
  const { pinned, offered } = compared;
  const chosen = which === "offered" && offered !== null ? await settle(localStorage, offered.file, today()) : pinned;
  compared = { state: "kept", pinned: chosen, offered: null, fields: [] };
  if (which === "offered") compared.state = "same";
  await showTrust();
  await verifyAll();
}

/** A trust file that was dropped is compared, not used. @param {Dropped} file @returns {Report} */
function onTrustFile({ name, data }) {
  const same = compared.pinned !== null && equal(compared.pinned.file, data);
  const said = {
    zh: textsOf("zh")[same ? "sameDropped" : "otherDropped"],
    en: textsOf("en")[same ? "sameDropped" : "otherDropped"],
  };
  const steps = same ? [{ ...said, source: /** @type {const} */ ("trust"), key: null }] : [];
  const why = same ? null : said;
  return { name, kind: "trust", verdict: same ? "verified" : "refuted", steps, notShown: [], why, said: [] };
}

/** @param {Dropped} file @param {Kind} kind @param {"undecided" | "none"} why @returns {Report} */
function unverified({ name }, kind, why) {
  return {
    name,
    kind,
    verdict: "uncheckable",
    steps: [],
    notShown: [],
    why: { zh: textsOf("zh")[why], en: textsOf("en")[why] },
    said: [],
  };
}

/**
 * The verifier itself, most of what there is to load: asked for with the first file, so that the page stands before; what
 * the worker keeps is there already.
 */
async function verifier() {
  const [verify, view] = await Promise.all([import("./verify.js"), import("./view.js")]);
  return { ...verify, ...view };
}

async function verifyAll() {
  round += 1;
  const mine = round;
  const all = [...files.values()];
  clear.hidden = all.length === 0;
  if (all.length === 0) {
    reports.replaceChildren();
    status.textContent = "";
    return;
  }
  status.textContent = texts.working;
  /** @type {Awaited<ReturnType<typeof verifier>>} */
  let program;
  try {
    program = await verifier();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    status.textContent = texts.unloaded;
    return;
  }
  const { kindOfFile, reportSection, verifyFiles } = program;
  const ofTrust = all.filter(({ data }) => kindOfFile(data) === "trust");
  const others = all.filter((file) => !ofTrust.includes(file));
  /** @type {Report[]} */
  let found;
  if (trust === null)
    found = others.map((file) =>
      unverified(file, kindOfFile(file.data), compared.state === "changed" ? "undecided" : "none"),
    );
  else found = await verifyFiles(others, trust, Math.floor(Date.now() / 1000));
  if (mine !== round) return; // more files came meanwhile: theirs is the report
  reports.replaceChildren(
    ...[...ofTrust.map(onTrustFile), ...found].map((report) => reportSection(report, texts, language)),
  );
  status.textContent = texts.done;
}

/** @param {Iterable<File>} dropped */
async function take(dropped) {
  for (const file of dropped) {
    if (file.size > FILE_BYTES_MAX) {
      const said = document.createElement("p");
      said.className = "reason";
      said.textContent = `${file.name}: ${texts.tooLarge}`;
      reports.prepend(said);
      continue;
    }
    files.set(file.name, { name: file.name, data: new Uint8Array(await file.arrayBuffer()) });
  }
  await verifyAll();
}

function listen() {
  chooser.addEventListener("change", () => {
    void take([...(chooser.files ?? [])]).then(() => {
      chooser.value = "";
    });
  });
  clear.addEventListener("click", () => {
    files.clear();
    void verifyAll();
    chooser.focus();
  });
  for (const type of ["dragenter", "dragover"]) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    void take([...(event.dataTransfer?.files ?? [])]);
  });
  byId("keep-pinned").addEventListener("click", () => void decide("pinned"));
  byId("take-offered").addEventListener("submit", (event) => {
    event.preventDefault();
    /** @type {HTMLInputElement} */
    const typed = byId("typed-digest");
    const right = typed.value.trim().toLowerCase() === compared.offered?.digest.slice(0, DIGITS);
    byId("typed-wrong").textContent = right ? "" : texts.mismatch;
    if (right) void decide("offered");
  });
}

/** Keeps the page and its modules for use without network; nothing else is ever kept or answered by the worker. */
async function keepOffline() {
  if (!("serviceWorker" in navigator)) return;
  const worker = new URL("./worker.js", import.meta.url);
  await navigator.serviceWorker.register(worker, { scope: location.pathname });
  await navigator.serviceWorker.ready;
  byId("offline").textContent = texts.offline;
}

async function begin() {
  for (const one of document.querySelectorAll("[data-needs-script]"))
    if (one instanceof HTMLElement) one.hidden = false;
  if (globalThis.crypto?.subtle === undefined) {
    trustSaid.textContent = texts.insecure;
    return;
  }
  listen();
  await believe();
  await verifyAll();
  document.documentElement.dataset.ready = "yes";
  await keepOffline().catch((error) => console.warn("not kept for use without network:", error));
}

void begin();
