/** Checks that phone.full.js, the build in a single file, has the same chunks as phone.js. */
import { expect, test } from "vitest";
import { CHUNKS } from "../chunks.mjs";
import { CHUNK_LOADERS } from "./inline-chunks.js";

test("phone.full.js has exactly the chunks that are built for phone.js", () => {
  expect(Object.keys(CHUNK_LOADERS).sort()).toEqual(Object.keys(CHUNKS).sort());
});

test.each(Object.keys(CHUNKS))("%s is a module with exports", async (name) => {
  expect(Object.keys(await CHUNK_LOADERS[name]())).not.toEqual([]);
});
