// `node build.mjs`: bundles pages.js with its libraries and prints the script.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const { outputFiles } = await build({
  absWorkingDir: dirname(fileURLToPath(import.meta.url)),
  bundle: true,
  define: { "process.env.NODE_ENV": '"production"' },
  entryPoints: ["pages.js"],
  format: "iife",
  loader: { ".css": "text" },
  logLevel: "warning",
  minify: true,
  target: "es2022",
  write: false,
});
process.stdout.write(outputFiles[0].text);
