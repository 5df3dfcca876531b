// Time that is left, counted from the service's moment: the phone's own clock may be wrong, so only
// the time that has passed is measured here. A kept page was made `data-kept-at` of this clock ago.
//
// [data-countdown]   the seconds that were left when the page was made

import { enhance } from "./enhance.js";

const language = document.documentElement.lang || "en";
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

const [navigation] = performance.getEntriesByType("navigation");
const kept = Number(document.documentElement.dataset.keptAt ?? 0);
const before = kept ? Math.max(0, Date.now() - performance.now() - kept) : 0;
const passed = () => (performance.now() - (kept ? 0 : navigation?.responseStart ?? 0) + before) / 1000;

function unit(count, name) {
  return new Intl.NumberFormat(language, {
    style: "unit", unit: name, unitDisplay: "long", numberingSystem: "latn",
  }).format(count);
}

function written(seconds) {
  const at = Math.max(0, UNITS.findIndex(([, size]) => seconds >= size));
  const first = seconds < 60 ? 2 : Math.min(at, 2);
  const [[big, bigSize], [small, smallSize]] = UNITS.slice(first, first + 2);
  return `${unit(Math.floor(seconds / bigSize), big)} ${unit(Math.floor((seconds % bigSize) / smallSize), small)}`;
}

enhance("[data-countdown]", (place) => {
  const whole = Number(place.dataset.countdown);
  const shown = place.firstElementChild ?? place;
  const show = () => {
    const seconds = Math.max(0, Math.floor(whole - passed()));
    const text = written(seconds);
    if (shown.textContent !== text) shown.textContent = text;
  };
  show();
  setInterval(show, 1000);
});
