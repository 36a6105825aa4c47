// Add a place: what is typed is kept at every keystroke, and saved on the phone.
import { changed, check, likeness, lookAround, mayRecord, wardAt, world } from "./around.js";
import { KINDS, ago, button, make, mark, say } from "./dom.js";
import * as edit from "./edit.js";
import { SAVED, differences, fillForm, once, problemsOf, readForm, showProblems, wire } from "./form.js";
import { accuracy, find, fresh, freshen, here } from "./here.js";
import { howFar, nearest, whereabouts } from "./list.js";
import { lookWhereItMatters, makeMap } from "./map.js";
import { outbox } from "./outbox.js";
import { metresBetween, store } from "./store.js";

const BESIDE_M = 50;
const SAME_NAME_M = 300;
const ALIKE = 0.5;
const MOST_OFFERED = 2;
const SETTLING_MS = 60_000;
// A draft that is gone on with after this is written somewhere else.
const SITTING_MS = 600_000;

let view;
let form;
let pin = null;
let show;
// What is being added: its id on this phone, where its writer stood, and the unsent item it changes.
let draft = null;

const placeBy = () => form.elements.place_by.value;
const newDraft = (values = {}) => ({ id: crypto.randomUUID(), stand: null, item: null, ...values });
// Where they stand: the best fix of this minute, as long as they have not moved since.
const stood = () => {
  const now = fresh();
  if (!now) return null;
  const { stand } = draft;
  const hasMoved = !stand || metresBetween(stand, now) > stand.accuracy_m + now.accuracy_m;
  if (hasMoved || !isBegun() || now.at - stand.at > SETTLING_MS || now.accuracy_m < stand.accuracy_m) draft.stand = { ...now };
  const { at, ...place } = draft.stand;
  return place;
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
  if (by === "here") await freshen();
  const point = by === "pin" ? pin && pointOfPin() : stood();
  if (kind !== "informal" || !point) return point;
  // A door is not sent at all where this phone knows the ward.
  const ward = await wardAt(point);
  return ward ? { ward_code: ward.gss_code } : point;
};

const isSaid = ([name, value]) => name !== "is_contact_public" && value !== null && value.length !== 0;
const isBegun = () => form.photos.length > 0 || Object.entries(readForm(form)).some(isSaid);
const keep = async () => {
  if (draft.item && !draft.isTouched) return;
  if (!isBegun()) return;
  const facts = readForm(form);
  stood();
  const pinAt = placeBy() === "pin" && pin ? pointOfPin() : null;
  await store.putDraft({
    ...draft, facts, photos: form.photos, place_by: placeBy(), pin: pinAt,
    place_postcode: form.elements.place_postcode.value,
  });
};
const keepSafely = () => keep().catch((error) => showProblems(form, { name: error.message }, { isAside: true }));

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
  form.querySelector("[data-here]").textContent = fresh() ? accuracy(here.position) : here.trouble || "looking …";
};

// It is there already. Only what says nothing more than its name is thrown away.
const itIs = async (asset) => {
  const more = Object.entries(readForm(form)).filter(([name]) => name !== "kind" && name !== "name");
  try {
    await check(asset);
    if (form.photos.length || more.some(isSaid)) await keep();
    else await store.deleteDraft(draft.id);
  } catch (error) {
    showProblems(form, { name: error.message });
    return;
  }
  await begin();
  show("#list");
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
    button(`${asset.name}${asset.distance_m == null ? "" : `, ${howFar(asset.distance_m)}`}`, () => itIs(asset)))));
};

const drawDrafts = async () => {
  const drafts = (await store.drafts()).filter(({ id }) => id !== draft?.id);
  const to = ({ id, asset }) => (asset ? `#asset/${asset.id}` : `#add/draft/${id}`);
  const begun = ({ item, asset, changed_at: at }) => `${item || asset ? "changes" : ""} begun ${ago(at)}`.trim();
  view.querySelector("[data-drafts]").hidden = !drafts.length;
  view.querySelector("[data-draft-list]").replaceChildren(...drafts.map(({ facts, ...one }) => make("li", { class: "walk-item" },
    make("a", { href: to(one), class: "walk-item__link" }, facts.kind ? mark(facts.kind) : "",
      make("span", {}, make("strong", { class: "walk-item__name" }, facts.name || "Without a name yet"), make("span", { class: "pw-quiet" }, `${KINDS[facts.kind]?.word ?? "Not said what it is"}, ${begun(one)}`))))));
};

const begin = async (given = null) => {
  // A photo that is still being made smaller belongs to what stands here now.
  await form.shrinking;
  const { id, stand = null, item = null, place = null } = given ?? {};
  draft = newDraft(id ? { id, stand, item, place } : {});
  await fillForm(form, given?.facts, given?.photos);
  form.elements.place_by.value = given?.place_by ?? "here";
  form.elements.place_postcode.value = given?.place_postcode ?? "";
  showProblems(form, {});
  await showPlace(given?.pin);
  sayAccuracy();
};
// What was begun in another place stays there: its pin shows where.
const goOn = (kept) => {
  const { stand, place_by: by, item } = kept ?? {};
  const isElsewhere = !item && by === "here" && stand && Date.now() - stand.at > SITTING_MS;
  return begin(isElsewhere ? { ...kept, place_by: "pin", pin: stand } : kept);
};

// Something unsent or refused is changed in the same form; an edit, where its asset is shown.
const openItem = async (id) => {
  const kept = (await store.drafts()).find((one) => one.id === `item:${id}`);
  const item = (await outbox.items()).find((one) => one.id === id);
  if (kept) { await begin(kept); return; }
  if (!item) { show("#outbox"); return; }
  if (item.record.action === "edit") { show(`#asset/${item.record.asset_id}/${id}`); return; }
  const { place = {}, ...facts } = item.record.facts;
  await begin({
    id: `item:${id}`, item: { id, state: item.state, record: item.record }, facts, place,
    photos: item.photos.map((photo) => ({ ...photo, isOfItem: true })),
    place_postcode: place.postcode, place_by: place.postcode ? "postcode" : "here",
  });
};

// It arrived while it was being changed: what is different goes after it, as a change.
const saveDifference = async (now) => {
  const { asset_id, facts } = draft.item.record;
  const photos = form.photos.filter(({ isOfItem }) => !isOfItem);
  const changes = differences(facts, now);
  if (Object.keys(changes).length) await outbox.save({ action: "edit", asset_id, changes, seen_version: 1 }, photos);
  else if (photos.length) await outbox.save({ action: "photo", asset_id, seen_version: 1 }, photos);
};
const saveItem = async (said, facts) => {
  const { id } = draft.item;
  const item = (await outbox.items()).find((one) => one.id === id);
  try {
    if (item?.state === "refused") await outbox.replaceRefused(id, { facts }, form.photos);
    else await outbox.replace(id, { facts }, form.photos);
  } catch (error) {
    if (error.code !== "arrived") throw error;
    await saveDifference({ ...said, ...facts });
  }
};

const save = async () => {
  await form.shrinking;
  const said = readForm(form);
  // Where it was said to be stays, unless another way of saying it was chosen.
  const place = draft.item && placeBy() === "here" ? draft.place : await placeOf(said.kind);
  const problems = { ...problemsOf(said, form), ...(place ? {} : { place: "Say where it is: put a pin on the map, or write a postcode." }) };
  if (showProblems(form, problems)) return;
  const known = Object.entries(said).filter(([, value]) => value !== null && value.length !== 0);
  const facts = { ...Object.fromEntries(known), place };
  if (said.kind === "informal") facts.is_contact_public = false;
  try {
    // The same draft, saved in two tabs or once more after a phone died, makes one asset.
    if (draft.item) await saveItem(said, facts);
    else await outbox.save({ action: "add", asset_id: draft.id, facts }, form.photos);
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

export const start = async (given) => {
  ({ show } = given);
  view = document.getElementById("walk-add");
  form = view.querySelector("[data-add]");
  form.id = "add-form";
  wire(form);
  form.addEventListener("submit", once(save));
  form.addEventListener("input", () => { draft.isTouched = true; keepSafely(); offer(); });
  form.addEventListener("change", ({ target }) => { if (target.name === "place_by") showPlace(); });
  view.querySelector("[data-discard]").onclick = async () => {
    form.round += 1;
    await form.shrinking;
    await store.deleteDraft(draft.id);
    await begin();
    show("#list");
  };
  // Whoever may not record would type in vain, and so would who types before it is ready.
  let isReady = false;
  const ask = () => { form.hidden = !isReady || !mayRecord(); };
  here.addEventListener("change", () => { sayAccuracy(); if (!view.hidden) { stood(); offer(); } });
  world.addEventListener("change", () => {
    ask();
    if (!view.hidden) offer();
  });
  edit.start(given);
  await begin();
  isReady = true;
  ask();
};
export const opened = async ([name, what, id]) => {
  if (name === "asset") { await edit.open(what, id); return; }
  if (name !== "add") return;
  if (what === "item") await openItem(id);
  else if (what === "draft" && id !== draft.id) await goOn((await store.drafts()).find((one) => one.id === id));
  else if (!what && draft.item) await begin();
  const place = await whereabouts();
  if (place) lookAround(place);
  await showPlace();
  await drawDrafts();
  await offer();
};
