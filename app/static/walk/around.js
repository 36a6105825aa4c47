// What is around: from the phone, with what is on screen fetched while there is signal.
import { ago, button, say } from "./dom.js";
import { outbox } from "./outbox.js";
import { lastMe, store } from "./store.js";

// A patch of its own that no ward has: what was last around, so that it is there without signal too.
export const AROUND = "around";
const REACH_LAT = 0.02;
const REACH_LON = 0.034;

export const world = new EventTarget();
export const changed = () => world.dispatchEvent(new Event("change"));
outbox.addEventListener("change", changed);

export const read = async (address) => {
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  if (!answer.headers.get("content-type")?.includes("json")) throw new Error("Something else answered.");
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail ?? "It did not work.");
  return said;
};

const isWithin = ({ lon, lat }, [west, south, east, north]) => lon > west && lon < east && lat > south && lat < north;

// Fetches what is around a place unless it is here already; says nothing when there is no signal.
let fetched = null;
let fetching = Promise.resolve();
const fetchAround = async ({ lon, lat }) => {
  if (fetched && isWithin({ lon, lat }, fetched)) return;
  const box = [lon - REACH_LON, lat - REACH_LAT, lon + REACH_LON, lat + REACH_LAT];
  try {
    const near = await read(`/map/near.json?bbox=${box.map((degrees) => degrees.toFixed(5)).join(",")}`);
    await store.putPatch({ gss_code: AROUND, name: "Around you", ...near, made_at: new Date().toISOString() });
    // Near its edge it is time for the next.
    fetched = [lon - REACH_LON / 2, lat - REACH_LAT / 2, lon + REACH_LON / 2, lat + REACH_LAT / 2];
    changed();
  } catch (error) {
    console.info("nothing fetched around here", error.message);
  }
};
export const lookAround = (place) => {
  fetching = fetching.then(() => fetchAround(place));
  return fetching;
};
export const forgetAround = () => { fetched = null; return store.deletePatch(AROUND); };

export const taken = async () => (await store.patches()).filter(({ gss_code: code }) => code !== AROUND);
export const everything = async () => {
  const patches = await Promise.all((await store.patches()).map(({ gss_code: code }) => store.patch(code)));
  return patches.filter(Boolean);
};

// Whether a place is inside a Polygon or MultiPolygon (even-odd rule over all its rings).
export const isIn = ({ lon, lat }, boundary) => {
  if (!boundary) return false;
  const rings = boundary.type === "MultiPolygon" ? boundary.coordinates.flat() : boundary.coordinates;
  let isInside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const [[x1, y1], [x2, y2]] = [ring[i], ring[j]];
      if ((y1 > lat) !== (y2 > lat) && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) isInside = !isInside;
    }
  }
  return isInside;
};
export const wardAt = async (place) => (await everything())
  .flatMap((patch) => [patch, ...(patch.around ?? [])])
  .find(({ boundary }) => isIn(place, boundary));

// One asset: from this phone, else from the server.
export const assetOf = async (id) => (await store.asset(id))
  ?? read(`/map/assets/${encodeURIComponent(id)}.json`).catch(() => null);

export const mayRecord = () => lastMe()?.may_record === true;

// Only what was said last can still be taken back: one listener looks after it.
let undoing = null;
const tidy = async () => {
  if (!undoing) return;
  const { id, press } = undoing;
  const isUnsent = (await outbox.items()).some((item) => item.id === id && !item.attempts);
  if (isUnsent) return;
  press.remove();
  if (undoing?.id === id) undoing = null;
};
outbox.addEventListener("change", tidy);

// Says of an asset that it is still there (or gone, or that one fact still holds), with a way back.
export const check = async (asset, { outcome = "confirmed", fact = null } = {}) => {
  const item = await outbox.save({ action: "check", asset_id: asset.id, outcome, fact, seen_version: asset.version });
  const what = outcome === "gone" ? "has gone" : fact ? "is right" : "is still here";
  const undo = button("Undo", async () => {
    await outbox.remove(item.id);
    const isThere = (await outbox.items()).some(({ id }) => id === item.id);
    say(isThere ? "It is on its way already." : "Taken back.");
    changed();
  }, "walk-plain");
  undoing = { id: item.id, press: undo };
  say(`${asset.name} ${what}. Saved on this phone. `, undo);
  return item;
};

export const age = (patch) => `taken ${ago(patch.taken_at ?? patch.made_at)}`;

// How alike two names are, from 0 to 1: the pairs of letters they share (Dice's coefficient).
const pairs = (text) => {
  const plain = text.toLowerCase().normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  return new Set([...plain].slice(1).map((letter, index) => [...plain][index] + letter));
};
export const likeness = (one, other) => {
  const [a, b] = [pairs(one), pairs(other)];
  const shared = [...a].filter((pair) => b.has(pair)).length;
  return a.size && b.size ? (2 * shared) / (a.size + b.size) : 0;
};
