// `node build.mjs`: prints one script with the libraries of pages.js.
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
