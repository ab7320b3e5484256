import js from "@eslint/js";
import globals from "globals";
import { strict } from "./eslint.strict.js";

export default [
  { ignores: ["dist/"] },
  js.configs.recommended,
  { rules: strict },
  {
    files: [
      "phone.js",
      "phone/**",
      "sdk/**",
      "demo/**",
      "dashboard/**",
      "guide/**",
      "hubspot/**",
      "reference/**",
      "window/**",
    ],
    languageOptions: {
      globals: { ...globals.browser, SDK_FILE: "readonly", PARTS: "readonly", __INLINE__: "readonly" },
    },
  },
  {
    files: ["*.js", "*.mjs", "tests/**", "**/*.test.js"],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
  },
  { files: ["tests/salesforce/*.spec.js"], languageOptions: { globals: globals.jest } },
];
