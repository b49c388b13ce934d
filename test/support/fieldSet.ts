/** Which fields a JSON value has, at every depth: `block.parentInfo[].blockHash`. Objects in a text count as objects. */

export function fieldSet(value: unknown): string[] {
  const found = new Set<string>();
  collect(value, "", found);
  return [...found].sort();
}

function collect(value: unknown, path: string, found: Set<string>): void {
  const inner = typeof value === "string" && value.startsWith("{") ? (JSON.parse(value) as unknown) : value;
  if (Array.isArray(inner)) {
    for (const item of inner) collect(item, `${path}[]`, found);
  } else if (typeof inner === "object" && inner !== null) {
    for (const [name, member] of Object.entries(inner)) {
      found.add(`${path}.${name}`);
      collect(member, `${path}.${name}`, found);
    }
  }
}

interface SchemaShape {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaShape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | SchemaShape;
  readonly items?: SchemaShape;
  readonly oneOf?: readonly SchemaShape[];
  readonly pattern?: string;
  readonly minimum?: number;
}

/** What of a value its schema does not allow, as paths; the keywords that our descriptions use. */
export function schemaFaults(value: unknown, schema: SchemaShape, path = ""): string[] {
  if (schema.oneOf !== undefined) {
    const each = schema.oneOf.map((one) => schemaFaults(value, one, path));
    return each.some((faults) => faults.length === 0) ? [] : (each[0] ?? []);
  }
  if (schema.type !== undefined && !isOfType(value, schema.type)) return [`${path} is no ${schema.type}`];
  if (typeof value === "string" && !new RegExp(schema.pattern ?? "").test(value)) return [`${path} has another form`];
  if (typeof value === "number" && value < (schema.minimum ?? value)) return [`${path} is too small`];
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => schemaFaults(item, schema.items ?? {}, `${path}[${i}]`));
  }
  if (typeof value !== "object" || value === null) return [];
  return objectFaults(value as Record<string, unknown>, schema, path);
}

function objectFaults(value: Record<string, unknown>, schema: SchemaShape, path: string): string[] {
  const missing = (schema.required ?? []).filter((name) => !Object.hasOwn(value, name));
  return [
    ...missing.map((name) => `${path}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, member]) => {
      const known = schema.properties?.[name] ?? schema.additionalProperties;
      if (known === false) return [`${path}.${name} is not described`];
      return schemaFaults(member, typeof known === "object" ? known : {}, `${path}.${name}`);
    }),
  ];
}

function isOfType(value: unknown, type: string): boolean {
  if (type === "integer") return typeof value === "bigint" || Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "null") return value === null;
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}
