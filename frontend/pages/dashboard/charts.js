// Draws bar charts of the numbers in a page's tables, on the overview and on the operations page.
import { BarController, BarElement, CategoryScale, Chart, Legend, LinearScale, Tooltip } from "chart.js";
import { elementById, find } from "../shared/dom.js";
import { REFRESHED_EVENT } from "./js/auto-refresh.js";

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Legend, Tooltip);

/** @typedef {{label: string, data: number[], colour: string}} Series `colour`: the name of a CSS custom property. */

/**
 * The series of each kind of chart from the table's columns, in their order.
 * @type {Record<string, (columns: number[][]) => Series[]>}
 */
const SERIES_BY_CHART = {
  calls: ([calls, answered]) => [
    { label: "Answered", data: answered, colour: "--chart-main" },
    { label: "Not answered", data: calls.map((all, day) => all - answered[day]), colour: "--chart-rest" },
  ],
  minutes: ([, , minutes]) => [{ label: "Minutes", data: minutes, colour: "--chart-main" }],
  "calls-per-hour": ([calls, refused]) => [
    { label: "Calls", data: calls, colour: "--chart-main" },
    { label: "Refused", data: refused, colour: "--danger" },
  ],
  "exchanges-per-hour": ([, , accepted, refused]) => [
    { label: "Accepted", data: accepted, colour: "--chart-main" },
    { label: "Refused", data: refused, colour: "--danger" },
  ],
};

/** @type {{figure: HTMLElement, chart: Chart}[]} */
const charts = [];

/** @param {HTMLElement} figure */
function readTable(figure) {
  const table = /** @type {HTMLTableElement} */ (elementById(figure.dataset.table ?? ""));
  const rows = [...table.tBodies[0].rows];
  const labels = rows.map((row) => row.cells[0].textContent ?? "");
  const columnCount = Math.max((rows[0]?.cells.length ?? 0) - 1, 0);
  const columns = Array.from({ length: columnCount }, (_, index) =>
    rows.map((row) => Number(row.cells[index + 1].textContent)),
  );
  return { labels, series: SERIES_BY_CHART[figure.dataset.chart ?? ""](columns) };
}

/** @param {HTMLElement} figure */
function createChart(figure) {
  const { labels, series } = readTable(figure);
  const style = getComputedStyle(document.documentElement);
  /** @param {string} property */
  const colour = (property) => style.getPropertyValue(property).trim();
  const ticks = { color: colour("--text-quiet"), maxRotation: 0, autoSkipPadding: 16, precision: 0 };
  figure.hidden = false;
  /** @type {HTMLCanvasElement} */
  const canvas = find(figure, "canvas");
  return new Chart(canvas, {
    type: "bar",
    data: {
      labels,
      datasets: series.map((set) => ({
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
          display: series.length > 1,
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

function createAll() {
  for (const { chart } of charts.splice(0)) chart.destroy();
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  /** @type {NodeListOf<HTMLElement>} */
  const figures = document.querySelectorAll("[data-chart]");
  for (const figure of figures) charts.push({ figure, chart: createChart(figure) });
}

/** Show the tables' new numbers. The charts are updated in place, so that a tooltip stays open. */
function updateAll() {
  for (const { figure, chart } of charts) {
    const { labels, series } = readTable(figure);
    chart.data.labels = labels;
    for (const [index, { data }] of series.entries()) chart.data.datasets[index].data = data;
    chart.update("none");
  }
}

createAll();
document.addEventListener(REFRESHED_EVENT, updateAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", createAll);
