// Run from integrations/salesforce: Salesforce's preset reads the project in the working directory.
const { join, resolve } = require("node:path");
const { jestConfig } = require("@salesforce/sfdx-lwc-jest/config");

const here = __dirname;
const lwc = resolve(here, "../../../integrations/salesforce/force-app/main/default/lwc");

module.exports = {
  ...jestConfig,
  rootDir: resolve(here, "../../.."),
  roots: [here, lwc],
  // The kit's components are outside this folder, but compiled with its packages.
  modulePaths: [join(here, "node_modules")],
  modulePathIgnorePatterns: [],
  testMatch: [join(here, "*.spec.js")],
};
