// "To send": everything that waits on this phone, how it goes, and what a person has to decide.
import { SAVED } from "./form.js";
import { fileOf } from "./unsent.js";

let outbox;
let store;
let root;
const drawn = new Map();

const make = (tag, text = "", values = {}) => {
  const node = Object.assign(document.createElement(tag), values);
  node.textContent = text;
  return node;
};
const button = (text, press, className = "nhsuk-button nhsuk-button--secondary walk-small") => make("button", text, {
  type: "button", className, onclick: async ({ currentTarget }) => {
    currentTarget.disabled = true;
    try { await press(); } catch (error) { complain(error.message); }
    currentTarget.disabled = false;
  },
});
const clock = (iso) => new Date(iso).toLocaleString("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" });
const complain = (sentence) => { root.getElementById("walk-outbox-said").textContent = sentence; };

const DOES = { add: "New", edit: "Changed", check: "Checked", photo: "Photo" };
const STATES = {
  waiting: "Waiting to be sent", sending: "Being sent", refused: "Not accepted",
  clash: "Somebody else changed it",
};
const SAYS = {
  idle: "Everything has been sent.",
  sending: "Sending …",
  offline: "No signal. It is safe on this phone and goes by itself once there is signal.",
  busy: "The server is busy. It is safe on this phone and will be sent again.",
  "signed-out": "You have been signed out. Nothing is lost: sign in, and it will be sent.",
  "another-person": "Somebody else is signed in. What you recorded waits until you are.",
};

const inWords = (value) => {
  if (value === null || value === undefined || value === "") return "nothing";
  if (Array.isArray(value)) return value.map(inWords).join(", ") || "nothing";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "object") return String(value);
  if ("lon" in value) return `${value.lat.toFixed(5)}, ${value.lon.toFixed(5)}`;
  return Object.values(value).map(inWords).join(" ");
};

// Two versions side by side, a row for each field; mine is chosen by a tap, and another saves.
const clashOf = (item) => {
  const { problem, record } = item;
  const box = make("div", "", { className: "walk-clash" });
  if (problem.code === "gone") {
    box.append(make("p", "Somebody found it gone meanwhile. What do you say?"));
    box.append(
      button("It is there: put it back", () => outbox.replaceRefused(item.id, record.action === "check"
        ? { action: "edit", changes: {}, seen_version: problem.asset.version, put_back: true }
        : { seen_version: problem.asset.version, put_back: true })),
      button("Leave it gone", () => outbox.remove(item.id)),
    );
    return box;
  }
  if (problem.code === "merged") {
    box.append(make("p", "It was merged with another entry meanwhile, which is shown instead."));
    box.append(
      button("Make my change there", () => outbox.replaceRefused(item.id, { asset_id: problem.instead })),
      button("Leave it as it is", () => outbox.remove(item.id)),
    );
    return box;
  }
  const keep = new Map();
  for (const { name, label, theirs, mine, is_hidden: isHidden } of problem.clashes) {
    const field = make("fieldset");
    field.append(make("legend", label));
    const choices = [["theirs", "Theirs", isHidden ? "a private contact, not shown" : inWords(theirs)], ["mine", "Mine", inWords(mine)]];
    for (const [value, word, text] of choices) {
      const choice = make("label", "", { className: "walk-choice" });
      const input = make("input", "", { type: "radio", name: `${item.id}-${name}`, value });
      input.addEventListener("change", () => { keep.set(name, value); save.disabled = keep.size < problem.clashes.length; });
      choice.append(input, make("strong", `${word}: `), make("span", text));
      field.append(choice);
    }
    box.append(field);
  }
  const save = button("Save", async () => {
    const changes = { ...record.changes };
    for (const { name, theirs } of problem.clashes) {
      if (keep.get(name) === "theirs") delete changes[name];
      else changes[name] = { was: theirs, now: changes[name].now };
    }
    if (Object.keys(changes).length || item.photos.length) {
      await outbox.replaceRefused(item.id, { changes, seen_version: problem.asset.version });
    } else await outbox.remove(item.id);
  }, "nhsuk-button walk-small");
  save.disabled = true;
  box.append(save);
  return box;
};

// "Delete" asks once more in its own place; the thumb and the keyboard stay where they are.
const sure = (item) => {
  const place = make("span", "", { className: "walk-sure" });
  const ask = () => place.replaceChildren(button("Delete", () => {
    const note = item.attempts ? "It may have arrived already. Delete it here? " : "Delete it for good? ";
    const keep = button("Keep", () => { ask(); place.querySelector("button").focus(); });
    place.replaceChildren(make("span", note), button("Yes, delete", () => outbox.remove(item.id)), keep);
    keep.focus();
  }, "nhsuk-button walk-plain"));
  ask();
  return place;
};

const rowOf = (item) => {
  const row = make("li", "", { className: "walk-item" });
  row.dataset.id = item.id;
  row.dataset.state = item.state;
  row.append(make("h2", `${DOES[item.record.action] ?? ""}: ${item.name || "a place"}`, { className: "walk-item__name" }));
  const photos = item.photos.length ? `, ${item.photos.length} photo${item.photos.length > 1 ? "s" : ""}` : "";
  row.append(make("p", `${STATES[item.state]}. Saved ${clock(item.record.made_at)}${photos}.`));
  if (item.said) row.append(make("p", item.said, { className: "walk-said" }));
  if (item.state === "clash") row.append(clashOf(item));
  for (const sentence of Object.values(item.problem?.problems ?? {})) {
    row.append(make("p", sentence, { className: "walk-said" }));
  }
  const actions = make("p", "", { className: "walk-actions" });
  const { action } = item.record;
  const canChange = (item.attempts === 0 || item.state === "refused") && (action === "add" || action === "edit");
  if (canChange) {
    const href = `#add/item/${item.id}`;
    actions.append(make("a", "Change", { href, className: "nhsuk-button nhsuk-button--secondary walk-small" }));
  }
  if (item.state === "refused") actions.append(button("Try again", () => outbox.replaceRefused(item.id, {})));
  if (item.state !== "sending") actions.append(sure(item));
  row.append(actions);
  return row;
};

const draw = async () => {
  const items = await outbox.items();
  const { state, next_try_at: next } = outbox.status();
  const others = await store.others();
  const receipts = await store.receipts();
  const said = items.length === 0 && state === "idle" ? "Nothing waits to be sent." : SAYS[state];
  root.getElementById("walk-outbox-status").textContent = next ? `${said} Next try at ${clock(next)}.` : said;
  root.getElementById("walk-outbox-sign-in").hidden = state !== "signed-out";
  root.getElementById("walk-outbox-others").hidden = !others;
  for (const button of root.querySelectorAll("[data-outbox]")) button.hidden = !items.length;
  // Only what changed is drawn anew: nothing moves under a thumb, and no choice is forgotten.
  const list = root.getElementById("walk-outbox-items");
  const nodes = items.map((item) => {
    const key = JSON.stringify([item.state, item.said, item.attempts > 0, item.sha256]);
    if (drawn.get(item.id)?.key !== key) drawn.set(item.id, { key, node: rowOf(item) });
    return drawn.get(item.id).node;
  });
  for (const child of [...list.children]) if (!nodes.includes(child)) child.remove();
  nodes.forEach((node, index) => {
    if (list.children[index] !== node) list.insertBefore(node, list.children[index] ?? null);
  });
  root.getElementById("walk-outbox-sent").hidden = !receipts.length;
  root.getElementById("walk-outbox-receipts").replaceChildren(...receipts.map((receipt) => {
    const row = make("li");
    row.append(make("a", receipt.name || "A place", { href: receipt.url }), make("span", ` ${clock(receipt.sent_at)}`));
    return row;
  }));
  const saved = root.querySelector("[data-said]")?.firstChild; // over everything, and true until it is sent
  if (!items.length && saved?.data?.endsWith(SAVED)) saved.data = saved.data.replace(SAVED, "Sent.");
  for (const badge of root.querySelectorAll("[data-outbox-count]")) {
    badge.textContent = items.length ? String(items.length) : "";
    badge.hidden = !items.length;
  }
};

export const start = (given) => {
  ({ outbox, store, root } = given);
  outbox.addEventListener("change", draw);
  root.getElementById("walk-outbox-send").onclick = () => outbox.sendNow();
  root.getElementById("walk-outbox-export").onclick = async () => {
    const file = await outbox.items().then(fileOf).catch((error) => { complain(`It was not saved: ${error.message}`); });
    if (!file) return;
    const link = make("a", "", { href: URL.createObjectURL(file), download: file.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  draw();
};
export const opened = ([view]) => (view === "outbox" ? draw() : undefined);
