import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

const names = readdirSync(new URL("phone/apart", import.meta.url)).filter((name) => name.endsWith(".js"));
const PARTS = Object.fromEntries(names.map((name) => [name.slice(0, -3), name]));

export default defineConfig({
  // What build.mjs puts in the place of these names.
  define: { __INLINE__: "false", SDK_FILE: '"sdk.js"', PARTS: JSON.stringify(PARTS) },
  test: { environment: "jsdom", include: ["**/*.test.js"], exclude: ["node_modules/**", "dist/**"] },
});
