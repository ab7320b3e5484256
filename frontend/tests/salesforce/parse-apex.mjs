// `node parse-apex.mjs FILE …`: ends with 1, and says where, when a file is no Apex class by Salesforce's grammar.
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
