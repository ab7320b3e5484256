// ESLint's rules for the frontend: phone.js, our own pages, the build's scripts and the tests.
import js from "@eslint/js";
import globals from "globals";
import { strict } from "./eslint.strict.js";

export default [
  { ignores: ["dist/"] },
  js.configs.recommended,
  { rules: strict },
  {
    files: ["phone.js", "phone/**", "sdk/**", "pages/**"],
    languageOptions: {
      globals: { ...globals.browser, SDK_FILE: "readonly", CHUNK_HASHES: "readonly", IS_SINGLE_FILE: "readonly" },
    },
  },
  {
    files: ["*.js", "*.mjs", "tests/**", "**/*.test.js"],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
  },
  { files: ["tests/salesforce/*.spec.js"], languageOptions: { globals: globals.jest } },
];
