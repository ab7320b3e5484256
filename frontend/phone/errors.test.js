/**
 * Checks the errors of the phone (Problem), those of a microphone, and those that ended calls get: sentence, code and
 * advice.
 */
import { describe, expect, test } from "vitest";
import { fixes, urgentFixes } from "./i18n/locales/en.js";
import { asProblem, Problem, problemFromResponse } from "./errors.js";
import { callResult } from "./call/call-result.js";
import { findMicrophoneObstacle, microphoneProblem } from "./call/microphone.js";

describe("Problem", () => {
  test.each([
    ["too_many_requests", "Too many requests"],
    ["service_unavailable", "Service temporarily unavailable"],
    ["sdk_load_failed", "Failed to load phone SDK"],
    ["invalid_number", "Invalid phone number"],
    ["emergency_number", "Emergency numbers cannot be called"],
    ["invalid_metadata", "Call metadata is not valid"],
  ])("%s has the guide's sentence and a fix", (code, sentence) => {
    const problem = new Problem(code);
    expect(problem.message).toBe(sentence);
    expect(problem.fix ?? fixes[problem.fixCode]).toMatch(/\w/);
  });

  test("a refusal has the server's sentence, advice and facts", () => {
    const body = { code: "domain_not_allowed", detail: "Domain not allowed", help: "Add it.", domain: "a.example" };
    const problem = problemFromResponse(body, 403);
    expect([problem.message, problem.fix, problem.details.domain]).toEqual([
      "Domain not allowed",
      "Add it.",
      "a.example",
    ]);
    expect([problem.isRefusal, problem.isTransient]).toEqual([true, false]);
  });

  test("a code of the server that phone.js does not know has the advice of a similar one", () => {
    const problem = new Problem("new_code", { message: "Something new", fallbackFixCode: "service_unavailable" });
    expect([problem.message, problem.fix]).toEqual(["Something new", urgentFixes.service_unavailable]);
  });

  test.each([
    [429, { code: "too_many_requests", detail: "Too many requests" }, "too_many_requests"],
    [503, null, "service_unavailable"],
    [500, { code: "x", detail: "y" }, "service_unavailable"],
    [404, "not ours", "service_unavailable"],
  ])("a response with status %s is transient", (status, body, code) => {
    const problem = problemFromResponse(body, status);
    expect(problem.code).toBe(code);
    expect(problem.isTransient).toBe(true);
  });

  test("problems that occur when chunks may not load have their fix built in", () => {
    for (const code of [
      "invalid_number",
      "emergency_number",
      "page_interferes",
      "network_error",
      "offline",
      "sdk_load_failed",
      "part_load_failed",
      "service_unavailable",
    ]) {
      expect(new Problem(code).fix, code).toBe(urgentFixes[code]);
      expect(urgentFixes[code], code).toMatch(/\w/);
    }
  });

  test("asProblem turns other errors into a Problem and returns a Problem itself", () => {
    const problem = new Problem("network_error");
    expect(asProblem(problem)).toBe(problem);
    expect(asProblem(undefined, "connection_failed").code).toBe("connection_failed");
  });
});

describe("microphone problems", () => {
  test.each([
    ["NotAllowedError", "microphone_denied"],
    ["NotFoundError", "microphone_not_found"],
    ["NotReadableError", "microphone_in_use"],
    ["SecurityError", "microphone_blocked"],
  ])("%s is %s", async (name, code) => {
    expect((await microphoneProblem(new DOMException("", name), {})).code).toBe(code);
  });

  const asking = (state) => ({ permissions: { query: async () => ({ state }) } });
  test.each([
    ["Permission denied", asking("denied"), "microphone_denied"],
    ["Permission dismissed", {}, "microphone_dismissed"],
    ["The request is not allowed by the user agent", asking("prompt"), "microphone_dismissed"],
    ["The request is not allowed by the user agent", {}, "microphone_denied"],
  ])("NotAllowedError with %j depends on the permission's state", async (message, navigator, code) => {
    const problem = await microphoneProblem(new DOMException(message, "NotAllowedError"), navigator);
    expect(problem.code).toBe(code);
  });

  test("the fix names a system that denies the browser its microphone", async () => {
    const error = new DOMException("Permission denied by system", "NotAllowedError");
    expect(await microphoneProblem(error, asking("prompt"))).toMatchObject({
      code: "microphone_denied",
      fix: expect.stringContaining("system's privacy settings"),
    });
  });

  const media = { mediaDevices: { getUserMedia() {} } };
  const forbidding = { featurePolicy: { allowsFeature: () => false } };
  const allowing = { permissionsPolicy: { allowsFeature: () => true } };

  /** An ordinary page's window; in a frame when there is a `parent`. */
  function pageWith(changes) {
    const window = { isSecureContext: true, RTCPeerConnection: class {}, ...changes };
    window.window = window;
    window.parent ??= window;
    return window;
  }

  test.each([
    ["insecure_page", { window: pageWith({ isSecureContext: false }), document: {}, navigator: {} }],
    ["microphone_blocked", { window: pageWith(), document: forbidding, navigator: media }],
    ["browser_not_supported", { window: pageWith(), document: {}, navigator: {} }],
  ])("%s is found before the browser asks", (code, env) => {
    expect(findMicrophoneObstacle(env).code).toBe(code);
  });

  const stranger = Object.defineProperty({}, "document", {
    get() {
      throw new DOMException("", "SecurityError");
    },
  });
  test.each([
    ["no frame", pageWith(), "This page's own"],
    ["a frame in a page of another origin", pageWith({ parent: stranger }), "The page around this frame"],
    ["a frame in a page of ours that may", pageWith({ parent: { document: allowing } }), "This page's own"],
    ["a frame in a page of ours that may not", pageWith({ parent: { document: forbidding } }), "The page around"],
  ])("the fix names the side whose policy blocks: %s", (_, window, side) => {
    const problem = findMicrophoneObstacle({ window, document: forbidding, navigator: media });
    expect(problem.fix).toContain(side);
  });

  test("an ordinary page has no obstacle", () => {
    expect(findMicrophoneObstacle({ window: pageWith(), document: {}, navigator: media })).toBeNull();
  });
});

describe("callResult", () => {
  test.each([
    [{ status: "busy", message: null, end_reason: null }, null, { status: "busy", message: null, code: null }],
    [
      { status: "refused", message: "Domain not allowed", end_reason: "domain_not_allowed" },
      { code: 31005 },
      { status: "refused", message: "Domain not allowed", code: "domain_not_allowed" },
    ],
    [null, { code: 31486 }, { status: "busy", message: null, code: null }],
    [null, { code: 31480 }, { status: "no-answer", message: null, code: null }],
    [null, { code: 31603 }, { status: "failed", message: null, code: "call_failed" }],
    [null, { code: 31001 }, { status: "failed", message: null, code: "service_unavailable" }],
    [{ status: "ringing" }, { code: 31005 }, { status: "failed", message: null, code: "call_failed" }],
    [null, { code: 31000 }, { status: "failed", message: null, code: "call_failed" }],
    [null, { code: 53405 }, { status: "failed", message: null, code: "connection_failed" }],
    [null, null, { status: "no-answer", message: null, code: null }],
  ])("record %j and carrier error %j", (record, error, outcome) => {
    expect(callResult(record, error)).toMatchObject(outcome);
  });
});
