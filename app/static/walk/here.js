// Where the phone is: asked once the person wants it, or has allowed it before. Never sent anywhere.
import { lastMe, store } from "./store.js";

// "change" whenever the position or the trouble does.
export const here = Object.assign(new EventTarget(), { position: null, trouble: "" });
const OLDEST_MS = 10_000;
// Where somebody was longer ago is not where they are.
const STALE_MS = 120_000;
const PATIENCE_MS = 4_000;
const TROUBLES = {
  1: "This phone does not let us know where you are. Use a pin or a postcode instead.",
  2: "The phone cannot tell where it is just now.",
  3: "The phone is still looking for where it is.",
};

const changed = () => here.dispatchEvent(new Event("change"));
let watching = null;

const took = ({ coords: { longitude: lon, latitude: lat, accuracy: accuracy_m } }) => {
  Object.assign(here, { position: { lon, lat, accuracy_m, at: Date.now() }, trouble: "" });
  changed();
};
// Where it is now; null when the last fix is too old to say.
export const fresh = () => (here.position && Date.now() - here.position.at <= STALE_MS ? here.position : null);
// A phone that lies still may say nothing for long: ask it once more, for a moment.
export const freshen = () => (fresh() || !here.position ? null : new Promise((done) => {
  navigator.geolocation.getCurrentPosition((fix) => { took(fix); done(); }, () => done(), { enableHighAccuracy: true, maximumAge: OLDEST_MS, timeout: PATIENCE_MS });
}));

export const find = () => {
  if (watching !== null) return;
  if (!("geolocation" in navigator)) { here.trouble = TROUBLES[1]; changed(); return; }
  watching = navigator.geolocation.watchPosition(took, ({ code }) => {
    here.trouble = TROUBLES[code];
    if (code === 1) { navigator.geolocation.clearWatch(watching); watching = null; }
    changed();
  }, { enableHighAccuracy: true, maximumAge: OLDEST_MS });
};

// Whether it may be asked without a question popping up before anything is shown.
export const mayAsk = async () => {
  try {
    return (await navigator.permissions.query({ name: "geolocation" })).state === "granted";
  } catch {
    return false;
  }
};

// Where to begin before there is a position: where this person was last with this phone.
const whose = () => lastMe()?.account_id ?? null;
export const lastPlace = async () => {
  const kept = await store.setting("last-place");
  return kept && (kept.account_id ?? null) === whose() ? { lon: kept.lon, lat: kept.lat } : null;
};
here.addEventListener("change", () => {
  if (!here.position) return;
  const { lon, lat } = here.position;
  store.setSetting("last-place", { lon, lat, account_id: whose() }).catch(() => {});
});
export const accuracy = ({ accuracy_m }) => `about ${Math.max(1, Math.round(accuracy_m))} m`;
