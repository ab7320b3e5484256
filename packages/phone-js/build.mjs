// `node build.mjs [FOLDER]`: builds dist/ of the package, its modules as they are and their types, and packs it into
// FOLDER. The types of phone.js are those of frontend/phone.d.ts, with `export` before each, so the package declares no
// globals and cannot differ from the phone.
import { execFileSync } from "node:child_process";
import { appendFileSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const frontend = join(here, "../../frontend");
/** @type {typeof import("../../frontend/node_modules/typescript/lib/typescript.js")} */
const ts = createRequire(join(frontend, "package.json"))("typescript");
const [source, dist] = [join(here, "src"), join(here, "dist")];
const PHONE_TYPES = "phone-types.d.ts";
/** The additions of phone.d.ts to a page's global types, which a module does not need. */
const GLOBALS = ["Window", "WindowEventMap"];

/** The declarations of phone.d.ts as those of a module. */
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

/** Check the modules and write their types; the errors are printed. Returns true if there are none. */
function writeTypes() {
  const config = join(here, "tsconfig.json");
  const { options, fileNames } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, ts.sys.readFile).config,
    ts.sys,
    here,
  );
  const program = ts.createProgram(fileNames, options);
  const { diagnostics } = program.emit();
  const found = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  const host = { getCurrentDirectory: () => here, getCanonicalFileName: (/** @type {string} */ name) => name };
  if (found.length > 0) console.error(ts.formatDiagnostics(found, { ...host, getNewLine: () => "\n" }));
  return found.length === 0;
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
writeFileSync(join(source, PHONE_TYPES), phoneTypes());
copyFileSync(join(source, PHONE_TYPES), join(dist, PHONE_TYPES));
for (const name of readdirSync(source)) if (name.endsWith(".js")) copyFileSync(join(source, name), join(dist, name));
if (!writeTypes()) process.exit(1);
// A module in JavaScript cannot name types to export.
appendFileSync(join(dist, "index.d.ts"), 'export type * from "./phone-types.js";\n');

const [folder] = process.argv.slice(2);
if (folder) {
  mkdirSync(folder, { recursive: true });
  execFileSync("npm", ["pack", "--silent", "--pack-destination", resolve(folder)], { cwd: here, stdio: "inherit" });
}
