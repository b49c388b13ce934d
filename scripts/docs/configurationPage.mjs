/** docs/operating/configuration.md: every setting of edgeseal.yaml, from its JSON schema. */

const HEAD = `# Configuration

Generated from src/node/config/schema.ts by \`node scripts/docs/main.mjs\`; do not edit.

A node has one file, \`edgeseal.yaml\`. edgeseal reads it and never writes it, so comments and order stay as they are.
\`edgeseal init\` makes the first one; \`edgeseal doctor\` checks it; \`edgeseal config schema\` prints a JSON schema with which
editors complete and check it. Changes take effect at the next start. Unknown settings are errors.

The file is looked for as \`--config\` says, else as the environment variable \`EDGESEAL_CONFIG\` says, else as
\`edgeseal.yaml\` in the current folder. Relative paths in it start at its own folder.

There are no passwords in it: \`passwordFile\` and \`clientKeyFile\` name files. A name without a slash is first looked for
among the credentials that systemd hands over (\`LoadCredential=\`, \`CREDENTIALS_DIRECTORY\`), then beside the configuration.

The smallest useful file:

\`\`\`yaml
brokers:
  - url: mqtts://broker.example
\`\`\`

| setting | type | default | meaning |
|---|---|---|---|
`;

/** @param load imports a module of the compiled tree by its path. */
export async function configurationPage(load) {
  const { configJsonSchema } = await load("src/node/config/schema.js");
  return HEAD + rows(configJsonSchema(), "").join("");
}

function rows(node, at) {
  const lines = [];
  for (const [name, field] of Object.entries(node.properties ?? {})) {
    const path = `${at}${name}`;
    const required = (node.required ?? []).includes(name);
    lines.push(`| \`${path}\` | ${typeOf(field)} | ${defaultOf(field, required)} | ${cell(field.description)} |\n`);
    if (field.properties !== undefined) lines.push(...rows(field, `${path}.`));
    if (field.items?.properties !== undefined) lines.push(...rows(field.items, `${path}[].`));
  }
  return lines;
}

function typeOf(field) {
  if (field.enum !== undefined) return field.enum.map((value) => `\`${value}\``).join(", ");
  if (field.anyOf !== undefined) return field.anyOf.map(({ const: value }) => `\`${value}\``).join(", ");
  if (field.type === "array") return `list, at most ${field.maxItems}`;
  if (field.type === "object") return "section";
  const range = [field.minimum, field.maximum].filter((bound) => bound !== undefined);
  return range.length === 2 ? `${field.type} ${range[0]}..${range[1]}` : field.type;
}

function defaultOf(field, required) {
  if (required) return "required";
  if (field.type === "object" || field.default === undefined) return "";
  return `\`${JSON.stringify(field.default)}\``;
}

function cell(text) {
  return (text ?? "").replaceAll("|", "\\|").replaceAll("\n", " ");
}
