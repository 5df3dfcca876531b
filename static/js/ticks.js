// One box ticks all boxes of its list, and shows when only some are ticked.
//
// [data-ticks]          the form with the list
//   [data-tick-all]     the box in the head; without JavaScript it is not there

import { enhance } from "./enhance.js";

enhance("[data-ticks]", (form) => {
  const all = form.querySelector("[data-tick-all]");
  const boxes = [...form.querySelectorAll("tbody [type=checkbox]")];

  function show() {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }

  form.addEventListener("change", (event) => {
    if (event.target === all) {
      for (const box of boxes) box.checked = all.checked;
    }
    show();
  });
  addEventListener("pageshow", show);
  show();
});
