// Draws the vector tiles of a collection: points as dots, areas as outlines.
const place = document.getElementById("tiles");
const tilejson = await (await fetch(place.dataset.tilejson)).json();
const [{ id: dataLayer }] = tilejson.vector_layers;
const green = "#00594f";
const symbolizer = new protomapsL.CircleSymbolizer({ radius: 4, fill: green, stroke: "#fff", width: 1 });
const outline = new protomapsL.PolygonSymbolizer({ fill: green, opacity: 0.15, stroke: green, width: 1 });
const [west, south, east, north] = tilejson.bounds ?? [-6, 50, 2, 56];
// A single place has no size to fit.
const map = L.map(place).fitBounds([[south, west], [north, east]], { maxZoom: 16 });
protomapsL.leafletLayer({
  url: tilejson.tiles[0],
  attribution: "", // it would be HTML: whom to name stands below the map
  maxDataZoom: 16,
  paintRules: [{ dataLayer, symbolizer: dataLayer === "wards" ? outline : symbolizer }],
  labelRules: [],
}).addTo(map);
