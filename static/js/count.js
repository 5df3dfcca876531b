// The sum of notes and coins while they are counted; the service adds them up again by itself.
//
// [data-count]       the form
//   [data-worth]     a field: how many pieces of this worth, in fen
//   [data-counted]   where the sum is shown, in yuan

import { enhance } from "./enhance.js";

enhance("[data-count]", (form) => {
  const sum = form.querySelector("[data-counted]");

  function show() {
    let fen = 0;
    for (const field of form.querySelectorAll("[data-worth]")) {
      if (/^\s*\d{1,5}\s*$/.test(field.value)) fen += Number(field.value) * Number(field.dataset.worth);
    }
    const yuan = Math.floor(fen / 100).toLocaleString("en-US");
    sum.textContent = `${yuan}.${String(fen % 100).padStart(2, "0")}`;
  }

  form.addEventListener("input", show);
  show();
});
