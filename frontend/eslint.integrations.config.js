// ESLint's rules for the kits that customers download (plain pages, an extension, a script for Node, components for
// Salesforce), and for the packages. Run from the repository's root: ESLint ignores files outside the current folder.
import js from "@eslint/js";
import parser from "@babel/eslint-parser";
import lwc from "@lwc/eslint-plugin-lwc";
import globals from "globals";
import { strict } from "./eslint.strict.js";

const LWC = "integrations/salesforce/**/lwc/**/*.js";
const RULES = [
  "consistent-component-name",
  "no-api-reassignments",
  "no-async-operation",
  "no-attributes-during-construction",
  "no-deprecated",
  "no-disallowed-lwc-imports",
  "no-document-query",
  "no-dupe-class-members",
  "no-inner-html",
  "no-leaky-event-listeners",
  "no-leading-uppercase-api-name",
  "no-template-children",
  "valid-api",
  "valid-track",
  "valid-wire",
];
const EXTENSION = "integrations/chrome-extension";
const WORKER = `${EXTENSION}/background.js`;

export default [
  { ignores: ["packages/*/dist/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  { rules: strict },
  { files: ["integrations/html/**"], languageOptions: { sourceType: "script", globals: globals.browser } },
  { files: ["integrations/hubspot/**", "packages/**/*.mjs"], languageOptions: { globals: globals.node } },
  {
    files: ["packages/phone-js/src/**", "packages/phone-js/samples/**"],
    languageOptions: { globals: globals.browser },
  },
  {
    files: [`${EXTENSION}/**`],
    ignores: [WORKER],
    languageOptions: { sourceType: "script", globals: { ...globals.browser, ...globals.webextensions } },
  },
  { files: [WORKER], languageOptions: { globals: { ...globals.serviceworker, ...globals.webextensions } } },
  {
    files: ["config", "options", "permission", "phone-page"].map((name) => `${EXTENSION}/${name}.js`),
    languageOptions: { sourceType: "module" },
  },
  // Content scripts share one scope, without the page's own scripts.
  { files: [`${EXTENSION}/content.js`], languageOptions: { globals: { findNumbers: "readonly" } } },
  {
    files: [`${EXTENSION}/numbers.js`],
    rules: { "no-unused-vars": ["error", { varsIgnorePattern: "^findNumbers$" }] },
  },
  {
    files: ["html", "chrome-extension"].map((name) => `integrations/${name}/**`),
    languageOptions: { globals: { EpochPhone: "readonly" } },
    rules: { "no-implicit-globals": "off" },
  },
  {
    files: [LWC],
    plugins: { lwc },
    rules: Object.fromEntries(RULES.map((name) => [`lwc/${name}`, "error"])),
    languageOptions: {
      parser,
      parserOptions: {
        requireConfigFile: false,
        babelOptions: {
          babelrc: false,
          configFile: false,
          parserOpts: { plugins: [["decorators", { version: "2023-11" }]] },
        },
      },
      globals: globals.browser,
    },
  },
];
