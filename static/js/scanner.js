// A scanner that acts as a keyboard types into whatever has the focus. Here its burst always
// reaches the field that waits for it, and the Enter after each line never sends the form early.
//
// data-scanner="mrz"    a textarea for two or three lines; Enter ends a line
//   data-scanner-sends  and the last line, complete, sends the form
// data-scanner="code"   an input for one line; Enter after a burst sends its form
// data-scan-catcher     a hidden form with a field `text`, for what no field of the page waits for:
//                       a document where there is no field for it, a form's code, a pick-up code

// Nobody types twenty characters at this pace; a scanner on a busy machine may pause for a moment.
const PACE_MS = 35;
const PAUSE_MS = 250;
const BURST = 20;
const LINE_LENGTHS = { 30: 3, 36: 2, 44: 2 };
const CODE = /^(https?:\/\/|REFUND-PICK-UP:)/i;
const ZONE_LINE = /^[A-Z0-9<]+$/i;

let text = "";
let first = 0;
let last = -Infinity;
let before = null;
let goes = "";
let lines = [];

const target = () => document.querySelector("[data-scanner]");
const catcher = () => document.querySelector("[data-scan-catcher]");

/** Remembers what a field held before the first key of what may become a burst. */
function remember(element) {
  if (!element?.matches("input, textarea, select")) return null;
  if (element.type === "checkbox" || element.type === "radio") return null;
  return { element, value: element.value };
}

function changed(element) {
  element.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Takes back what the burst has typed into a field so far. */
function restore() {
  if (!before) return;
  before.element.value = before.value;
  changed(before.element);
  before = null;
}

const isWhole = (value) => {
  const zone = value.trim().split(/\s+/);
  return LINE_LENGTHS[zone[0].length] === zone.length;
};

/** A zone that is complete gives way to the next one; an incomplete one is gone on with. */
function withText(value) {
  return value.trim() && !isWhole(value) ? `${value.trimEnd()}\n${text}` : text;
}

function route(field) {
  restore();
  field.focus();
  field.value = field.dataset.scanner === "mrz" ? withText(field.value) : text;
  field.setSelectionRange?.(field.value.length, field.value.length);
  changed(field);
}

/** A zone has letters in the first half of every line; an invoice's number, scanned, has none. */
function mayBeMeant(field) {
  return field.dataset.scanner !== "mrz" || /[a-z]/i.test(text);
}

/** Whether what was typed since the first key came as fast as only a scanner types. */
function isBurst(event) {
  return text.length >= BURST && event.timeStamp - first < PACE_MS * text.length;
}

/** Whether a field sends a form's code by itself, or takes it as it comes. */
const takesCodes = (field) => field && (field.dataset.scanner === "code" || field.dataset.scannerSends);

/** Says where a burst goes: "code" or "zone" to the catcher, "field" to the one that waits, or on. */
function direct(field) {
  if (catcher() && CODE.test(text) && !takesCodes(field)) return "code";
  if (catcher() && !field && ZONE_LINE.test(text) && /[a-z]/i.test(text)) return "zone";
  if (field && document.activeElement !== field && mayBeMeant(field)) return "field";
  return "";
}

/** A page on which something was typed stays as it is: what was scanned opens beside it. */
function isTouched() {
  const form = document.querySelector("form[data-keeps]");
  return form && [...form.elements].some((one) => one.matches("input:not([type=hidden]), textarea")
    && (one.type === "radio" ? one.checked !== one.defaultChecked : one.value !== one.defaultValue));
}

function hand(found) {
  const pickUp = document.querySelector("[data-pick-up] [name=pick_up]");
  if (pickUp && /^REFUND-PICK-UP:/i.test(found)) {
    pickUp.value = found;
    document.querySelector("[data-pick-up] button[value=code]").click();
    return;
  }
  const form = catcher();
  form.elements.text.value = found;
  form.target = isTouched() ? "_blank" : "";
  form.requestSubmit();
  delete form.dataset.sent;
}

function complete(field) {
  return isWhole(field.value) || isForm(field);
}

/** A field that sends itself takes a form's code, or its number, as well as a zone. */
function isForm(field) {
  if (!field.dataset.scannerSends || field.dataset.scanner !== "mrz") return false;
  return /^\S+\/F\/[A-Z2-7]{136}$/i.test(field.value.trim()) || /^(\d[ -]?){15}$/.test(field.value.trim());
}

function lineEnd(event, field) {
  if (field.dataset.scanner === "code") {
    if (document.activeElement === field) return;
    event.preventDefault();
    return;
  }
  event.preventDefault();
  changed(field);
  if (complete(field)) {
    field.dispatchEvent(new CustomEvent("scancomplete", { bubbles: true }));
    if (field.dataset.scannerSends) field.form.requestSubmit();
  } else if (field.value && !/\s$/.test(field.value)) {
    field.setRangeText("\n", field.value.length, field.value.length, "end");
  }
}

/** The end of a line that goes to the catcher; a zone is handed on once its last line is there. */
function caught(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
  if (goes === "code") {
    hand(text);
    return;
  }
  const wanted = lines.length ? lines[0].length : text.length;
  lines = wanted === text.length ? [...lines, text] : [text];
  if (LINE_LENGTHS[lines[0].length] !== lines.length) return;
  hand(lines.join("\n"));
  lines = [];
}

function enter(event, field, quick) {
  if (quick && isBurst(event)) {
    last = event.timeStamp;
    if (goes === "code" || goes === "zone") {
      caught(event);
    } else if (field && (goes === "field" || document.activeElement === field)) {
      // Nothing else may take this Enter for a choice or a step.
      if (catcher()) event.stopImmediatePropagation();
      lineEnd(event, field);
    }
    text = "";
  } else if (field && document.activeElement === field && isForm(field)) {
    event.preventDefault();
    field.form.requestSubmit();
  }
}

document.addEventListener("keydown", (event) => {
  const field = target();
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (!field && !catcher()) return;
  const quick = event.timeStamp - last < PAUSE_MS;
  if (event.key === "Enter") {
    enter(event, field, quick);
    return;
  }
  if (event.key.length !== 1) return;
  // Each line is a burst of its own, with a pace of its own.
  if (!quick || !text) {
    text = "";
    goes = "";
    first = event.timeStamp;
    before = remember(document.activeElement);
  }
  last = event.timeStamp;
  text += event.key;
  if (goes) {
    // The focus may not have moved, as in a dialog: what is left of the line goes by hand.
    event.preventDefault();
    event.stopImmediatePropagation();
    if (goes === "field") field.value += event.key;
    return;
  }
  if (text.length !== BURST || !isBurst(event)) return;
  goes = direct(field);
  if (goes === "field") {
    event.preventDefault();
    route(field);
  } else if (goes) {
    event.preventDefault();
    restore();
  } else if (field && document.activeElement === field && before && isWhole(before.value) && field.dataset.scanner === "mrz") {
    event.preventDefault();
    field.value = text;
    changed(field);
  }
}, true);
