// A scan is answered on the page that is open: the answer takes the page's place, so that the
// camera's reader stays loaded and the answer can be heard. What fails on the way is sent as a
// plain form; without a connection the page for offline work takes the code over.

import { tell } from "./customs_tones.js";

const PASSED_ON = "customs-scanned";
let began = null;

/** Lets one scan form answer in place. */
export function startScan(form, revive) {
  form.addEventListener("scanned", (event) => {
    began = event.detail.began;
    form.elements.code.value = event.detail.text;
    form.requestSubmit();
  });
  form.addEventListener("submit", async (event) => {
    if (form.dataset.plain) return;
    event.preventDefault();
    if (form.dataset.asked) return;
    form.dataset.asked = "yes";
    form.setAttribute("aria-busy", "true");
    const from = began ?? performance.now();
    began = null;
    const answer = await ask(form);
    delete form.dataset.asked;
    form.removeAttribute("aria-busy");
    if (answer === null) goOffline(form);
    else if (answer.page?.querySelector("[data-answer]")) show(answer, from, revive);
    else if (answer.url !== null) location.assign(answer.url);
    else sendPlainly(form);
  });
}

async function ask(form) {
  try {
    const response = await fetch(form.action, {
      method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "text/html" },
    });
    const text = await response.text();
    const page = new DOMParser().parseFromString(text, "text/html");
    const isAnswer = page.querySelector("[data-answer]") !== null;
    return { page, url: response.redirected ? response.url : isAnswer ? form.action : null };
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function show({ page, url }, from, revive) {
  const old = document.querySelector("main");
  const main = document.adoptNode(page.querySelector("main"));
  old.replaceWith(main);
  document.title = page.title;
  if (url !== location.href && !url.endsWith("/scan")) history.pushState({ swapped: true }, "", url);
  scrollTo(0, 0);
  revive(main);
  (main.querySelector("[autofocus]") ?? main).focus({ preventScroll: true });
  tell(main.querySelector("[data-answer]").dataset.answer);
  main.dataset.answeredMs = Math.round(performance.now() - from);
}

/** A shift that was begun answers by itself; without one the page stays, and says what is wrong. */
async function goOffline(form) {
  if (!(await window.caches?.has("customs-shift"))) {
    document.querySelector("[data-offline]").hidden = false;
    form.elements.code.focus();
    return;
  }
  sessionStorage.setItem(PASSED_ON, form.elements.code.value);
  location.assign(form.dataset.offline);
}

function sendPlainly(form) {
  form.dataset.plain = "yes";
  form.requestSubmit();
}

// Going back to an answer that was shown in place asks for it again.
addEventListener("popstate", () => location.reload());
