// A signature drawn with finger, pen or mouse, kept as strokes: [[[x,y],…],…],
// whole numbers, 0…1000 wide and 0…400 high. A typed name always does as well.
//
// [data-signature]         the pad, with a canvas
//   [data-strokes]         the hidden input that is sent
//   [data-signature-clear] starts again

import { enhance } from "./enhance.js";

const WIDTH = 1000;
const HEIGHT = 400;
const STROKES_MAX = 200;
const POINTS_MAX = 4000;

const clamp = (value, most) => Math.min(most, Math.max(0, Math.round(value)));

function read(input) {
  try {
    const strokes = JSON.parse(input.value || "[]");
    return Array.isArray(strokes) ? strokes : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

enhance("[data-signature]", (pad) => {
  const canvas = pad.querySelector("canvas");
  const input = pad.querySelector("[data-strokes]");
  const pen = canvas.getContext("2d");
  let strokes = read(input);
  let stroke = null;

  const points = () => strokes.reduce((sum, each) => sum + each.length, 0);

  function draw() {
    const box = canvas.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    canvas.width = box.width * ratio;
    canvas.height = box.height * ratio;
    pen.scale(canvas.width / WIDTH, canvas.height / HEIGHT);
    pen.lineWidth = 7;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = pen.fillStyle = getComputedStyle(canvas).color;
    for (const each of strokes) {
      pen.beginPath();
      if (each.length === 1) pen.arc(each[0][0], each[0][1], 4, 0, 7);
      each.forEach(([x, y], index) => (index ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      if (each.length === 1) pen.fill();
      else pen.stroke();
    }
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width;
    const y = (event.clientY - box.top) / box.height;
    return [clamp(x * WIDTH, WIDTH), clamp(y * HEIGHT, HEIGHT)];
  }

  function save() {
    input.value = strokes.length ? JSON.stringify(strokes) : "";
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button || strokes.length >= STROKES_MAX || points() >= POINTS_MAX) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    stroke = { id: event.pointerId, list: [at(event)] };
    strokes.push(stroke.list);
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (stroke?.id !== event.pointerId) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) {
      const [x, y] = at(each);
      const [beforeX, beforeY] = stroke.list[stroke.list.length - 1];
      const far = Math.hypot(x - beforeX, y - beforeY) >= 4;
      if (far && points() < POINTS_MAX) stroke.list.push([x, y]);
    }
    draw();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      if (stroke?.id !== event.pointerId) return;
      stroke = null;
      save();
    });
  }
  pad.querySelector("[data-signature-clear]")?.addEventListener("click", (event) => {
    event.preventDefault();
    strokes = [];
    save();
    draw();
  });
  new ResizeObserver(draw).observe(canvas);
  // Until now nothing could be drawn, and the pad looked so.
  pad.dataset.ready = "";
});
