// Jest's configuration for the tests of the Salesforce kit. Run from integrations/salesforce: Salesforce's preset reads
// the project in the working directory.
const { join, resolve } = require("node:path");
const { jestConfig } = require("@salesforce/sfdx-lwc-jest/config");

const folder = __dirname;
const lwc = resolve(folder, "../../../integrations/salesforce/force-app/main/default/lwc");

module.exports = {
  ...jestConfig,
  rootDir: resolve(folder, "../../.."),
  roots: [folder, lwc],
  // The kit's components are outside this folder, but compiled with its packages.
  modulePaths: [join(folder, "node_modules")],
  modulePathIgnorePatterns: [],
  testMatch: [join(folder, "*.spec.js")],
};
