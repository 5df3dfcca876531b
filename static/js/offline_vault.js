// What a device keeps of a shift, in IndexedDB: who and where, the keys, the forms taken along –
// each sealed by the service under a key that only the form's own code gives – and the decisions,
// sealed here under a key that this browser uses and never shows. The end of the shift deletes it.

const NAME = "refund-customs";
const ROUNDS = 1000;
let opened = null;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      for (const name of ["device", "shift", "rows"]) asked.result.createObjectStore(name);
      asked.result.createObjectStore("decisions", { keyPath: "sequence", autoIncrement: true });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/** Runs one transaction; the value is what `act` asked for, once everything is on the disk. */
async function within(names, mode, act) {
  const db = await database();
  return new Promise((resolve, reject) => {
    const tx = db.transaction(names, mode, { durability: "strict" });
    const asked = act(tx);
    tx.oncomplete = () => resolve(asked?.result);
    tx.onabort = () => reject(tx.error);
  });
}

const one = (store, key) => within([store], "readonly", (tx) => tx.objectStore(store).get(key));

/** The shift that goes on, or nothing. */
export const shift = () => one("shift", "now");

/** The name of this device: chance, nothing of a person; it stays from shift to shift. */
export async function deviceId() {
  const known = await one("device", "id");
  if (known) return known;
  const made = crypto.randomUUID().replaceAll("-", "");
  await within(["device"], "readwrite", (tx) => tx.objectStore("device").put(made, "id"));
  return made;
}

/** Keeps what the service gave for a shift; `rows` apart, under their names. */
export async function begin({ rows, ...said }) {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await forget();
  await within(["shift", "rows"], "readwrite", (tx) => {
    for (const [name, sealed] of Object.entries(rows)) tx.objectStore("rows").put(sealed, name);
    return tx.objectStore("shift").put({ ...said, key, taken: Object.keys(rows).length }, "now");
  });
}

/** Deletes everything but the device's own name. */
export async function forget() {
  await within(["shift", "rows", "decisions"], "readwrite", (tx) => {
    for (const name of ["shift", "rows", "decisions"]) tx.objectStore(name).clear();
  });
}

/** What was taken along of a form; nothing where it was not among those. */
export async function row(shiftId, formId) {
  const bytes = Uint8Array.from(formId.match(/../g), (pair) => parseInt(pair, 16));
  const base = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveBits"]);
  const salt = new TextEncoder().encode(shiftId);
  const derived = new Uint8Array(await crypto.subtle.deriveBits(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS }, base, 384));
  const name = Array.from(derived.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const sealed = await one("rows", name);
  if (!sealed) return null;
  const key = await crypto.subtle.importKey("raw", derived.subarray(16), "AES-GCM", false, ["decrypt"]);
  const plain = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv: new Uint8Array(12), additionalData: new TextEncoder().encode(name) },
    key, Uint8Array.from(atob(sealed), (letter) => letter.charCodeAt(0)));
  return JSON.parse(new TextDecoder().decode(plain));
}

/** Keeps a decision; once this returns it survives whatever happens to the page. */
export async function keep(decision) {
  const { key } = await shift();
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(JSON.stringify(decision)));
  await within(["decisions"], "readwrite", (tx) => tx.objectStore("decisions").add({ iv, data, state: "waiting", why: "" }));
}

/** Every decision of the shift, oldest first, with what became of it. */
export async function decisions() {
  const now = await shift();
  const kept = await within(["decisions"], "readonly", (tx) => tx.objectStore("decisions").getAll());
  if (!now) return [];
  return Promise.all(kept.map(async ({ sequence, iv, data, state, why }) => {
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, now.key, data);
    return { ...JSON.parse(new TextDecoder().decode(plain)), sequence, state, why };
  }));
}

/** Notes what became of a decision. */
export async function note(sequence, state, why) {
  await within(["decisions"], "readwrite", (tx) => {
    const store = tx.objectStore("decisions");
    const asked = store.get(sequence);
    asked.onsuccess = () => store.put({ ...asked.result, state, why });
  });
}

/** How many decisions wait to be sent; nothing is opened for it. */
export async function waiting() {
  const kept = await within(["decisions"], "readonly", (tx) => tx.objectStore("decisions").getAll());
  return kept.filter((entry) => entry.state === "waiting").length;
}
