/** The shape of a profile file. Loads the schema, and with it zod. */
import type { ProfileSource } from "../../device/profile/source.js";
import { nearestOf } from "../config/validate.js";
import { fieldName, valueAt } from "../fieldPaths.js";
import type { ProfileFileProblem } from "./problems.js";
import { profileJsonSchema, profileSchema } from "./schema.js";

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

export interface ShapeIssue {
  readonly path: readonly (string | number)[];
  /** The key in the object at `path` that is meant, where it is a key. */
  readonly key: string | undefined;
  readonly problem: ProfileFileProblem;
}

export type ValidatedProfile =
  | { readonly source: ProfileSource; readonly issues?: undefined }
  | { readonly source?: undefined; readonly issues: readonly ShapeIssue[] };

export function validateProfile(value: unknown): ValidatedProfile {
  const parsed = profileSchema.safeParse(value);
  if (parsed.success) return { source: parsed.data };
  return { issues: (parsed.error.issues as readonly Issue[]).flatMap((issue) => issuesOf(issue, value)) };
}

function issuesOf(issue: Issue, value: unknown): ShapeIssue[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(path);
    return (issue.keys ?? []).map((key) => ({
      path,
      key,
      problem: { code: "PROFILE_FILE_KEY", field: fieldName([...path, key]), nearest: nearestOf(key, known) },
    }));
  }
  const found = valueAt(value, path);
  const known = typeof found === "string" ? knownValues(path) : [];
  const reason =
    found === undefined
      ? "it is missing"
      : known.length > 0
        ? `"${String(found).slice(0, 64)}" is none of the known ones; the nearest is "${nearestOf(String(found), known)}"`
        : issue.message;
  return [{ path, key: undefined, problem: { code: "PROFILE_FILE_VALUE", field: fieldName(path), reason } }];
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly enum?: readonly unknown[];
}

/** The parts of the schema that may describe the place: several where it has alternatives. */
function nodesAt(path: readonly (string | number)[]): readonly SchemaNode[] {
  let nodes: readonly SchemaNode[] = [profileJsonSchema()];
  for (const part of path) {
    nodes = nodes.flatMap(alternatives).flatMap((node) => {
      const other = typeof node.additionalProperties === "object" ? node.additionalProperties : undefined;
      const next = typeof part === "number" ? node.items : (node.properties?.[part] ?? other);
      return next === undefined ? [] : [next];
    });
  }
  return nodes.flatMap(alternatives);
}

function alternatives(node: SchemaNode): readonly SchemaNode[] {
  return node.anyOf ?? node.oneOf ?? [node];
}

function knownKeys(path: readonly (string | number)[]): string[] {
  return [...new Set(nodesAt(path).flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

function knownValues(path: readonly (string | number)[]): string[] {
  return nodesAt(path).flatMap((node) => (node.enum ?? []).filter((value) => typeof value === "string"));
}
