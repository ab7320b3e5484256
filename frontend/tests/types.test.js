import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import "./support/jsdom-styles.js";
import { EmbeddedPhone } from "../phone/api.js";
import { MOVES } from "../phone/states.js";
import { KEYS } from "../phone/lazy/own-texts.js";
import { fakeEnvironment, fakeServer } from "./support/fakes.js";

const FRONTEND = join(import.meta.dirname, "..");
const OPTIONS = { lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], noEmit: true, strict: true, types: [] };
const program = ts.createProgram([join(FRONTEND, "tests/types/host.ts")], OPTIONS);
const checker = program.getTypeChecker();
const types = program.getSourceFile(join(FRONTEND, "phone.d.ts"));

/** Settings that no attribute can hold. */
const CONFIG_ONLY = ["texts"];

/** The names of what an interface or a union of texts in phone.d.ts holds. */
function namesIn(name) {
  const declared = types.statements.find((statement) => statement.name?.text === name);
  const type = checker.getTypeAtLocation(declared.name);
  return (type.isUnion() ? type.types.map(({ value }) => value) : type.getProperties().map(({ name }) => name)).sort();
}

/** Every event that the source emits. */
function emitted() {
  const files = readdirSync(join(FRONTEND, "phone"), { recursive: true }).filter((file) => file.endsWith(".js"));
  const source = files.map((file) => readFileSync(join(FRONTEND, "phone", file), "utf8")).join("\n");
  const names = [...source.matchAll(/(?:emit\(|push\(|, |return \[|return )\["([a-z]\w+)"[,\]]/g)].map(
    ([, name]) => name,
  );
  return [...new Set([...names, "open", "close"])].sort();
}

describe("phone.d.ts", () => {
  test("accepts a customer's correct program and reports its mistakes", () => {
    const found = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
      const { line } = file.getLineAndCharacterOfPosition(start);
      return `${file.fileName}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    });
    expect(found).toEqual([]);
  }, 60_000);

  test("has exactly the methods of the running phone", () => {
    const { api } = new EmbeddedPhone(null, { ...fakeEnvironment({ fetch: fakeServer().fetch }), document });
    expect(namesIn("EpochPhoneApi")).toEqual(Object.keys(api).sort());
  });

  test("has exactly the states of the table", () => {
    expect(namesIn("EpochPhoneState")).toEqual(Object.keys(MOVES).sort());
  });

  test("has exactly the events that are emitted, also on the window", () => {
    expect(namesIn("EpochPhoneEvents")).toEqual(emitted());
    const onWindow = namesIn("WindowEventMap").filter((name) => name.startsWith("epochphone:"));
    expect(onWindow).toEqual(emitted().map((name) => `epochphone:${name}`));
  });

  test("has exactly the settings that the script tag takes", () => {
    const source = readFileSync(join(FRONTEND, "phone/config.js"), "utf8");
    const settings = [...source.matchAll(/(\w+): data\.\w+/g)].map(([, name]) => name);
    const found = [...settings.filter((name) => name !== "ticket"), ...CONFIG_ONLY];
    expect(namesIn("EpochPhoneConfig")).toEqual(found.sort());
  });

  test("has exactly the languages of the panel", () => {
    const files = readdirSync(join(FRONTEND, "phone/i18n/locales"));
    expect(namesIn("EpochPhoneLanguage")).toEqual(files.map((file) => file.slice(0, -".js".length)).sort());
  });

  test("has exactly the texts that a page may replace: add a missing key to EpochPhoneTextKey in phone.d.ts", () => {
    const declared = types.statements.find((statement) => statement.name?.text === "EpochPhoneTextKey");
    const keys = checker.getTypeAtLocation(declared.name).types.map((type) => type.value ?? checker.typeToString(type));
    const ofProblems = ["message", "fix"].map((name) => "`problems.${string}." + name + "`");
    expect(keys.sort()).toEqual([...KEYS.keys(), ...ofProblems].sort());
  });
});
