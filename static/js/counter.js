// The issue page: what is known fills fields that are still empty, the focus goes on after a scan,
// and the reason for a late form is asked for once the purchase is of an earlier day.
//
// [data-fills="name"][data-value]   what the server knows for a field
// [data-late="2025-07-08"]          the part that is for a late form; today's date
// [data-pick-up]                    the part with the field for a pick-up code

const form = document.querySelector("form[data-enter=next]");
const field = (name) => form.elements[name];

function goOn() {
  const next = field("last_entry").value ? field("invoices-0-number") : field("last_entry");
  next.focus();
}

function fill() {
  let filled = false;
  for (const known of document.querySelectorAll("[data-fills]")) {
    const input = field(known.dataset.fills);
    if (!input || input.value) continue;
    input.value = known.dataset.value;
    filled = true;
  }
  if (!filled) return;
  if (document.activeElement === field("last_entry")) goOn();
  field("last_entry").dispatchEvent(new Event("change", { bubbles: true }));
}

function askWhyLate() {
  const part = form.querySelector("[data-late]");
  if (!part) return;
  const days = [...form.querySelectorAll("[name^=invoices-][name$=-day]")].map((day) =>
    day.value.trim().replace(/^(\d{4})(\d{2})(\d{2})$/, "$1-$2-$3"));
  part.hidden = !days.some((day) => /^\d{4}-\d{2}-\d{2}$/.test(day) && day < part.dataset.late);
}

form.addEventListener("scancomplete", goOn);
form.addEventListener("input", askWhyLate);
form.addEventListener("change", askWhyLate);
document.body.addEventListener("htmx:afterSettle", fill);
askWhyLate();

// Enter in the field for a pick-up code takes it over, as the button beside it does.
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.defaultPrevented || event.target.name !== "pick_up") return;
  event.preventDefault();
  event.stopPropagation();
  if (event.target.value.trim()) form.querySelector("button[name=take][value=code]").click();
});
