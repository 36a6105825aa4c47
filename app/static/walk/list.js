// The list: what is nearest first, as the phone moves.
import { everything, lookAround, mayRecord, world } from "./around.js";
import { KINDS, checked, hours, make, mark, metres, webLink } from "./dom.js";
import { accuracy, find, here, lastPlace, mayAsk } from "./here.js";
import { metresBetween, store } from "./store.js";

const PAGE = 25;
const MOVED_M = 10;
let shown = PAGE;
let view;

// Everything on this phone with its distance, nearest first; what has only a ward comes last.
export const nearest = async (place, within_m = Infinity) => (await store.assets())
  .filter(({ gone }) => !gone)
  .map((asset) => {
    const hasPoint = asset.lon != null && asset.location_source !== "ward" && asset.kind !== "informal";
    return { ...asset, hasPoint, distance_m: place && hasPoint ? metresBetween(place, asset) : null };
  })
  .filter(({ distance_m: far }) => far === null || far <= within_m)
  .sort((a, b) => (a.distance_m ?? Infinity) - (b.distance_m ?? Infinity) || a.name.localeCompare(b.name));

// Nobody walks "0 m".
export const howFar = (distance_m) => (distance_m < 0.5 ? "here" : metres(distance_m));

export const whereabouts = async () => here.position ?? await lastPlace() ?? null;

export const inOneLine = (asset) => [
  asset.distance_m == null ? null : howFar(asset.distance_m),
  KINDS[asset.kind]?.word,
  asset.hasPoint === false ? "in this ward" : null,
  asset.unsent ? "Not sent yet" : checked(asset),
].filter(Boolean).join(" · ");

// What is known of one asset, for its page and the map's sheet.
export const factsOf = (asset, { isShort = false } = {}) => {
  const phone = asset.phone && make("a", { href: `tel:${asset.phone.replace(/[^\d+]/g, "")}`, class: "pw-phone" }, asset.phone);
  const address = asset.website && webLink(asset.website);
  const rows = [
    ["Address", [asset.address, asset.postcode].filter(Boolean).join(", ")],
    ["Telephone", phone],
    ["Website", !isShort && address && make("a", { href: address, rel: "noreferrer" }, asset.website)],
    ["What it is", !isShort && asset.description],
    ["Open", hours(asset.opening_hours).length ? make("div", {}, ...hours(asset.opening_hours).map((text) => make("div", {}, text))) : ""],
  ].filter(([, value]) => value);
  return make("div", {},
    make("p", { class: "pw-quiet" }, mark(asset.kind), ` ${inOneLine(asset)}`),
    rows.length ? make("dl", { class: "walk-facts" }, ...rows.flatMap(([word, value]) => [make("dt", {}, word), make("dd", {}, value)])) : "");
};

const row = (asset) => make("li", { class: "walk-item" },
  make("a", { href: `#asset/${asset.id}`, class: "walk-item__link" },
    mark(asset.kind),
    make("span", {}, make("strong", { class: "walk-item__name" }, asset.name), make("span", { class: "pw-quiet" }, inOneLine(asset)))));

// Nothing is built anew that says the same, nor under a finger that is on it.
let drawn = "";
let drawnAt = null;
let isPressed = false;
let isLate = false;
const keyOf = (assets) => JSON.stringify(assets.map((asset) => [asset.id, asset.name, asset.kind, inOneLine(asset)]));

const draw = async () => {
  if (isPressed) { isLate = true; return; }
  drawnAt = here.position;
  const place = await whereabouts();
  const assets = await nearest(place);
  const where = view.querySelector("[data-where]");
  const words = here.position ? `Nearest first. We know where you are to ${accuracy(here.position)}.`
    : here.trouble || (place ? "Nearest first, from where you last were." : "In order of the alphabet, until this phone may say where you are.");
  // Said aloud whenever it is written: only when it is something else.
  if (where.textContent !== words) where.textContent = words;
  view.querySelector("[data-find-me]").hidden = Boolean(here.position);
  view.querySelector("[data-more]").hidden = assets.length <= shown;
  await drawCredits();
  const list = view.querySelector("[data-places]");
  const key = keyOf(assets.slice(0, shown));
  if (key === drawn && list.children.length) return;
  if (isPressed) { isLate = true; return; }
  drawn = key;
  const focused = document.activeElement?.getAttribute?.("href");
  list.replaceChildren(...assets.slice(0, shown).map(row));
  if (!assets.length) list.append(make("li", {}, "No places on this phone yet. Show what is around you, take a ward with you, or add a place."));
  if (focused && list.isConnected) [...list.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus();
};
const drawCredits = async () => {
  const said = [...new Set((await everything()).flatMap(({ attribution }) => attribution ?? []))];
  for (const box of document.querySelectorAll("[data-credits]")) {
    box.replaceChildren(...said.map((sentence) => make("p", {}, sentence)));
  }
};

// Many things change at once: it is drawn once for all of them, and only while it is looked at.
let drawing = null;
const drawSoon = () => {
  drawing ??= requestAnimationFrame(async () => { drawing = null; if (!view.hidden) await draw(); });
};

export const start = async () => {
  view = document.getElementById("walk-list");
  view.querySelector("[data-find-me]").onclick = find;
  view.querySelector("[data-more]").onclick = () => { shown += PAGE; draw(); };
  world.addEventListener("change", drawSoon);
  here.addEventListener("change", () => {
    const { position } = here;
    const isSame = drawnAt && position && !here.trouble && metresBetween(drawnAt, position) < MOVED_M
      && Math.abs(drawnAt.accuracy_m - position.accuracy_m) < MOVED_M;
    if (!isSame) drawSoon();
    if (position) lookAround(position);
  });
  view.querySelector("[data-places]").addEventListener("pointerdown", () => { isPressed = true; });
  for (const end of ["pointerup", "pointercancel"]) {
    // The tap itself comes right after the finger has left.
    addEventListener(end, () => setTimeout(() => {
      isPressed = false;
      if (isLate) { isLate = false; drawSoon(); }
    }));
  }
  const ask = () => { for (const box of document.querySelectorAll("[data-sign-in]")) box.hidden = mayRecord(); };
  world.addEventListener("change", ask);
  ask();
  if (await mayAsk()) find();
  const place = await lastPlace();
  if (place) lookAround(place);
};
export const opened = ([name]) => (name === "list" ? draw() : undefined);
