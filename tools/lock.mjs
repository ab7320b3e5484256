// `node lock.mjs FOLDER …` removes the URLs of packages from each folder's package-lock.json, because each machine
// configures its own package registry.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

for (const folder of process.argv.slice(2)) {
  const file = join(folder, "package-lock.json");
  const lock = JSON.parse(readFileSync(file, "utf8"));
  for (const entry of Object.values(lock.packages)) {
    delete entry.resolved;
    delete entry.funding;
  }
  const text = `${JSON.stringify(lock, null, 2)}\n`;
  if (text.includes("://")) {
    console.error(`${file} still contains a URL`);
    process.exit(1);
  }
  writeFileSync(file, text);
}
