// Keeps the exit pass on the phone. It answers by itself only where the network does not; a kept
// pass says of which moment it is, and is gone when the phone is told to forget.

const PAGES = "traveller-pages-1";
const FILES = "traveller-files-1";
const PASS = "/traveller/pass";
const OFFLINE = "/traveller/offline";
const FORGET = "/traveller/forget";
const PATIENCE_MS = 8000;
const FILE_LIST = [
  "css/tokens.css", "css/page.css", "css/parts.css", "css/print.css", "css/traveller.css",
  "img/signs.svg", "img/icon.svg", "img/icon-192.png",
  "js/app.js", "js/copy.js", "js/countdown.js", "js/enhance.js", "js/phone.js", "js/typed.js",
].map((name) => `/static/${name}`);

/** Puts the moment of keeping, by this phone's clock, into the page itself. */
async function keep(cache, address, answer) {
  const page = (await answer.text()).replace("<html ", `<html data-kept-at="${Date.now()}" `);
  await cache.put(address, new Response(page, { headers: answer.headers }));
}

async function keepPass(answer) {
  const pages = await caches.open(PAGES);
  const isPass = answer.ok && !answer.redirected && (await answer.clone().text()).includes("data-keeps-pass");
  if (!isPass) {
    await pages.delete(PASS);
    return;
  }
  await keep(pages, PASS, answer);
  const offline = await fetch(OFFLINE);
  if (offline.ok) await pages.put(OFFLINE, offline);
}

async function fetchPass(address) {
  return fetch(address, { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) });
}

addEventListener("install", (event) => {
  event.waitUntil((async () => {
    await (await caches.open(FILES)).addAll(FILE_LIST);
    await (await caches.open(PAGES)).add(OFFLINE);
    await skipWaiting();
  })());
});

addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("traveller-") && name !== PAGES && name !== FILES) await caches.delete(name);
    }
    await clients.claim();
  })());
});

addEventListener("message", (event) => {
  if (event.data?.keep !== "pass") return;
  // Without a connection what was kept before stays.
  event.waitUntil(fetchPass(PASS).then(keepPass).catch(() => undefined));
});

async function showPass(event, address) {
  let answer;
  try {
    answer = await fetchPass(address);
  } catch {
    return (await caches.match(PASS)) ?? offlinePage(event.request.url, "get", new URL(address).searchParams);
  }
  event.waitUntil(keepPass(answer.clone()));
  return answer;
}

const escaped = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** The page that says so, with what was to be sent, so that it can be sent again. */
async function offlinePage(address, method, fields) {
  const kept = await caches.match(OFFLINE);
  if (!kept) return Response.error();
  const hidden = [...fields].filter(([, value]) => typeof value === "string")
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`);
  const page = (await kept.text())
    .replace('method="get" data-again', `method="${method}" action="${escaped(new URL(address).pathname)}" data-again`)
    .replace("<!--again-->", hidden.join(""));
  return new Response(page, { headers: kept.headers });
}

async function show(request) {
  try {
    return await fetch(request);
  } catch {
    return offlinePage(request.url, "get", new URL(request.url).searchParams);
  }
}

async function send(request) {
  const copy = request.clone();
  try {
    const answer = await fetch(request);
    if (answer.ok && new URL(request.url).pathname === FORGET) await caches.delete(PAGES);
    return answer;
  } catch {
    return offlinePage(request.url, "post", await copy.formData());
  }
}

async function file(request) {
  try {
    return await fetch(request);
  } catch (failure) {
    const kept = await caches.match(request, { ignoreSearch: true });
    if (kept) return kept;
    throw failure;
  }
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode === "navigate" && request.method === "POST") event.respondWith(send(request));
  else if (request.mode === "navigate" && url.pathname === PASS) event.respondWith(showPass(event, request.url));
  else if (request.mode === "navigate") event.respondWith(show(request));
  else if (request.method === "GET" && url.pathname.startsWith("/static/")) event.respondWith(file(request));
});
