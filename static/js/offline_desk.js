// The page for a shift without the network: begins it, answers scans, keeps decisions, sends them.

import { answers } from "./offline_answer.js";
import { send, showQueue } from "./offline_queue.js";
import { beginShift, endShift, keepFiles, moment, state } from "./offline_shift.js";
import { decisions, shift as current } from "./offline_vault.js";

const desk = document.querySelector("[data-offline-desk]");
const part = (name) => desk.querySelector(`[data-part=${name}]`);
const AGAIN_MS = 20_000;

function words(name) {
  return desk.querySelector(`template[data-words]`).content.querySelector(`[data-word="${name}"]`)?.textContent ?? "";
}

function say(name) {
  const place = desk.querySelector("[data-says]");
  place.textContent = name ? words(`says_${name}`) : "";
  place.hidden = !name;
  desk.querySelector("[data-sign-in]").hidden = name !== "signed-out" && name !== "other-officer";
}

function showNetwork(is) {
  desk.dataset.network = is === "silent" ? "away" : "there";
  for (const line of desk.querySelectorAll("[data-network-line]")) line.hidden = line.dataset.networkLine !== desk.dataset.network;
}

/** A connection that broke off is told as silence; anything else is a defect. */
function lost(error) {
  if (error instanceof TypeError) return "silent";
  throw error;
}

const now = await current();
part("start").hidden = Boolean(now);
part("desk").hidden = !now;
if (now) work(now);
else desk.querySelector("[data-begin-shift]").addEventListener("click", start);
desk.dataset.ready = "yes";

async function start(event) {
  const button = event.currentTarget;
  button.disabled = true;
  say("beginning");
  const wrong = await beginShift(desk).catch(lost);
  if (!wrong) return location.assign(desk.dataset.page);
  button.disabled = false;
  return say(wrong);
}

async function work(shift) {
  const over = () => moment(shift) > new Date(shift.until);
  const scanned = answers(desk, shift, words, () => refresh().then(trySending));
  const form = desk.querySelector("[data-offline-scan]");

  async function refresh() {
    desk.querySelector("[data-over]").hidden = !over();
    await showQueue(desk, words);
  }

  async function trySending() {
    const said = await send(desk, shift);
    showNetwork(said === "nothing" ? (await state(desk)).is : said);
    say(said === "nothing" || said === "silent" ? "" : said);
    if (said === "sent") await refresh();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.elements.code.value.trim()) scanned(form.elements.code.value);
    form.elements.code.focus();
  });
  form.addEventListener("scanned", (event) => scanned(event.detail.text, event.detail.began));
  desk.addEventListener("click", (event) => {
    if (event.target.closest("[data-next]")) {
      desk.querySelector("[data-answer-place]").replaceChildren();
      form.scrollIntoView({ block: "center" });
      form.elements.code.focus();
      if (sessionStorage.getItem("customs-camera") === "yes") form.querySelector("[data-camera]").dispatchEvent(new Event("reopen"));
    }
  });
  desk.querySelector("[data-send-now]").addEventListener("click", trySending);
  desk.querySelector("[data-end-shift]").addEventListener("click", async () => {
    await trySending();
    if ((await decisions()).some((entry) => entry.state === "waiting")) return say("not-empty");
    const wrong = await endShift(desk, shift).catch(lost);
    return wrong ? say(wrong) : location.assign(desk.dataset.page);
  });
  addEventListener("online", trySending);
  addEventListener("offline", () => showNetwork("silent"));
  setInterval(trySending, AGAIN_MS);

  await refresh();
  const passedOn = sessionStorage.getItem("customs-scanned");
  sessionStorage.removeItem("customs-scanned");
  if (passedOn) await scanned(passedOn);
  else form.elements.code.focus();
  const here = await state(desk);
  showNetwork(here.is);
  // What was taken along before stays where this breaks off: all of it comes anew, or nothing.
  if (here.is === "there" && location.pathname === desk.dataset.page) await keepFiles(desk).catch(lost);
  await trySending();
}
