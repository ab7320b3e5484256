import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

// The files of phone/apart by the names that build.mjs gives them.
const parts = readdirSync(new URL("phone/apart", import.meta.url), { recursive: true })
  .filter((path) => path.endsWith(".js"))
  .map((path) => [path.slice(0, -".js".length).replace(/^locales./, "locale-"), "HASH"]);

export default defineConfig({
  // What build.mjs puts in the place of these names.
  define: { __INLINE__: "false", SDK_FILE: '"sdk.js"', PARTS: JSON.stringify(Object.fromEntries(parts)) },
  test: { environment: "jsdom", include: ["**/*.test.js"], exclude: ["**/node_modules/**", "dist/**"] },
});
