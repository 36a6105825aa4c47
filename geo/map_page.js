// The one script of a map document. All words arrive as JSON and leave through textContent.
"use strict";
((map) => {
  const page = JSON.parse(document.getElementById("map-data").textContent);
  const box = map.getContainer();
  const isFramed = window.top !== window; // a page with its own title and list is around us
  document.documentElement.classList.toggle("framed", isFramed);
  const reachPx = 22; // half of a 44 px target: a finger takes the nearest place within it
  const stackPx = 4; // places closer than this on the screen share one popup

  const element = (tag, text = "", className = "") => Object.assign(
    document.createElement(tag), // each name keeps its own writing direction to itself
    { dir: "auto", textContent: text, className },
  );

  // The nearest place answers a tap, not the one drawn last. Leaflet's canvas asks every layer
  // whether it contains the point, so one search is shared by all the answers of one event.
  const NearestCanvas = L.Canvas.extend({
    nearest(point) {
      if (this._asked) return this._answer;
      let best = reachPx ** 2;
      this._answer = null;
      for (const layer of Object.values(this._layers)) {
        const away = (layer._point.x - point.x) ** 2 + (layer._point.y - point.y) ** 2;
        if (away <= best) [best, this._answer] = [away, layer];
      }
      queueMicrotask(() => { this._asked = false; });
      this._asked = true;
      return this._answer;
    },
  });

  const Place = L.CircleMarker.extend({
    _updatePath() {
      const canvas = this._renderer;
      if (!canvas._drawing || this._empty()) return;
      const pen = canvas._ctx;
      const { x, y } = this._point;
      const { corners, label, radius } = this.options;
      pen.beginPath();
      if (corners.length) corners.forEach(([dx, dy]) => pen.lineTo(x + radius * dx, y + radius * dy));
      else pen.arc(x, y, radius, 0, 2 * Math.PI);
      pen.closePath();
      canvas._fillStroke(pen, this);
      if (!label) return;
      Object.assign(pen, {
        globalAlpha: 1, fillStyle: "#fff", font: "bold 13px Arial, sans-serif",
        textAlign: "center", textBaseline: "middle",
      });
      pen.fillText(label, x, y + 1);
    },
    _containsPoint(point) { return this._renderer.nearest(point) === this; },
  });

  // Shows one or several entries ({ name, kind, lines, url }) in a popup.
  let opener = null;
  const hint = L.tooltip({ direction: "top", offset: [0, -8], className: "hint" });
  const show = (where, entries, from) => {
    const body = element("div", "", "entries");
    if (entries.length > 1) body.append(element("p", `${entries.length} places here`, "stacked"));
    for (const { name, kind, lines, url } of entries.slice(0, 20)) {
      body.append(element("strong", name, "name"));
      if (kind) body.append(element("p", kind, "kind"));
      body.append(...lines.map((line) => element("p", line)));
      const link = { href: url, target: "_top" };
      if (url) body.append(Object.assign(element("a", "Open this entry"), link));
    }
    if (entries.length > 20) body.append(element("p", `and ${entries.length - 20} more`));
    body.tabIndex = -1;
    map.closeTooltip(hint);
    const size = { maxWidth: 260, maxHeight: Math.max(120, box.clientHeight - 90) };
    L.popup(size).setLatLng(where).setContent(body).openOn(map);
    opener = from || null;
    if (from) body.focus();
  };
  map.on("popupclose", () => opener?.focus());
  box.addEventListener("keydown", (e) => { if (e.key === "Escape") map.closePopup(); });
  const hover = (group, words) => {
    group.on("mouseover", (e) => {
      if (!words(e.layer) || map._popup?.isOpen()) return;
      hint.setContent(element("span", words(e.layer))).setLatLng(e.layer.place ? e.layer.getLatLng() : e.latlng);
      hint.openOn(map);
    }).on("mouseout", () => map.closeTooltip(hint));
  };

  // Areas: one GeoJSON; the style of each feature is an entry of page.styles.
  const listed = []; // what the list offers: { entry, where, number }
  map.createPane("names").style.zIndex = 410;
  map.createPane("places").style.zIndex = 420;
  if (page.areas) {
    const areas = L.geoJSON(page.areas, {
      renderer: L.canvas({ padding: 0.2 }),
      style: (feature) => page.styles[feature.properties.style],
      onEachFeature(feature, layer) {
        const { name, lines, label } = feature.properties;
        if (label) {
          L.tooltip({ permanent: true, direction: "center", pane: "names", className: `label ${label.style}` })
            .setContent(element("span", label.text)).setLatLng(label.at).addTo(map);
        }
        if (!lines) return;
        layer.entry = { name, lines };
        listed.push({ entry: layer.entry, where: layer.getBounds().getCenter() });
      },
    }).addTo(map);
    areas.on("click", (e) => { if (e.layer.entry) show(e.latlng, [e.layer.entry]); });
    hover(areas, (layer) => layer.entry && [layer.entry.name, ...layer.entry.lines].join(": "));
  }
  const tidyNames = () => { // names move into the frame, and give way to clusters and each other
    const frame = box.getBoundingClientRect();
    const taken = [...box.querySelectorAll(".cluster")].map((node) => node.getBoundingClientRect());
    for (const node of box.querySelectorAll(".label")) {
      node.style.marginLeft = 0;
      const { left, right, top, bottom, width } = node.getBoundingClientRect();
      const shift = Math.max(0, frame.left + 4 - left) - Math.max(0, right + 4 - frame.right);
      const here = { left: left + shift, right: right + shift, top, bottom };
      const clashes = taken.some((there) => here.left < there.right && there.left < here.right
        && here.top < there.bottom && there.top < here.bottom);
      node.style.marginLeft = `${shift}px`;
      node.style.visibility = clashes || Math.abs(shift) > width / 2 ? "hidden" : "";
      if (!node.style.visibility) taken.push(here);
    }
  };

  // Places: columns, coordinates as whole steps from the place before.
  const { places } = page;
  const group = page.cluster ? L.markerClusterGroup({
    animate: false, disableClusteringAtZoom: 16, maxClusterRadius: 56,
    spiderfyOnMaxZoom: false, showCoverageOnHover: false,
    iconCreateFunction(cluster) {
      const words = element("span", cluster.getChildCount().toLocaleString("en-GB"));
      words.append(element("span", " places: zoom in", "hidden"));
      return L.divIcon({ html: words, className: "cluster", iconSize: [44, 44] });
    },
  }) : L.featureGroup();
  const canvas = new NearestCanvas({ padding: 0.2, pane: "places" });
  const counts = {};
  const markers = [];
  for (let i = 0, lat = 0, lon = 0; i < places.kind.length; i += 1) {
    lat += places.steps[2 * i];
    lon += places.steps[2 * i + 1];
    const { word, sign, colour, corners, radius, unlisted } = page.kinds[places.kind[i]];
    const number = places.label?.[i];
    const where = L.latLng(lat / places.scale, lon / places.scale);
    const marker = new Place(where, {
      pane: "places", renderer: canvas, radius, corners, label: number || sign,
      fillColor: colour, fillOpacity: 1, color: "#fff", weight: 1.5,
    });
    const link = places.url?.[i];
    const url = typeof link === "string" ? places.prefix + link : "";
    marker.place = { name: places.name?.[i] || word, kind: word, lines: places.lines?.[i] || [], url };
    counts[word] = (counts[word] || 0) + 1;
    markers.push(marker);
    if (!unlisted) listed.push({ entry: marker.place, where, number });
  }
  box.dataset.places = JSON.stringify(counts);
  if (page.cluster) group.addLayers(markers);
  else markers.forEach((marker) => group.addLayer(marker));
  group.addTo(map);
  const together = (marker) => markers.filter((other) => other._map
    && other._point.distanceTo(marker._point) <= stackPx).map((other) => other.place);
  group.on("click", (e) => { if (e.layer.place) show(e.layer.getLatLng(), together(e.layer)); });
  hover(group, (layer) => layer.place?.name);

  // Fit the data now and whenever the frame changes size, until the reader moves the map.
  let moved = false;
  const fit = () => {
    if (moved || !box.clientWidth) return;
    const room = { paddingTopLeft: [16, 16], paddingBottomRight: [76, 16] }; // beside the buttons
    map.setMinZoom(0).fitBounds(page.bounds, { ...room, maxZoom: 16, animate: false });
    map.setMinZoom(Math.max(0, map.getZoom() - 2));
  };
  fit();
  tidyNames();
  map.on("resize", fit).on("moveend resize", tidyNames).setMaxBounds(L.latLngBounds(page.bounds).pad(1));
  new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(box);
  ["pointerdown", "wheel", "keydown"].forEach((type) => box.addEventListener(type, () => {
    moved = true;
    box.classList.toggle("pointed", type !== "keydown");
  }, { passive: true }));

  // The list of what is in view: the map's other form, for keyboards and screen readers.
  const list = document.getElementById("map-list");
  const row = (place) => {
    const { entry, where, number } = place;
    const button = element("button", number ? `${number}. ${entry.name}` : entry.name);
    button.addEventListener("click", () => {
      moved = true;
      if (page.cluster) map.setView(where, 16, { animate: false });
      show(where, [entry], button);
    });
    place.row = element("li"); // kept, so that focus can come back to its button
    place.row.append(button, ...entry.lines.map((line) => element("p", line)));
    return place.row;
  };
  const fill = () => {
    if (!list.open) return;
    const view = map.getBounds();
    const inView = page.ordered ? listed : listed.filter(({ where }) => view.contains(where))
      .sort((a, b) => a.entry.name.localeCompare(b.entry.name, "en-GB"));
    const rows = inView.slice(0, 200).map((place) => place.row || row(place));
    if (inView.length > 200) rows.push(element("li", `and ${inView.length - 200} more: zoom in`));
    if (!rows.length) rows.push(element("li", "Nothing in this part of the map."));
    list.querySelector("ol").replaceChildren(...rows);
  };
  const isWide = window.matchMedia("(min-width: 60rem)").matches;
  list.open = !isFramed && (page.ordered || isWide);
  list.addEventListener("toggle", fill);
  map.on("moveend", fill);
  fill();
})(patchworkMap);
