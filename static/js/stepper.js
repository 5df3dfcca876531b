// Ticks and counts of the goods that are shown, line by line; without JavaScript both are fields.
//
// [data-stepper]          the form
//   [data-step-all]       a button that ticks every line
//   [data-line-shown]     one line
//     [data-step-tick]    all of it is there
//     [data-step-most]    the field of the quantity, with the most it can be
//     [data-step]         a button that adds its value to the quantity

import { enhance } from "./enhance.js";

enhance("[data-stepper]", (form) => {
  const parts = (line) => ({
    tick: line.querySelector("[data-step-tick]"),
    field: line.querySelector("[data-step-most]"),
  });

  // What stands in the field counts; the tick follows it.
  function show(line) {
    const { tick, field } = parts(line);
    if (!field) return;
    const typed = field.value.trim();
    const most = Number(field.dataset.stepMost);
    if (typed !== "") tick.checked = Number(typed) === most;
    line.classList.toggle("is-fewer", typed !== "" && Number(typed) < most);
    for (const button of line.querySelectorAll("[data-step]")) {
      const after = (Number(typed) || 0) + Number(button.dataset.step);
      button.disabled = typed !== "" && (after < 0 || after > most);
    }
  }

  function set(line, quantity) {
    const { field } = parts(line);
    if (!field) return;
    field.value = quantity;
    show(line);
  }

  const told = () => form.dispatchEvent(new CustomEvent("stepped", { bubbles: true }));

  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-step-all]")) {
      for (const line of form.querySelectorAll("[data-line-shown]")) {
        const { field } = parts(line);
        if (field) set(line, field.dataset.stepMost);
      }
      told();
      return;
    }
    const button = event.target.closest("[data-step]");
    if (!button) return;
    const line = button.closest("[data-line-shown]");
    const { field } = parts(line);
    const most = Number(field.dataset.stepMost);
    // The first step down begins at all that are listed: one is missing, the others are there.
    const from = field.value.trim() === "" ? (button.dataset.step < 0 ? most : 0) : Number(field.value) || 0;
    set(line, Math.min(most, Math.max(0, from + Number(button.dataset.step))));
    told();
  });

  form.addEventListener("change", (event) => {
    const line = event.target.closest("[data-line-shown]");
    if (line && event.target.matches("[data-step-tick]")) {
      set(line, event.target.checked ? parts(line).field.dataset.stepMost : "");
    }
  });
  form.addEventListener("input", (event) => {
    const line = event.target.closest("[data-line-shown]");
    if (line && event.target.matches("[data-step-most]")) show(line);
  });

  for (const line of form.querySelectorAll("[data-line-shown]")) show(line);
});
