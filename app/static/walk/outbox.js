// What was saved on this phone and has to arrive, exactly once, whatever happens on the way.
//
// An item leaves this phone only after the server echoed its id and the digest of what was sent.
// Anything else (a page of a café's Wi-Fi, a cut line, a full server) leaves it waiting.
import { DURABLE, channel, inStore, keepMe, lastMe, store } from "./store.js";

const ADDRESS = "/api/fieldwork/submissions";
const LOCK = "patchwork-outbox";
const FIRST_WAIT_MS = 4_000;
const LONGEST_WAIT_MS = 300_000;
// Slow lines are normal: a second for every 10 kB on top of half a minute.
const PATIENCE_MS = 30_000;
const PATIENCE_PER_BYTE_MS = 0.1;

const ASKING_MS = 10_000;
// What our own server refuses for good waits for a person; everything else is tried again.
const CLASHES = new Set(["clash", "gone", "merged"]);
const FOR_A_PERSON = new Set([
  ...CLASHES, "unknown", "other-content", "facts", "photo", "too-large", "not-a-mapper",
]);
// A record too large for anything on the way: no other answer will come.
const TOO_LARGE = { code: "too-large", detail: "It is too large to be sent. Take a photo out of it." };

const events = new EventTarget();
let changing;
const changed = () => {
  changing ??= setTimeout(() => { changing = undefined; events.dispatchEvent(new Event("change")); }, 100);
};
const tellEverybody = () => { changed(); channel.postMessage("items"); };
channel.addEventListener("message", ({ data }) => { if (data === "items") changed(); });

// How sending goes just now, for whoever looks: "idle", "sending", "offline", "signed-out", ...
const status = { state: "idle", next_try_at: null };
const say = (state, next_try_at = null) => { Object.assign(status, { state, next_try_at }); changed(); };

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const digestOf = async (text, photos) => {
  const parts = [new TextEncoder().encode(text)];
  for (const { blob } of photos) parts.push(await sha256(await blob.arrayBuffer()));
  return hex(await sha256(await new Blob(parts).arrayBuffer()));
};

const nameOf = async (record) => record.facts?.name ?? record.changes?.name?.now
  ?? (await store.asset(record.asset_id))?.name ?? "";

// The record as it is sent, byte for byte, is made once and kept: its digest must not change.
const itemOf = async (record, photos, kept = {}) => {
  const text = JSON.stringify({ ...record, photos: photos.map(({ alt }) => ({ alt: alt ?? "" })) });
  return {
    state: "waiting", attempts: 0, tried_at: null, said: "", problem: null,
    order: Date.now() + performance.now() / 1e6, ...kept,
    id: record.id, account_id: record.account_id, name: await nameOf(record),
    record: JSON.parse(text), text, photos, sha256: await digestOf(text, photos),
  };
};

const newRecord = (given) => {
  const me = lastMe();
  if (!me) throw new Error("Sign in once while there is signal: then this phone can record.");
  return {
    ...given, id: crypto.randomUUID(), account_id: me.account_id, made_at: new Date().toISOString(),
  };
};

// Changes of something that has never left this phone go into it: it is still all mine.
const intoUnsent = async (given, photos) => {
  if (given.action !== "edit") return null;
  const whole = (await store.items())
    .find(({ record }) => record.action === "add" && record.asset_id === given.asset_id);
  if (!whole || whole.attempts > 0) return null;
  const facts = { ...whole.record.facts };
  for (const [name, { now }] of Object.entries(given.changes)) facts[name] = now;
  return outbox.replace(whole.id, { facts }, [...whole.photos, ...photos]);
};

const arrived = () => Object.assign(
  new Error("This is on its way already. Change it once it has arrived."), { code: "arrived" },
);

// Stores an item; in place of another only while nobody can have seen that one.
const put = async (item, { inPlace = false } = {}) => {
  const stored = await inStore(async (db) => {
    const work = db.transaction("items", "readwrite", DURABLE);
    const old = inPlace ? await work.store.get(item.id) : null;
    const isFree = inPlace ? old?.attempts === 0 : true;
    if (isFree) await work.store.put(item);
    await work.done;
    return isFree;
  });
  if (!stored) throw arrived();
  tellEverybody();
  outbox.send();
  return item;
};

// One item to the server and what came of it: { answer }, { problem } or { failure }.
const post = async (item) => {
  const body = new FormData();
  body.append("record", item.text);
  for (const [index, { blob }] of item.photos.entries()) body.append("photo", blob, `${index + 1}.jpg`);
  const bytes = item.text.length + item.photos.reduce((sum, { blob }) => sum + blob.size, 0);
  try {
    const answer = await fetch(ADDRESS, {
      method: "POST", body, redirect: "error", cache: "no-store",
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(PATIENCE_MS + bytes * PATIENCE_PER_BYTE_MS),
    });
    const kind = answer.headers.get("content-type") ?? "";
    if (answer.status === 413) return { problem: TOO_LARGE, status: 413 };
    if (!/^application\/(problem\+)?json/.test(kind)) {
      return { failure: "Something else answered: perhaps a Wi-Fi sign-in page.", status: answer.status };
    }
    const said = await answer.json();
    if (!answer.ok) return { problem: said, status: answer.status };
    if (said.id !== item.id || said.sha256 !== item.sha256) {
      return { failure: "The answer was not about this. It will be sent again.", status: answer.status };
    }
    return { answer: said };
  } catch (error) {
    const slow = error.name === "TimeoutError";
    return { failure: slow ? "It took too long. It will be sent again." : "No signal." };
  }
};

const mark = async (id, values) => {
  await inStore(async (db) => {
    const work = db.transaction("items", "readwrite", DURABLE);
    const item = await work.store.get(id);
    if (item) await work.store.put({ ...item, ...values });
    await work.done;
  });
  tellEverybody();
};

// The item as it is at this moment, marked as tried: from now on its content stays as it is.
const claim = (id) => inStore(async (db) => {
  const work = db.transaction("items", "readwrite", DURABLE);
  const item = await work.store.get(id);
  const tried = { state: "sending", tried_at: new Date().toISOString() };
  if (item) await work.store.put({ ...item, ...tried, attempts: item.attempts + 1 });
  await work.done;
  return item;
});

// Returns "on" or "held" to go on with the next (not with what builds on this one), or why not.
const sendOne = async ({ id }) => {
  const item = await claim(id);
  if (!item) return "on";
  tellEverybody();
  const { answer, problem, failure, status: code } = await post(item);
  if (answer) {
    await store.settle(item, answer);
    await learnPlace(item.record);
    tellEverybody();
    return "on";
  }
  if (problem?.code === "signed-out" || code === 401) {
    await mark(item.id, { state: "waiting", said: "Sign in, and it will be sent." });
    return "signed-out";
  }
  if (FOR_A_PERSON.has(problem?.code)) {
    const state = CLASHES.has(problem.code) ? "clash" : "refused";
    await mark(item.id, { state, said: problem.detail ?? problem.title ?? "", problem });
    return "held";
  }
  if (problem?.code === "another-person") {
    await mark(item.id, { state: "waiting", said: "Somebody else is signed in on this phone." });
    return "another-person";
  }
  await mark(item.id, {
    state: "waiting", said: failure ?? problem?.detail ?? "The server is busy. It will be sent again.",
  });
  return code ? "busy" : "offline";
};

// Only the server knows where a postcode or a ward is: the next change has to say what it saw.
const learnPlace = async ({ asset_id: id, facts, changes }) => {
  const place = facts?.place ?? changes?.place?.now ?? {};
  if (!("postcode" in place) && !("ward_code" in place)) return;
  try {
    const answer = await fetch(`/map/assets/${id}.json`, { signal: AbortSignal.timeout(ASKING_MS) });
    if (answer.ok) await store.know(await answer.json());
  } catch (error) {
    console.info("its place is not known yet", error);
  }
};

// Who is signed in now; null when nobody can be told.
const askMe = async () => {
  try {
    const answer = await fetch("/api/me", {
      cache: "no-store", redirect: "error", headers: { accept: "application/json" },
      signal: AbortSignal.timeout(ASKING_MS),
    });
    const me = answer.ok ? await answer.json() : null;
    if (me?.account_id === null) return "signed-out";
    return typeof me?.account_id === "string" ? me : null;
  } catch {
    return null;
  }
};

// Things about the same asset arrive in the order they were saved: what waits for a person, or
// meets trouble, holds back what builds on it, and nothing else. What was tried least goes first,
// so that one that never gets through stands in nobody's way.
const inTurn = (items) => {
  const tries = new Map();
  for (const { attempts, record } of items) {
    if (!tries.has(record.asset_id)) tries.set(record.asset_id, attempts);
  }
  const ofFirst = ({ record }) => tries.get(record.asset_id);
  return items.sort((a, b) => ofFirst(a) - ofFirst(b) || a.order - b.order);
};
const sendAll = async () => {
  const tried = new Set();
  let troubles = 0;
  let last = "idle";
  for (;;) {
    const held = new Set();
    let isQuiet = true;
    for (const item of inTurn(await store.items())) {
      const { asset_id: asset } = item.record;
      const isForAPerson = item.state === "refused" || item.state === "clash";
      if (isForAPerson || tried.has(item.id)) held.add(asset);
      if (held.has(asset)) continue;
      tried.add(item.id);
      isQuiet = false;
      const came = await sendOne(item);
      if (came === "on") { troubles = 0; continue; }
      held.add(asset);
      if (came === "held") { troubles = 0; continue; }
      last = came;
      troubles += 1;
      if (troubles > 1 || (came !== "busy" && came !== "offline")) return came;
    }
    // What is saved meanwhile is sent in the same round.
    if (isQuiet) return last;
  }
};

let timer;
let waits = 0;
const later = () => {
  clearTimeout(timer);
  const wait = Math.min(FIRST_WAIT_MS * 2 ** waits, LONGEST_WAIT_MS) * (0.75 + Math.random() / 2);
  waits += 1;
  timer = setTimeout(() => outbox.send(), wait);
  return new Date(Date.now() + wait).toISOString();
};

// A tab that died in the middle of sending left its mark: whoever holds the lock knows better.
const wakeUp = async () => {
  for (const { id, state } of await store.items()) if (state === "sending") await mark(id, { state: "waiting" });
};

const round = async () => {
  await wakeUp();
  const asked = await askMe();
  if (asked && asked !== "signed-out") {
    await keepMe(asked);
    changed();
  }
  const waiting = (await store.items()).filter(({ state }) => state === "waiting" || state === "sending");
  if (!waiting.length) return say("idle");
  if (asked === "signed-out") return say("signed-out");
  if (asked === null) return say("offline", later());
  say("sending");
  const came = await sendAll();
  if (came === "idle") waits = 0;
  return say(came, ["offline", "busy"].includes(came) ? later() : null);
};

export const outbox = {
  addEventListener: (...given) => events.addEventListener(...given),
  status: () => ({ ...status }),
  items: () => store.items(),
  counts: async () => {
    const counts = { waiting: 0, refused: 0, clash: 0 };
    for (const { state } of await store.items()) counts[state === "sending" ? "waiting" : state] += 1;
    return counts;
  },

  // Safe on the phone once this resolves; a phone that is full rejects, and nothing is lost.
  save: async (given, photos = []) => await intoUnsent(given, photos)
    ?? put(await itemOf(newRecord(given), photos)),

  // Other content for something that has never been tried: nobody can have seen the old one.
  replace: async (id, values, photos) => {
    const old = (await store.items()).find((item) => item.id === id);
    if (!old) throw arrived();
    const item = await itemOf({ ...old.record, ...values }, photos ?? old.photos, { order: old.order });
    return put(item, { inPlace: true });
  },

  // A refused or clashing item goes on as something new: its id stands for what was refused.
  replaceRefused: async (id, given, photos) => {
    const old = (await store.items()).find((item) => item.id === id);
    if (!old) throw new Error("This has been settled already, perhaps in another tab.");
    const record = newRecord({ ...old.record, ...given });
    const item = await itemOf(record, photos ?? old.photos, { order: old.order });
    await inStore(async (db) => {
      const work = db.transaction("items", "readwrite", DURABLE);
      await work.store.delete(id);
      await work.store.put(item);
      await work.done;
    });
    tellEverybody();
    outbox.send();
    return item;
  },

  remove: async (id) => {
    await inStore(async (db) => {
      const work = db.transaction("items", "readwrite", DURABLE);
      const item = await work.store.get(id);
      if (item && item.state !== "sending") await work.store.delete(id);
      await work.done;
    });
    tellEverybody();
  },

  // One sender for all tabs; a tab that dies lets go of the lock by itself.
  send: () => navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    clearTimeout(timer);
    await round();
  }).catch((error) => { console.warn("sending stopped", error); say("offline", later()); }),
  sendNow: () => { waits = 0; return outbox.send(); },
};
