// My walk: which streets and places I passed. It stays in this page's memory, or on this phone when
// its owner says so; no address of the server takes it.
import { everything, isIn, taken, world } from "./around.js";
import { metres, plural, say } from "./dom.js";
import { here } from "./here.js";
import { metresBetween, store } from "./store.js";

const PIECE_M = 25;
const STEP_M = 10;
const BESIDE_M = 25;
const PASSED_M = 40;
const GOOD_ENOUGH_M = 40;
// Two fixes further apart than this were no walk from one to the other.
const JUMP_M = 100;
// Standing still is no walk, and a long track must stay quick to look through.
const APART_M = 5;
const WRITE_EVERY_MS = 30_000;
// Cells of at least 50 m in Great Britain: what is near is in one of nine.
const CELL_LAT = 0.0005;
const CELL_LON = 0.001;

let track = [];
let pieces = [];
let piecesNear = () => [];
let placesNear = () => [];
let placeCount = 0;
const passed = new Set();
let ward = null;
let view;
let isKept = false;

export const walked = Object.assign(new EventTarget(), {
  lines: () => pieces.filter(({ isDone }) => isDone).map(({ line }) => line),
});

const asPlace = ([lon, lat]) => ({ lon, lat });
const between = (a, b, share) => [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
const cut = (a, b, longest_m) => {
  const count = Math.max(1, Math.ceil(metresBetween(asPlace(a), asPlace(b)) / longest_m));
  return Array.from({ length: count }, (_, i) => [between(a, b, i / count), between(a, b, (i + 1) / count)]);
};
const piecesOf = (street) => street.line.slice(1).flatMap((end, i) => cut(street.line[i], end, PIECE_M)).map((line) => ({
  line, isDone: false, length_m: metresBetween(...line.map(asPlace)), middle: asPlace(between(...line, 0.5)),
}));

// A way to ask what of many things may be near a place, without looking at them all.
const gridOf = (things, placeOf) => {
  const cellOf = ({ lon, lat }) => [Math.floor(lon / CELL_LON), Math.floor(lat / CELL_LAT)];
  const cells = new Map();
  for (const thing of things) {
    const key = cellOf(placeOf(thing)).join();
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(thing);
  }
  return (place) => {
    const [x, y] = cellOf(place);
    return [-1, 0, 1].flatMap((dx) => [-1, 0, 1].flatMap((dy) => cells.get(`${x + dx},${y + dy}`) ?? []));
  };
};

const cover = (place) => {
  for (const piece of piecesNear(place)) {
    if (!piece.isDone && metresBetween(piece.middle, place) <= BESIDE_M) piece.isDone = true;
  }
};
const pass = (place) => {
  for (const asset of placesNear(place)) {
    if (!passed.has(asset.id) && metresBetween(place, asset) <= PASSED_M) passed.add(asset.id);
  }
};
const coverStep = (from, to) => {
  const isWalk = from && metresBetween(asPlace(from), asPlace(to)) <= JUMP_M;
  for (const [, end] of isWalk ? cut(from, to, STEP_M) : [[to, to]]) cover(asPlace(end));
  pass(asPlace(to));
};
const isApart = (fix) => !track.length || metresBetween(asPlace(track.at(-1)), asPlace(fix)) >= APART_M;

const countIn = async (place) => {
  const wards = await taken();
  const found = wards.find(({ boundary }) => isIn(place, boundary)) ?? null;
  if (!found || found.gss_code === ward?.gss_code) return false;
  ward = (await everything()).find(({ gss_code: code }) => code === found.gss_code);
  pieces = ward.streets.flatMap(piecesOf);
  piecesNear = gridOf(pieces, ({ middle }) => middle);
  const places = ward.assets.filter(({ lon, kind }) => lon != null && kind !== "informal");
  placeCount = places.length;
  placesNear = gridOf(places, (asset) => asset);
  passed.clear();
  track.forEach((fix, index) => coverStep(track[index - 1], fix));
  return true;
};

const total = (some) => some.reduce((sum, { length_m: length }) => sum + length, 0);
const checkedToday = async () => {
  const today = new Date().toISOString().slice(0, 10);
  const isToday = (moment) => moment.slice(0, 10) === today;
  const waiting = (await store.items()).filter(({ record }) => record.action === "check" && isToday(record.made_at));
  const sent = (await store.receipts()).filter(({ action, sent_at: at }) => action === "check" && isToday(at));
  return waiting.length + sent.length;
};
const draw = async () => {
  const done = total(pieces.filter(({ isDone }) => isDone));
  const bar = view.querySelector("[data-walked-bar]");
  bar.hidden = !ward;
  view.querySelector("[data-forget]").hidden = !track.length;
  const checks = `${plural(await checkedToday(), "place")} checked today`;
  if (!ward) {
    view.querySelector("[data-walked]").textContent = `${checks}. Take the ward you are in with you, and its streets are counted as you walk them.`;
    return;
  }
  bar.value = done / (total(pieces) || 1);
  view.querySelector("[data-walked]").textContent = `${ward.name}: ${metres(done)} of ${metres(total(pieces))} of streets walked, `
    + `${passed.size} of ${plural(placeCount, "place")} passed, ${checks}.`;
};

let written = 0;
const write = async () => {
  written = Date.now();
  try {
    if (isKept) await store.keepTrack(track);
  } catch (error) {
    isKept = false;
    view.querySelector("[data-keep-track]").checked = false;
    say(error.message);
  }
};
const took = async () => {
  const { position } = here;
  if (!position || position.accuracy_m > GOOD_ENOUGH_M) return;
  const fix = [position.lon, position.lat];
  const isNew = await countIn(position);
  if (!isApart(fix) && !isNew) return;
  if (isApart(fix)) {
    coverStep(track.at(-1), fix);
    track.push(fix);
  }
  if (Date.now() - written >= WRITE_EVERY_MS) await write();
  walked.dispatchEvent(new Event("change"));
  if (!view.hidden) await draw();
};

const forget = async () => {
  track = [];
  for (const piece of pieces) piece.isDone = false;
  passed.clear();
  await store.keepTrack(isKept ? track : null);
  walked.dispatchEvent(new Event("change"));
  await draw();
};

export const start = async () => {
  view = document.getElementById("walk-still");
  const kept = await store.track();
  const box = view.querySelector("[data-keep-track]");
  isKept = Boolean(kept);
  box.checked = isKept;
  for (const fix of kept ?? []) {
    if (isApart(fix)) track.push(fix);
  }
  if (track.length) await countIn(asPlace(track.at(-1)));
  box.onchange = () => {
    isKept = box.checked;
    return isKept ? write() : store.keepTrack(null);
  };
  document.addEventListener("visibilitychange", () => { if (document.hidden) write(); });
  view.querySelector("[data-forget]").onclick = forget;
  here.addEventListener("change", took);
  world.addEventListener("change", () => { if (!view.hidden) draw(); });
  await took();
};
export const opened = ([name]) => (name === "still" ? draw() : undefined);
