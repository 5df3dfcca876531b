// Suggestions for a text field: the list comes from the address in data-combobox, asked with ?q= and
// &part=1. Arrows move, Enter or Tab takes, Escape closes. Without JavaScript the field takes codes.

const PAUSE_MS = 120;
const list = document.createElement("ul");
list.id = "suggestions";
list.className = "suggestions";
list.setAttribute("role", "listbox");

let field = null;
let asked = 0;
let timer = 0;

const options = () => [...list.querySelectorAll("[role=option]:not([aria-disabled])")];
const active = () => list.querySelector("[aria-selected=true]");

function prepare(input) {
  if (input.getAttribute("role") === "combobox") return;
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
  })) input.setAttribute(name, value);
}

function close() {
  clearTimeout(timer);
  asked += 1;
  if (field) {
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }
  list.remove();
  list.replaceChildren();
}

function mark(option) {
  active()?.setAttribute("aria-selected", "false");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", option.id);
}

function take(option) {
  const input = field;
  close();
  input.value = option.dataset.value;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

async function ask(input) {
  const turn = ++asked;
  const address = new URL(input.dataset.combobox, location.href);
  address.search = new URLSearchParams({ q: input.value, part: "1" });
  const answer = await fetch(address, { credentials: "same-origin", redirect: "error" });
  const html = answer.ok ? await answer.text() : "";
  if (turn !== asked || document.activeElement !== input) return;
  list.innerHTML = html;
  list.setAttribute("aria-label", input.labels[0]?.textContent.trim() ?? "");
  if (!list.childElementCount) return;
  input.closest(".field").append(list);
  list.style.insetBlockStart = `${input.offsetTop + input.offsetHeight}px`;
  input.setAttribute("aria-expanded", "true");
  if (options().length) mark(options()[0]);
}

document.addEventListener("focusin", (event) => {
  if (!event.target.matches("[data-combobox]")) return;
  field = event.target;
  prepare(field);
});

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-combobox]")) return;
  field = event.target;
  prepare(field);
  clearTimeout(timer);
  if (!field.value.trim()) {
    close();
    return;
  }
  timer = setTimeout(() => ask(field).catch((failure) => {
    // Without a connection the field still takes a code.
    if (!(failure instanceof TypeError)) throw failure;
    close();
  }), PAUSE_MS);
});

document.addEventListener("keydown", (event) => {
  if (event.target !== field || event.isComposing) return;
  const open = list.isConnected;
  const all = options();
  const at = all.indexOf(active());
  if (event.key === "ArrowDown" && !open) {
    ask(field).catch(() => close());
  } else if (event.key === "ArrowDown" && all.length) {
    mark(all[(at + 1) % all.length]);
  } else if (event.key === "ArrowUp" && open && all.length) {
    mark(all[(at + all.length - 1) % all.length]);
  } else if (event.key === "Enter" && open && active() && !event.ctrlKey) {
    take(active());
  } else if (event.key === "Escape" && open) {
    close();
  } else {
    if (event.key === "Tab" && open && active()) take(active());
    return;
  }
  event.preventDefault();
});

list.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  const option = event.target.closest("[role=option]:not([aria-disabled])");
  if (option) take(option);
});

document.addEventListener("focusout", (event) => {
  if (event.target === field) close();
});
