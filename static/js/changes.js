// Marks what changed when a list brings itself up to date: each [data-form] has its [data-version].

const versions = new Map();
const rows = () => document.querySelectorAll("[data-form][data-version]");

function remember() {
  for (const row of rows()) versions.set(row.dataset.form, row.dataset.version);
}

remember();
document.body.addEventListener("htmx:afterSettle", () => {
  for (const row of rows()) {
    if (versions.get(row.dataset.form) === row.dataset.version) continue;
    row.querySelector(".changed").hidden = false;
    row.closest("tr")?.classList.add("is-changed");
  }
  remember();
});
