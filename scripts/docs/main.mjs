/**
 * Writes docs/errors.md, docs/openrpc.json, docs/operating/configuration.md and the schemas of profiles and scenarios from compiled code: `node scripts/docs/main.mjs`.
 * `--check` changes nothing and ends with 1 when a page is out of date; `--dist DIR` names another compiled tree.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { configurationPage } from "./configurationPage.mjs";
import { errorsPage } from "./errorsPage.mjs";
import { openRpcPage } from "./openRpcPage.mjs";
import { profileSchemaPage } from "./profileSchemaPage.mjs";
import { scenarioSchemaPage } from "./scenarioSchemaPage.mjs";

const ROOT = resolve(import.meta.dirname, "../..");
const { values } = parseArgs({
  options: { check: { type: "boolean" }, dist: { type: "string", default: join(ROOT, "dist") } },
});
const load = (path) => import(pathToFileURL(join(resolve(values.dist), path)).href);

const pages = [
  ["docs/errors.md", await errorsPage(load)],
  ["docs/openrpc.json", await openRpcPage(load)],
  ["simulator/fleet/scenario.schema.json", await scenarioSchemaPage(load)],
  ["docs/operating/configuration.md", await configurationPage(load)],
  ["device-profiles/profile.schema.json", await profileSchemaPage(load)],
];
for (const [path, text] of pages) {
  const file = join(ROOT, path);
  if (values.check !== true) writeFileSync(file, text);
  else if (read(file) !== text) {
    process.stderr.write(`${path} is out of date: run \`node scripts/docs/main.mjs\` after a build.\n`);
    process.exitCode = 1;
  }
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
