// The beginning and the end of a shift, and the way to the service: whether it answers, and for whom.

import { begin, deviceId, forget } from "./offline_vault.js";

const KEPT = "customs-shift";

/** What the service says of this browser: the token, its clock; `signed-out` or `silent`. */
export async function state(desk) {
  try {
    const answer = await fetch(desk.dataset.state, {
      redirect: "manual", cache: "no-store", headers: { "X-By-Itself": "yes" },
    });
    if (answer.type === "opaqueredirect" || answer.status === 401) return { is: "signed-out" };
    return answer.ok ? { is: "there", ...(await answer.json()) } : { is: "silent" };
  } catch (error) {
    if (error instanceof TypeError) return { is: "silent" };
    throw error;
  }
}

/** Begins a shift: the service's kit is kept, and everything that the page needs. */
export async function beginShift(desk) {
  // Browsers keep pages and keys only for https, or for this machine itself.
  if (!window.isSecureContext) return "insecure";
  const here = await state(desk);
  if (here.is !== "there") return here.is;
  const body = new URLSearchParams({ device_id: await deviceId() });
  const asked = Date.now();
  const answer = await post(desk.dataset.begin, here.token, body);
  if (!answer.ok) return "refused";
  const kit = await answer.json();
  // Our clock is the one that counts: the device keeps how far its own is from it.
  const offset = Date.parse(kit.began_at) - (asked + Date.now()) / 2;
  await navigator.serviceWorker.register(desk.dataset.worker, { scope: desk.dataset.scope });
  await keepFiles(desk);
  await begin({ ...kit, offset });
  return "";
}

/** Takes every file of the page along; again whenever the page is opened with the network. */
export async function keepFiles(desk) {
  const kept = await caches.open(KEPT);
  await kept.addAll(desk.dataset.kept.split(" ").map((url) => new Request(url, { cache: "reload" })));
}

/** Ends the shift, and forgets everything that was taken along. */
export async function endShift(desk, shift) {
  const here = await state(desk);
  if (here.is !== "there") return here.is;
  const answer = await post(desk.dataset.end, here.token, new URLSearchParams({ shift: shift.shift }));
  if (!answer.ok && answer.status !== 404) return "refused";
  await forget();
  await caches.delete(KEPT);
  return "";
}

/** Sends something with the token that the service asks for. */
export function post(url, token, body, type = "") {
  const headers = { "X-Form-Token": token, Accept: "application/json" };
  if (type) headers["Content-Type"] = type;
  return fetch(url, { method: "POST", body, headers, redirect: "manual" });
}

/** This moment by the service's clock. */
export const moment = (shift) => new Date(Date.now() + shift.offset);

/** A moment's day in Shanghai. */
export const dayOf = (at) => new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 10);

/** A moment's time of day in Shanghai. */
export const timeOf = (at) => new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(11, 16);
