// `node parse-apex.mjs FILE …`: prints the syntax errors of Apex files, and exits with 1 if there is one.
import { readFileSync } from "node:fs";
import { ApexErrorListener, ApexParserFactory } from "@apexdevtools/apex-parser";

let errorCount = 0;
for (const file of process.argv.slice(2)) {
  const parser = ApexParserFactory.createParser(readFileSync(file, "utf8"));
  parser.removeErrorListeners();
  parser.addErrorListener(
    new (class extends ApexErrorListener {
      apexSyntaxError(line, column, message) {
        errorCount += 1;
        console.error(`${file}:${line}:${column} ${message}`);
      }
    })(),
  );
  parser.compilationUnit();
}
process.exitCode = errorCount ? 1 : 0;
