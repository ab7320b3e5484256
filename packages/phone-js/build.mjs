// `node build.mjs [FOLDER]`: builds the package's dist/, a copy of its modules and their types; with FOLDER also packs
// the package into it. The types of phone.js are made from frontend/phone.d.ts: with `export` before each, so that the
// package declares no globals.
import { execFileSync } from "node:child_process";
import { appendFileSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = dirname(fileURLToPath(import.meta.url));
const frontend = join(PACKAGE, "../../frontend");
/** @type {typeof import("../../frontend/node_modules/typescript/lib/typescript.js")} */
const ts = createRequire(join(frontend, "package.json"))("typescript");
const [source, dist] = [join(PACKAGE, "src"), join(PACKAGE, "dist")];
const PHONE_TYPES = "phone-types.d.ts";
/** Interfaces of the DOM that phone.d.ts extends; a module does not need them. */
const GLOBALS = ["Window", "WindowEventMap"];

/** The text of phone.d.ts as a module: its types, exported. */
function phoneTypes() {
  const file = "phone.d.ts";
  const parsed = ts.createSourceFile(file, readFileSync(join(frontend, file), "utf8"), ts.ScriptTarget.Latest);
  const declared = parsed.statements.filter(
    (statement) =>
      (ts.isInterfaceDeclaration(statement) && !GLOBALS.includes(statement.name.text)) ||
      ts.isTypeAliasDeclaration(statement),
  );
  const texts = declared.map((statement) => {
    const text = parsed.text.slice(statement.getFullStart(), statement.end);
    return text.slice(0, statement.getStart(parsed) - statement.getFullStart()) + `export ${statement.getText(parsed)}`;
  });
  // The head of the file is about its use as a global script.
  return `/** Types of phone.js. */\n${texts.join("").replace(/^\/\*\*.*?\*\/\n/s, "")}\n`;
}

/** Check the modules, print the errors and write the types. Returns true if there are no errors. */
function writeTypes() {
  const config = join(PACKAGE, "tsconfig.json");
  const { options, fileNames } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, ts.sys.readFile).config,
    ts.sys,
    PACKAGE,
  );
  const program = ts.createProgram(fileNames, options);
  const { diagnostics } = program.emit();
  const errors = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  const host = { getCurrentDirectory: () => PACKAGE, getCanonicalFileName: (/** @type {string} */ name) => name };
  if (errors.length > 0) console.error(ts.formatDiagnostics(errors, { ...host, getNewLine: () => "\n" }));
  return errors.length === 0;
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
writeFileSync(join(source, PHONE_TYPES), phoneTypes());
copyFileSync(join(source, PHONE_TYPES), join(dist, PHONE_TYPES));
for (const name of readdirSync(source)) if (name.endsWith(".js")) copyFileSync(join(source, name), join(dist, name));
if (!writeTypes()) process.exit(1);
// A JavaScript module cannot export types, so this line is added to its declarations.
appendFileSync(join(dist, "index.d.ts"), 'export type * from "./phone-types.js";\n');

const [folder] = process.argv.slice(2);
if (folder) {
  mkdirSync(folder, { recursive: true });
  execFileSync("npm", ["pack", "--silent", "--pack-destination", resolve(folder)], { cwd: PACKAGE, stdio: "inherit" });
}
