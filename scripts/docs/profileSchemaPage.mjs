/** device-profiles/profile.schema.json: what editors complete and check profile files with. */

/** @param load imports a module of the compiled tree by its path. */
export async function profileSchemaPage(load) {
  const { profileJsonSchema } = await load("src/node/profiles/schema.js");
  return `${JSON.stringify(profileJsonSchema(), null, 2)}\n`;
}
