// Keeps the page of the ride code, so that it opens without a network. Nothing else is kept: data is
// never, and while there is a network everything comes from there.
//
// The page itself fills the cache `tongxing-shell-<version>` before it registers this worker as
// sw.js?v=<version>; here the shells of other versions are cleared away.
const SHELL = `tongxing-shell-${new URL(self.location.href).searchParams.get("v")}`;
const SCOPE = new URL("./", self.location.href);
const PATIENCE_MS = 4000;

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith("tongxing-shell-") && name !== SHELL) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== SCOPE.origin) return;
  if (!address.pathname.startsWith(SCOPE.pathname)) return;
  const path = address.pathname.slice(SCOPE.pathname.length);
  const isShell = path === "" || path === "code" || path.startsWith("static/");
  if (isShell) event.respondWith(freshOrKept(event.request));
});

async function keptOf(request) {
  const how = { ignoreSearch: true, ignoreVary: true };
  const found = await caches.match(request, how);
  if (found !== undefined || request.mode !== "navigate") return found;
  // The page has two addresses; whichever of them was kept will do.
  return (await caches.match(SCOPE.href, how)) ?? caches.match(`${SCOPE.href}code`, how);
}

async function freshOrKept(request) {
  const kept = await keptOf(request);
  if (kept === undefined) return fetch(request);
  const fresh = fetch(request).then(
    (answer) => (answer.status >= 500 ? kept.clone() : answer),
    () => kept.clone(),
  );
  const late = new Promise((resolve) => setTimeout(() => resolve(kept.clone()), PATIENCE_MS));
  return Promise.race([fresh, late]);
}
