// Add a place, and correct one: what is typed is kept at every keystroke, and saved on the phone.
import { assetOf, changed, check, likeness, lookAround, mayRecord, wardAt, world } from "./around.js";
import { KINDS, ago, button, make, mark, metres, say } from "./dom.js";
import { fillForm, kindOf, once, problemsOf, readForm, showProblems, wire } from "./form.js";
import { accuracy, find, here } from "./here.js";
import { factsOf, nearest, whereabouts } from "./list.js";
import { lookWhereItMatters, makeMap } from "./map.js";
import { outbox } from "./outbox.js";
import { store } from "./store.js";

const BESIDE_M = 50;
const SAME_NAME_M = 300;
const ALIKE = 0.5;
const MOST_OFFERED = 3;
const SAVED = "Saved on this phone. It will be sent when there is signal.";

let view;
let form;
let pin = null;
let show;
// What is being added: its id on this phone, where its writer stood, and the unsent item it changes.
let draft = null;

const placeBy = () => form.elements.place_by.value;
const newDraft = (values = {}) => ({ id: crypto.randomUUID(), stand: null, item: null, ...values });
// Where they stood when they began; a better fix of the same minute takes its place.
const stood = () => {
  const now = here.position;
  if (now && (!draft.stand || now.accuracy_m < draft.stand.accuracy_m)) {
    draft.stand = { lon: now.lon, lat: now.lat, accuracy_m: now.accuracy_m };
  }
  return draft.stand;
};
const pointOfPin = () => {
  const { lng: lon, lat } = pin.getCenter();
  return { lon: Number(lon.toFixed(6)), lat: Number(lat.toFixed(6)) };
};
// Where it is, as the server wants it; null while nobody can say.
const placeOf = async (kind) => {
  const by = placeBy();
  const postcode = form.elements.place_postcode.value.trim();
  if (by === "postcode") return postcode ? { postcode } : null;
  const point = by === "pin" ? pin && pointOfPin() : stood();
  if (kind !== "informal" || !point) return point;
  // A door is not sent at all where this phone knows the ward.
  const ward = await wardAt(point);
  return ward ? { ward_code: ward.gss_code } : point;
};

const keep = async () => {
  const facts = readForm(form);
  const isBegun = facts.kind || facts.name || facts.description || form.photos.length;
  if (draft.item || !isBegun) return;
  stood();
  const pinAt = placeBy() === "pin" && pin ? pointOfPin() : null;
  await store.putDraft({
    ...draft, facts, photos: form.photos, place_by: placeBy(), pin: pinAt,
    place_postcode: form.elements.place_postcode.value,
  });
};
const keepSafely = () => keep().catch((error) => showProblems(form, { name: error.message }));

const openPin = async (at) => {
  pin ??= await makeMap(view.querySelector("[data-pin-map]"));
  if (at) pin.setView([at.lat, at.lon], 18);
  else await lookWhereItMatters(pin);
  pin.off("moveend", keepSafely).on("moveend", keepSafely);
};
const showPlace = async (at = null) => {
  for (const part of form.querySelectorAll("[data-by]")) part.hidden = part.dataset.by !== placeBy();
  if (placeBy() === "pin") await openPin(at);
  if (placeBy() === "here" && !view.hidden) find();
};
const sayAccuracy = () => {
  form.querySelector("[data-here]").textContent = here.position ? accuracy(here.position) : here.trouble || "looking …";
};

const offer = async () => {
  const name = form.elements.name.value.trim();
  const place = placeBy() === "pin" && pin ? pointOfPin() : await whereabouts();
  const around = (await nearest(place, SAME_NAME_M)).filter(({ hasPoint, unsent }) => hasPoint && !unsent);
  const isAlike = (asset) => likeness(name, asset.name) >= ALIKE || asset.name.toLowerCase().includes(name.toLowerCase());
  const found = name.length > 2 ? around.filter(isAlike) : place ? around.filter(({ distance_m: far }) => far <= BESIDE_M) : [];
  const box = view.querySelector("[data-near]");
  box.hidden = !found.length || !mayRecord() || Boolean(draft.item);
  box.querySelector("ul").replaceChildren(...found.slice(0, MOST_OFFERED).map((asset) => make("li", {},
    button(`${asset.name}${asset.distance_m == null ? "" : `, ${metres(asset.distance_m)}`}`, async () => {
      await store.deleteDraft(draft.id);
      await check(asset);
      await begin();
      show("#list");
    }))));
};

const drawDrafts = async () => {
  const drafts = (await store.drafts()).filter(({ id }) => id !== draft?.id);
  view.querySelector("[data-drafts]").hidden = !drafts.length;
  view.querySelector("[data-draft-list]").replaceChildren(...drafts.map(({ id, facts, changed_at: at }) => make("li", { class: "walk-item" },
    make("a", { href: `#add/draft/${id}`, class: "walk-item__link" }, facts.kind ? mark(facts.kind) : "",
      make("span", {}, make("strong", { class: "walk-item__name" }, facts.name || "Without a name yet"), make("span", { class: "pw-quiet" }, `${KINDS[facts.kind]?.word ?? "Not said what it is"}, begun ${ago(at)}`))))));
};

const begin = async (given = null) => {
  draft = newDraft(given ? { id: given.id, stand: given.stand ?? null, item: given.item ?? null } : {});
  await fillForm(form, given?.facts, given?.photos);
  form.elements.place_by.value = given?.place_by ?? "here";
  form.elements.place_postcode.value = given?.place_postcode ?? "";
  showProblems(form, {});
  await showPlace(given?.pin);
  sayAccuracy();
};

// Something unsent or refused is changed in the same form; an edit, where its asset is shown.
const openItem = async (id) => {
  const item = (await outbox.items()).find((one) => one.id === id);
  if (!item) { show("#outbox"); return; }
  if (item.record.action === "edit") { show(`#asset/${item.record.asset_id}/${id}`); return; }
  const { place = {}, ...facts } = item.record.facts;
  await begin({
    id: draft?.id ?? crypto.randomUUID(), item, facts, photos: item.photos, place_postcode: place.postcode,
    place_by: place.postcode ? "postcode" : "here", stand: "lon" in place ? place : null,
  });
  draft.place = place;
};

const save = async () => {
  await form.shrinking;
  const said = readForm(form);
  // Where it was said to be stays, unless another way of saying it was chosen.
  const place = draft.item && placeBy() === "here" ? draft.place : await placeOf(said.kind);
  const problems = { ...problemsOf(said), ...(place ? {} : { place: "Say where it is: put a pin on the map, or write a postcode." }) };
  if (showProblems(form, problems)) return;
  const known = Object.entries(said).filter(([, value]) => value !== null && value.length !== 0);
  const facts = { ...Object.fromEntries(known), place };
  if (said.kind === "informal") facts.is_contact_public = false;
  try {
    const { item } = draft;
    if (!item) await outbox.save({ action: "add", asset_id: crypto.randomUUID(), facts }, form.photos);
    else if (item.state === "refused") await outbox.replaceRefused(item.id, { facts });
    else await outbox.replace(item.id, { facts }, form.photos);
  } catch (error) {
    showProblems(form, { name: error.message });
    return;
  }
  await store.deleteDraft(draft.id);
  say(`${said.name}: ${SAVED}`);
  await begin();
  changed();
  show("#list");
};

// Correcting: only what was touched goes, with what was shown before.
let edited = null;
const sameFact = (one, other) => JSON.stringify(one?.length === 0 ? null : one ?? null) === JSON.stringify(other?.length === 0 ? null : other ?? null);
const placeShown = (asset) => (asset.kind === "informal" || asset.location_source === "ward"
  ? { ward_code: asset.ward_code } : { lon: asset.lon, lat: asset.lat });
const changesOf = (now) => {
  const { asset, item, moved } = edited;
  const changes = { ...item?.record.changes };
  const pairs = Object.entries(now).map(([name, value]) => [name, asset[name], value]);
  if (moved) pairs.push(["place", placeShown(asset), moved]);
  for (const [name, was, value] of pairs) {
    if (!sameFact(was, value)) changes[name] = { was: changes[name]?.was ?? was ?? null, now: value };
  }
  return changes;
};
const saveEdit = async () => {
  const { asset, item, form: box } = edited;
  await box.shrinking;
  const now = readForm(box);
  // How somebody agreed is never shown again: only a new answer says something.
  if (!now.consent_how) delete now.consent_how;
  const { consent_how: asked, ...problems } = problemsOf(now);
  const isNowInformal = kindOf(box) === "informal" && asset.kind !== "informal";
  if (showProblems(box, { ...problems, ...(isNowInformal && asked ? { consent_how: asked } : {}) })) return;
  const changes = changesOf(now);
  const hasChanges = Object.keys(changes).length > 0;
  if (!hasChanges && !box.photos.length) { showProblems(box, { name: "Nothing has been changed yet." }); return; }
  try {
    const given = hasChanges ? { action: "edit", changes } : { action: "photo" };
    if (item?.state === "refused") await outbox.replaceRefused(item.id, { changes, seen_version: asset.version });
    else if (item) await outbox.replace(item.id, { changes }, [...item.photos, ...box.photos]);
    else await outbox.save({ ...given, asset_id: asset.id, seen_version: asset.version }, box.photos);
  } catch (error) {
    showProblems(box, { name: error.message });
    return;
  }
  say(`${now.name}: ${SAVED}`);
  changed();
  show("#list");
};

const openAsset = async (id, itemId) => {
  const page = document.getElementById("walk-asset");
  const box = page.querySelector("[data-edit]");
  const asset = (await nearest(await whereabouts())).find((one) => one.id === id) ?? await assetOf(id);
  page.querySelector("[data-name]").textContent = asset?.name ?? "This is not on the map";
  page.querySelector("[data-facts]").replaceChildren(asset ? factsOf(asset) : make("p", {}, "It may have gone, or it is not on this phone and there is no signal."));
  box.hidden = !asset || !mayRecord();
  if (!asset) return;
  const item = (await outbox.items()).find((one) => one.id === itemId) ?? null;
  edited = { asset, item, form: box, moved: null, could: mayRecord() };
  await fillForm(box, asset);
  showProblems(box, {});
  page.querySelector("[data-moved]").textContent = "";
  if (mayRecord() && !asset.unsent) {
    page.querySelector("[data-facts]").append(make("p", { class: "walk-actions" }, button("Still here", async () => { await check(asset); show("#list"); }, "")));
  }
};
const moveHere = () => {
  const said = document.querySelector("#walk-asset [data-moved]");
  find();
  const { position } = here;
  if (!position) { said.textContent = here.trouble || "The phone is still looking. Tap again in a moment."; return; }
  edited.moved = { lon: position.lon, lat: position.lat, accuracy_m: position.accuracy_m };
  said.textContent = `It will be put where you stand, to ${accuracy(position)}.`;
};

export const start = async (given) => {
  ({ show } = given);
  view = document.getElementById("walk-add");
  form = view.querySelector("[data-add]");
  const edit = document.querySelector("#walk-asset [data-edit]");
  form.id = "add-form";
  edit.id = "edit-form";
  wire(form);
  wire(edit);
  form.addEventListener("submit", once(save));
  edit.addEventListener("submit", once(saveEdit));
  document.querySelector("#walk-asset [data-move-here]").onclick = moveHere;
  form.addEventListener("input", () => { keepSafely(); offer(); });
  form.addEventListener("change", ({ target }) => { if (target.name === "place_by") showPlace(); });
  view.querySelector("[data-discard]").onclick = async () => { await store.deleteDraft(draft.id); await begin(); show("#list"); };
  here.addEventListener("change", () => { sayAccuracy(); if (!view.hidden) { stood(); offer(); } });
  world.addEventListener("change", () => {
    if (!view.hidden) offer();
    // Who is walking became known after the place was shown.
    if (edited && edited.could !== mayRecord()) openAsset(edited.asset.id, edited.item?.id);
  });
  await begin();
};
export const opened = async ([name, what, id]) => {
  if (name === "asset") { await openAsset(what, id); return; }
  if (name !== "add") return;
  if (what === "item") await openItem(id);
  else if (what === "draft" && id !== draft.id) await begin((await store.drafts()).find((one) => one.id === id));
  else if (draft.item) await begin();
  const place = await whereabouts();
  if (place) lookAround(place);
  await showPlace();
  await drawDrafts();
  await offer();
};
