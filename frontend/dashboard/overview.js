// The overview's charts. Their numbers are those of the table beside them: read from it, not sent twice.
import { BarController, BarElement, CategoryScale, Chart, Legend, LinearScale, Tooltip } from "chart.js";

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Legend, Tooltip);

const KINDS = {
  calls: ({ calls, answered }, colour) => [
    { label: "Answered", data: answered, backgroundColor: colour("--chart-main") },
    {
      label: "Not answered",
      data: calls.map((all, day) => all - answered[day]),
      backgroundColor: colour("--chart-rest"),
    },
  ],
  minutes: ({ minutes }, colour) => [{ label: "Minutes", data: minutes, backgroundColor: colour("--chart-main") }],
};

const charts = [];

function numbersOf(table) {
  const rows = [...table.tBodies[0].rows];
  const column = (index) => rows.map((row) => Number(row.cells[index].textContent));
  const days = rows.map((row) => row.cells[0].textContent);
  return { days, calls: column(1), answered: column(2), minutes: column(3) };
}

function draw(figure) {
  const numbers = numbersOf(document.getElementById(figure.dataset.table));
  const style = getComputedStyle(document.documentElement);
  const colour = (role) => style.getPropertyValue(role).trim();
  const datasets = KINDS[figure.dataset.chart](numbers, colour);
  const ticks = { color: colour("--text-quiet"), maxRotation: 0, autoSkipPadding: 16, precision: 0 };
  figure.hidden = false;
  return new Chart(figure.querySelector("canvas"), {
    type: "bar",
    data: { labels: numbers.days, datasets: datasets.map((set) => ({ ...set, borderRadius: 3, maxBarThickness: 20 })) },
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

drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
