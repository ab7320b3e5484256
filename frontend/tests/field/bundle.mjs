// `node bundle.mjs FILE`: prints the browser's script of a file beside this one, with its packages.
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const { outputFiles } = await build({
  absWorkingDir: here,
  bundle: true,
  define: { "process.env.NODE_ENV": '"production"' },
  entryPoints: [resolve(here, process.argv[2])],
  format: "iife",
  logLevel: "warning",
  target: "es2022",
  write: false,
});
process.stdout.write(outputFiles[0].text);
