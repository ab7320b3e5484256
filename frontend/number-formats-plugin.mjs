// Reduces libphonenumber's metadata, 28 kB gzip, to the 7 kB that phone/lazy/number-formats.js reads.
import { readFile } from "node:fs/promises";

const FORMATS = 4;
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
function reduceMetadata({ country_calling_codes: codes, countries, nonGeographic }) {
  /** @param {any[]} fields */
  const formatsOnly = (fields) => [0, 0, 0, 0, fields[FORMATS] ? fields[FORMATS].map(reduceFormat) : 0];
  const mains = Object.entries(codes).map(([code, [main]]) => [code, main]);
  return {
    country_calling_codes: Object.fromEntries(mains.map(([code, main]) => [code, [main]])),
    countries: Object.fromEntries(
      mains.filter(([, main]) => main !== NO_COUNTRY).map(([, main]) => [main, formatsOnly(countries[main])]),
    ),
    nonGeographic: Object.fromEntries(
      Object.entries(nonGeographic).map(([code, fields]) => [code, formatsOnly(fields)]),
    ),
  };
}

/** @type {import("esbuild").Plugin} */
export const numberFormats = {
  name: "number-formats",
  setup(build) {
    build.onLoad({ filter: /libphonenumber-js\/metadata\.min\.json\.js$/ }, async ({ path }) => {
      const metadata = JSON.parse(await readFile(path.replace(/\.js$/, ""), "utf8"));
      return { contents: `export default ${JSON.stringify(reduceMetadata(metadata))}` };
    });
  },
};
