// One tap copies a code, a form number or a sum.

async function write(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Without a secure origin there is no clipboard: select and copy the old way.
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden-text";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new DOMException("not copied", "NotAllowedError");
}

function selectText(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

/** Makes every `data-copy` button copy its text and say so. */
export function copyOnTap() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const told = button.querySelector("[role=status]");
    try {
      await write(button.dataset.copy);
      told.textContent = button.dataset.copied;
      setTimeout(() => { told.textContent = ""; }, 2000);
    } catch (refusal) {
      if (!(refusal instanceof DOMException)) throw refusal;
      selectText(button.firstElementChild);
      button.focus();
    }
  });
}
