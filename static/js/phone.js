// What a traveller's phone does besides showing pages: it keeps the exit pass for when it is offline.

const root = document.documentElement;

// A page that the phone kept says so, and since when.
if (root.dataset.keptAt) {
  for (const notice of document.querySelectorAll(".kept")) notice.hidden = false;
}

// The worker is fetched once everything else is there; it needs an address that browsers trust.
async function keepPass() {
  await navigator.serviceWorker.register("/traveller/worker.js", { scope: "/traveller/" });
  const worker = (await navigator.serviceWorker.ready).active;
  if (document.querySelector("[data-keeps-pass]")) worker.postMessage({ keep: "pass" });
}
const belongsHere = location.pathname.startsWith("/traveller/");
if (belongsHere && !root.dataset.keptAt && "serviceWorker" in navigator) {
  const start = () => keepPass().catch((failure) => console.info(`The pass is not kept: ${failure}`));
  if (document.readyState === "complete") start();
  else addEventListener("load", start, { once: true });
}

// Whoever comes back to the pass after a while sees how it stands now.
let left = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) left = performance.now();
  else if (left && performance.now() - left > 60_000 && document.querySelector("[data-as-of]")) location.reload();
});

// The home screen: browsers that can put the page there by themselves say so.
addEventListener("beforeinstallprompt", (event) => {
  const button = document.querySelector("[data-install]");
  if (!button) return;
  event.preventDefault();
  button.hidden = false;
  button.addEventListener("click", () => { button.hidden = true; event.prompt(); }, { once: true });
});

// The page for a lost connection goes on by itself; what was to be sent is sent by hand alone.
const again = document.querySelector("[data-again]");
if (again?.getAttribute("method") === "post") {
  // Whoever comes back to it later was let through meanwhile, or tries the page itself.
  addEventListener("pageshow", (event) => { if (event.persisted) location.replace(location.href); });
  for (const hint of document.querySelectorAll("[data-by-itself]")) hint.hidden = true;
} else if (again) {
  const look = async () => {
    const answer = await fetch("/traveller/here", { cache: "no-store" }).catch(() => null);
    if (answer?.ok) again.requestSubmit();
  };
  addEventListener("online", look);
  setInterval(look, 4000);
}
