// Lists the phone's modules that the build makes chunks of: files that phone.js loads when they are needed.
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FRONTEND = dirname(fileURLToPath(import.meta.url));
const BUILT_IN_LOCALE = "en";

/** @param {string} folder */
const modulesIn = (folder) =>
  readdirSync(join(FRONTEND, folder))
    .filter((file) => file.endsWith(".js") && !file.endsWith(".test.js"))
    .map((file) => file.slice(0, -".js".length))
    .sort();

/**
 * Chunk name to path in this folder: `<name>` to `phone/lazy/<name>.js`, `locale-<language>` to the texts of a
 * language.
 */
export const CHUNKS = Object.fromEntries([
  ...modulesIn("phone/lazy").map((name) => [name, `phone/lazy/${name}.js`]),
  ...modulesIn("phone/i18n/locales")
    .filter((language) => language !== BUILT_IN_LOCALE)
    .map((language) => [`locale-${language}`, `phone/i18n/locales/${language}.js`]),
]);
