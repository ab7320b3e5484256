import { defineConfig } from "vitest/config";

export default defineConfig({
  // What build.mjs puts in the place of these names.
  define: { __INLINE__: "false", SDK_FILE: '"sdk.js"', PARTS: '{"ringback":"ringback.js"}' },
  test: { environment: "jsdom", include: ["**/*.test.js"], exclude: ["node_modules/**", "dist/**"] },
});
