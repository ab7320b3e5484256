// Reads numbers as the built phone does: `complete` with the rules of the chunk phone-numbers, `basic` without the
// chunk. Standard input is a JSON list of [text, country fields]; standard output is a JSON list of {cleaned, complete,
// basic}.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = mkdtempSync(join(tmpdir(), "numbers-"));
const entries = {
  clean: "phone/numbers/clean.js",
  parser: "phone/lazy/phone-numbers.js",
  reader: "phone/numbers/read-number.js",
};
try {
  await build({
    ...{ absWorkingDir: root, bundle: true, entryPoints: entries, format: "esm", outdir: folder },
    ...{ outExtension: { ".js": ".mjs" } },
  });
  const load = (/** @type {string} */ name) => import(pathToFileURL(join(folder, `${name}.mjs`)).href);
  const [{ clean }, { parseDialled }, { readNumber }] = await Promise.all(Object.keys(entries).map(load));
  const readings = JSON.parse(readFileSync(0, "utf8")).map(([text, country]) => ({
    cleaned: clean(text),
    complete: readNumber(text, country, parseDialled),
    basic: readNumber(text, country),
  }));
  process.stdout.write(JSON.stringify(readings));
} finally {
  rmSync(folder, { recursive: true });
}
