// The facts of a place as a form has them, and the form as facts have it. Names are the server's.
import { KINDS, DAYS, button, make } from "./dom.js";
import { everything, world } from "./around.js";
import { shrink } from "./photos.js";

const LINES = ["name", "description", "address", "postcode", "phone", "email", "website", "charity_number"];
const MOST_PHOTOS = 3;
export const SAVED = "Saved on this phone. It will be sent when there is signal.";

const ticked = (form, name) => [...form.querySelectorAll(`[name=${name}]:checked`)].map(({ value }) => value);
const tick = (form, name, values) => {
  for (const box of form.querySelectorAll(`[name=${name}]`)) box.checked = values.includes(box.value);
};

const hoursRow = (form, span = {}) => {
  const day = make("select", { class: "nhsuk-select", "aria-label": "Day" }, ...DAYS.map((word, value) => make("option", { value, selected: value === span.weekday }, word)));
  const time = (label, value) => make("input", { class: "nhsuk-input", type: "time", "aria-label": label, value });
  const row = make("li", {}, day, time("Opens at", span.opens_at ?? "09:00"), " to ", time("Closes at", span.closes_at ?? "17:00"),
    button("Remove", () => { row.remove(); form.dispatchEvent(new Event("input")); }, "walk-plain"));
  form.querySelector("[data-hours]").append(row);
  return row;
};
const readHours = (form) => [...form.querySelectorAll("[data-hours] li")].map((row) => {
  const [day, opens, closes] = row.querySelectorAll("select, input");
  return { weekday: Number(day.value), opens_at: opens.value, closes_at: closes.value };
}).sort((a, b) => a.weekday - b.weekday || a.opens_at.localeCompare(b.opens_at));

const chip = (form, { slug, label }) => {
  const item = make("li", { "data-slug": slug }, label, " ",
    button("×", () => { item.remove(); form.dispatchEvent(new Event("input")); }, "walk-plain"));
  item.querySelector("button").setAttribute("aria-label", `Take out ${label}`);
  form.querySelector("[data-interests]").append(item);
};

const photoRow = (form, photo) => {
  const index = form.photos.length;
  const picture = make("img", { src: URL.createObjectURL(photo.blob), alt: "", width: 72, height: 72 });
  const alt = make("input", { class: "nhsuk-input", value: photo.alt, autocomplete: "off", id: `${form.id}-alt-${index}`, oninput: () => { photo.alt = alt.value; } });
  const row = make("li", {}, picture,
    make("div", {}, make("label", { class: "nhsuk-label", for: alt.id }, "What does it show?"), alt),
    button("Remove", () => {
      form.photos.splice(form.photos.indexOf(photo), 1);
      row.remove();
      form.dispatchEvent(new Event("input"));
    }, "walk-plain"));
  form.photos.push(photo);
  form.querySelector("[data-photos]").append(row);
};

export const kindOf = (form) => ticked(form, "kind")[0] ?? null;
const showForKind = (form) => {
  const kind = kindOf(form);
  for (const part of form.querySelectorAll("[data-only-kind]")) part.hidden = part.dataset.onlyKind !== kind;
  for (const part of form.querySelectorAll("[data-not-kind]")) part.hidden = part.dataset.notKind === kind;
};

export const sameFact = (one, other) => JSON.stringify(one?.length === 0 ? null : one ?? null) === JSON.stringify(other?.length === 0 ? null : other ?? null);
// Each fact that is another one now, with what it was before.
export const differences = (before, now) => Object.fromEntries(Object.entries(now)
  .filter(([name, value]) => !sameFact(before[name], value))
  .map(([name, value]) => [name, { was: before[name] ?? null, now: value }]));

// Facts by name; what is empty is null. A skill has no door, whatever was typed before it was one.
export const readForm = (form) => {
  const facts = Object.fromEntries(LINES.map((name) => [name, form.elements[name].value.trim() || null]));
  const [indoors] = ticked(form, "is_indoors");
  const beds = form.elements.beds.value.trim();
  const spans = readHours(form);
  const access = ticked(form, "access");
  const kind = kindOf(form);
  if (kind === "informal") Object.assign(facts, { address: null, postcode: null });
  return {
    ...facts, kind, consent_how: ticked(form, "consent_how")[0] ?? null,
    is_contact_public: form.elements.is_contact_public.checked,
    access: access.length ? access.sort() : null,
    is_indoors: indoors === "yes" ? true : indoors === "no" ? false : null,
    beds: beds === "" ? null : Number(beds), opening_hours: spans.length ? spans : null,
    interests: [...form.querySelectorAll("[data-interests] li")].map(({ dataset }) => dataset.slug).sort(),
  };
};

// Interests come with what is around: a form that was opened before it came learns them then.
const learnInterests = async (form) => {
  const known = new Map((await everything()).flatMap(({ interests }) => interests ?? []).map((one) => [one.slug, one]));
  form.known = [...known.values()];
  form.querySelector("datalist").replaceChildren(...form.known.map(({ label }) => make("option", { value: label })));
};
const chooseInterest = (form, box) => {
  const found = form.known?.find(({ label }) => label.toLowerCase() === box.value.trim().toLowerCase());
  if (!found || form.querySelector(`[data-slug="${CSS.escape(found.slug)}"]`)) return;
  chip(form, found);
  box.value = "";
};

export const fillForm = async (form, facts = {}, photos = []) => {
  // What was begun for what stood here before must not land in what comes now.
  form.round = (form.round ?? 0) + 1;
  form.reset();
  for (const list of form.querySelectorAll("[data-hours], [data-interests], [data-photos]")) list.replaceChildren();
  for (const name of [...LINES, "beds"]) form.elements[name].value = facts[name] ?? "";
  tick(form, "kind", [facts.kind]);
  tick(form, "consent_how", [facts.consent_how]);
  tick(form, "access", facts.access ?? []);
  tick(form, "is_indoors", [{ true: "yes", false: "no" }[facts.is_indoors] ?? ""]);
  form.elements.is_contact_public.checked = facts.is_contact_public ?? true;
  for (const span of facts.opening_hours ?? []) hoursRow(form, span);
  form.photos = [];
  for (const photo of photos) photoRow(form, { ...photo });
  showForKind(form);
  await learnInterests(form);
  for (const slug of facts.interests ?? []) chip(form, form.known.find((one) => one.slug === slug) ?? { slug, label: slug });
};

export const wire = (form) => {
  form.photos = [];
  form.addEventListener("change", () => showForKind(form));
  form.querySelector("[data-add-hours]").onclick = () => hoursRow(form).querySelector("select").focus();
  const interest = form.querySelector("[data-interest]");
  interest.addEventListener("input", () => chooseInterest(form, interest));
  // Enter chooses; it does not save a form that is half done.
  interest.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    chooseInterest(form, interest);
    form.dispatchEvent(new Event("input"));
  });
  world.addEventListener("change", async () => {
    if (form.known?.length) return;
    await learnInterests(form);
    chooseInterest(form, interest);
  });
  const files = form.querySelector("[data-photo]");
  const take = async (chosen, round) => {
    for (const file of chosen.slice(0, MOST_PHOTOS - form.photos.length)) {
      const blob = await shrink(file);
      if (form.round !== round) return;
      photoRow(form, { blob, alt: "" });
      form.dispatchEvent(new Event("input"));
    }
  };
  // Whoever saves waits for it: a large photo takes a moment to shrink.
  form.shrinking = Promise.resolve();
  files.addEventListener("change", () => {
    const chosen = [...files.files];
    const { round } = form;
    files.value = "";
    form.shrinking = form.shrinking.then(() => take(chosen, round)).catch(() => {
      showProblems(form, { photos: "A photo could not be read. Take it again, or choose another one." });
    });
  });
};

// Sentences by field, shown together and beside each field; returns whether there are any. What goes
// wrong by the way (`isAside`) is said without taking anybody out of what they type.
export const showProblems = (form, problems, { isAside = false } = {}) => {
  const box = form.querySelector("[data-problems]");
  const said = Object.entries(problems);
  if (isAside && box.textContent === said.map(([, sentence]) => sentence).join("")) return said.length > 0;
  for (const old of form.querySelectorAll(".walk-wrong")) old.remove();
  box.hidden = !said.length;
  box.replaceChildren(...said.map(([, sentence]) => make("p", {}, sentence)));
  for (const [name, sentence] of said) {
    const group = form.querySelector(`[data-group=${name}]`);
    group?.querySelector("legend, label")?.after(make("p", { class: "walk-wrong" }, sentence));
    if (!isAside && group?.closest("details")) group.closest("details").open = true;
  }
  if (said.length && !isAside) box.focus();
  return said.length > 0;
};
export const problemsOf = (facts, form) => ({
  ...(KINDS[facts.kind] ? {} : { kind: "Choose what it is." }),
  ...(facts.name ? {} : { name: "Write what it is called." }),
  ...(facts.kind === "informal" && !facts.consent_how ? { consent_how: "Ask them first, and say how they agreed to be on the map." } : {}),
  ...(Number.isInteger(facts.beds ?? 0) ? {} : { beds: "Write beds as a whole number." }),
  ...((facts.opening_hours ?? []).every(({ opens_at: from, closes_at: to }) => from && to && from < to)
    ? {} : { opening_hours: "It has to open before it closes. Look at the opening hours again." }),
  ...(form.querySelector("[data-interest]").value.trim()
    ? { interests: "Choose from the list what people do there, or take out what you wrote." } : {}),
});

// A second tap while the first is being saved does nothing: it would be saved twice.
export const once = (work) => {
  let isBusy = false;
  return async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    try { await work(); } finally { isBusy = false; }
  };
};
