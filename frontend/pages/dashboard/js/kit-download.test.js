import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { expect, test } from "vitest";
import { fillKit } from "./kit-download.js";

const PLACEHOLDER = "ept_YOUR_TOKEN_HERE";
const TOKEN = `ept_${"a1".repeat(19)}`;
const binary = Uint8Array.from({ length: 512 }, (_, index) => index % 256);
const kit = () => zipSync({ "kit/a.html": strToU8(`<p>é ${PLACEHOLDER} and ${PLACEHOLDER}</p>`), "kit/b.bin": binary });

test("replaces every placeholder with the token and changes nothing else", () => {
  const files = unzipSync(fillKit(kit(), PLACEHOLDER, TOKEN));
  expect(strFromU8(files["kit/a.html"])).toBe(`<p>é ${TOKEN} and ${TOKEN}</p>`);
  expect(files["kit/b.bin"]).toEqual(binary);
  expect(Object.keys(files)).toEqual(["kit/a.html", "kit/b.bin"]);
});

test("gives the same bytes for the same kit", () => {
  expect(fillKit(kit(), PLACEHOLDER, TOKEN)).toEqual(fillKit(kit(), PLACEHOLDER, TOKEN));
});
