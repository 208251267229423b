// What a phone could not send yet: a queue in IndexedDB that belongs to the page.
//
//   add({ id, url, method, body, about, owner, needsToken })   resolves once the browser has kept it
//   flush({ owner, greeting, token, only })                    sends what waits, each exactly once
//   list(), remove(id)                                         for the page that shows what waits
//
// An entry stays until the server has answered that it has it, so a reload, a crash or a lost answer
// sends it again; the server must therefore take the same id twice and write it once (an idempotent
// PUT). `about` is what the waiting page says of it. An entry with an `owner` is sent only while the
// same person is signed in; one that `needsToken` only from a page that holds a CSRF token.

const NAME = "kinder";
const STORE = "outbox";
const PATIENCE = 15000; // milliseconds for one answer
const AGAIN = new Set([408, 425, 429]); // and all from 500 on: worth trying again as it is

let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => {
      // Another tab that deletes or upgrades the store must not wait for this one.
      request.result.onversionchange = () => request.result.close();
      request.result.onclose = () => (opened = undefined);
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  }).catch((error) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

async function ask(mode, work) {
  const base = await open();
  return new Promise((resolve, reject) => {
    const transaction = base.transaction(STORE, mode, { durability: "strict" });
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/** Keep something to be sent; rejects where the browser does not let us, and keeps nothing then. */
export async function add(entry) {
  const kept = { method: "PUT", about: {}, owner: "", addedAt: new Date().toISOString(), ...entry };
  await ask("readwrite", (store) => store.put(kept));
  return kept;
}

/** What waits, in the order in which it was added. */
export async function list() {
  const all = await ask("readonly", (store) => store.getAll());
  return all.sort((a, b) => (a.addedAt < b.addedAt ? -1 : 1));
}

export const remove = (id) => ask("readwrite", (store) => store.delete(id));

/**
 * Send what waits; two tabs never send at once where the browser has locks.
 *
 * greeting: the address of a page that gives this browser its cookie, asked once where there is none.
 * only: the id of the one to send. Resolves to { sent: [{ entry, status, body }], refused, waiting }.
 */
export function flush(options = {}) {
  const work = () => sendAll(options);
  return navigator.locks ? navigator.locks.request("kinder-outbox", work) : work();
}

async function sendAll({ owner = "", greeting = "", token = "", only = "" }) {
  const done = { sent: [], refused: [], waiting: 0 };
  let isReachable = true;
  for (const entry of await list()) {
    if (entry.refused || (only && entry.id !== only)) continue;
    const mayGo =
      isReachable &&
      (!entry.owner || entry.owner === owner) &&
      (!entry.needsToken || token) &&
      !(entry.notBefore > Date.now());
    const answer = mayGo ? await send(entry, token, greeting) : null;
    if (answer === null || answer.status >= 500 || AGAIN.has(answer.status)) {
      done.waiting += 1;
      if (mayGo && (answer === null || answer.status === 429)) isReachable = false;
      const seconds = Number(answer?.retryAfter);
      if (seconds > 0) {
        await ask("readwrite", (store) => store.put({ ...entry, notBefore: Date.now() + seconds * 1000 }));
      }
    } else if (answer.status < 300 || answer.status === 410) {
      // 410: it was sent before and taken back since.
      await remove(entry.id);
      done.sent.push({ entry, ...answer });
    } else {
      const refused = { ...entry, refused: { status: answer.status, ...answer.body } };
      await ask("readwrite", (store) => store.put(refused));
      done.refused.push(refused);
    }
  }
  return done;
}

/** Send one and return { status, body, retryAfter }; null where no answer came. */
async function send(entry, token, greeting) {
  let answer = await askServer(entry, token);
  if (answer?.status === 401 && greeting) {
    await fetch(greeting, { credentials: "same-origin" }).catch(() => null);
    answer = await askServer(entry, token);
  }
  // Nobody is signed in any more, or this browser takes no cookies: neither is the entry's fault.
  return answer?.status === 401 ? { ...answer, status: 503 } : answer;
}

async function askServer(entry, token) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  try {
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    if (entry.needsToken) headers["X-CSRFToken"] = token;
    const response = await fetch(entry.url, {
      method: entry.method,
      body: entry.body,
      headers,
      credentials: "same-origin",
      signal: patience.signal,
    });
    // Sent on to a page to sign in: nothing was taken.
    if (response.redirected) return { status: 401, body: {}, retryAfter: "" };
    return {
      status: response.status,
      body: await response.json().catch(() => ({})),
      retryAfter: response.headers.get("Retry-After"),
    };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
