// Unpacks Chromium from its npm package, with libraries and fonts, into TMPDIR and prints the program's path.
import chromium from "@sparticuz/chromium";

console.log(await chromium.executablePath());
