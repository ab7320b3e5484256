// Reduces libphonenumber's metadata, 28 kB gzip, to what each chunk reads of it: 7 kB for phone/lazy/number-formats.js,
// 8 kB for phone/lazy/number-parser.js.
import { readFile } from "node:fs/promises";

const FORMATS = 4;
const PREFIX_FORMAT = 6;
const TYPES = 11;
const NO_COUNTRY = "001";

/**
 * A format with its international form, and with the last of the patterns for leading digits: the most detailed one.
 * @param {any[]} format
 */
function reduceFormat([pattern, national, leadingDigits, , , international]) {
  return [pattern, international || national, leadingDigits ? leadingDigits.slice(-1) : 0];
}

/**
 * The metadata in its own shape, with the formats alone, of each code's main country alone.
 * @param {any} metadata
 */
function keepFormats({ country_calling_codes: codes, countries, nonGeographic }) {
  /** @param {any[]} fields */
  const formatsOnly = (fields) => [0, 0, 0, 0, fields[FORMATS] ? fields[FORMATS].map(reduceFormat) : 0];
  const mains = Object.entries(codes).map(([code, [main]]) => [code, main]);
  return {
    country_calling_codes: Object.fromEntries(mains.map(([code, main]) => [code, [main]])),
    countries: Object.fromEntries(
      mains.filter(([, main]) => main !== NO_COUNTRY).map(([, main]) => [main, formatsOnly(countries[main])]),
    ),
    nonGeographic: mapValues(nonGeographic, formatsOnly),
  };
}

/**
 * The metadata in its own shape, without formats, and with the patterns of types only where they tell the countries of one
 * calling code apart.
 * @param {any} metadata
 */
function keepPlans({ country_calling_codes: codes, countries, nonGeographic }) {
  const sharing = new Set(Object.values(codes).flatMap((names) => (names.length > 1 ? names : [])));
  /** @param {any[]} fields @param {boolean} hasTypes */
  const planOnly = (fields, hasTypes) => {
    const kept = fields.slice(0, TYPES).map((value, index) => ([FORMATS, PREFIX_FORMAT].includes(index) ? 0 : value));
    return hasTypes && fields[TYPES]
      ? [...kept, fields[TYPES].map((/** @type {any} */ type) => type && [type[0]])]
      : kept;
  };
  return {
    country_calling_codes: codes,
    countries: Object.fromEntries(
      Object.entries(countries).map(([name, fields]) => [name, planOnly(fields, sharing.has(name))]),
    ),
    nonGeographic: mapValues(nonGeographic, (/** @type {any[]} */ fields) => planOnly(fields, false)),
  };
}

/**
 * @param {Record<string, any>} object
 * @param {(value: any) => any} change
 */
const mapValues = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

/** @type {Record<string, (metadata: any) => object>} */
const REDUCTIONS = { "number-formats.js": keepFormats, "number-parser.js": keepPlans };

/** @type {import("esbuild").Plugin} */
export const numberMetadata = {
  name: "number-metadata",
  setup(build) {
    // One file for each chunk that imports it.
    build.onResolve({ filter: /^libphonenumber-js\/metadata\.min\.json$/ }, async ({ path, importer, ...args }) => {
      if (args.pluginData === numberMetadata) return undefined;
      const options = { importer, kind: args.kind, resolveDir: args.resolveDir, pluginData: numberMetadata };
      const { path: file, errors } = await build.resolve(path, options);
      return { path: file, errors, suffix: `?${importer.split("/").at(-1)}` };
    });
    build.onLoad({ filter: /libphonenumber-js\/metadata\.min\.json\.js$/ }, async ({ path, suffix }) => {
      const metadata = JSON.parse(await readFile(path.replace(/\.js$/, ""), "utf8"));
      return { contents: `export default ${JSON.stringify(REDUCTIONS[suffix.slice(1)](metadata))}` };
    });
  },
};
