// `node build.mjs`: bundles the React app for a browser and prints the script. `node build.mjs JSON`: prints the
// document that the server renders for the app with these properties.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { App } from "./app.js";

const [properties] = process.argv.slice(2);
if (properties) {
  process.stdout.write(`<!doctype html>${renderToString(createElement(App, JSON.parse(properties)))}`);
} else {
  const { outputFiles } = await build({
    absWorkingDir: dirname(fileURLToPath(import.meta.url)),
    bundle: true,
    define: { "process.env.NODE_ENV": '"production"' },
    entryPoints: ["client.js"],
    format: "iife",
    logLevel: "warning",
    target: "es2022",
    write: false,
  });
  process.stdout.write(outputFiles[0].text);
}
