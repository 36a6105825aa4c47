// My walk: which streets and places I passed. It stays in this page's memory, or on this phone when
// its owner says so; no address of the server takes it.
import { everything, isIn, taken, world } from "./around.js";
import { metres, plural } from "./dom.js";
import { here } from "./here.js";
import { metresBetween, store } from "./store.js";

const PIECE_M = 25;
const STEP_M = 10;
const BESIDE_M = 25;
const PASSED_M = 40;
const GOOD_ENOUGH_M = 40;
// Two fixes further apart than this were no walk from one to the other.
const JUMP_M = 100;

let track = [];
let pieces = [];
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

const cover = (place) => {
  for (const piece of pieces) {
    if (!piece.isDone && metresBetween(piece.middle, place) <= BESIDE_M) piece.isDone = true;
  }
};
const coverStep = (from, to) => {
  const isWalk = from && metresBetween(asPlace(from), asPlace(to)) <= JUMP_M;
  for (const [, end] of isWalk ? cut(from, to, STEP_M) : [[to, to]]) cover(asPlace(end));
};

const countIn = async (place) => {
  const wards = await taken();
  const found = wards.find(({ boundary }) => isIn(place, boundary)) ?? null;
  if (!found || found.gss_code === ward?.gss_code) return;
  ward = (await everything()).find(({ gss_code: code }) => code === found.gss_code);
  pieces = ward.streets.flatMap(piecesOf);
  track.forEach((fix, index) => coverStep(track[index - 1], fix));
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
  const places = ward.assets.filter(({ lon, kind }) => lon != null && kind !== "informal");
  const passed = places.filter((asset) => track.some((fix) => metresBetween(asPlace(fix), asset) <= PASSED_M));
  bar.value = done / (total(pieces) || 1);
  view.querySelector("[data-walked]").textContent = `${ward.name}: ${metres(done)} of ${metres(total(pieces))} of streets walked, `
    + `${passed.length} of ${plural(places.length, "place")} passed, ${checks}.`;
};

const took = async () => {
  const { position } = here;
  if (!position || position.accuracy_m > GOOD_ENOUGH_M) return;
  const fix = [position.lon, position.lat];
  await countIn(position);
  coverStep(track.at(-1), fix);
  track.push(fix);
  if (isKept) await store.keepTrack(track);
  walked.dispatchEvent(new Event("change"));
  if (!view.hidden) await draw();
};

const forget = async () => {
  track = [];
  for (const piece of pieces) piece.isDone = false;
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
  track = kept ?? [];
  if (track.length) await countIn(asPlace(track.at(-1)));
  box.onchange = () => { isKept = box.checked; return store.keepTrack(isKept ? track : null); };
  view.querySelector("[data-forget]").onclick = forget;
  here.addEventListener("change", took);
  world.addEventListener("change", () => { if (!view.hidden) draw(); });
  await took();
};
export const opened = ([name]) => (name === "still" ? draw() : undefined);
