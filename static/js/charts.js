// Draws a chart from the table behind it; without scripts the table is all there is.

const shown = [...document.querySelectorAll("[data-chart]")];

/** The columns of a table that have a unit, and its days as seconds. */
function read(table) {
  const heads = [...table.tHead.rows[0].cells].slice(1);
  const rows = [...table.tBodies[0].rows];
  const days = rows.map((row) => Date.parse(`${row.cells[0].dataset.day}T00:00:00Z`) / 1000);
  const columns = heads
    .map((head, place) => ({ head, place }))
    .filter(({ head }) => head.dataset.unit)
    .map(({ head, place }) => ({
      label: head.textContent.trim(),
      values: rows.map((row) => {
        const { value } = row.cells[place + 1].dataset;
        return value === "" ? null : Number(value);
      }),
    }));
  return { days, columns, word: table.tHead.rows[0].cells[0].textContent.trim() };
}

const tone = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const insides = new WeakMap();

/** Where a chart is drawn: apart from the page, which has the table, with the sheets that it needs. */
function insideOf(place) {
  if (!insides.has(place)) {
    const root = place.attachShadow({ mode: "closed" });
    for (const sheet of document.querySelectorAll("link[data-chart-sheet]")) root.append(sheet.cloneNode());
    root.append(document.createElement("div"));
    insides.set(place, root.lastChild);
  }
  return insides.get(place);
}

function draw(place) {
  const { days, columns, word } = read(document.getElementById(place.dataset.table));
  const tones = [tone("--money"), tone("--next")];
  const language = document.documentElement.lang;
  const number = new Intl.NumberFormat(language);
  const dayName = new Intl.DateTimeFormat(language, { timeZone: "UTC", month: "numeric", day: "numeric" });
  const bars = place.dataset.chart === "bars";
  const axis = { stroke: tone("--quiet"), grid: { stroke: tone("--line"), width: 1 }, ticks: { stroke: tone("--line"), width: 1 } };
  const half = 43200;
  const series = columns.map(({ label }, at) => ({
    label,
    stroke: tones[at % tones.length],
    width: bars ? 1 : 2,
    dash: at && !bars ? [6, 4] : undefined,
    fill: bars ? tones[at % tones.length] + (at ? "55" : "cc") : undefined,
    paths: bars ? window.uPlot.paths.bars({ size: [0.4, 40], align: columns.length > 1 ? (at ? 1 : -1) : 0 }) : undefined,
    points: { show: !bars },
    value: (_, value) => (value === null ? "–" : number.format(value)),
  }));
  const chart = new window.uPlot(
    {
      width: place.clientWidth,
      height: 260,
      tzDate: (at) => window.uPlot.tzDate(new Date(at * 1000), "UTC"),
      scales: { x: { range: (_, low, high) => [low - half * 1.4, high + half * 1.4] }, y: { range: (_, low, high) => [0, high > 0 ? high * 1.1 : 1] } },
      axes: [
        { ...axis, space: 60, incrs: [86400, 172800, 604800, 2592000], values: (_, at) => at.map((one) => dayName.format(new Date(one * 1000))) },
        { ...axis, size: 80, values: (_, at) => at.map((one) => number.format(one)) },
      ],
      cursor: { drag: { x: false, y: false } },
      series: [{ label: word, value: (_, at) => (at === null ? "–" : dayName.format(new Date(at * 1000))) }, ...series],
    },
    [days, ...columns.map(({ values }) => values)],
    insideOf(place),
  );
  new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: 260 })).observe(place);
  place.dataset.drawn = days.length;
  return chart;
}

if (shown.length) {
  const script = document.createElement("script");
  script.src = document.querySelector("meta[name=chart-source]").content;
  script.addEventListener("load", () => {
    let charts = shown.map(draw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      for (const chart of charts) chart.destroy();
      charts = shown.map(draw);
    });
  });
  document.head.append(script);
}
