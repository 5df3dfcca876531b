// Answers for the customs' pages while there is no network, from what a shift's start has kept.
// Without a shift nothing is kept, and everything goes to the network as it always does.

const KEPT = "customs-shift";
const PATIENCE_MS = 4000;

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (!url.pathname.endsWith("/sign-in")) event.respondWith(page(request));
  } else if (url.pathname.startsWith("/static/")) {
    event.respondWith(file(request));
  }
});

/** Any page of the desk; where the network is silent, the one for work without it. */
async function page(request) {
  const kept = await caches.match(new URL("offline", registration.scope).href, { cacheName: KEPT });
  if (!kept) return fetch(request);
  return fromNetwork(request).catch(() => kept);
}

async function file(request) {
  const kept = await caches.match(request, { cacheName: KEPT, ignoreSearch: true });
  if (!kept) return fetch(request);
  if (!navigator.onLine) return kept;
  return fromNetwork(request).catch(() => kept);
}

function fromNetwork(request) {
  const impatience = new Promise((_, tell) => { setTimeout(() => tell(new Error("silent")), PATIENCE_MS); });
  return Promise.race([fetch(request), impatience]);
}
