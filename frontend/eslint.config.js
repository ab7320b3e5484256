import js from "@eslint/js";
import globals from "globals";

const strict = {
  eqeqeq: ["error", "always", { null: "ignore" }],
  "no-var": "error",
  "prefer-const": "error",
  "no-implicit-globals": "error",
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-unused-vars": ["error", { caughtErrors: "none", ignoreRestSiblings: true, varsIgnorePattern: "^_$" }],
};

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
];
