// In a form with data-enter="next", Enter in an input goes on to the next field instead of sending
// the form: a hand scanner ends every code with it. Fields with data-passed hold what is meant most
// of the time; Enter passes them by, Tab does not. Ctrl Enter and the buttons send.

const FIELDS = "input:not([type=hidden]):not(:disabled), select, textarea";

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key !== "Enter" || event.defaultPrevented || event.ctrlKey || event.isComposing) return;
  if (!field.matches("form[data-enter=next] input") || field.getAttribute("aria-expanded") === "true") return;
  event.preventDefault();
  const fields = [...field.form.querySelectorAll(FIELDS)].filter((one) => one.checkVisibility());
  const next = fields.slice(fields.indexOf(field) + 1).find((one) => one.name !== field.name
    && one.type !== "radio" && !("passed" in one.dataset));
  (next ?? field.form.querySelector("button[name=issue]"))?.focus();
});
