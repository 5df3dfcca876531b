// What was typed is not lost when the language is changed, or when a traveller's phone loses its
// connection while sending: it waits in this tab alone (sessionStorage), until the same form is
// shown again or another page has come. Passwords, files and tokens are never kept.

const KEY = "typed";
const FIELDS = "input:not([type=hidden]):not([type=password]):not([type=file]), select, textarea, [data-strokes]";

/** The tab's own store; none where the browser gives a page none. */
function store() {
  try {
    return sessionStorage;
  } catch (refusal) {
    if (refusal instanceof DOMException) return null;
    throw refusal;
  }
}

// Attributes, for a field named "method" or "action" hides the form's own property.
const actionOf = (form) => new URL(form.getAttribute("action") || location.href, location.href).pathname;
const posted = () => [...document.querySelectorAll("form[method=post]")];

function valuesOf(form) {
  const values = [];
  for (const field of form.querySelectorAll(FIELDS)) {
    if (!field.name) continue;
    const ticked = field.type === "checkbox" || field.type === "radio";
    values.push([field.name, field.value, ticked ? field.checked : null]);
  }
  return values;
}

function keep(forms) {
  const kept = forms.map((form) => ({ action: actionOf(form), values: valuesOf(form) }));
  const some = kept.filter((one) => one.values.length);
  if (some.length) store()?.setItem(KEY, JSON.stringify(some));
}

function fill(form, values) {
  const fields = [...form.querySelectorAll(FIELDS)];
  for (const [name, value, checked] of values) {
    const field = fields.find((one) => one.name === name && (checked === null || one.value === value));
    if (!field) continue;
    if (checked === null) field.value = value;
    else field.checked = checked;
    field.closest("details")?.setAttribute("open", "");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** Lines that were added by hand are added again before they are filled in. */
async function addLines(form, values) {
  const group = form.querySelector("[data-lines]");
  if (!group) return;
  const pattern = new RegExp(`^${group.dataset.lines}-(\\d+)-`);
  const wanted = Math.max(0, ...values.map(([name]) => Number(name.match(pattern)?.[1] ?? -1) + 1));
  const lines = () => group.querySelectorAll("[data-line]").length;
  if (wanted <= lines()) return;
  await import("./lines.js");
  while (lines() < wanted) group.querySelector("[data-line-add]").click();
}

async function restore() {
  // The page for a lost connection is not an answer: what waits goes on waiting.
  if (document.querySelector("[data-again]")) return;
  const kept = JSON.parse(store()?.getItem(KEY) ?? "[]");
  store()?.removeItem(KEY);
  // What the service shows together with its errors is what was typed.
  if (document.querySelector("main [aria-invalid=true]")) return;
  for (const { action, values } of kept) {
    const form = posted().find((one) => actionOf(one) === action);
    if (!form) continue;
    await addLines(form, values);
    fill(form, values);
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest(".languages a")) keep(posted());
});
document.addEventListener("submit", (event) => {
  const isTravellers = document.body.classList.contains("audience-traveller");
  if (isTravellers && event.target.getAttribute("method") === "post") keep([event.target]);
});
await restore();
