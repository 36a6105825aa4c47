// What this phone keeps: patches taken along, drafts, what waits to be sent, settings.
//
// One IndexedDB database. Items and drafts carry the account they belong to, and are only ever
// given to that account. Nothing here talks to the network.
import { openDB } from "/static/vendor/idb/idb.js";

const NAME = "patchwork";
// 1: items, drafts, patches, settings. 2: receipts of what was sent, and what we know since then.
const VERSION = 2;
const MOST_RECEIPTS = 50;
const ME = "me";
const SIGNED_OUT = "patchwork-signed-out";
const EARTH_M = 6371008.8;

export class PhoneFull extends Error {}

const upgrade = (db, oldVersion) => {
  if (oldVersion < 1) {
    db.createObjectStore("items", { keyPath: "id" });
    db.createObjectStore("drafts", { keyPath: "id" });
    db.createObjectStore("patches", { keyPath: "gss_code" });
    db.createObjectStore("settings");
  }
  if (oldVersion < 2) {
    db.createObjectStore("receipts", { keyPath: "id" });
    db.createObjectStore("known", { keyPath: "id" });
  }
};

let opening;
const open = () => {
  opening ??= openDB(NAME, VERSION, {
    upgrade,
    // A newer page wants to upgrade: let go, and open again when something is asked for.
    blocking: (_now, _wanted, event) => { event.target.close(); opening = undefined; },
    terminated: () => { opening = undefined; },
  }).catch((error) => { opening = undefined; throw error; });
  return opening;
};

// Storage that is full is said in words, wherever it is noticed.
export const inStore = async (work) => {
  try {
    return await work(await open());
  } catch (error) {
    if (error?.name !== "QuotaExceededError") throw error;
    throw new PhoneFull(
      "This phone has no room left, so it was not saved. What you typed is still here: send what " +
      "is waiting, or delete some photos or a ward you took along, and save again.",
    );
  }
};

// A phone whose battery dies has kept what was said to be saved: written through to its disk.
export const DURABLE = { durability: "strict" };

// Who this phone was last used by: in the database, because a browser writes its simpler store
// late. Signing out (any page of ours) leaves a note there that forgets them.
let me = null;
const forgotten = () => {
  if (!localStorage.getItem(SIGNED_OUT)) return false;
  localStorage.removeItem(SIGNED_OUT);
  return true;
};
export const lastMe = () => me;
export const keepMe = async (now) => {
  localStorage.removeItem(SIGNED_OUT);
  if (me?.account_id === now.account_id && JSON.stringify(me) === JSON.stringify(now)) return;
  const isSomebodyElse = me !== null && me.account_id !== now.account_id;
  me = now;
  await inStore(async (db) => {
    const work = db.transaction("settings", "readwrite", DURABLE);
    await work.store.put(now, ME);
    await work.done;
  });
  // What stands in this page is the other person's: theirs is kept as a draft, and not shown on.
  if (isSomebodyElse) {
    channel.postMessage("me");
    location.reload();
  }
};
export const remember = async () => {
  if (forgotten()) await inStore((db) => db.delete("settings", ME));
  me = (await inStore((db) => db.get("settings", ME))) ?? null;
};
const mine = (rows) => {
  const id = lastMe()?.account_id ?? null;
  return rows.filter((row) => row.account_id === id);
};

// Other tabs of ours are told what changed, and tell us.
export const channel = new BroadcastChannel("patchwork");

// Metres between two points on the sphere (haversine): for lists, not for surveying.
export const metresBetween = (a, b) => {
  const rad = Math.PI / 180;
  const half = (angle) => Math.sin((angle * rad) / 2) ** 2;
  const h = half(b.lat - a.lat)
    + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * half(b.lon - a.lon);
  return 2 * EARTH_M * Math.asin(Math.sqrt(h));
};

const withFacts = (asset, facts) => {
  const { place = {}, ...rest } = facts;
  const point = "lon" in place ? { lon: place.lon, lat: place.lat } : {};
  const ward = "ward_code" in place ? { ward_code: place.ward_code, location_source: "ward" } : {};
  return { ...asset, ...rest, ...point, ...ward };
};

// An asset as it will be once what waits has arrived.
const withUnsent = (assets, items) => {
  const byId = new Map(assets.map((asset) => [asset.id, { ...asset, unsent: false }]));
  for (const { record } of items) {
    const { action, asset_id: id, facts, changes } = record;
    if (action === "add") {
      byId.set(id, withFacts({ id, version: 1, interests: [], is_contact_public: true, unsent: true, assured_date: record.made_at.slice(0, 10) }, facts));
    }
    const asset = byId.get(id);
    if (!asset) continue;
    if (action === "edit") {
      const now = Object.fromEntries(Object.entries(changes).map(([name, { now: value }]) => [name, value]));
      byId.set(id, { ...withFacts(asset, now), unsent: true });
    } else if (action === "check") {
      const gone = record.outcome === "gone";
      const assured_date = gone ? asset.assured_date : record.made_at.slice(0, 10);
      byId.set(id, { ...asset, unsent: true, gone, assured_date });
    }
  }
  return [...byId.values()];
};

// What anybody at this phone may see of it: no private contact, no place but its ward.
const forAnybody = (asset) => {
  const isInformal = asset.kind === "informal";
  const { phone, email, lon, lat, ...rest } = asset;
  return {
    ...rest,
    ...(isInformal || asset.is_contact_public === false ? {} : { phone, email }),
    ...(isInformal ? {} : { lon, lat }),
  };
};
const defined = (values) => Object.fromEntries(
  Object.entries(values).filter(([, value]) => value !== undefined),
);

// Patches are read once and kept: looking around must not wait for the disk.
let patchCache;
channel.addEventListener("message", ({ data }) => {
  if (data === "patches") patchCache = undefined;
  if (data === "me") location.reload();
});
const patchesChanged = () => { patchCache = undefined; channel.postMessage("patches"); };
const allPatches = async () => {
  patchCache ??= inStore((db) => db.getAll("patches"));
  return patchCache;
};

export const store = {
  // Wards taken along, without their contents.
  patches: async () => (await allPatches()).map(({ assets, streets, ...patch }) => ({
    ...patch, assets: assets.length, streets: streets.length,
  })),
  patch: async (code) => (await allPatches()).find((patch) => patch.gss_code === code),
  putPatch: async (patch) => {
    const versions = new Map(patch.assets.map(({ id, version }) => [id, version]));
    await inStore(async (db) => {
      const work = db.transaction(["patches", "known"], "readwrite");
      await work.objectStore("patches").put({ ...patch, taken_at: new Date().toISOString() });
      // It is newer than what was learnt on the way.
      for (const { id, version } of await work.objectStore("known").getAll()) {
        if (versions.get(id) >= version) await work.objectStore("known").delete(id);
      }
      await work.done;
    });
    patchesChanged();
  },
  deletePatch: async (code) => {
    await inStore((db) => db.delete("patches", code));
    patchesChanged();
  },

  // Every asset on this phone, as it will be once what waits has arrived.
  assets: async () => {
    const [patches, items, known] = await Promise.all([
      allPatches(), store.items(), inStore((db) => db.getAll("known")),
    ]);
    const byId = new Map();
    for (const patch of patches) {
      for (const asset of patch.assets) byId.set(asset.id, asset);
    }
    for (const asset of known) {
      const had = byId.get(asset.id);
      if (!had || had.version <= asset.version) byId.set(asset.id, forAnybody({ ...had, ...asset }));
    }
    return withUnsent([...byId.values()].filter((asset) => !asset.gone && asset.name), items);
  },
  assetsNear: async (lon, lat, within_m = Infinity) => {
    const here = { lon, lat };
    return (await store.assets())
      .filter((asset) => !asset.gone && asset.lon != null)
      .map((asset) => ({ ...asset, distance_m: metresBetween(here, asset) }))
      .filter((asset) => asset.distance_m <= within_m)
      .sort((a, b) => a.distance_m - b.distance_m);
  },
  asset: async (id) => (await store.assets()).find((asset) => asset.id === id),

  drafts: async () => mine(await inStore((db) => db.getAll("drafts"))),
  putDraft: (draft) => inStore((db) => db.put("drafts", {
    ...draft, account_id: lastMe()?.account_id ?? null, changed_at: new Date().toISOString(),
  })),
  deleteDraft: (id) => inStore((db) => db.delete("drafts", id)),

  setting: (name) => inStore((db) => db.get("settings", name)),
  setSetting: (name, value) => inStore((db) => db.put("settings", value, name)),
  keepTrack: (track) => (track
    ? inStore((db) => db.put("settings", { track, account_id: lastMe()?.account_id }, "track"))
    : inStore((db) => db.delete("settings", "track"))),
  track: async () => {
    const kept = await inStore((db) => db.get("settings", "track"));
    return kept && kept.account_id === lastMe()?.account_id ? kept.track : null;
  },

  // What waits, in the order it was saved. Only mine; `others` says how many are somebody else's.
  items: async () => mine(await inStore((db) => db.getAll("items")))
    .sort((a, b) => a.order - b.order),
  others: async () => {
    const all = await inStore((db) => db.getAll("items"));
    return all.length - mine(all).length;
  },
  receipts: async () => mine(await inStore((db) => db.getAll("receipts")))
    .sort((a, b) => b.sent_at.localeCompare(a.sent_at)),

  // It has arrived: the item goes and its receipt comes in one transaction of the phone's own.
  settle: async (item, answer) => {
    const patches = await allPatches();
    const inPatch = patches.flatMap(({ assets }) => assets).find(({ id }) => id === answer.asset_id);
    await inStore((db) => settleIn(db, item, answer, inPatch));
  },

  // What the server says of an asset by now: how it wrote a number, where a postcode is.
  know: (asset) => inStore((db) => db.put("known", defined(forAnybody({ ...asset, unsent: false })))),
};

const settleIn = async (db, item, answer, inPatch) => {
  const work = db.transaction(["items", "receipts", "known"], "readwrite", DURABLE);
  await work.objectStore("items").delete(item.id);
  await work.objectStore("receipts").put({
    id: item.id, account_id: item.account_id, name: item.name, action: item.record.action,
    url: answer.url, sent_at: new Date().toISOString(),
  });
  const known = work.objectStore("known");
  const had = (await known.get(answer.asset_id)) ?? inPatch ?? { id: answer.asset_id };
  const [now] = withUnsent([{ ...had }], [item]).filter((asset) => asset.id === answer.asset_id);
  await known.put(defined(forAnybody({ ...now, version: answer.version, unsent: false })));
  const old = (await work.objectStore("receipts").getAll())
    .filter((row) => row.account_id === item.account_id)
    .sort((a, b) => b.sent_at.localeCompare(a.sent_at))
    .slice(MOST_RECEIPTS);
  for (const { id } of old) await work.objectStore("receipts").delete(id);
  await work.done;
};

// Signed out in another tab: what is mine must not stand open in this one.
addEventListener("storage", ({ key, newValue }) => { if (key === SIGNED_OUT && newValue) location.reload(); });
await remember().catch((error) => console.error("this browser keeps nothing", error));
