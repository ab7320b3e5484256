// The configuration of the frontend's unit tests (`*.test.js`), which Vitest runs in jsdom.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { CHUNKS } from "./chunks.mjs";

const hashes = Object.fromEntries(Object.keys(CHUNKS).map((name) => [name, "HASH"]));

export default defineConfig({
  // build.mjs replaces these names with values of the build.
  define: { IS_SINGLE_FILE: "false", SDK_FILE: '"sdk.js"', CHUNK_HASHES: JSON.stringify(hashes) },
  test: {
    environment: "jsdom",
    include: ["**/*.test.js"],
    exclude: ["**/node_modules/**", "dist/**"],
    // Without this, one processor is kept for the main process, which has nothing to do.
    maxWorkers: availableParallelism(),
    // Each file in a context of its own, in threads that load jsdom once: it takes half a second for each file otherwise.
    pool: "vmThreads",
  },
});
