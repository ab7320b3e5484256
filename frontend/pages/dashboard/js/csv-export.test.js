import { expect, test } from "vitest";
import { enableCsvExport } from "./csv-export.js";

test("the box adds the parameter to the link, beside its filters, and takes it away again", () => {
  document.body.innerHTML = `<label hidden><input type="checkbox" data-bom="csv">For Excel</label>
    <a id="csv" href="/api/calls/export.csv?status=busy" download>Export CSV</a>`;
  enableCsvExport(document);
  const box = document.querySelector("input");
  const query = () => new URL(document.querySelector("a").href).search;
  expect(document.querySelector("label").hidden).toBe(false);
  expect(query()).toBe("?status=busy");
  box.click();
  expect(query()).toBe("?status=busy&bom=true");
  box.click();
  expect(query()).toBe("?status=busy");
  // The browser restores the box after "back" without a change.
  box.checked = true;
  window.dispatchEvent(new Event("pageshow"));
  expect(query()).toBe("?status=busy&bom=true");
});
