// `node bundle.mjs FILE`: bundles a file of this folder with its npm packages for a browser, and prints the script. The
// files are pages for the tests of faults that people reported.
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = dirname(fileURLToPath(import.meta.url));
const { outputFiles } = await build({
  absWorkingDir: folder,
  bundle: true,
  define: { "process.env.NODE_ENV": '"production"' },
  entryPoints: [resolve(folder, process.argv[2])],
  format: "iife",
  logLevel: "warning",
  target: "es2022",
  write: false,
});
process.stdout.write(outputFiles[0].text);
