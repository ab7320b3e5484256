// `node build.mjs [--clean]`: builds dist/: phone.js, its chunks (chunks.mjs and the voice SDK), phone.full.js with all
// of them inside, the files of our own pages, and the licence notices of the packages in them. Older chunks stay,
// because pages that still have an older phone.js load them; `--clean` deletes them.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { CHUNKS } from "./chunks.mjs";

/** @import { BuildOptions, Metafile } from "esbuild" */

const FRONTEND = dirname(fileURLToPath(import.meta.url));
const dist = join(FRONTEND, "dist");
/** Folder in pages/ to the entry files in it. */
const PAGES = {
  dashboard: ["dashboard.js", "charts.js", "operations.js", "dashboard.css"],
  demo: ["demo.js", "demo.css"],
  guide: ["guide.js", "guide.css"],
  hubspot: ["hubspot.js", "hubspot.css"],
  "pop-out": ["pop-out-page.js", "pop-out-page.css"],
  reference: ["reference.js", "reference.css"],
  shared: ["icon.svg"],
};
/** @type {Record<string, number>} */
const MAX_GZIP_BYTES = { "phone.js": 20_000, "sdk.js": 50_000 };
/** The limit of each chunk with the texts of a language. */
const MAX_LOCALE_GZIP_BYTES = 8_000;
const NOTICES = "third-party-notices.txt";
const TYPES = "phone.d.ts";

/** @type {BuildOptions} */
const COMMON = {
  absWorkingDir: FRONTEND,
  bundle: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  minify: true,
  outdir: dist,
  // The oldest browsers that the phone supports. They have private class members: replacing those for older browsers
  // would make the files larger by a tenth.
  target: ["es2022", "chrome94", "edge94", "firefox93", "safari15.4"],
};
const PRISTINE_GLOBALS = ["phone/browser/pristine-globals.js"];
/**
 * For bundles with the SDK in them. Its UMD parts must not see the `define` of an AMD page, and it uses our WebSocket
 * class.
 * @type {BuildOptions}
 */
const WITH_SDK = {
  define: { "globalThis.WebSocket": "CarrierSocket", define: "undefined" },
  inject: [...PRISTINE_GLOBALS, "sdk/carrier-socket.js"],
};

// esbuild's helper for namespaces also iterates over properties that a page has added to Object.prototype, and fails on
// those that are not functions.
const NAMESPACE_HELPER = /for\(var (\w+) in (\w+)\)(?=\w+\(\w+,\1,\{get:\2\[\1\])/g;

// Strict mode is set inside the function. At the start of the file it would apply to all scripts that a site joins to
// ours.
const STRICT_SCRIPT = '"use strict";(()=>{';
const STRICT_FUNCTION = ';(()=>{"use strict";';

/**
 * The notice of each package in any bundle, by the package's name.
 * @type {Map<string, string>}
 */
const notices = new Map();

/**
 * The folders of the packages in a bundle.
 * @param {Metafile} metafile
 */
function packageFolders(metafile) {
  const folders = Object.keys(metafile.inputs).map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

/**
 * A package's name, version and licence texts. Throws Error if it has none.
 * @param {string} folder
 * @param {Metafile} metafile
 */
function readNotice(folder, metafile) {
  const files = readdirSync(join(FRONTEND, folder));
  if (!files.some((name) => /^licen[cs]e/i.test(name))) throw new Error(`${folder} has no licence file`);
  // A package's file that is a bundle has the licences of its packages in a file beside it.
  const isOfBundledFile = (/** @type {string} */ name) =>
    name.endsWith(".LICENSE.txt") && `${folder}/${name.slice(0, -".LICENSE.txt".length)}` in metafile.inputs;
  const texts = files
    .filter((name) => /^(licen[cs]e|notice)/i.test(name) || isOfBundledFile(name))
    .map((name) => readFileSync(join(FRONTEND, folder, name), "utf8").trim());
  const { name, version } = JSON.parse(readFileSync(join(FRONTEND, folder, "package.json"), "utf8"));
  return { name: `${name} ${version}`, text: `${name} ${version}\n\n${texts.join("\n\n")}` };
}

/**
 * The notices of the packages in a bundle, which must be distributed with it.
 * @param {Metafile} metafile
 */
function collectNotices(metafile) {
  const found = packageFolders(metafile).map((folder) => readNotice(folder, metafile));
  for (const { name, text } of found) notices.set(name, text);
  return found.map(({ text }) => text);
}

const SEPARATOR = `\n\n${"-".repeat(72)}\n\n`;

/** @param {string[]} texts */
const licenceComment = (texts) => `/*!\n${texts.join("\n\n----\n\n").replaceAll("*/", "* /")}\n*/\n`;

/**
 * Build one file with the notices of its packages in a comment; returns the name of the file.
 * @param {BuildOptions} options
 * @param {string} extension
 */
async function buildFile(options, extension) {
  const { metafile } = await build({ ...COMMON, ...options, metafile: true, write: false });
  const texts = collectNotices(metafile);
  const banner = { js: extension === ".js" && texts.length > 0 ? licenceComment(texts) : "" };
  const { metafile: outputs } = await build({ ...COMMON, ...options, metafile: true, banner });
  const path = Object.keys(outputs.outputs).find((output) => output.endsWith(extension));
  if (!path) throw new Error(`The build of ${JSON.stringify(options.entryPoints)} has no ${extension} file`);
  const file = basename(path);
  const code = readFileSync(join(dist, file), "utf8");
  const changed = code
    .replace(STRICT_SCRIPT, STRICT_FUNCTION)
    .replace(NAMESPACE_HELPER, "for(var $1 of Object.keys($2))");
  writeFileSync(join(dist, file), changed);
  return file;
}

const buildSdk = () =>
  buildFile({ ...WITH_SDK, entryNames: "[name]-[hash]", entryPoints: { sdk: "sdk/index.js" }, format: "esm" }, ".js");

/** Build each chunk as an ES module; returns chunk name to file name. */
async function buildChunks() {
  /** @type {Record<string, string>} */
  const files = {};
  for (const [name, path] of Object.entries(CHUNKS)) {
    const entry = { entryNames: "[name]-[hash]", entryPoints: { [name]: path } };
    files[name] = await buildFile({ ...entry, inject: PRISTINE_GLOBALS, format: "esm" }, ".js");
  }
  return files;
}

/**
 * Chunk name to the hash in `<name>-<hash>.js`, from which phone.js makes the file name.
 * @param {Record<string, string>} files
 */
const hashesOf = (files) =>
  Object.fromEntries(Object.entries(files).map(([name, file]) => [name, file.slice(name.length + 1, -".js".length)]));

/**
 * The options of a bundle with a phone in it that loads the SDK and the chunks.
 * @param {string} sdk The file name of the SDK's chunk.
 * @param {Record<string, string>} files Chunk name to file name.
 * @returns {BuildOptions}
 */
const phoneBuildOptions = (sdk, files) => ({
  inject: PRISTINE_GLOBALS,
  define: {
    IS_SINGLE_FILE: "false",
    CHUNK_HASHES: JSON.stringify(hashesOf(files)),
    SDK_FILE: JSON.stringify(sdk),
  },
});

/** @param {BuildOptions} phoneOptions */
const buildPhone = (phoneOptions) =>
  buildFile({ ...phoneOptions, entryPoints: { phone: "phone.js" }, format: "iife" }, ".js");

/** Build the phone in a single file, for pages that may load no other. */
const buildFullPhone = () =>
  buildFile(
    {
      ...WITH_SDK,
      define: { ...WITH_SDK.define, IS_SINGLE_FILE: "true", CHUNK_HASHES: "{}", SDK_FILE: '""' },
      entryPoints: { "phone.full": "phone.js" },
      format: "iife",
    },
    ".js",
  );

/**
 * Build a file of one of our own pages; the pop-out's script has the phone in it.
 * @param {string} page
 * @param {string} name
 * @param {BuildOptions} phoneOptions
 */
function buildPage(page, name, phoneOptions) {
  const extension = name.slice(name.lastIndexOf("."));
  const isScript = extension === ".js";
  return buildFile(
    {
      entryNames: "[name]-[hash]",
      entryPoints: [join(FRONTEND, "pages", page, name)],
      format: isScript ? "iife" : undefined,
      loader: { ".svg": "copy" },
      ...(page === "pop-out" && isScript ? phoneOptions : {}),
    },
    extension,
  );
}

/**
 * Write a file's compressed forms beside it; returns the sizes in bytes.
 * @param {string} file
 */
function compress(file) {
  const bytes = readFileSync(join(dist, file));
  const gzip = gzipSync(bytes, { level: 9 });
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  writeFileSync(join(dist, `${file}.gz`), gzip);
  writeFileSync(join(dist, `${file}.br`), brotli);
  return { raw: bytes.length, gzip: gzip.length, brotli: brotli.length };
}

if (process.argv.includes("--clean")) rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

/**
 * Name without a hash to file name.
 * @type {Record<string, string>}
 */
const manifest = {};
manifest["sdk.js"] = await buildSdk();
const chunks = await buildChunks();
for (const [name, file] of Object.entries(chunks)) manifest[`${name}.js`] = file;
const phoneOptions = phoneBuildOptions(manifest["sdk.js"], chunks);
manifest["phone.js"] = await buildPhone(phoneOptions);
manifest["phone.full.js"] = await buildFullPhone();
for (const [page, names] of Object.entries(PAGES)) {
  for (const name of names) manifest[name] = await buildPage(page, name, phoneOptions);
}

// The types that customers get are the file that the tests check.
copyFileSync(join(FRONTEND, TYPES), join(dist, TYPES));
manifest[TYPES] = TYPES;

const sortedNotices = [...notices]
  .sort(([first], [second]) => first.localeCompare(second, "en"))
  .map(([, text]) => text);
const introduction = "Epoch Voice sends parts of these packages to browsers.";
writeFileSync(join(dist, NOTICES), `${[introduction, ...sortedNotices].join(SEPARATOR)}\n`);
manifest[NOTICES] = NOTICES;

let isTooLarge = false;
for (const [name, file] of Object.entries(manifest)) {
  const { raw, gzip, brotli } = compress(file);
  console.log(`${file}: ${raw} bytes, gzip ${gzip}, brotli ${brotli}`);
  const limit = MAX_GZIP_BYTES[name] ?? (name.startsWith("locale-") ? MAX_LOCALE_GZIP_BYTES : Number.POSITIVE_INFINITY);
  if (gzip > limit) {
    console.error(`${file} is larger than ${limit} bytes gzip`);
    isTooLarge = true;
  }
}
writeFileSync(join(dist, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
if (isTooLarge) process.exit(1);
