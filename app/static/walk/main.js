// The walker's page: which view is shown, who is walking, and the shell that opens without signal.
import { lastMe, store } from "./store.js";
import { outbox } from "./outbox.js";
import * as queue from "./queue.js";

const views = [...document.querySelectorAll("[data-view]")];
const first = "list";
const parts = [];

const show = (address) => { location.hash = address; };
const context = { root: document, store, outbox, me: lastMe, show };

// A module that fails must not take the others with it: what is typed and what waits comes first.
// The one that was asked for starts before the others.
const names = ["map", "add", "still", "patch", "progress"];
const startsFirst = { add: "add", asset: "add", still: "still", patch: "patch" };
const modules = [queue];
const start = async () => {
  queue.start(context);
  const asked = startsFirst[location.hash.slice(1).split("/")[0]];
  for (const name of [...new Set([asked ?? "map", ...names])]) {
    try {
      const loaded = await import(`./${name}.js`);
      await loaded.start(context);
      modules.push(loaded);
      if (modules.length === 2) await turn();
      else await loaded.opened?.([...parts]);
    } catch (error) {
      console.error(`${name} did not start`, error);
    }
  }
};

const turn = async ({ isFirst = true } = {}) => {
  const asked = decodeURIComponent(location.hash.slice(1)).split("/").filter(Boolean);
  const name = views.some((view) => view.dataset.view === asked[0]) ? asked[0] : first;
  parts.splice(0, parts.length, name, ...asked.slice(1));
  for (const view of views) view.hidden = view.dataset.view !== name;
  for (const link of document.querySelectorAll("[data-for]")) {
    if (link.dataset.for === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const part of modules) await part.opened?.([...parts]);
  // Reading programs start at the new view's heading; the first view is where a page starts anyway.
  const heading = views.find((view) => view.dataset.view === name)?.querySelector("h1");
  if (!isFirst && heading) { heading.tabIndex = -1; heading.focus(); }
};
addEventListener("hashchange", () => turn({ isFirst: false }));

// A newer version is there: it is taken when a person says so, and what is typed is a draft by then.
let isAsked = false;
const offerUpdate = (registration) => {
  if (document.getElementById("walk-update")) return;
  const banner = document.createElement("p");
  const take = document.createElement("button");
  Object.assign(banner, { id: "walk-update", className: "walk-said" });
  Object.assign(take, { type: "button", className: "pw-as-link", textContent: "Use the new one" });
  take.onclick = () => { isAsked = true; registration.waiting?.postMessage("take over"); };
  banner.append("There is a newer version of this page. ", take);
  document.querySelector("main").prepend(banner);
};

const keepShell = async () => {
  const registration = await navigator.serviceWorker.register("/sw.js", { scope: "/map", updateViaCache: "none" });
  // Nothing is taken over by itself: a form that is open keeps the very files it was opened with.
  if (registration.waiting) offerUpdate(registration);
  registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker.addEventListener("statechange", () => {
      if (worker.state === "installed" && navigator.serviceWorker.controller) offerUpdate(registration);
    });
  });
  navigator.serviceWorker.addEventListener("controllerchange", () => { if (isAsked) location.reload(); });
};
if ("serviceWorker" in navigator) keepShell().catch((error) => console.warn("no shell kept", error));
navigator.storage?.persist?.();

addEventListener("online", () => outbox.sendNow());
document.addEventListener("visibilitychange", () => { if (!document.hidden) outbox.sendNow(); });
await start();
outbox.send();
