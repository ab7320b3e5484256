// Builds dist/: phone.js, the voice SDK's chunk and the files of our own pages. `--clean` also drops older chunks,
// which otherwise stay: pages that still hold an older phone.js ask for them.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const PAGES = {
  demo: ["demo.js", "demo.css"],
  dashboard: ["dashboard.js", "overview.js", "dashboard.css", "icon.svg"],
  guide: ["guide.js", "guide.css"],
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

async function buildSdk() {
  const options = {
    ...common,
    // An AMD page's `define` must not see the SDK's UMD parts; the socket is ours (sdk/socket.js).
    define: { "globalThis.WebSocket": "CarrierSocket", define: "undefined" },
    entryNames: "[name]-[hash]",
    entryPoints: { sdk: "sdk/index.js" },
    format: "esm",
    inject: ["sdk/socket.js"],
  };
  const { metafile } = await build({ ...options, write: false });
  return outputOf(await build({ ...options, banner: { js: licences(metafile) } }), ".js");
}

async function buildPhone(sdk) {
  await build({
    ...common,
    define: { SDK_FILE: JSON.stringify(sdk) },
    entryPoints: { phone: "phone.js" },
    format: "iife",
  });
  return "phone.js";
}

/** A file of our own pages, with the licences of the packages in it. */
async function buildPage(folder, name) {
  const extension = name.slice(name.lastIndexOf("."));
  const options = {
    ...common,
    entryNames: "[name]-[hash]",
    entryPoints: [join(here, folder, name)],
    format: extension === ".js" ? "iife" : undefined,
    loader: { ".svg": "copy" },
  };
  const { metafile } = await build({ ...options, write: false });
  const banner = extension === ".js" && /node_modules/.test(Object.keys(metafile.inputs)) ? licences(metafile) : "";
  return outputOf(await build({ ...options, banner: { js: banner } }), extension);
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
manifest["phone.js"] = await buildPhone(manifest["sdk.js"]);
for (const [folder, names] of Object.entries(PAGES)) {
  for (const name of names) manifest[name] = await buildPage(folder, name);
}

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
