// Adds and removes lines of a form in place; without JavaScript the server does the same.
//
// [data-lines="lines"]   the group; its value is the prefix of the names: lines-0-amount
//   [data-lines-list]    holds one [data-line] for each line
//   template             a new line, with __i__ in the place of its number
//   [data-line-add]      a submit button that adds one
//   [data-line-remove]   a submit button in each line that removes it

import { enhance } from "./enhance.js";

const numbered = ["name", "id", "for", "aria-describedby", "aria-labelledby", "list"];

function renumber(group) {
  const prefix = group.dataset.lines;
  const pattern = new RegExp(`(^|[ -])${prefix}-(?:\\d+|__i__)-`, "g");
  const lines = group.querySelectorAll("[data-line]");
  lines.forEach((line, number) => {
    for (const element of [line, ...line.querySelectorAll("*")]) {
      for (const name of numbered) {
        const value = element.getAttribute(name);
        const wanted = value?.replace(pattern, `$1${prefix}-${number}-`);
        if (value && wanted !== value) element.setAttribute(name, wanted);
      }
      if ("lineNumber" in element.dataset) element.textContent = number + 1;
      if ("lineRemove" in element.dataset) {
        element.value = number;
        element.disabled = lines.length === 1;
      }
    }
  });
  group.dispatchEvent(new CustomEvent("lineschange", { bubbles: true, detail: { count: lines.length } }));
}

function add(group) {
  const copy = group.querySelector("template").content.firstElementChild.cloneNode(true);
  group.querySelector("[data-lines-list]").append(copy);
  renumber(group);
  window.htmx?.process(copy);
  copy.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}

function remove(group, line) {
  if (group.querySelectorAll("[data-line]").length < 2) return;
  const neighbour = line.previousElementSibling ?? line.nextElementSibling;
  line.remove();
  renumber(group);
  neighbour.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}

enhance("[data-lines]", (group) => {
  group.addEventListener("click", (event) => {
    const button = event.target.closest("[data-line-add], [data-line-remove]");
    if (!button) return;
    event.preventDefault();
    if ("lineAdd" in button.dataset) add(group);
    else remove(group, button.closest("[data-line]"));
  });
});
