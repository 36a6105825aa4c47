// Take a ward with me: how much it is, one tap to take it, how old it is, and away with it again.
import { age, changed, forgetAround, read, taken, world } from "./around.js";
import { forgetFile, hasFile, keptFile, takeFile } from "./base.js";
import { button, make, plural, size } from "./dom.js";
import { whereabouts } from "./list.js";
import { lastMe, store } from "./store.js";

const MOST_SIZES = 6;
let view;
const sizes = new Map();
const sizeOf = async (code) => {
  if (!sizes.has(code)) sizes.set(code, await read(`/map/patches/${code}/size`));
  return sizes.get(code);
};
const inWords = (found) => `${plural(found.assets, "place")}, ${plural(found.streets, "street")}, ${size(found.bytes)}`;

// The answer, read bit by bit: `tell` hears how many bytes have come.
const readSlowly = async (address, tell) => {
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  const parts = [];
  let bytes = 0;
  for (const reader = answer.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    tell(bytes += value.byteLength);
  }
  const said = JSON.parse(await new Blob(parts).text());
  if (!answer.ok) throw new Error(said.detail);
  return said;
};

const sentenceFor = (error) => {
  if (error.name === "QuotaExceededError" || error.constructor.name === "PhoneFull") {
    return "This phone has no room left for it. Remove a ward you no longer need, or some photos, and try again.";
  }
  return navigator.onLine ? `It could not be taken: ${error.message} Try again.` : "There is no signal just now. Try again where there is.";
};

const take = async (code, row) => {
  const bar = make("progress", { max: 1, value: 0, "aria-label": "How much has come" });
  const words = make("p", { role: "status" }, "Taking it …");
  row.querySelector(".walk-actions").replaceChildren(bar, words);
  try {
    const whole = await sizeOf(code);
    const isWithMap = hasFile() && !await keptFile();
    const all = whole.stored_bytes + (isWithMap ? whole.base_map_bytes : 0);
    const patch = await readSlowly(`/map/patches/${code}.json`, (bytes) => { bar.value = bytes / all; });
    await store.putPatch(patch);
    if (isWithMap) await takeFile((bytes) => { bar.value = (whole.stored_bytes + bytes) / all; });
    // What was fetched while walking may be older than this.
    await forgetAround();
    await navigator.storage?.persist?.();
    changed();
    await draw();
    view.querySelector("[data-taken-list] a")?.focus();
  } catch (error) {
    console.warn("not taken", error);
    words.textContent = sentenceFor(error);
    words.after(button("Try again", () => take(code, row)));
  }
};

const drop = async (code) => {
  await store.deletePatch(code);
  if (!(await taken()).length) await forgetFile();
  changed();
  await draw();
};

const takenRow = (patch) => {
  const row = make("li", { class: "walk-item", "data-code": patch.gss_code },
    make("strong", { class: "walk-item__name" }, patch.name),
    make("p", { class: "pw-quiet" }, `${plural(patch.assets, "place")}, ${plural(patch.streets, "street")}, ${age(patch)}`),
    make("p", { class: "walk-actions" },
      make("a", { href: `#around/${patch.gss_code}`, class: "nhsuk-button nhsuk-button--secondary" }, "Show on the map"),
      button("Refresh", () => take(patch.gss_code, row), "walk-plain"),
      button("Remove", () => drop(patch.gss_code), "walk-plain")));
  return row;
};

const wardRow = (ward) => {
  const words = make("p", { class: "pw-quiet" }, plural(ward.assets, "place"));
  const why = ward.is_wanted ? "Your ward. " : ward.is_here ? "You are here. " : "";
  const row = make("li", { class: "walk-item", "data-code": ward.gss_code },
    make("strong", { class: "walk-item__name" }, ward.name), make("span", { class: "pw-quiet" }, ` ${why}${ward.lad_name ?? ""}`), words,
    make("p", { class: "walk-actions" }, button(`Take ${ward.name} with me`, () => take(ward.gss_code, row), "")));
  row.tellSize = async () => {
    const found = await sizeOf(ward.gss_code);
    words.textContent = inWords(found) + (found.base_map_bytes && !await keptFile() ? `, and the map, ${size(found.base_map_bytes)}` : "");
  };
  return row;
};

const search = async ({ isByItself = false } = {}) => {
  const said = view.querySelector("[data-found]");
  const list = view.querySelector("[data-wards]");
  const words = view.querySelector("[name=q]").value.trim();
  const asked = new URLSearchParams(words ? { q: words } : {});
  const place = words ? null : await whereabouts();
  const mine = words ? [] : lastMe()?.ward_codes ?? [];
  for (const code of mine) asked.append("ward", code);
  if (place) { asked.set("lon", place.lon.toFixed(5)); asked.set("lat", place.lat.toFixed(5)); }
  try {
    let { patches, has_more: hasMore } = await read(`/map/patches?${asked}`);
    // Outside every ward we know: all of them are better than none.
    if (!patches.length && !words) ({ patches, has_more: hasMore } = await read("/map/patches"));
    const has = new Set((await taken()).map(({ gss_code: code }) => code));
    const rows = patches.filter(({ gss_code: code }) => !has.has(code)).map(wardRow);
    // What somebody takes just now stays under their thumb.
    if (isByItself && list.querySelector("progress")) return;
    list.replaceChildren(...rows);
    said.textContent = patches.length ? (hasMore ? "There are more: write a name to find yours." : "") : "No ward or town is called that. Try another word.";
    for (const row of rows.slice(0, MOST_SIZES)) await row.tellSize();
  } catch (error) {
    console.info("no list of wards", error);
    said.textContent = "The list of wards needs signal.";
  }
};

const draw = async () => {
  const patches = await taken();
  view.querySelector("[data-taken]").hidden = !patches.length;
  view.querySelector("[data-taken-list]").replaceChildren(...patches.map(takenRow));
  const isSafe = await navigator.storage?.persisted?.() ?? false;
  const kept = view.querySelector("[data-kept]");
  kept.hidden = !patches.length || isSafe;
  kept.textContent = "Saved on this phone only, and the phone may clear it when it runs out of room.";
  await search();
};

export const start = () => {
  view = document.getElementById("walk-patch");
  view.querySelector("[data-search]").addEventListener("submit", (event) => { event.preventDefault(); search(); });
  // Whose wards come first is known a moment after the page is.
  let who = lastMe()?.account_id;
  world.addEventListener("change", () => {
    const now = lastMe()?.account_id;
    if (who !== now && !view.hidden) search({ isByItself: true });
    who = now;
  });
};
export const opened = ([name]) => (name === "patch" ? draw() : undefined);
