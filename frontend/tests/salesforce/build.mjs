// `node build.mjs PROJECT OUT COMPONENT`: compiles a component of an SFDX project, with stand-ins for Salesforce's modules,
// into OUT/component.js, and Lightning Web Security's sandbox, in which the component runs, into OUT/sandbox.js.
import { readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "@lwc/compiler";
import { build } from "esbuild";

const folder = dirname(fileURLToPath(import.meta.url));
const [project, out] = process.argv.slice(2, 4).map((path) => resolve(path));
const component = process.argv[4];
const tag = `c-${component.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
const components = join(project, "force-app/main/default/lwc");
const PLATFORM = /^(lightning|@salesforce)\//;

/** Resolves components by `c/name` and Salesforce's modules to platform.js; compiles templates and code with LWC's compiler. */
const lwc = {
  name: "lwc",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^c\// }, ({ path }) => ({ path: join(components, path.slice(2), `${path.slice(2)}.js`) }));
    onResolve({ filter: PLATFORM }, ({ path }) => ({ path, namespace: "platform" }));
    onResolve({ filter: /^lwc$/ }, () => ({ path: fileURLToPath(import.meta.resolve("@lwc/engine-dom")) }));
    onResolve({ filter: /^@lwc\// }, ({ path }) => ({ path: fileURLToPath(import.meta.resolve(path)) }));
    onResolve({ filter: /\.css(\?|$)/ }, ({ path }) => ({ path, namespace: "no-styles" }));
    onLoad({ filter: /./, namespace: "no-styles" }, () => ({ contents: "export default undefined" }));
    onLoad({ filter: /./, namespace: "platform" }, ({ path }) => ({
      contents: `export * from ${JSON.stringify(join(folder, "platform.js"))};
        export { ${basename(path).replace(/\W/g, "_")} as default } from ${JSON.stringify(join(folder, "platform.js"))};`,
      resolveDir: folder,
    }));
    onLoad({ filter: /\.(js|html)$/ }, ({ path }) => {
      if (!path.startsWith(components)) return undefined;
      const name = basename(dirname(path));
      const options = { name, namespace: "c", apiVersion: 62 };
      return { contents: transformSync(readFileSync(path, "utf8"), path, options).code, loader: "js" };
    });
  },
};

const common = { bundle: true, format: "iife", logLevel: "warning", target: "es2022" };
const entry = `import { createElement } from "lwc";
import Component from "c/${component}";
salesforce.created = (properties) => Object.assign(createElement("${tag}", { is: Component }), properties);`;
const define = { "process.env.NODE_ENV": '"production"' };
await build({
  ...common,
  define,
  outfile: join(out, "component.js"),
  plugins: [lwc],
  stdin: { contents: entry, resolveDir: folder },
});
await build({
  ...common,
  globalName: "locker",
  outfile: join(out, "sandbox.js"),
  stdin: { contents: 'export * from "@locker/sandbox";', resolveDir: folder },
});
