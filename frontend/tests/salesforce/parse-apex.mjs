// `node parse-apex.mjs FILE …`: prints where a file breaks the Apex grammar, and exits with 1 if one does.
import { readFileSync } from "node:fs";
import { ApexErrorListener, ApexParserFactory } from "@apexdevtools/apex-parser";

let count = 0;
for (const file of process.argv.slice(2)) {
  const parser = ApexParserFactory.createParser(readFileSync(file, "utf8"));
  parser.removeErrorListeners();
  parser.addErrorListener(
    new (class extends ApexErrorListener {
      apexSyntaxError(line, column, message) {
        count += 1;
        console.error(`${file}:${line}:${column} ${message}`);
      }
    })(),
  );
  parser.compilationUnit();
}
process.exitCode = count ? 1 : 0;
