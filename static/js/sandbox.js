// Choosing a trial card fills the card fields at once; without this script the server does it.
const trial = document.getElementById("trial");

function fill(number) {
  const values = { number: number.replace(/(.{4})(?=.)/g, "$1 "), ...trial.dataset };
  for (const [id, value] of Object.entries(values)) {
    document.getElementById(id).value = number ? value : "";
  }
}

trial.addEventListener("change", (event) => fill(event.target.value));
