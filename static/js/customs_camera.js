// The camera of a desk: asked for once, with words for every way it can fail; a code that it reads
// goes where a hand scanner's would, as the event `scanned`.
//
// [data-camera]              the whole, with its words in data-say-…; data-camera-again opens it by
//                            itself where it was open before
//   [data-camera-open]       begins
//   [data-camera-view]       what is seen, while it is open
//     video, [data-camera-says], [data-camera-torch], [data-camera-close]

import { BarcodeDetector, setZXingModuleOverrides } from "../vendor/barcode-detector/ponyfill.js";

const OPEN = "customs-camera";
const WASM = new URL("../vendor/zxing/zxing_reader.wasm", import.meta.url).href;
const FAILED = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "absent", OverconstrainedError: "absent", NotReadableError: "taken", AbortError: "taken" };

setZXingModuleOverrides({ locateFile: () => WASM });

/** Gives one place its camera. */
export function startCamera(place) {
  const part = (name) => place.querySelector(`[data-camera-${name}]`);
  const video = place.querySelector("video");
  let stream = null;

  const say = (word) => { part("says").textContent = word ? place.dataset[`say${word}`] : ""; };

  async function open() {
    part("view").hidden = false;
    part("open").hidden = true;
    if (!navigator.mediaDevices?.getUserMedia) return fail("Insecure");
    say("Asking");
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
      });
    } catch (error) {
      const why = FAILED[error.name] ?? "absent";
      return fail(why[0].toUpperCase() + why.slice(1));
    }
    if (!place.isConnected) return stop();
    video.srcObject = stream;
    await video.play();
    sessionStorage.setItem(OPEN, "yes");
    say("Looking");
    offerTorch();
    return look();
  }

  function fail(word) {
    video.hidden = true;
    part("close").hidden = true;
    part("open").hidden = word === "Insecure" || word === "Absent";
    sessionStorage.removeItem(OPEN);
    say(word);
  }

  function offerTorch() {
    const [track] = stream.getVideoTracks();
    const button = part("torch");
    button.hidden = !track.getCapabilities?.().torch;
    button.onclick = async () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      await track.applyConstraints({ advanced: [{ torch: on }] });
      button.setAttribute("aria-pressed", String(on));
    };
  }

  async function look() {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    while (stream && place.isConnected) {
      const began = performance.now();
      const [found] = video.readyState >= 2 ? await detector.detect(video) : [];
      if (found && stream) {
        stop();
        close();
        place.dispatchEvent(new CustomEvent("scanned", { bubbles: true, detail: { text: found.rawValue, began } }));
        return;
      }
      await new Promise((next) => { requestAnimationFrame(next); });
    }
    stop();
  }

  function stop() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    video.srcObject = null;
  }

  function close() {
    part("view").hidden = true;
    part("open").hidden = false;
    part("torch").hidden = true;
    part("torch").setAttribute("aria-pressed", "false");
  }

  part("open").addEventListener("click", () => {
    video.hidden = false;
    part("close").hidden = false;
    open();
  });
  part("close").addEventListener("click", () => {
    sessionStorage.removeItem(OPEN);
    stop();
    close();
    part("open").focus();
  });
  addEventListener("pagehide", stop);
  place.addEventListener("reopen", () => part("open").click());
  if (place.dataset.cameraAgain && sessionStorage.getItem(OPEN) === "yes") open();
}
