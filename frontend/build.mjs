// Builds dist/: phone.js, its chunks (chunks.mjs and the voice SDK), phone.full.js with all of them inside, and the files
// of our own pages. Older chunks stay, because pages that still hold an older phone.js ask for them; `--clean` drops them.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { CHUNKS } from "./chunks.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const PAGES = {
  dashboard: ["dashboard.js", "charts.js", "operations.js", "dashboard.css"],
  demo: ["demo.js", "demo.css"],
  guide: ["guide.js", "guide.css"],
  hubspot: ["hubspot.js", "hubspot.css"],
  "pop-out": ["pop-out-page.js", "pop-out-page.css"],
  reference: ["reference.js", "reference.css"],
  shared: ["icon.svg"],
};
const LIMITS = { "phone.js": 20_000, "sdk.js": 50_000 };
const common = {
  absWorkingDir: here,
  bundle: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
  minify: true,
  outdir: dist,
  // Private class members as they are: written out for older engines they would cost a third of the size.
  target: "es2022",
  write: true,
};

const PRISTINE_GLOBALS = ["phone/browser/pristine-globals.js"];
// For what holds the SDK: an AMD page's `define` must not see its UMD parts; the socket is ours (sdk/carrier-socket.js).
const CARRIER = {
  define: { "globalThis.WebSocket": "CarrierSocket", define: "undefined" },
  inject: [...PRISTINE_GLOBALS, "sdk/carrier-socket.js"],
};

/** The licence texts of every package in the bundle: they must travel with it. */
function licences(metafile) {
  const packages = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packages.add(found[1]);
  }
  const texts = [...packages].sort().map((folder) => {
    const names = readdirSync(join(here, folder));
    if (!names.some((name) => /^licen[cs]e/i.test(name))) throw new Error(`${folder} has no licence file`);
    // A package that is a bundle itself names what it holds in a file beside it.
    const isOfPart = (name) =>
      name.endsWith(".LICENSE.txt") && metafile.inputs[`${folder}/${name.slice(0, -".LICENSE.txt".length)}`];
    const files = names.filter((name) => /^(licen[cs]e|notice)/i.test(name) || isOfPart(name));
    const read = files.map((name) => readFileSync(join(here, folder, name), "utf8").trim());
    return `${folder.replace(/^.*node_modules\//, "")}\n\n${read.join("\n\n")}`;
  });
  return `/*!\n${texts.join("\n\n----\n\n").replaceAll("*/", "* /")}\n*/\n`;
}

const outputOf = (result, extension) =>
  basename(Object.keys(result.metafile.outputs).find((file) => file.endsWith(extension)));

// esbuild's helper for namespaces also walks what a page has added to Object.prototype, and fails on plain values there.
const HELPER = /for\(var (\w+) in (\w+)\)(?=\w+\(\w+,\1,\{get:\2\[\1\])/g;

/** Builds with the licences of the packages in it; the name of what came out. */
async function buildLicensed(options, extension) {
  const { metafile } = await build({ ...options, write: false });
  const hasPackages = /node_modules/.test(Object.keys(metafile.inputs));
  const banner = { js: hasPackages && extension === ".js" ? licences(metafile) : "" };
  const { metafile: outputs } = await build({ ...options, banner });
  const file = outputOf({ metafile: outputs }, extension);
  const code = readFileSync(join(dist, file), "utf8");
  writeFileSync(join(dist, file), code.replace(HELPER, "for(var $1 of Object.keys($2))"));
  return file;
}

const buildSdk = () =>
  buildLicensed(
    { ...common, ...CARRIER, entryNames: "[name]-[hash]", entryPoints: { sdk: "sdk/index.js" }, format: "esm" },
    ".js",
  );

/** Builds each chunk as a module of its own; chunk name to file name. */
async function buildChunks() {
  const files = {};
  for (const [name, path] of Object.entries(CHUNKS)) {
    const options = { inject: PRISTINE_GLOBALS, entryNames: "[name]-[hash]", entryPoints: { [name]: path } };
    files[name] = await buildLicensed({ ...common, ...options, format: "esm" }, ".js");
  }
  return files;
}

/** Chunk name to the hash in `<name>-<hash>.js`: all that phone.js has to know. */
const hashesOf = (files) =>
  Object.fromEntries(Object.entries(files).map(([name, file]) => [name, file.slice(name.length + 1, -".js".length)]));

/** The options of a build with the phone in it that loads the SDK and the chunks `files`. */
const phoneOptions = (sdk, files) => ({
  inject: PRISTINE_GLOBALS,
  define: {
    IS_SINGLE_FILE: "false",
    CHUNK_HASHES: JSON.stringify(hashesOf(files)),
    SDK_FILE: JSON.stringify(sdk),
  },
});

const buildPhone = (phone) =>
  buildLicensed(
    {
      ...common,
      ...phone,
      entryPoints: { phone: "phone.js" },
      format: "iife",
    },
    ".js",
  );

/** The phone in one file, for pages that may load no other. */
const buildFullPhone = () =>
  buildLicensed(
    {
      ...common,
      ...CARRIER,
      define: { ...CARRIER.define, IS_SINGLE_FILE: "true", CHUNK_HASHES: "{}", SDK_FILE: '""' },
      entryPoints: { "phone.full": "phone.js" },
      format: "iife",
    },
    ".js",
  );

/** Builds a file of one of our own pages; the pop-out's script has the phone in it. */
function buildPage(page, name, phone) {
  const extension = name.slice(name.lastIndexOf("."));
  const options = {
    ...common,
    entryNames: "[name]-[hash]",
    entryPoints: [join(here, "pages", page, name)],
    format: extension === ".js" ? "iife" : undefined,
    loader: { ".svg": "copy" },
    ...(page === "pop-out" && extension === ".js" ? phone : {}),
  };
  return buildLicensed(options, extension);
}

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

const manifest = {};
manifest["sdk.js"] = await buildSdk();
const chunks = await buildChunks();
for (const [name, file] of Object.entries(chunks)) manifest[`${name}.js`] = file;
const phone = phoneOptions(manifest["sdk.js"], chunks);
manifest["phone.js"] = await buildPhone(phone);
manifest["phone.full.js"] = await buildFullPhone();
for (const [page, names] of Object.entries(PAGES)) {
  for (const name of names) manifest[name] = await buildPage(page, name, phone);
}

// The types have one source: what the tests check is what customers get.
manifest["phone.d.ts"] = "phone.d.ts";
copyFileSync(join(here, "phone.d.ts"), join(dist, "phone.d.ts"));

let tooLarge = false;
for (const [name, file] of Object.entries(manifest)) {
  const { raw, gzip, brotli } = compress(file);
  console.log(`${file}: ${raw} bytes, gzip ${gzip}, brotli ${brotli}`);
  if (gzip > (LIMITS[name] ?? Number.POSITIVE_INFINITY)) {
    console.error(`${file} is larger than ${LIMITS[name]} bytes gzip`);
    tooLarge = true;
  }
}
writeFileSync(join(dist, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
if (tooLarge) process.exit(1);
