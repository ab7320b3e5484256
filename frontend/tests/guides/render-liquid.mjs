// `node render-liquid.mjs`: reads {"template", "values"} as JSON and prints the page that LiquidJS renders.
import { text } from "node:stream/consumers";
import { Liquid } from "liquidjs";

const { template, values } = JSON.parse(await text(process.stdin));
process.stdout.write(await new Liquid({ strictFilters: true }).parseAndRender(template, values));
