// Charts over the rows of a table. Their numbers are those of the table beside them: read from it, not sent twice.
import { BarController, BarElement, CategoryScale, Chart, Legend, LinearScale, Tooltip } from "chart.js";

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Legend, Tooltip);

// Each from the table's columns, in their order.
const KINDS = {
  calls: ([calls, answered]) => [
    { label: "Answered", data: answered, colour: "--chart-main" },
    { label: "Not answered", data: calls.map((all, day) => all - answered[day]), colour: "--chart-rest" },
  ],
  minutes: ([, , minutes]) => [{ label: "Minutes", data: minutes, colour: "--chart-main" }],
  "calls-per-hour": ([calls, refused]) => [
    { label: "Calls", data: calls, colour: "--chart-main" },
    { label: "Refused", data: refused, colour: "--danger" },
  ],
  "exchanges-per-hour": ([, , admitted, others]) => [
    { label: "Admitted", data: admitted, colour: "--chart-main" },
    { label: "Not admitted", data: others, colour: "--danger" },
  ],
};

const charts = [];

function numbersOf(figure) {
  const rows = [...document.getElementById(figure.dataset.table).tBodies[0].rows];
  const names = rows.map((row) => row.cells[0].textContent);
  const columns = rows[0] ? [...rows[0].cells].slice(1) : [];
  return { names, columns: columns.map((_, index) => rows.map((row) => Number(row.cells[index + 1].textContent))) };
}

function draw(figure) {
  const { names, columns } = numbersOf(figure);
  const style = getComputedStyle(document.documentElement);
  const colour = (role) => style.getPropertyValue(role).trim();
  const datasets = KINDS[figure.dataset.chart](columns);
  const ticks = { color: colour("--text-quiet"), maxRotation: 0, autoSkipPadding: 16, precision: 0 };
  figure.hidden = false;
  return new Chart(figure.querySelector("canvas"), {
    type: "bar",
    data: {
      labels: names,
      datasets: datasets.map((set) => ({
        ...set,
        backgroundColor: colour(set.colour),
        borderRadius: 3,
        maxBarThickness: 20,
      })),
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { stacked: true, grid: { display: false }, border: { color: colour("--line") }, ticks },
        y: { stacked: true, beginAtZero: true, grid: { color: colour("--line") }, border: { display: false }, ticks },
      },
      plugins: {
        legend: {
          display: datasets.length > 1,
          align: "start",
          labels: {
            color: colour("--text-quiet"),
            boxWidth: 12,
            boxHeight: 12,
            borderRadius: 3,
            useBorderRadius: true,
          },
        },
        tooltip: {
          backgroundColor: colour("--surface-raised"),
          borderColor: colour("--line-strong"),
          borderWidth: 1,
          titleColor: colour("--text"),
          bodyColor: colour("--text"),
          padding: 10,
        },
      },
    },
  });
}

function drawAll() {
  for (const chart of charts.splice(0)) chart.destroy();
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  for (const figure of document.querySelectorAll("[data-chart]")) charts.push(draw(figure));
}

/** The tables may hold other numbers now; a chart that somebody points at stays where it is. */
function freshen() {
  for (const chart of charts) {
    const figure = chart.canvas.closest("[data-chart]");
    const { names, columns } = numbersOf(figure);
    chart.data.labels = names;
    for (const [index, set] of KINDS[figure.dataset.chart](columns).entries())
      chart.data.datasets[index].data = set.data;
    chart.update("none");
  }
}

drawAll();
document.addEventListener("epoch:fresh", freshen);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
