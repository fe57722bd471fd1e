/**
 * The keys of this browser, in its IndexedDB: those alone whose backup was opened again. A private key is kept as an
 * object that signs and cannot be read out, not even by us.
 */

/**
 * @typedef {object} StoredKey
 * @property {string} kid hexadecimal; names the row
 * @property {string} party as which it signs
 * @property {string} log the origin of the log that it is for
 * @property {Uint8Array} coseKey the public half
 * @property {Uint8Array} proof of possession, for the registrar
 * @property {CryptoKey} privateKey not extractable
 * @property {string} addedOn ISO 8601
 */

const [NAME, VERSION, KEYS] = ["credit-ledger-desk", 1, "keys"];

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @returns {Promise<IDBDatabase>} */
function opened() {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => request.result.createObjectStore(KEYS, { keyPath: "kid" });
  return settled(request);
}

/** @template T @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T>} ask */
async function asked(mode, ask) {
  const database = await opened();
  try {
    const transaction = database.transaction(KEYS, mode, { durability: "strict" });
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(null);
      transaction.onabort = () => reject(transaction.error);
    });
    const found = await settled(ask(transaction.objectStore(KEYS)));
    await done;
    return found;
  } finally {
    database.close();
  }
}

/** All keys, in no order. @returns {Promise<StoredKey[]>} */
export const allKeys = () => asked("readonly", (store) => store.getAll());

/** Keeps a key, and asks the browser not to forget it. @param {StoredKey} key */
export async function keepKey(key) {
  await asked("readwrite", (store) => store.put(key));
  await navigator.storage?.persist?.();
}

/** Forgets a key of this browser: its backup opens it again. @param {string} kid */
export const forgetKey = (kid) => asked("readwrite", (store) => store.delete(kid));
