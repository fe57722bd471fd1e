/**
 * A service worker for `/verify` alone: keeps the page and its modules, so that files can be verified without network.
 *
 * Its address names the version of all assets: another version is another worker with a cache of its own. The page itself
 * is asked for first and taken from the cache only where there is no answer. Everything else, the trust file above all,
 * goes to the network untouched.
 */

const MODULES = [
  "acknowledgement.js",
  "bundle.js",
  "bytes.js",
  "catalogue.js",
  "cbor.js",
  "certificate.js",
  "certificate_wording.js",
  "chain.js",
  "complete.js",
  "der.js",
  "ed25519.js",
  "errors.js",
  "events.js",
  "evidence.js",
  "json.js",
  "keys.js",
  "limits.js",
  "map.js",
  "merkle.js",
  "note.js",
  "pades.js",
  "page.js",
  "parties.js",
  "party_rules.js",
  "pdf.js",
  "pin.js",
  "policy.js",
  "policy_rules.js",
  "receipt.js",
  "report.js",
  "sign1.js",
  "standing.js",
  "statement.js",
  "subject.js",
  "succession.js",
  "texts.js",
  "trust.js",
  "verify.js",
  "view.js",
  "witnessed.js",
  "wording.js",
];
const PAGE_SECONDS_MAX = 5;
const HERE = new URL("./", self.location.href);
const ASSETS = [
  ...MODULES.map((name) => new URL(name, HERE).href),
  ...["../look.css", "../icon.svg"].map((name) => new URL(name, HERE).href),
];
const worker = /** @type {any} */ (self);
const PAGE = new URL(worker.registration.scope).pathname;
const CACHE = `verify ${PAGE} ${HERE.pathname}`;

self.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(fill()));
self.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(takeOver()));
self.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { pathname } = new URL(request.url);
  if (request.method !== "GET") return;
  if (ASSETS.includes(request.url)) event.respondWith(kept(request));
  else if (request.mode === "navigate" && pathname === PAGE) event.respondWith(page(request));
});

async function fill() {
  const cache = await caches.open(CACHE);
  await cache.addAll([PAGE, ...ASSETS]);
  await worker.skipWaiting();
}

async function takeOver() {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith(`verify ${PAGE} `) && name !== CACHE).map((name) => caches.delete(name)),
  );
  await worker.clients.claim();
}

/** @param {Request} request @returns {Promise<Response>} */
async function kept(request) {
  // The same bytes for everybody, although CORS makes them vary by origin.
  return (await caches.match(request, { cacheName: CACHE, ignoreVary: true })) ?? fetch(request);
}

/** @param {Request} request @returns {Promise<Response>} */
async function page(request) {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(PAGE_SECONDS_MAX * 1000) });
  } catch (error) {
    const found = await caches.match(PAGE, { cacheName: CACHE, ignoreVary: true });
    if (found !== undefined) return found;
    throw error;
  }
}
