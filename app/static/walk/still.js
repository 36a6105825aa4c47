// Still there? One question at a time, about what is around and was checked longest ago.
import { check, lookAround, mayRecord, world } from "./around.js";
import { button, hours, make, mark } from "./dom.js";
import { here } from "./here.js";
import { inOneLine, nearest, whereabouts } from "./list.js";

const REACH_M = 500;
const FRESH_DAYS = 7;
// Skipped or answered on this walk: asked again when the page is next opened.
const done = new Set();
let view;
let asked = null;
let could = false;

const isFresh = ({ assured_date: date }) => date && Date.now() - new Date(date) < FRESH_DAYS * 864e5;
const waiting = async () => (await nearest(await whereabouts(), REACH_M))
  .filter((asset) => asset.hasPoint && !asset.unsent && !done.has(asset.id) && !isFresh(asset))
  .sort((a, b) => (a.assured_date ?? "").localeCompare(b.assured_date ?? "") || a.distance_m - b.distance_m);

const next = async ({ isAnswered = true } = {}) => {
  if (isAnswered && asked) done.add(asked);
  const [asset, ...others] = await waiting();
  asked = asset?.id ?? null;
  could = mayRecord();
  const box = view.querySelector("[data-question]");
  box.replaceChildren(asset ? question(asset, others.length) : make("p", {}, `Everything within ${REACH_M} m has been checked this week, or you have been asked about it. Walk on, and there will be more.`));
  if (isAnswered) box.focus();
};

const answer = (asset, given) => async ({ currentTarget }) => {
  currentTarget.disabled = true;
  try {
    await check(asset, given);
    if (given.fact) currentTarget.replaceWith(make("span", {}, "Thank you."));
    else await next();
  } catch (error) {
    view.querySelector("[data-question]").append(make("p", { class: "walk-problems", role: "alert" }, error.message));
    currentTarget.disabled = false;
  }
};

// One fact that goes out of date sooner than the place.
const factOf = (asset, fact, words, value) => (value ? make("div", { class: "walk-fact" },
  make("p", {}, `${words} `, make("strong", {}, value)),
  button("Yes, still right", answer(asset, { fact }))) : "");

const question = (asset, others) => {
  const choices = make("div", { class: "walk-answers" });
  const ask = () => choices.replaceChildren(
    button("Yes", answer(asset, {}), ""),
    make("a", { href: `#asset/${asset.id}`, class: "nhsuk-button nhsuk-button--secondary" }, "Changed"),
    button("Gone", sure),
    button("Not sure, skip", () => next(), "walk-plain"),
  );
  const sure = () => {
    const no = button("No, go back", () => { ask(); choices.querySelector("button").focus(); });
    choices.replaceChildren(make("p", {}, "Has it gone for good?"), button("Yes, it has gone", answer(asset, { outcome: "gone" }), ""), no);
    no.focus();
  };
  ask();
  return make("div", {},
    make("h2", { class: "nhsuk-heading-m", id: "walk-still-question" }, `Is ${asset.name} still here?`),
    make("p", { class: "pw-quiet" }, mark(asset.kind), ` ${inOneLine(asset)}`),
    asset.address ? make("p", {}, asset.address) : "",
    mayRecord() ? choices : make("p", {}, make("a", { href: `#asset/${asset.id}` }, "Look at it")),
    mayRecord() ? factOf(asset, "opening_hours", "Are these hours still right?", hours(asset.opening_hours).join(", ")) : "",
    mayRecord() ? factOf(asset, "phone", "Is this number still right?", asset.phone) : "",
    make("p", { class: "pw-quiet" }, others ? `${others} more around here after this one.` : "The last one around here."));
};

export const start = () => {
  view = document.getElementById("walk-still");
  // Nothing moves under a thumb: a change brings a question only where there was none to answer.
  const lookAgain = () => { if (!view.hidden && (!asked || could !== mayRecord())) next({ isAnswered: false }); };
  world.addEventListener("change", lookAgain);
  here.addEventListener("change", lookAgain);
};
export const opened = async ([name]) => {
  if (name !== "still") return;
  const place = await whereabouts();
  if (place) await lookAround(place);
  await next({ isAnswered: false });
};
