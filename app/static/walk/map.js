// The map: our places around me, on whatever lies under them; and the list beside or before it.
import { assetOf, changed, check, everything, lookAround, mayRecord, read, taken, world } from "./around.js";
import { addBase, loadLeaflet } from "./base.js";
import { KINDS, button, make } from "./dom.js";
import { find, here } from "./here.js";
import * as list from "./list.js";
import { walked } from "./progress.js";
import { metresBetween } from "./store.js";

const NEAR_ZOOM = 17;
const FETCH_ZOOM = 14;
const NAMES_ZOOM = 17;
const MOST_NAMES = 30;
const MARK_PX = 28;
const DOT_PX = 14;
const APART_PX = 8;
const LETTERS_ZOOM = 15;
const SAME_DOOR_M = 8;
const FOOT = new Set(["footway", "path", "steps", "pedestrian", "track", "bridleway", "cycleway"]);

// Each kind is drawn once, as a colour and a letter, and then copied point for point: thousands cost
// little. From afar there is no room for letters, and a dot is quicker still.
const pictures = new Map();
const pictureOf = ({ kind, unsent }, size) => {
  const key = `${kind} ${unsent} ${size}`;
  if (!pictures.has(key)) {
    const scale = L.Browser.retina ? 2 : 1;
    const picture = Object.assign(document.createElement("canvas"), { width: size * scale, height: size * scale });
    const pen = picture.getContext("2d");
    const { colour, letter } = KINDS[kind] ?? KINDS.venue;
    pen.scale(scale * size / MARK_PX, scale * size / MARK_PX);
    pen.arc(MARK_PX / 2, MARK_PX / 2, MARK_PX / 2 - 2, 0, 2 * Math.PI);
    Object.assign(pen, { fillStyle: colour, lineWidth: 2.5, strokeStyle: unsent ? "#212b32" : "#fff" });
    pen.fill();
    pen.setLineDash(unsent ? [4, 3] : []);
    pen.stroke();
    Object.assign(pen, { fillStyle: "#fff", font: "bold 14px Arial", textAlign: "center", textBaseline: "middle" });
    if (size === MARK_PX) pen.fillText(letter, MARK_PX / 2, MARK_PX / 2 + 1);
    pictures.set(key, picture);
  }
  return pictures.get(key);
};

let Mark;
let Marks;
const defineMark = () => {
  // What would lie right over another mark is not drawn: nobody could tell, and it takes time.
  Marks ??= L.Canvas.extend({
    _draw() { this.drawn = new Set(); L.Canvas.prototype._draw.call(this); },
  });
  Mark ??= L.CircleMarker.extend({
    _updatePath() {
      const { _ctx: pen, _drawing: isDrawing, drawn } = this._renderer;
      if (!isDrawing || this._empty()) return;
      const { x, y } = this._point;
      const cell = Math.floor(x / APART_PX) * 1e6 + Math.floor(y / APART_PX);
      if (drawn.has(cell)) return;
      drawn.add(cell);
      const size = this._map.getZoom() < LETTERS_ZOOM ? DOT_PX : MARK_PX;
      pen.drawImage(pictureOf(this.options.asset, size), x - size / 2, y - size / 2, size, size);
    },
  });
};

// Lon and lat are turned round for Leaflet here, and nowhere else.
const turned = (line) => line.map(([lon, lat]) => [lat, lon]);
const point = ({ lat, lon }) => [lat, lon];

// A map in `container` that keeps itself up to date with what is on this phone.
export const makeMap = async (container, { tapped = () => {} } = {}) => {
  await loadLeaflet();
  defineMark();
  const map = L.map(container, {
    preferCanvas: true, zoomControl: false, attributionControl: false, maxZoom: 19, minZoom: 5,
    // A thumb is wider than a mark: what is near enough is meant.
    renderer: new Marks({ tolerance: 10, padding: 0.3 }),
  }).setView([54, -2.5], 6);
  const layers = Object.fromEntries(
    ["outlines", "streets", "walked", "names", "me", "marks"].map((name) => [name, L.featureGroup().addTo(map)]),
  );
  layers.marks.on("click", ({ layer }) => tapped(layer.options.asset));
  const quiet = { interactive: false };
  let streets = [];
  const hasBase = addBase(map).catch((error) => { console.warn("no base map", error); return false; });

  const drawNames = () => {
    layers.names.clearLayers();
    if (map.getZoom() < NAMES_ZOOM) return;
    const seen = new Set();
    for (const { name, line } of streets) {
      const [lon, lat] = line[Math.floor(line.length / 2)];
      if (!name || seen.has(name) || !map.getBounds().contains([lat, lon])) continue;
      if (seen.add(name).size > MOST_NAMES) break;
      L.tooltip({ ...quiet, permanent: true, direction: "center", className: "walk-street-name" })
        .setLatLng([lat, lon]).setContent(make("span", {}, name)).addTo(layers.names);
    }
  };
  const drawOutlines = (patches) => {
    const own = new Set();
    layers.outlines.clearLayers();
    for (const { boundary, gss_code: code } of patches.filter((patch) => patch.boundary)) {
      own.add(code);
      L.geoJSON(boundary, { ...quiet, style: { color: "#00594f", weight: 4, fill: false } }).addTo(layers.outlines);
    }
    for (const { boundary, gss_code: code } of patches.flatMap(({ around }) => around ?? [])) {
      if (own.has(code)) continue;
      own.add(code);
      L.geoJSON(boundary, { ...quiet, style: { color: "#4c6272", weight: 2, dashArray: "6 6", fill: false } }).addTo(layers.outlines);
    }
  };
  const drawStreets = async (patches) => {
    const byLine = new Map();
    for (const street of patches.flatMap((patch) => patch.streets ?? [])) {
      byLine.set(`${street.line[0]} ${street.line.at(-1)} ${street.line.length}`, street);
    }
    streets = [...byLine.values()];
    layers.streets.clearLayers();
    if (await hasBase) return;
    // One shape for all of a sort: a thousand shapes of their own would be slow to move.
    const lines = (isFoot) => streets.filter(({ highway }) => FOOT.has(highway) === isFoot).map(({ line }) => turned(line));
    L.polyline(lines(false), { ...quiet, color: "#a9b5bb", weight: 7 }).addTo(layers.streets);
    L.polyline(lines(false), { ...quiet, color: "#fff", weight: 5 }).addTo(layers.streets);
    L.polyline(lines(true), { ...quiet, color: "#8a6d3b", weight: 2, dashArray: "4 5" }).addTo(layers.streets);
    drawNames();
  };
  const drawMarks = async () => {
    const assets = (await list.nearest(null)).filter(({ hasPoint }) => hasPoint);
    layers.marks.clearLayers();
    for (const asset of assets) {
      new Mark(point(asset), { radius: MARK_PX / 2, asset }).addTo(layers.marks);
    }
  };
  const drawWalked = () => {
    layers.walked.clearLayers();
    L.polyline(walked.lines().map(turned), { ...quiet, color: "#007f3b", weight: 6, opacity: 0.7 }).addTo(layers.walked);
  };
  const drawMe = () => {
    layers.me.clearLayers();
    if (!here.position) return;
    const blue = { ...quiet, color: "#1d70b8", fillColor: "#1d70b8" };
    L.circle(point(here.position), { ...blue, radius: here.position.accuracy_m, weight: 1, fillOpacity: 0.15 }).addTo(layers.me);
    L.circleMarker(point(here.position), { ...blue, radius: 8, color: "#fff", weight: 3, fillOpacity: 1 }).addTo(layers.me);
  };
  const draw = async () => {
    const patches = await everything();
    drawOutlines(patches);
    await drawStreets(patches);
    await drawMarks();
    drawWalked();
    drawMe();
  };
  let drawing = null;
  world.addEventListener("change", () => {
    drawing ??= requestAnimationFrame(() => { drawing = null; draw(); });
  });
  here.addEventListener("change", drawMe);
  walked.addEventListener("change", drawWalked);
  map.on("moveend", () => {
    drawNames();
    const { lng: lon, lat } = map.getCenter();
    if (map.getZoom() >= FETCH_ZOOM) lookAround({ lon, lat });
  });
  new ResizeObserver(() => map.invalidateSize()).observe(container);
  draw();
  return map;
};

// Where a map begins: where I am, where I was, what I took along, or all there is.
export const lookWhereItMatters = async (map) => {
  const place = await list.whereabouts();
  if (place) { map.setView(point(place), NEAR_ZOOM); return; }
  const [first] = await taken();
  if (first) { map.fitBounds(L.geoJSON(first.boundary).getBounds()); return; }
  const { bounds } = await read("/map/patches").catch(() => ({ bounds: null }));
  if (bounds) map.fitBounds([[bounds[1], bounds[0]], [bounds[3], bounds[2]]]);
};

let view;
let map = null;
let beginning = null;
let isFollowing = false;

const follow = (on) => {
  isFollowing = on;
  view.querySelector("[data-follow]").setAttribute("aria-pressed", String(on));
  if (!on) return;
  find();
  if (here.position && map) map.setView(point(here.position), Math.max(map.getZoom(), NEAR_ZOOM));
};

const closeSheet = () => { view.querySelector("[data-sheet]").hidden = true; };
const openSheet = async ({ id }) => {
  const known = await list.nearest(await list.whereabouts());
  const asset = known.find((one) => one.id === id) ?? await assetOf(id);
  // Several at one door lie under one mark: none of them is out of reach.
  const beside = known.filter((one) => one.id !== id && one.hasPoint && metresBetween(one, asset) <= SAME_DOOR_M);
  const sheet = view.querySelector("[data-sheet]");
  const still = async () => { await check(asset); closeSheet(); changed(); };
  sheet.replaceChildren(
    make("h2", { class: "nhsuk-heading-m" }, asset.name), list.factsOf(asset, { isShort: true }),
    make("p", { class: "walk-actions" },
      mayRecord() && !asset.unsent ? button("Still here", still, "") : "",
      make("a", { href: `#asset/${asset.id}`, class: "nhsuk-button nhsuk-button--secondary" }, mayRecord() ? "Change" : "More"),
      button("Close", closeSheet, "walk-plain")),
    beside.length ? make("p", { class: "walk-actions" }, "Also here: ", ...beside.map((one) => button(one.name, () => openSheet(one), "walk-plain"))) : "",
  );
  sheet.hidden = false;
  sheet.focus();
};

const begin = () => {
  beginning ??= (async () => {
    map = await makeMap(view.querySelector("[data-map]"), { tapped: openSheet });
    map.on("dragstart", () => follow(false));
    await lookWhereItMatters(map);
    // For measuring, and for tests that look at what is drawn.
    world.map = map;
  })();
  return beginning;
};

export const start = async (given) => {
  view = document.getElementById("walk-around");
  for (const press of view.querySelectorAll("[data-zoom]")) press.onclick = () => map?.zoomIn(Number(press.dataset.zoom));
  view.querySelector("[data-follow]").onclick = () => follow(!isFollowing);
  view.addEventListener("keydown", ({ key }) => { if (key === "Escape") closeSheet(); });
  let hadPosition = false;
  here.addEventListener("change", () => {
    if (!map || !here.position) return;
    if (isFollowing) map.panTo(point(here.position));
    else if (!hadPosition) map.setView(point(here.position), NEAR_ZOOM);
    hadPosition = true;
  });
  // On a wide screen it stands beside the list: it begins once it can be seen.
  new ResizeObserver(([{ contentRect }]) => { if (contentRect.height > 0) begin(); }).observe(view.querySelector("[data-map]"));
  await list.start(given);
};
export const opened = async ([name, id]) => {
  await list.opened([name]);
  if (name !== "around" || !id) return;
  await begin();
  const ward = (await everything()).find(({ gss_code: code }) => code === id);
  if (ward) map.fitBounds(L.geoJSON(ward.boundary).getBounds());
};
