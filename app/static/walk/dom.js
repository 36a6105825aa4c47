// Nodes made from data, and the words pages use: text stays text, whatever is in it.

export const KINDS = {
  care_home: { word: "Care home", colour: "#0069a8", letter: "C" },
  group: { word: "Group", colour: "#b84a00", letter: "G" },
  surgery: { word: "GP surgery", colour: "#00735c", letter: "S" },
  venue: { word: "Venue", colour: "#a03a82", letter: "V" },
  informal: { word: "Skill or network", colour: "#4b4b4b", letter: "✦" },
};
export const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

// A node with attributes (`onclick` and the like listen) and children, which are nodes or text.
export const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child != null && child !== ""));
  return node;
};
export const button = (text, onclick, look = "nhsuk-button--secondary") => make(
  "button", { type: "button", class: `nhsuk-button ${look}`, onclick }, text,
);
export const mark = (kind) => make(
  "span", { class: `walk-mark walk-mark--${kind}`, "aria-hidden": "true" }, KINDS[kind]?.letter ?? "?",
);

export const metres = (distance_m) => (distance_m < 995
  ? `${distance_m < 20 ? Math.round(distance_m) : Math.round(distance_m / 10) * 10} m`
  : `${(distance_m / 1000).toFixed(1)} km`);
export const plural = (count, one, many = `${one}s`) => `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
export const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
export const ago = (moment) => {
  const days = Math.floor((Date.now() - new Date(moment)) / 864e5);
  if (days < 2) return days < 1 ? "today" : "yesterday";
  for (const [length, unit] of [[365, "year"], [30, "month"], [7, "week"]]) {
    if (days >= 2 * length) return `${Math.floor(days / length)} ${unit}s ago`;
  }
  return `${days} days ago`;
};
export const checked = ({ assured_date: date }) => (date ? `Checked ${ago(date)}` : "Not checked yet");
export const hours = (spans) => (spans ?? []).map(
  ({ weekday, opens_at, closes_at }) => `${DAYS[weekday]} ${opens_at} to ${closes_at}`,
);
// Only what a browser opens as a page: never a script.
export const webLink = (text) => {
  try {
    const address = new URL(text.includes("://") ? text : `https://${text}`);
    return ["http:", "https:"].includes(address.protocol) ? address.href : null;
  } catch {
    return null;
  }
};

// One sentence at the top of the page, said aloud too, with what can be done about it.
export const say = (sentence, ...more) => {
  const box = document.querySelector("[data-said]");
  box.replaceChildren(sentence, ...more, button("Close", () => { box.hidden = true; }, "walk-plain"));
  box.hidden = !sentence;
};
