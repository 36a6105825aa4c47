// One place: its facts, and a form to correct them. What is typed is kept at every keystroke.
import { assetOf, changed, check, mayRecord, wardAt, world } from "./around.js";
import { button, make, say } from "./dom.js";
import { SAVED, differences, fillForm, kindOf, once, problemsOf, readForm, showProblems, wire } from "./form.js";
import { accuracy, find, fresh, here } from "./here.js";
import { factsOf, nearest, whereabouts } from "./list.js";
import { outbox } from "./outbox.js";
import { store } from "./store.js";

let page;
let form;
let show;
// The asset as it was shown, the unsent item that is changed, and where it was moved to.
let edited = null;

const placeShown = (asset) => (asset.kind === "informal" || asset.location_source === "ward"
  ? { ward_code: asset.ward_code } : { lon: asset.lon, lat: asset.lat });
const readEdit = () => {
  const now = readForm(form);
  // How somebody agreed is never shown again: only a new answer says something.
  if (!now.consent_how) delete now.consent_how;
  // Nobody is shown the door of a skill: leaving it out changes nothing.
  if (now.kind === "informal") { delete now.address; delete now.postcode; }
  return now;
};
// Only what was touched goes, with what was shown before.
const changesOf = (now, item = edited.item) => {
  const { asset, moved } = edited;
  const before = { ...asset, place: placeShown(asset) };
  const earlier = item?.record.changes ?? {};
  const changes = differences(before, moved ? { ...now, place: moved } : now);
  for (const [name, change] of Object.entries(changes)) change.was = earlier[name] ? earlier[name].was : change.was;
  return { ...earlier, ...changes };
};
const newPhotos = () => form.photos.filter(({ isOfItem }) => !isOfItem);

const draftId = () => `edit:${edited.asset.id}`;
const mayForget = (isKept) => {
  page.querySelector("[data-forget-edit]").hidden = !isKept;
  page.querySelector("[data-leave]").hidden = isKept;
};
const keep = async () => {
  const { asset, item, moved } = edited;
  if (!Object.keys(changesOf(readEdit())).length && !form.photos.length) { mayForget(false); await store.deleteDraft(draftId()); return; }
  mayForget(true);
  await store.putDraft({ id: draftId(), asset, item_id: item?.id ?? null, facts: readForm(form), moved, photos: form.photos });
};
const keepSafely = () => keep().catch((error) => showProblems(form, { name: error.message }, { isAside: true }));

const sayMoved = () => {
  const { moved } = edited;
  page.querySelector("[data-moved]").textContent = !moved ? ""
    : "lon" in moved ? `It will be put where you stand, to ${accuracy(moved)}.` : "It will be put in the ward you stand in.";
};
// A skill has a ward, never a door: its point does not leave the phone.
const placed = async () => {
  const { moved } = edited;
  if (!moved || !("lon" in moved) || kindOf(form) !== "informal") return true;
  const ward = await wardAt(moved);
  edited.moved = ward ? { ward_code: ward.gss_code } : null;
  return Boolean(ward);
};
const moveHere = async () => {
  find();
  const position = fresh();
  const said = page.querySelector("[data-moved]");
  if (!position) { said.textContent = here.trouble || "The phone is still looking. Tap again in a moment."; return; }
  const { at, ...moved } = position;
  edited.moved = moved;
  if (await placed()) { sayMoved(); await keepSafely(); return; }
  said.textContent = "This phone does not know which ward you are in. Take the ward with you while there is signal.";
};

const send = async (changes) => {
  const { asset, item } = edited;
  const state = (await outbox.items()).find(({ id }) => id === item?.id)?.state;
  const seen = { asset_id: asset.id, seen_version: asset.version };
  if (item) {
    try {
      if (state === "refused") await outbox.replaceRefused(item.id, { changes, seen_version: asset.version }, form.photos);
      else await outbox.replace(item.id, { changes }, form.photos);
      return;
    } catch (error) {
      if (error.code !== "arrived") throw error;
    }
  }
  // What has arrived meanwhile was shown already: only what is new goes after it.
  const rest = item ? changesOf(readEdit(), null) : changes;
  if (Object.keys(rest).length) await outbox.save({ action: "edit", changes: rest, ...seen }, newPhotos());
  else if (newPhotos().length) await outbox.save({ action: "photo", ...seen }, newPhotos());
};
const save = async () => {
  await form.shrinking;
  const { asset } = edited;
  const now = readEdit();
  const { consent_how: asked, ...problems } = problemsOf(now, form);
  const isNowInformal = now.kind === "informal" && asset.kind !== "informal";
  if (isNowInformal && asked) problems.consent_how = asked;
  if (!await placed()) problems.kind = "This phone does not know which ward that is, and a skill has no other place. Save it without moving it.";
  if (showProblems(form, problems)) return;
  const changes = changesOf(now);
  if (!Object.keys(changes).length && !form.photos.length) { showProblems(form, { name: "Nothing has been changed yet." }); return; }
  try {
    await send(changes);
    await store.deleteDraft(draftId());
  } catch (error) {
    showProblems(form, { name: error.message });
    return;
  }
  edited = null;
  say(`${now.name}: ${SAVED}`);
  changed();
  show("#list");
};

export const open = async (id, itemId) => {
  // Shown once it is filled: what is typed before would be wiped, or go to another place.
  form.hidden = true;
  await form.shrinking;
  const kept = (await store.drafts()).find((draft) => draft.id === `edit:${id}`);
  const asset = (await nearest(await whereabouts())).find((one) => one.id === id) ?? await assetOf(id) ?? kept?.asset;
  page.querySelector("[data-name]").textContent = asset?.name ?? "This is not on the map";
  page.querySelector("[data-facts]").replaceChildren(asset ? factsOf(asset) : make("p", {}, "It may have gone, or it is not on this phone and there is no signal."));
  if (!asset) { edited = null; return; }
  const item = (await outbox.items()).find((one) => one.id === (itemId ?? kept?.item_id)) ?? null;
  const photos = kept ? kept.photos.filter(({ isOfItem }) => item || !isOfItem) : item?.photos.map((photo) => ({ ...photo, isOfItem: true }));
  edited = { asset: kept?.asset ?? asset, item, moved: kept?.moved ?? null, could: mayRecord() };
  await fillForm(form, kept?.facts ?? asset, photos);
  showProblems(form, {});
  sayMoved();
  if (kept?.moved) form.querySelector("[data-moved]").closest("details").open = true;
  mayForget(Boolean(kept));
  form.hidden = !mayRecord();
  if (mayRecord() && !asset.unsent) {
    page.querySelector("[data-facts]").append(make("p", { class: "walk-actions" }, button("Still here", async () => { await check(asset); show("#list"); }, "")));
  }
};

export const start = (given) => {
  ({ show } = given);
  page = document.getElementById("walk-asset");
  form = page.querySelector("[data-edit]");
  form.id = "edit-form";
  wire(form);
  form.addEventListener("submit", once(save));
  form.addEventListener("input", () => { if (edited) keepSafely(); });
  page.querySelector("[data-move-here]").onclick = moveHere;
  page.querySelector("[data-forget-edit]").onclick = async () => {
    form.round += 1;
    await form.shrinking;
    await store.deleteDraft(draftId());
    show("#list");
  };
  // Who is walking became known after the place was shown.
  world.addEventListener("change", () => { if (edited && edited.could !== mayRecord()) open(edited.asset.id, edited.item?.id); });
};
