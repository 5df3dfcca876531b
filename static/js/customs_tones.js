// What a desk hears and feels with an answer: two rising notes for good, two long low ones for
// stop, one note in between for care. Off when this browser was told so.

const MUTED = "customs-muted";
const NOTES = {
  go: [[784, 0, 0.12], [1175, 0.13, 0.22]],
  care: [[466, 0, 0.28]],
  stop: [[147, 0, 0.35], [147, 0.45, 0.5]],
};
const PULSES = { go: [70], care: [150, 90, 150], stop: [450, 120, 450] };
let context = null;

/** Whether this desk wants silence. */
export const isMuted = () => localStorage.getItem(MUTED) === "yes";

/** Sound and vibrate for an answer: go, care or stop. */
export function tell(kind) {
  // A browser lets a page be heard only after somebody has touched it.
  if (!NOTES[kind] || !navigator.userActivation?.hasBeenActive) return;
  navigator.vibrate?.(PULSES[kind]);
  document.documentElement.dataset.told = isMuted() ? `${kind} silent` : kind;
  if (isMuted()) return;
  context ??= new AudioContext();
  for (const [pitch, after, seconds] of NOTES[kind]) note(pitch, context.currentTime + after, seconds, kind);
}

function note(pitch, at, seconds, kind) {
  const tone = new OscillatorNode(context, { frequency: pitch, type: kind === "stop" ? "square" : "sine" });
  const loudness = new GainNode(context, { gain: 0 });
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(0.35, at + 0.01);
  loudness.gain.setValueAtTime(0.35, at + seconds - 0.03);
  loudness.gain.linearRampToValueAtTime(0, at + seconds);
  tone.connect(loudness).connect(context.destination);
  tone.start(at);
  tone.stop(at + seconds);
}

/** The switch: pressed is silent. */
export function startSwitch(button) {
  const show = () => button.setAttribute("aria-pressed", String(isMuted()));
  button.addEventListener("click", () => {
    localStorage.setItem(MUTED, isMuted() ? "no" : "yes");
    show();
    if (!isMuted()) tell("go");
  });
  show();
}
