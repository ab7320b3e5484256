// `node run-n8n-node.mjs`: runs one node of the n8n workflow as n8n documents it. Reads {node, items, outputs, state} as JSON
// from standard input: `items` are the node's input, `outputs` those of the nodes before, `state` the workflow's static
// data. Prints {items, state}; the items of an HTTP Request are the requests that it sends.
import { readFileSync } from "node:fs";

const { node, items, outputs, state } = JSON.parse(readFileSync(0, "utf8"));
const { type, parameters } = node;

/** The variables that n8n provides to an expression or to code, for the item `json`. */
function scope(json) {
  const accessors = (list) => ({ first: () => list[0], all: () => list, item: list[0] });
  const input = accessors(items);
  const outputOf = (name) => {
    if (!(name in outputs)) throw new Error(`no node ${name} has run`);
    return accessors(outputs[name]);
  };
  return { $json: json, $input: input, $: outputOf, $getWorkflowStaticData: () => state };
}

function run(code, json) {
  const names = scope(json);
  return new Function(...Object.keys(names), code)(...Object.values(names));
}

/** The value of a parameter: text that begins with `=` has expressions in it. */
function valueOf(parameter, json) {
  if (!parameter.startsWith("=")) return parameter;
  return parameter.slice(1).replace(/\{\{(.*?)\}\}/g, (_, expression) => run(`return (${expression});`, json));
}

const assigned = (json) =>
  Object.fromEntries(parameters.assignments.assignments.map(({ name, value }) => [name, valueOf(value, json)]));

const passesFilter = (json) =>
  parameters.conditions.conditions.every(({ leftValue, rightValue, operator }) => {
    if (operator.operation !== "equals") throw new Error(`unknown operation: ${operator.operation}`);
    return valueOf(leftValue, json) === rightValue;
  });

function requestOf(json) {
  const { method, url, sendQuery, queryParameters, sendBody, specifyBody, jsonBody, genericAuthType } = parameters;
  if (genericAuthType !== "httpBearerAuth") throw new Error("not authenticated by the key");
  if (sendBody && specifyBody !== "json") throw new Error("not a body of JSON");
  const query = sendQuery ? queryParameters.parameters.map(({ name, value }) => [name, valueOf(value, json)]) : [];
  const body = sendBody ? JSON.parse(valueOf(jsonBody, json)) : null;
  return { method, url: valueOf(url, json), query: Object.fromEntries(query), body };
}

const RUNNERS = {
  code: () => run(parameters.jsCode, items[0]?.json),
  filter: () => items.filter(({ json }) => passesFilter(json)),
  httpRequest: () => items.map(({ json }) => ({ json: requestOf(json) })),
  noOp: () => items,
  set: () => items.map(({ json }) => ({ json: assigned(json) })),
};
process.stdout.write(JSON.stringify({ items: RUNNERS[type.replace("n8n-nodes-base.", "")](), state }));
