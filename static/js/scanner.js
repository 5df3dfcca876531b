// A scanner that acts as a keyboard types into whatever has the focus. Here its burst always
// reaches the field that waits for it, and the Enter after each line never sends the form early.
//
// data-scanner="mrz"    a textarea for two or three lines; Enter ends a line
//   data-scanner-sends  and the last line, complete, sends the form
// data-scanner="code"   an input for one line; Enter after a burst sends its form

// Nobody types twenty characters at this pace; a scanner on a busy machine may pause for a moment.
const PACE_MS = 35;
const PAUSE_MS = 100;
const BURST = 20;
const LINE_LENGTHS = { 30: 3, 36: 2, 44: 2 };

let text = "";
let first = 0;
let last = -Infinity;
let wrong = null;

const target = () => document.querySelector("[data-scanner]");

/** Remembers what a field held before the first key of what may become a burst. */
function remember(element) {
  if (!element?.matches("input, textarea, select") || element.dataset.scanner !== undefined) return null;
  if (element.type === "checkbox" || element.type === "radio") return null;
  return { element, value: element.value };
}

function changed(element) {
  element.dispatchEvent(new Event("input", { bubbles: true }));
}

function route(field) {
  if (wrong) {
    wrong.element.value = wrong.value;
    changed(wrong.element);
    wrong = null;
  }
  field.focus();
  field.value = field.value && field.dataset.scanner === "mrz" ? `${field.value.trimEnd()}\n${text}` : text;
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

function complete(field) {
  const lines = field.value.trim().split(/\s+/);
  return LINE_LENGTHS[lines[0].length] === lines.length || isForm(field);
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
  if (complete(field)) {
    field.dispatchEvent(new CustomEvent("scancomplete", { bubbles: true }));
    if (field.dataset.scannerSends) field.form.requestSubmit();
  } else if (field.value && !/\s$/.test(field.value)) {
    field.setRangeText("\n", field.value.length, field.value.length, "end");
  }
}

document.addEventListener("keydown", (event) => {
  const field = target();
  if (!field || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const quick = event.timeStamp - last < PAUSE_MS;
  if (event.key === "Enter") {
    if (quick && isBurst(event)) {
      last = event.timeStamp;
      lineEnd(event, field);
      text = "";
    } else if (document.activeElement === field && isForm(field)) {
      event.preventDefault();
      field.form.requestSubmit();
    }
    return;
  }
  if (event.key.length !== 1) return;
  // Each line is a burst of its own, with a pace of its own.
  if (!quick || !text) {
    text = "";
    first = event.timeStamp;
    wrong = remember(document.activeElement);
  }
  last = event.timeStamp;
  text += event.key;
  if (text.length === BURST && isBurst(event) && document.activeElement !== field && mayBeMeant(field)) {
    event.preventDefault();
    route(field);
  }
}, true);
