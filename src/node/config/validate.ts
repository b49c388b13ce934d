/** From a parsed file to values, or to everything that is wrong with it. Loads the schema, and with it zod. */
import { isLoopback } from "../../link/loopback.js";
import { fieldName, valueAt } from "../fieldPaths.js";
import { ConfigError, type ConfigProblem } from "./problems.js";
import { type ConfigValues, configJsonSchema, configSchema } from "./schema.js";

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

/** All problems, in the order of the file's sections; empty for a good one. */
export function configProblems(path: string, value: unknown): ConfigProblem[] {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return fieldProblems(path, parsed.data);
  return (parsed.error.issues as readonly Issue[]).flatMap((issue) => problemsOf(path, issue, value));
}

/** @throws ConfigError with the first problem. */
export function validateConfig(path: string, value: unknown): ConfigValues {
  const [problem] = configProblems(path, value);
  if (problem !== undefined) throw new ConfigError(problem);
  return configSchema.parse(value);
}

function problemsOf(path: string, issue: Issue, value: unknown): ConfigProblem[] {
  const place = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  const field = fieldName(place);
  if (issue.code !== "unrecognized_keys") {
    const missing = issue.code === "invalid_type" && valueAt(value, place) === undefined;
    return [{ code: "CONFIG_VALUE", path, field, reason: missing ? "it is missing" : issue.message }];
  }
  const known = knownKeys(issue.path);
  return (issue.keys ?? []).map((key) => ({
    code: "CONFIG_KEY_UNKNOWN",
    path,
    field: fieldName([...place, key]),
    nearest: nearestOf(key, known),
  }));
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  let node: SchemaNode | undefined = configJsonSchema();
  for (const part of path) node = typeof part === "number" ? node?.items : node?.properties?.[String(part)];
  return Object.keys(node?.properties ?? {});
}

/** The known key that takes the fewest single-character edits. */
export function nearestOf(key: string, known: readonly string[]): string {
  const far = Number.POSITIVE_INFINITY;
  let best = { name: "", edits: far };
  for (const name of known) {
    const edits = editDistance(key.toLowerCase(), name.toLowerCase());
    if (edits < best.edits) best = { name, edits };
  }
  return best.name;
}

/** Longer keys are nobody's typing mistake. */
const COMPARED_LENGTH_MAX = 64;

function editDistance(a: string, b: string): number {
  const from = a.slice(0, COMPARED_LENGTH_MAX);
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (from[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** What the schema cannot say: rules between fields. */
function fieldProblems(path: string, config: ConfigValues): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const wrong = (field: string, reason: string): void => {
    problems.push({ code: "CONFIG_FIELDS", path, field, reason });
  };
  if (config.brokers.length === 0) wrong("brokers", `a ${config.role} node needs at least one broker`);
  if (config.role === "publisher") {
    if (config.rpc.endpoints.length === 0) wrong("rpc.endpoints", "a publisher needs at least one node to follow");
    if (config.sync.mode === "skip") wrong("sync.mode", "a publisher certifies every header; leave it out");
  }
  if (config.role === "participant") {
    const { certFile, keyFile, clientCaFile, tokenFile, host } = config.participant.serve;
    if (config.sync.mode === "skip") wrong("sync.mode", "a participant certifies every header; leave it out");
    if ((certFile === undefined) !== (keyFile === undefined)) {
      wrong("participant.serve.keyFile", "a certificate and its key come together");
    }
    if (clientCaFile !== undefined && certFile === undefined) {
      wrong("participant.serve.clientCaFile", "clients show certificates to servers with TLS only");
    }
    const guarded = certFile !== undefined && (tokenFile !== undefined || clientCaFile !== undefined);
    if (!isLoopback(host) && !guarded) {
      wrong(
        "participant.serve.host",
        "other machines are served with certFile, keyFile and tokenFile (or clientCaFile)",
      );
    }
    if (!config.keys.some(({ name, family }) => name === config.participant.key && family === "sealer")) {
      wrong("participant.key", `\`keys\` has no key "${config.participant.key}" of the family sealer`);
    }
  }
  if (config.role === "gateway") gatewayProblems(config, wrong);
  for (const [i, broker] of config.brokers.entries()) {
    const at = `brokers[${i}]`;
    if (!URL.canParse(broker.url)) {
      wrong(`${at}.url`, "it is not an address");
      continue;
    }
    const { protocol, hostname } = new URL(broker.url);
    const tlsField = (["caFile", "clientCertFile", "clientKeyFile", "serverName"] as const).find(
      (name) => broker[name] !== undefined,
    );
    if (protocol === "mqtt:" && tlsField !== undefined) wrong(`${at}.${tlsField}`, "it needs an mqtts:// address");
    if (protocol === "mqtt:" && !broker.insecure && !isLoopback(hostname)) {
      wrong(`${at}.url`, "traffic would travel readable; use mqtts://, or say `insecure: true`");
    }
    if ((broker.clientCertFile === undefined) !== (broker.clientKeyFile === undefined)) {
      wrong(`${at}.clientKeyFile`, "a client certificate and its key come together");
    }
    if (broker.passwordFile !== undefined && broker.username === undefined) {
      wrong(`${at}.username`, "a password needs a user name");
    }
    if (config.brokers.findIndex((other) => other.url === broker.url) < i) wrong(`${at}.url`, "it is listed twice");
  }
  return problems;
}

function gatewayProblems({ gateway, keys }: ConfigValues, wrong: (field: string, reason: string) => void): void {
  for (const [i, link] of gateway.links.entries()) {
    const at = `gateway.links[${i}]`;
    const { protocol, broker, path, host } = link;
    if (gateway.links.findIndex(({ name }) => name === link.name) < i) wrong(`${at}.name`, "it is used twice");
    if (protocol === "mqtt" && broker === undefined) wrong(`${at}.broker`, "an mqtt link needs a broker");
    if (protocol === "serial" && path === undefined) wrong(`${at}.path`, "a serial link needs a line");
    if (protocol === "modbus" && (path === undefined) === (host === undefined))
      wrong(`${at}.path`, "a modbus link has either a line (path) or an address (host)");
  }
  const { homeAssistant, key } = gateway;
  if (homeAssistant !== undefined) {
    const link = gateway.links.find(({ name }) => name === homeAssistant.link);
    if (link?.protocol !== "mqtt") wrong("gateway.homeAssistant.link", "there is no mqtt link of this name");
  }
  if (key !== undefined && !keys.some(({ name, family }) => name === key && family === "device"))
    wrong("gateway.key", `\`keys\` has no key "${key}" of the family device`);
}
