// Keeps the walker's page on the phone, so that it opens without signal. The server puts before
// this: const VERSION, const FILES (the page and everything it is made of).
//
// A version is one whole set of files. The next one waits until every walker's page is closed, or
// a person asks for it: an open form is never served files it was not opened with.
const CACHE = `walk-${VERSION}`;
const PAGE = "/map";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(
    FILES.map((file) => new Request(file, { cache: "reload" })),
  )));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("walk-") && name !== CACHE) await caches.delete(name);
    }
    // The page that installed it is served by it too: it must work when it is reloaded in a cellar.
    await self.clients.claim();
  })());
});

self.addEventListener("message", ({ data }) => { if (data === "take over") self.skipWaiting(); });

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  const isPage = request.mode === "navigate" && pathname === PAGE;
  const file = isPage ? PAGE : pathname + search;
  if (!isPage && !FILES.includes(file)) return;
  event.respondWith((async () => {
    const cache = await caches.open(CACHE);
    return await cache.match(file) ?? fetch(request);
  })());
});
