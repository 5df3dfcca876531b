// A session that ended while a form was being typed: the dialog signs in again in the same page.
//
// form[data-keeps]          the form whose contents stay; the value is where to ask who is signed in
// dialog[data-sign-in-again][data-store]   the door; [data-said] are its words for what went wrong

const SURE_MS = 60_000;
const kept = document.querySelector("form[data-keeps]");
const dialog = document.querySelector("[data-sign-in-again]");
const door = dialog.querySelector("form");
let sureAt = performance.now();
let waiting = null;

function say(reason) {
  for (const words of dialog.querySelectorAll("[data-said]")) words.hidden = words.dataset.said !== reason;
}

function ask(submitter = null) {
  waiting = submitter ?? waiting;
  if (dialog.open) return;
  say("");
  dialog.showModal();
  dialog.querySelector("[name=login]").focus();
}

async function whoIsHere() {
  const answer = await fetch(kept.dataset.keeps, { headers: { "HX-Request": "true" }, credentials: "same-origin" });
  return answer.ok ? answer.text() : "";
}

async function enter() {
  const answer = await fetch(door.action, {
    method: "POST", body: new URLSearchParams(new FormData(door)), credentials: "same-origin", redirect: "manual",
  });
  if (answer.status === 403) return "wrong";
  if (answer.status === 429) return "throttled";
  return (await whoIsHere()) === dialog.dataset.store ? "" : "elsewhere";
}

document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status !== 401) return;
  event.detail.isError = false;
  event.detail.shouldSwap = false;
  ask();
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.xhr?.status < 400) sureAt = performance.now();
});

// A form is not sent into a session that may have ended long ago: its contents would be lost.
kept.addEventListener("submit", async (event) => {
  if (performance.now() - sureAt < SURE_MS) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const here = await whoIsHere().catch(() => null);
  if (here === dialog.dataset.store) {
    sureAt = performance.now();
    kept.requestSubmit(event.submitter);
  } else if (here !== null) {
    ask(event.submitter);
  }
}, true);

door.addEventListener("submit", async (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  const wrong = await enter().catch(() => "offline");
  say(wrong);
  door.elements.password.value = "";
  if (wrong) {
    door.elements.password.focus();
    return;
  }
  sureAt = performance.now();
  dialog.close();
  if (waiting) kept.requestSubmit(waiting);
  else kept.dispatchEvent(new Event("change", { bubbles: true }));
  waiting = null;
}, true);
