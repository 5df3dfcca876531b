// What every page gains from JavaScript; without it every page still works.

import "./typed.js";
import { copyOnTap } from "./copy.js";

// htmx is fetched only by pages that use it, and once the page is complete: it starts by itself
// when it arrives before the document is parsed or after everything has loaded, not in between.
function fetchHtmx() {
  const script = document.createElement("script");
  script.src = document.querySelector("meta[name=htmx-source]").content;
  document.head.append(script);
  return new Promise((arrived) => {
    for (const end of ["load", "error"]) script.addEventListener(end, arrived, { once: true });
  });
}
const complete = new Promise((arrived) => {
  if (document.readyState === "complete") arrived();
  else addEventListener("load", arrived, { once: true });
});
const usesHtmx = document.querySelector("[hx-get], [hx-post], [data-hx-get], [data-hx-post]");
const everything = [usesHtmx ? complete.then(fetchHtmx) : complete];

const modules = {
  "[data-signature]": "./signature.js",
  "[data-scanner], [data-scan-catcher]": "./scanner.js",
  "[data-lines]": "./lines.js",
  "[data-ticks]": "./ticks.js",
  "[data-stepper]": "./stepper.js",
  "[data-count]": "./count.js",
  "[data-chart]": "./charts.js",
  "[data-countdown]": "./countdown.js",
};
for (const [selector, path] of Object.entries(modules)) {
  if (document.querySelector(selector)) everything.push(import(path));
}
// Whoever works faster than the network can see that the page listens now.
Promise.allSettled(everything).then(() => { document.documentElement.dataset.ready = ""; });

copyOnTap();

// The list of what to put right is read and reached first.
document.querySelector("[data-focus]")?.focus();

// The connection: said when it goes, taken back when it returns; nothing typed is sent into the void.
let disconnected = false;
for (const change of ["online", "offline"]) {
  addEventListener(change, () => {
    disconnected = change === "offline";
    const bar = document.querySelector("[data-offline]");
    if (bar) bar.hidden = !disconnected;
  });
}

// What a page asks by itself, every few seconds, does not count as somebody working at it.
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.detail.triggeringEvent) event.detail.headers["X-By-Itself"] = "yes";
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const method = event.submitter?.getAttribute("formmethod") ?? form.getAttribute("method");
  if (event.defaultPrevented || method !== "post") return;
  if (form.dataset.sent || disconnected) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button:not([type=button])")) {
    button.setAttribute("aria-disabled", "true");
  }
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});

// aria-keyshortcuts does what it says: "Alt+N", "Control+Enter", "F2".
function pressed(event) {
  const key = /^(Key|Digit)/.test(event.code) ? event.code.replace(/^(Key|Digit)/, "") : event.key;
  const parts = [event.ctrlKey && "Control", event.altKey && "Alt", event.shiftKey && "Shift", key];
  return parts.filter(Boolean).join("+").toLowerCase();
}
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.isComposing || !event.key) return;
  const wanted = pressed(event);
  // A single character belongs to whoever is typing.
  if (wanted.length === 1 && event.target.matches?.("input, textarea, select")) return;
  for (const element of document.querySelectorAll("[aria-keyshortcuts]")) {
    const keys = element.getAttribute("aria-keyshortcuts").toLowerCase().split(" ");
    if (keys.includes(wanted) && element.getClientRects().length) {
      event.preventDefault();
      if (element.matches("input, select, textarea")) element.focus();
      else element.click();
      return;
    }
  }
});

document.addEventListener("click", (event) => {
  const open = document.querySelector("details.languages[open]");
  if (open && !open.contains(event.target)) open.open = false;
});
