// `node bundle.mjs ENTRY`: bundles an example of the guides for a browser and prints the script. Compiles React, Vue
// and Svelte; Angular's compiler reads its decorators in the browser. `node bundle.mjs ENTRY server`: runs the module
// ENTRY on a server (Node.js) and prints its output.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileScript, parse } from "vue/compiler-sfc";
import { build } from "esbuild";
import { compile } from "svelte/compiler";

const [entry, platform] = process.argv.slice(2);
const isServer = platform === "server";
const compilers = {
  svelte: (filename, source) => compile(source, { filename, generate: "client" }).js.code,
  vue: (filename, source) => {
    const { descriptor, errors } = parse(source, { filename });
    if (errors.length > 0) throw errors[0];
    return compileScript(descriptor, { id: "example", inlineTemplate: true }).content;
  },
};
const components = {
  name: "components",
  setup({ onLoad }) {
    for (const [extension, toScript] of Object.entries(compilers)) {
      onLoad({ filter: new RegExp(`\\.${extension}$`) }, ({ path }) => ({
        contents: toScript(path, readFileSync(path, "utf8")),
        loader: "js",
      }));
    }
  },
};
const { outputFiles } = await build({
  bundle: true,
  conditions: isServer ? [] : ["browser"],
  define: {
    "process.env.NODE_ENV": '"development"',
    __VUE_OPTIONS_API__: "true",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
  },
  entryPoints: [entry],
  format: isServer ? "cjs" : "iife",
  jsx: "automatic",
  logLevel: "warning",
  nodePaths: [join(fileURLToPath(new URL("../../node_modules", import.meta.url)))],
  platform: isServer ? "node" : "browser",
  plugins: [components],
  target: "es2022",
  tsconfigRaw: { compilerOptions: { experimentalDecorators: true, useDefineForClassFields: false } },
  write: false,
});
const [{ text }] = outputFiles;
if (isServer) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["-"], { input: text, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  process.stdout.write(stdout);
} else {
  process.stdout.write(text);
}
