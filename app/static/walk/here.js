// Where the phone is: asked once the person wants it, or has allowed it before. Never sent anywhere.
import { store } from "./store.js";

// "change" whenever the position or the trouble does.
export const here = Object.assign(new EventTarget(), { position: null, trouble: "" });
const OLDEST_MS = 10_000;
const TROUBLES = {
  1: "This phone does not let us know where you are. Use a pin or a postcode instead.",
  2: "The phone cannot tell where it is just now.",
  3: "The phone is still looking for where it is.",
};

const changed = () => here.dispatchEvent(new Event("change"));
let watching = null;

export const find = () => {
  if (watching !== null) return;
  if (!("geolocation" in navigator)) { here.trouble = TROUBLES[1]; changed(); return; }
  watching = navigator.geolocation.watchPosition(({ coords, timestamp }) => {
    const { longitude: lon, latitude: lat, accuracy: accuracy_m } = coords;
    Object.assign(here, { position: { lon, lat, accuracy_m, at: timestamp }, trouble: "" });
    changed();
  }, ({ code }) => {
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

// Where to begin before there is a position: where this phone was last.
export const lastPlace = () => store.setting("last-place");
here.addEventListener("change", () => {
  if (here.position) store.setSetting("last-place", { lon: here.position.lon, lat: here.position.lat }).catch(() => {});
});
export const accuracy = ({ accuracy_m }) => `about ${Math.max(1, Math.round(accuracy_m))} m`;
