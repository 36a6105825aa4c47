// Reads every collection of an OGC API with @camptocamp/ogc-client, page by page, and says what it
// found. Arguments: the client's file, the address, how many a page.
import { register } from "node:module";
// The client brings a fetch of its own for old Nodes; ours has one.
const own = "data:text/javascript,export default globalThis.fetch;";
const hook = `export const resolve = (name, context, next) =>
  name === "node-fetch" ? { url: ${JSON.stringify(own)}, shortCircuit: true } : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
const [file, address, size] = process.argv.slice(2);
const { OgcApiEndpoint } = await import(file);
const endpoint = new OgcApiEndpoint(address);
const found = { hasFeatures: await endpoint.hasFeatures, collections: {} };
for (const { name } of await endpoint.allCollections) {
  const items = [];
  for (let offset = 0; ; offset += Number(size)) {
    const page = await endpoint.getCollectionItems(name, Number(size), offset);
    items.push(...page.map(({ id, geometry }) => [id, geometry?.coordinates ?? null]));
    if (page.length < Number(size)) break;
  }
  found.collections[name] = items;
}
console.log(JSON.stringify(found));
