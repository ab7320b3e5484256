import { expect, test } from "vitest";
import { encodeWav } from "./wav.js";

test("a WAV file has its length, its rate and its samples, and none is beyond the range", async () => {
  const file = encodeWav(new Float32Array([0, 0.5, -1, 2]), 16_000);
  const view = new DataView(await file.arrayBuffer());
  expect(file.type).toBe("audio/wav");
  expect(view.byteLength).toBe(52);
  expect(view.getUint32(4, true)).toBe(44);
  expect(view.getUint32(24, true)).toBe(16_000);
  expect(view.getUint32(40, true)).toBe(8);
  expect([0, 1, 2, 3].map((index) => view.getInt16(44 + 2 * index, true))).toEqual([0, 16_384, -32_767, 32_767]);
});
