// Rewrites package-lock.json without any address: where packages come from is each machine's own setting.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
for (const entry of Object.values(lock.packages)) {
  delete entry.resolved;
  delete entry.funding;
}
const text = `${JSON.stringify(lock, null, 2)}\n`;
if (text.includes("://")) {
  console.error("package-lock.json still holds an address");
  process.exit(1);
}
writeFileSync(file, text);
