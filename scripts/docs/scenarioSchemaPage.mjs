/** simulator/fleet/scenario.schema.json: so that editors complete and check scenario files. */

/** @param load imports a module of the compiled tree by its path. */
export async function scenarioSchemaPage(load) {
  const { scenarioJsonSchema } = await load("simulator/fleet/scenario/schema.js");
  return `${JSON.stringify(scenarioJsonSchema(), undefined, 2)}\n`;
}
