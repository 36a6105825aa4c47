// What lies under our own shapes: nothing, tiles from an address, or a map in one file. That file is
// read in pieces from the server, or whole from this phone: the Cache API keeps no pieces, so it
// lies in the origin's own file system.

const KEPT = "base.pmtiles";
const said = () => document.getElementById("maincontent").dataset;

const loading = new Map();
const script = (address) => {
  if (!loading.has(address)) {
    loading.set(address, new Promise((resolve, reject) => {
      const node = Object.assign(document.createElement("script"), { src: address, onload: resolve, onerror: reject });
      document.head.append(node);
    }));
  }
  return loading.get(address);
};

// The map's own script and style come when a map is first looked at: the list needs neither.
export const loadLeaflet = async () => {
  const { leafletJs, leafletCss } = said();
  if (!loading.has(leafletCss)) {
    loading.set(leafletCss, new Promise((resolve, reject) => {
      const node = Object.assign(document.createElement("link"), { rel: "stylesheet", href: leafletCss, onload: resolve, onerror: reject });
      // Before our own style, which has the last word.
      document.head.prepend(node);
    }));
  }
  await Promise.all([script(leafletJs), loading.get(leafletCss)]);
};

export const hasFile = () => Boolean(said().basePmtiles);
export const keptFile = async () => {
  try {
    const folder = await navigator.storage.getDirectory();
    const file = await (await folder.getFileHandle(KEPT)).getFile();
    return file.size ? file : null;
  } catch {
    return null;
  }
};
export const forgetFile = async () => {
  const folder = await navigator.storage.getDirectory();
  await folder.removeEntry(KEPT).catch(() => {});
};

// Takes the whole file along; `tell` hears how many bytes have come. All of it or nothing.
export const takeFile = async (tell) => {
  const answer = await fetch(said().basePmtiles);
  if (!answer.ok) throw new Error("The map file could not be fetched. Try again.");
  const folder = await navigator.storage.getDirectory();
  const writing = await (await folder.getFileHandle(KEPT, { create: true })).createWritable();
  let bytes = 0;
  const counting = new TransformStream({
    transform(chunk, next) { bytes += chunk.byteLength; tell(bytes); next.enqueue(chunk); },
  });
  // What is cut off half way is never put in place of what was there.
  await answer.body.pipeThrough(counting).pipeTo(writing);
};

// Adds it to a map; returns whether there is anything under our shapes.
export const addBase = async (map) => {
  const { baseTiles, basePmtiles, baseIsRaster, pmtilesJs, protomapsJs } = said();
  if (baseTiles) {
    L.tileLayer(baseTiles, { maxZoom: 19 }).addTo(map);
    return true;
  }
  if (!basePmtiles) return false;
  await script(pmtilesJs);
  const file = await keptFile();
  const archive = new pmtiles.PMTiles(file ? new pmtiles.FileSource(file) : basePmtiles);
  const { maxZoom: maxNativeZoom } = await archive.getHeader();
  if (baseIsRaster === "true") {
    pmtiles.leafletRasterLayer(archive, { maxNativeZoom, maxZoom: 19 }).addTo(map);
  } else {
    await script(protomapsJs);
    protomapsL.leafletLayer({ url: archive, flavor: "light", lang: "en", maxDataZoom: maxNativeZoom }).addTo(map);
  }
  return true;
};
