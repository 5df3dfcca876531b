// What the customs desk's pages gain: the camera, answers in place, sound, and work offline.

import { startScan } from "./customs_scan.js";
import { startSwitch, tell } from "./customs_tones.js";

/** Starts what a page, or an answer that took its place, has. */
async function revive(root) {
  for (const form of root.querySelectorAll("form.scan[action]")) startScan(form, revive);
  const cameras = root.querySelectorAll("[data-camera]");
  if (cameras.length) {
    const { startCamera } = await import("./customs_camera.js");
    for (const place of cameras) startCamera(place);
  }
}

for (const button of document.querySelectorAll("[data-mute]")) startSwitch(button);
await revive(document);
const answer = document.querySelector("[data-answer]");
if (answer) tell(answer.dataset.answer);
if (document.querySelector("[data-offline-desk]")) await import("./offline_desk.js");
else if (window.indexedDB) (await import("./offline_queue.js")).showCount();
