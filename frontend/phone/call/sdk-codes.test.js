/** Checks that the table of the voice SDK's error codes has each code of the installed SDK. */
import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { Problem } from "../errors.js";
import "./call-sentences.js";
import { reactionTo, SDK_CODES } from "./sdk-codes.js";

// By its path: the package exports only its entry.
const GENERATED = "../../node_modules/@twilio/voice-sdk/es5/twilio/errors/generated.js";
const { errorsByCode } = createRequire(import.meta.url)(GENERATED);

describe("the table of the SDK's codes", () => {
  test("has a decision about each code of the installed SDK", () => {
    const codes = [...errorsByCode.keys()];
    expect(codes.length).toBeGreaterThan(30);
    expect(codes.filter((code) => !(code in SDK_CODES))).toEqual([]);
  });

  test.each(Object.entries(SDK_CODES))("%s names an error that the phone has a sentence for", (code, reaction) => {
    if (reaction.problem && reaction.problem !== "call_failed") {
      expect(new Problem(reaction.problem).message).not.toBe(new Problem("call_failed").message);
    }
    expect(reaction.action === "ignore" || Boolean(reaction.status || reaction.problem)).toBe(true);
    expect(reactionTo({ code: Number(code) })).toBe(reaction);
  });

  test("leaves unknown codes to the SDK", () => {
    for (const error of [null, undefined, {}, { code: 1 }]) expect(reactionTo(error).action).toBe("wait");
  });
});
