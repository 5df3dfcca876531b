// Starts what a page has, and what a later swap brings.

/** Runs `start` on every matching element that is there now or comes later with a swap. */
export function enhance(selector, start) {
  const seen = new WeakSet();
  const look = (root) => {
    for (const element of root.querySelectorAll(selector)) {
      if (!seen.has(element)) {
        seen.add(element);
        start(element);
      }
    }
  };
  look(document);
  document.addEventListener("htmx:load", (event) => look(event.detail.elt.parentNode ?? document));
}
