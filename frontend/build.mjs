// Builds dist/: phone.js, the voice SDK's chunk, the phone's rare parts, phone.full.js with all of them inside, and the
// files of our own pages. `--clean` also drops older chunks, which otherwise stay: pages that still hold an older phone.js ask for
// them.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const PAGES = {
  demo: ["demo.js", "demo.css"],
  dashboard: ["dashboard.js", "charts.js", "operations.js", "dashboard.css", "icon.svg"],
  guide: ["guide.js", "guide.css"],
  hubspot: ["hubspot.js", "hubspot.css"],
  window: ["window.js", "window.css"],
  reference: ["reference.js", "reference.css"],
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

const NATIVES = ["natives.js"];
// For what holds the SDK: an AMD page's `define` must not see its UMD parts; the socket is ours (sdk/socket.js).
const CARRIER = {
  define: { "globalThis.WebSocket": "CarrierSocket", define: "undefined" },
  inject: [...NATIVES, "sdk/socket.js"],
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

/** The files of phone/apart/, `locales/<lang>.js` as `locale-<lang>`: each a module of its own, by its name. */
async function buildParts() {
  const parts = {};
  const paths = readdirSync(join(here, "phone/apart"), { recursive: true }).filter((path) => path.endsWith(".js"));
  for (const path of paths.sort()) {
    const name = path.slice(0, -".js".length).replace(/^locales./, "locale-");
    const options = {
      inject: NATIVES,
      entryNames: "[name]-[hash]",
      entryPoints: { [name]: join(here, "phone/apart", path) },
    };
    parts[name] = await buildLicensed({ ...common, ...options, format: "esm" }, ".js");
  }
  return parts;
}

/** The files of parts as phone.js knows them: `<name>-<hash>.js` by the hash alone. */
const hashesOf = (parts) =>
  Object.fromEntries(Object.entries(parts).map(([name, file]) => [name, file.slice(name.length + 1, -".js".length)]));

/** What the phone is told when it is built: where its parts and the SDK are. */
const knowing = (sdk, parts) => ({
  inject: NATIVES,
  define: { __INLINE__: "false", PARTS: JSON.stringify(hashesOf(parts)), SDK_FILE: JSON.stringify(sdk) },
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
      define: { ...CARRIER.define, __INLINE__: "true", PARTS: "{}", SDK_FILE: '""' },
      entryPoints: { "phone.full": "phone.js" },
      format: "iife",
    },
    ".js",
  );

/** A file of our own pages; the window's holds the phone, which knows its parts and the SDK. */
function buildPage(folder, name, phone) {
  const extension = name.slice(name.lastIndexOf("."));
  const options = {
    ...common,
    entryNames: "[name]-[hash]",
    entryPoints: [join(here, folder, name)],
    format: extension === ".js" ? "iife" : undefined,
    loader: { ".svg": "copy" },
    ...(folder === "window" && extension === ".js" ? phone : {}),
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
const parts = await buildParts();
for (const [name, file] of Object.entries(parts)) manifest[`${name}.js`] = file;
const phone = knowing(manifest["sdk.js"], parts);
manifest["phone.js"] = await buildPhone(phone);
manifest["phone.full.js"] = await buildFullPhone();
for (const [folder, names] of Object.entries(PAGES)) {
  for (const name of names) manifest[name] = await buildPage(folder, name, phone);
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
