// The decisions that wait, always in sight, and their way to the service.

import { decisions, note, waiting } from "./offline_vault.js";
import { moment, post, state, timeOf } from "./offline_shift.js";

const BATCH = 100;

/** Says everywhere how many decisions wait. */
export async function showCount() {
  const count = await waiting();
  for (const place of document.querySelectorAll("[data-queue-count]")) {
    place.textContent = count;
    place.hidden = count === 0 && place.matches(".count");
  }
  return count;
}

/** Lists every decision of the shift, the newest first. */
export async function showQueue(desk, words) {
  const list = desk.querySelector("[data-queue]");
  const kept = await decisions();
  list.replaceChildren(...kept.reverse().map((entry) => {
    const item = desk.querySelector("template[data-queue-item]").content.cloneNode(true).firstElementChild;
    const fill = (name, text) => { item.querySelector(`[data-fill=${name}]`).textContent = text; };
    item.dataset.state = entry.state;
    fill("time", timeOf(new Date(entry.decided_at)));
    fill("number", entry.number || `…${entry.form_id.slice(-6)}`);
    fill("act", words(`act_${entry.act}`));
    fill("state", words(`state_${entry.state}`));
    item.querySelector("[data-review]").hidden = entry.state !== "review";
    return item;
  }));
  desk.querySelector("[data-queue-empty]").hidden = kept.length > 0;
  await showCount();
}

/** Sends what waits; says `sent`, `nothing`, `signed-out`, `other-officer`, `silent` or `refused`. */
export async function send(desk, shift) {
  return navigator.locks.request("customs-sending", { ifAvailable: true }, async (lock) => {
    if (!lock) return "nothing";
    let said = "nothing";
    for (;;) {
      const open = (await decisions()).filter((entry) => entry.state === "waiting").slice(0, BATCH);
      if (!open.length) return said;
      said = await sendSome(desk, shift, open);
      if (said !== "sent") return said;
    }
  });
}

async function sendSome(desk, shift, open) {
  const here = await state(desk);
  if (here.is !== "there") return here.is;
  if (here.officer !== shift.officer) return "other-officer";
  const batch = {
    shift: shift.shift,
    sent_at: moment(shift).toISOString(),
    decisions: open.map(({ number, state: _, why: __, ...entry }) => entry),
  };
  try {
    const answer = await post(desk.dataset.send, here.token, JSON.stringify(batch), "application/json");
    if (!answer.ok) return "refused";
    const { taken } = await answer.json();
    const became = new Map(taken.map((one) => [one.decision_id, one]));
    for (const entry of open) {
      const { outcome, why } = became.get(entry.decision_id);
      await note(entry.sequence, outcome, why);
    }
    return "sent";
  } catch (error) {
    if (error instanceof TypeError) return "silent";
    throw error;
  }
}
