/**
 * What Home Assistant does with discovery and state messages, in small: it checks a message against the tables of its
 * documentation and works out what an entity shows. Templates are read in the three shapes that we write.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

interface Tables {
  readonly common: readonly string[];
  readonly device: readonly string[];
  readonly origin: readonly string[];
  readonly root: readonly string[];
  readonly components: Readonly<
    Record<string, { readonly required: readonly string[]; readonly known: readonly string[] }>
  >;
}

const TABLES = JSON.parse(
  readFileSync(new URL("../vectors/homeassistant/components.json", import.meta.url), "utf8"),
) as Tables;

export type Entity = Readonly<Record<string, unknown>> & { readonly p: string; readonly unique_id: string };

export interface Discovered {
  readonly dev: Readonly<Record<string, unknown>>;
  readonly cmps: Readonly<Record<string, Entity>>;
  readonly availability?: readonly { readonly topic: string }[];
  readonly availability_mode?: string;
}

/** `<prefix>/device/[<node id>/]<object id>/config` */
const DISCOVERY_TOPIC = /^homeassistant\/device\/(?:[a-zA-Z0-9_-]+\/)?[a-zA-Z0-9_-]+\/config$/;

/** Fails where Home Assistant would refuse the message or a component of it. */
export function discovered(topic: string, payload: Uint8Array): Discovered {
  assert.match(topic, DISCOVERY_TOPIC);
  const message = JSON.parse(Buffer.from(payload).toString("utf8"));
  assertKnown("message", message, TABLES.root);
  for (const name of ["dev", "o", "cmps"]) assert.ok(typeof message[name] === "object", `no ${name}`);
  assertKnown("device", message.dev, TABLES.device);
  assert.ok(message.dev.ids.length > 0, "a device has an identifier");
  assertKnown("origin", message.o, TABLES.origin);
  assert.ok(message.o.name !== "", "the origin has a name");
  for (const { topic: each } of message.availability ?? []) assertTopic(each);
  const ids = new Set<unknown>();
  for (const [key, component] of Object.entries(message.cmps as Record<string, Entity>)) {
    assertComponent(key, component);
    assert.ok(!ids.has(component.unique_id), `${component.unique_id} twice`);
    ids.add(component.unique_id);
  }
  return message;
}

function assertKnown(what: string, value: object, known: readonly string[]): void {
  for (const name of Object.keys(value)) assert.ok(known.includes(name), `${what}: ${name} is not known`);
}

function assertTopic(topic: unknown): void {
  assert.ok(typeof topic === "string" && /^[^+#\0]+$/.test(topic), `topic ${String(topic)}`);
}

function assertComponent(key: string, component: Entity): void {
  const table = TABLES.components[component.p];
  assert.ok(table !== undefined, `${key}: no component ${component.p}`);
  for (const name of ["unique_id", ...table.required]) {
    assert.ok(component[name] !== undefined, `${key}: a ${component.p} needs ${name}`);
  }
  assertKnown(`${key} (${component.p})`, component, [...TABLES.common, ...table.known, ...table.required]);
  for (const [name, value] of Object.entries(component)) if (name.endsWith("_topic")) assertTopic(value);
  if (component.p === "sensor" && component.options !== undefined) {
    assert.equal(component.device_class, "enum");
    assert.equal(component.unit_of_measurement, undefined);
    assert.equal(component.state_class, undefined);
  }
  if (component.p === "number") assert.ok(Number(component.min) < Number(component.max), `${key}: min below max`);
  if (component.p === "text") assert.ok(Number(component.max) <= 255, `${key}: a state has 255 characters`);
  if (component.p === "valve" && component.reports_position === true) {
    for (const name of ["payload_open", "payload_close", "state_open", "state_closed"]) {
      assert.equal(component[name], undefined, `${key}: ${name} with a position`);
    }
  }
}

const SHAPES: readonly (readonly [RegExp, (value: unknown) => string])[] = [
  [/^\{\{ value_json\['([\w-]+)'\] \}\}$/, (value) => pythonText(value)],
  [
    /^\{\{ \{true: 'true', false: 'false'\}\.get\(value_json\['([\w-]+)'\], 'None'\) \}\}$/,
    (value) => (typeof value === "boolean" ? String(value) : "None"),
  ],
  [
    /^\{\{ value_json\['([\w-]+)'\] if value_json\['\1'\] is not none else '' \}\}$/,
    (value) => (value === null ? "" : pythonText(value)),
  ],
];

function pythonText(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value);
}

/** What a template makes of a state message. A name that the message has not is an error there. */
export function rendered(template: unknown, payload: Uint8Array): string {
  const values = JSON.parse(Buffer.from(payload).toString("utf8"));
  for (const [shape, render] of SHAPES) {
    const found = shape.exec(String(template));
    if (found === null) continue;
    const name = found[1] ?? "";
    assert.ok(Object.hasOwn(values, name), `the state has no ${name}`);
    return render(values[name]);
  }
  assert.fail(`a template of no known shape: ${String(template)}`);
}
