// What a scan says without the network, and what can be decided on it. A good signature is never a
// "go": the service has not been asked, and the answer says so in its largest words.

import { Refused, isLikeAPass, readCode, verify } from "./offline_codes.js";
import { decisions, keep, row } from "./offline_vault.js";
import { dayOf, moment } from "./offline_shift.js";
import { tell } from "./customs_tones.js";
import "./stepper.js";

const WORDS = [
  "code_torn", "code_foreign", "code_version_unknown", "key_unknown", "signature_invalid", "rehearsal_form",
  "not_a_rehearsal",
];

/** Answers scans on the desk's page; `decided` is called after each decision. */
export function answers(desk, shift, words, decided) {
  const place = desk.querySelector("[data-answer-place]");
  const copy = (name) => renamed(desk.querySelector(`template[data-${name}]`).content.cloneNode(true).firstElementChild);
  const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  const days = new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", { dateStyle: language === "zh" ? "long" : "medium", timeZone: "UTC" });
  const day = (text) => (text ? days.format(new Date(`${text}T00:00:00Z`)) : "");
  const yuan = (fen) => (fen / 100).toLocaleString("en", { minimumFractionDigits: 2 });

  function put(node) {
    place.replaceChildren(node);
    place.scrollIntoView({ block: "start" });
    const field = desk.querySelector("[data-offline-scan] [name=code]");
    field.value = "";
    // The next code can be scanned at once; a page that stands still is not scrolled for it.
    field.focus({ preventScroll: true });
  }

  async function scanned(text, began = performance.now()) {
    const at = moment(shift);
    try {
      if (isLikeAPass(text)) {
        const code = readCode(text, "pass", shift.origin, shift.rehearsal);
        const said = await verify(code, "pass", shift.keys, dayOf(at), shift.rehearsal);
        await showPass(code, said, at);
      } else {
        const code = readCode(text, "form", shift.origin, shift.rehearsal);
        const said = await verify(code, "form", shift.keys, dayOf(at), shift.rehearsal);
        await showForm({ code, at, ...said });
      }
    } catch (error) {
      if (!(error instanceof Refused) || !WORDS.includes(error.code)) throw error;
      stop(error.code);
    }
    place.dataset.answeredMs = (performance.now() - began).toFixed(1);
    tell(place.firstElementChild.dataset.answer);
  }

  function stop(code) {
    const torn = code === "code_torn";
    const node = copy(torn ? "answer-torn" : "answer-stop");
    fill(node, { word: words(`word_${code}`), reason: words(`reason_${code}`), next: words(`next_${code}`) });
    put(node);
  }

  async function showPass(code, said, at) {
    const node = copy("answer-pass");
    const rows = await Promise.all(said.forms.map((form) => row(shift.shift, form.formId)));
    const acts = new Map((await decisions()).map((entry) => [entry.form_id, words(`act_${entry.act}`)]));
    fill(node, { day: day(said.issueDay), count: said.forms.length });
    node.querySelector("[data-forms]").append(...said.forms.map((form, place_) => {
      const item = copy("pass-form");
      fill(item, { number: rows[place_]?.number ? grouped(rows[place_].number) : `…${form.formId.slice(-6)}`, net: yuan(form.netFen), act: acts.get(form.formId) ?? "" });
      item.querySelector("button").addEventListener("click", () => showForm({ code, at, ...form, issueDay: said.issueDay, pass: said }));
      return item;
    }));
    put(node);
  }

  async function showForm(form) {
    const [known, before] = await Promise.all([row(shift.shift, form.formId), decisions()]);
    const already = before.filter((entry) => entry.form_id === form.formId).at(-1);
    const node = copy("answer-form");
    const store = shift.stores[form.storeNumber];
    fill(node, {
      net: yuan(form.netFen),
      issued: form.pass ? "" : day(form.issueDay),
      store: store ? store[language] : "",
      depart: day(known?.depart_by),
      number: known ? grouped(known.number) : "",
      name: known?.name ?? "",
      document: known ? `…${known.document_end}` : "",
    });
    for (const [name, holds] of Object.entries({ known: Boolean(known), unknown: !known, already: Boolean(already), open: !already })) {
      for (const part of node.querySelectorAll(`[data-when~=${name}]`)) part.hidden ||= !holds;
    }
    if (already) fill(node, { already: words(`act_${already.act}`) });
    if (known) fillLines(node, known);
    const is_late = known && dayOf(form.at) > known.export_by;
    node.querySelector("[data-late]").hidden = !is_late;
    node.querySelector("form").addEventListener("submit", (event) => decide(event, form, known));
    put(node);
    document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: node } }));
  }

  function fillLines(node, known) {
    const list = node.querySelector("[data-lines-shown]");
    list.append(...known.lines.filter((line) => line.remaining).map((line) => {
      const item = copy("answer-line");
      const [unit, goods] = [line[`unit_${language}`], line[language]];
      fill(item, { goods, detail: [line.specification, yuan(line.price_fen)].filter(Boolean).join(" · "), most: `${line.remaining} ${unit}` });
      const field = item.querySelector("[data-step-most]");
      field.dataset.stepMost = line.remaining;
      field.dataset.key = line.key.join("-");
      field.setAttribute("aria-label", goods);
      return item;
    }));
  }

  async function decide(event, form, known) {
    event.preventDefault();
    const typed = event.target.elements;
    const act = event.submitter.value;
    const problem = event.target.querySelector("[data-problem]");
    const lines = act === "lines" ? readLines(event.target) : null;
    const wrong = act === "lines" && !lines ? "lines_open"
      : act === "lines" && !lines.some((line) => line.quantity) ? "nothing_shown"
        : act === "refuse" && !typed.reason.value ? "no_reason"
          : act === "refuse" && typed.reason.value === "other_breach" && !typed.note.value.trim() ? "no_note"
            : moment(shift) > new Date(shift.until) ? "shift_over" : "";
    problem.hidden = !wrong;
    problem.querySelector("[data-fill=problem]").textContent = wrong && words(wrong);
    if (wrong) return problem.scrollIntoView({ block: "center" });
    for (const button of event.target.querySelectorAll("button")) button.disabled = true;
    const seen = known && known.lines.map((line) => ({ key: line.key, quantity: line.remaining }));
    const gone = known ? known.lines.filter((line) => !line.remaining).map((line) => ({ key: line.key, quantity: 0 })) : [];
    await keep({
      decision_id: crypto.randomUUID().replaceAll("-", ""),
      code: form.code,
      form_id: form.formId,
      act,
      decided_at: moment(shift).toISOString(),
      scanned_at: form.at.toISOString(),
      lines: lines && [...lines, ...gone],
      seen: seen || null,
      place: typed.place.value,
      reason: act === "refuse" ? typed.reason.value : "",
      note: act === "refuse" ? typed.note.value : "",
      number: known ? grouped(known.number) : "",
    });
    const done = copy("answer-kept");
    fill(done, { act: words(`act_${act}`), number: known ? grouped(known.number) : "" });
    if (form.pass) {
      const again = done.querySelector("[data-pass-again]");
      again.hidden = false;
      again.addEventListener("click", () => showPass(form.code, form.pass, moment(shift)));
    }
    put(done);
    await decided();
  }

  function readLines(form) {
    const lines = [];
    for (const field of form.querySelectorAll("[data-step-most]")) {
      const text = field.value.trim();
      if (!/^\d{1,3}$/.test(text) || Number(text) > Number(field.dataset.stepMost)) return null;
      lines.push({ key: field.dataset.key.split("-").map(Number), quantity: Number(text) });
    }
    return lines;
  }

  return scanned;
}

function fill(node, facts) {
  for (const [name, text] of Object.entries(facts)) {
    for (const part of node.querySelectorAll(`[data-fill=${name}]`)) {
      part.textContent = text;
      const line = part.closest("[data-line-of]");
      if (line) line.hidden = text === "";
    }
  }
}

/** A copy has ids of its own: those of the template stay with it. */
function renamed(node) {
  for (const name of ["id", "for", "aria-describedby", "aria-labelledby", "aria-controls"]) {
    for (const part of node.querySelectorAll(`[${name}]`)) {
      part.setAttribute(name, part.getAttribute(name).split(" ").map((id) => `${id}-now`).join(" "));
    }
  }
  return node;
}

const grouped = (number) => number.replace(/^(\d{6})(\d{4})(\d{4})(\d)$/, "$1-$2-$3-$4");
