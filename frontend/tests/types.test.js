/** Checks the types of phone.d.ts against the source, the guide and a customer's program (types/host.ts). */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import "./support/jsdom-styles.js";
import { EmbeddedPhone } from "../phone/api.js";
import { SETTINGS } from "../phone/settings.js";
import { TRANSITIONS } from "../phone/states.js";
import { KEYS } from "../phone/lazy/own-texts.js";
import { fakeEnvironment, fakeServer } from "./support/fakes.js";

const FRONTEND = join(import.meta.dirname, "..");
const OPTIONS = { lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], noEmit: true, strict: true, types: [] };
const program = ts.createProgram([join(FRONTEND, "tests/types/host.ts")], OPTIONS);
const checker = program.getTypeChecker();
const types = program.getSourceFile(join(FRONTEND, "phone.d.ts"));

/** The names of the members of an interface, or the values of a union of string literals, in phone.d.ts. */
function memberNames(name) {
  const declared = types.statements.find((statement) => statement.name?.text === name);
  const type = checker.getTypeAtLocation(declared.name);
  return (type.isUnion() ? type.types.map(({ value }) => value) : type.getProperties().map(({ name }) => name)).sort();
}

/** The string literals in the type of a member. */
function literalsOf(name, member) {
  const declared = types.statements.find((statement) => statement.name?.text === name);
  const property = checker.getTypeAtLocation(declared.name).getProperty(member);
  const type = checker.getTypeOfSymbol(property);
  return (type.isUnion() ? type.types : [type]).filter((type) => type.isStringLiteral()).map(({ value }) => value);
}

/** Every event that the source emits. */
function emitted() {
  const files = readdirSync(join(FRONTEND, "phone"), { recursive: true }).filter((file) =>
    /(?<!\.test)\.js$/.test(file),
  );
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
    expect(memberNames("EpochPhoneApi")).toEqual(Object.keys(api).sort());
  });

  test("has exactly the states of the table", () => {
    expect(memberNames("EpochPhoneState")).toEqual(Object.keys(TRANSITIONS).sort());
  });

  test("has exactly the events that are emitted, also on the window", () => {
    expect(memberNames("EpochPhoneEvents")).toEqual(emitted());
    const onWindow = memberNames("WindowEventMap").filter((name) => name.startsWith("epochphone:"));
    expect(onWindow).toEqual(emitted().map((name) => `epochphone:${name}`));
  });

  test("has exactly the settings of the table, which allows the values of the types", () => {
    const ofPages = Object.keys(SETTINGS).filter((name) => name !== "ticket");
    expect(memberNames("EpochPhoneConfig")).toEqual(ofPages.sort());
    for (const name of ofPages) {
      const values = SETTINGS[name];
      if (Array.isArray(values)) expect(values).toEqual(expect.arrayContaining(literalsOf("EpochPhoneConfig", name)));
    }
  });

  test("has exactly the settings that the guide explains", () => {
    const guide = readFileSync(join(FRONTEND, "../src/guide/pages/widget-integration.md"), "utf8");
    const rows = guide.split("\n").filter((row) => row.startsWith("| `data-"));
    const explained = rows.flatMap((row) => row.split("|")[1].match(/data-[\w-]+/g));
    const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const attributes = Object.keys(SETTINGS)
      .filter((name) => !["ticket", "texts"].includes(name))
      .map((name) => (name === "apiBase" ? "data-api" : `data-${kebab(name)}`));
    expect([...new Set(explained)].sort()).toEqual(attributes.sort());
    const [, named] = /The names are the attributes' in camel case: ([^;]*);/.exec(guide);
    const listed = named.match(/(?<=`)\w+(?=`)/g);
    expect(listed.sort()).toEqual(
      Object.keys(SETTINGS)
        .filter((name) => !["ticket", "texts"].includes(name))
        .sort(),
    );
  });

  test("has exactly the languages of the panel", () => {
    const files = readdirSync(join(FRONTEND, "phone/i18n/locales"));
    expect(memberNames("EpochPhoneLanguage")).toEqual(files.map((file) => file.slice(0, -".js".length)).sort());
  });

  test("has exactly the texts that a page may replace: add a missing key to EpochPhoneTextKey in phone.d.ts", () => {
    const declared = types.statements.find((statement) => statement.name?.text === "EpochPhoneTextKey");
    const keys = checker.getTypeAtLocation(declared.name).types.map((type) => type.value ?? checker.typeToString(type));
    const ofProblems = ["message", "fix"].map((name) => "`problems.${string}." + name + "`");
    expect(keys.sort()).toEqual([...KEYS.keys(), ...ofProblems].sort());
  });
});
