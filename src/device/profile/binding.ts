/** Bindings: every name in them is one of the profile's, and every part of the profile is reached. */

import type { Binding, ModbusPoint, MqttBinding, MqttPublish } from "../binding.js";
import { holdsInteger } from "../modbus/registers.js";
import type { ActionSpec, EventSpec, PropertySpec } from "../profile.js";
import type { ValueType } from "../value.js";
import type { ProblemList, ProfilePath, RegisterFault, TemplateFault } from "./problems.js";
import type { ModbusPointSource, ModbusSource, MqttSource, PublishSource } from "./source.js";
import { buildConversion } from "./types.js";

export const BINDING_ENTRIES_MAX = 512;
export const TEMPLATE_CHARACTERS_MAX = 256;
export const PAYLOAD_CHARACTERS_MAX = 2_048;
/** Modbus application protocol 1.1b3, sections 6.1 and 6.3: at most 125 registers in one answer. */
export const REGISTERS_MAX = 125;
const REGISTERS_DEFAULT = 32;
const REGISTER_ADDRESSES = 65_536;
const POLL_SECONDS_MAX = 86_400;

export interface ProfileParts {
  readonly properties: ReadonlyMap<string, PropertySpec>;
  readonly actions: ReadonlyMap<string, ActionSpec>;
  readonly events: ReadonlyMap<string, EventSpec>;
}

export function buildBinding(
  source: MqttSource | ModbusSource | { readonly protocol: "edgeseal" },
  parts: ProfileParts,
  list: ProblemList,
): Binding {
  if (source.protocol === "edgeseal") return { protocol: "edgeseal" };
  const entries = source.reads.length + source.writes.length;
  if (entries > BINDING_ENTRIES_MAX) {
    const path = ["binding"];
    list.add({ code: "PROFILE_TOO_MANY", path, what: "binding", count: entries, max: BINDING_ENTRIES_MAX });
    return { protocol: "edgeseal" };
  }
  const binding = source.protocol === "mqtt" ? mqtt(source, parts, list) : modbus(source, parts, list);
  checkReach(source, parts, list);
  return binding;
}

function checkReach(source: MqttSource | ModbusSource, parts: ProfileParts, list: ProblemList): void {
  const read = new Set(source.reads.map((one) => ("to" in one ? one.to : one.name)));
  const written = source.writes.map((one) => ("from" in one ? one.from : one.name));
  for (const [i, name] of written.entries()) {
    if (written.indexOf(name) < i) list.add({ code: "PROFILE_WRITE_TWICE", path: ["binding", "writes", i], name });
  }
  const missing = (kind: string, name: string, what: "read" | "write"): void => {
    list.add({ code: "PROFILE_UNREACHED", path: [kind, name], name, missing: what });
  };
  for (const { name, readable, writable } of parts.properties.values()) {
    if (readable && !read.has(name)) missing("properties", name, "read");
    if (writable && !written.includes(name)) missing("properties", name, "write");
  }
  for (const name of parts.actions.keys()) if (!written.includes(name)) missing("actions", name, "write");
  for (const name of parts.events.keys()) if (!read.has(name)) missing("events", name, "read");
}

function mqtt(source: MqttSource, parts: ProfileParts, list: ProblemList): MqttBinding {
  const base: ProfilePath = ["binding"];
  const reads = source.reads.map((read, i) => {
    const path = [...base, "reads", i];
    checkTopic(read.topic, [...path, "topic"], list);
    const property = parts.properties.get(read.to);
    const event = parts.events.get(read.to);
    if (property?.readable !== true && event === undefined) {
      list.add({
        code: "PROFILE_REFERENCE",
        path: [...path, "to"],
        name: read.to,
        wanted: "readable property or event",
      });
    }
    const type = property?.type ?? event?.data;
    const convert =
      type === undefined
        ? ({ kind: "same" } as const)
        : buildConversion(read.convert, type, [...path, "convert"], list, { told: false });
    const when = read.when === undefined ? {} : { when: { path: [...read.when.path], equals: read.when.equals } };
    return { topic: read.topic, path: [...(read.path ?? [])], to: read.to, convert, ...when };
  });
  const writes = source.writes.map((write, i) => {
    const path = [...base, "writes", i];
    const property = parts.properties.get(write.from);
    const action = parts.actions.get(write.from);
    if (property?.writable !== true && action === undefined) {
      const wanted = "writable property or action";
      list.add({ code: "PROFILE_REFERENCE", path: [...path, "from"], name: write.from, wanted });
    }
    const type = property === undefined ? action?.input : property.type;
    const convert =
      type === undefined
        ? ({ kind: "same" } as const)
        : buildConversion(write.convert, type, [...path, "convert"], list, { told: true });
    const known = property !== undefined || action !== undefined;
    return { ...publishOf(write, known ? { type } : undefined, path, list), from: write.from, convert };
  });
  const { availability } = source;
  if (availability !== undefined) checkTopic(availability.topic, [...base, "availability", "topic"], list);
  const refresh = source.refresh?.map((publish, i) =>
    publishOf(publish, { type: undefined }, [...base, "refresh", i], list),
  );
  return {
    protocol: "mqtt",
    ...(availability === undefined
      ? {}
      : {
          availability: {
            topic: availability.topic,
            ...(availability.path === undefined ? {} : { path: [...availability.path] }),
            online: [...availability.online],
            offline: [...availability.offline],
          },
        }),
    reads,
    writes,
    ...(refresh === undefined ? {} : { refresh }),
  };
}

const TOPIC_PLACEHOLDERS = ["{address}"];
const PAYLOAD_PLACEHOLDERS = ["{value}", "{client}", "{id}", "{address}"];
/** What looks like one of ours; JSON's own braces never do. */
const PLACEHOLDER = /\{[a-z]+\}/gi;

function checkTopic(topic: string, path: ProfilePath, list: ProblemList): void {
  const wrong = (fault: TemplateFault): void => list.add({ code: "PROFILE_TEMPLATE", path, fault });
  if (topic.length > TEMPLATE_CHARACTERS_MAX) wrong("too long");
  else if (/[+#\p{Cc}]|^\$/u.test(topic)) wrong("wildcard");
  else if ((topic.match(PLACEHOLDER) ?? []).some((name) => !TOPIC_PLACEHOLDERS.includes(name))) {
    wrong("unknown placeholder");
  } else if (!topic.includes("{address}")) wrong("no address");
}

/** @param target what is written, undefined where it is not known and has been reported. */
function publishOf(
  { topic, payload }: PublishSource,
  target: { readonly type: ValueType | undefined } | undefined,
  path: ProfilePath,
  list: ProblemList,
): MqttPublish {
  checkTopic(topic, [...path, "topic"], list);
  const at = [...path, "payload"];
  const wrong = (fault: TemplateFault): void => list.add({ code: "PROFILE_TEMPLATE", path: at, fault });
  const names: readonly string[] = payload.match(PLACEHOLDER) ?? [];
  const hasValue = names.includes("{value}");
  if (payload.length > PAYLOAD_CHARACTERS_MAX) wrong("too long");
  else if (names.some((name) => !PAYLOAD_PLACEHOLDERS.includes(name))) wrong("unknown placeholder");
  else if (target !== undefined && target.type !== undefined && !hasValue) wrong("value missing");
  else if (target !== undefined && target.type === undefined && hasValue) wrong("value not wanted");
  else if (/^\s*[[{]/.test(payload) && !names.includes(payload) && !isJson(payload)) wrong("not JSON");
  return { topic, payload };
}

/** Whether it is JSON once a value stands where one will. */
function isJson(payload: string): boolean {
  try {
    JSON.parse(payload.replace(PLACEHOLDER, (name) => (name === "{value}" ? "0" : "x")));
    return true;
  } catch {
    return false;
  }
}

function modbus(source: ModbusSource, parts: ProfileParts, list: ProblemList): Binding {
  const wrong = (path: ProfilePath, fault: RegisterFault): void => list.add({ code: "PROFILE_REGISTER", path, fault });
  for (const name of parts.actions.keys()) wrong(["actions", name], "action");
  const { pollSeconds, registersMax = REGISTERS_DEFAULT } = source;
  const pollMs = Math.round(pollSeconds * 1_000);
  if (!(pollMs >= 1 && pollSeconds <= POLL_SECONDS_MAX)) wrong(["binding", "pollSeconds"], "poll");
  if (!Number.isInteger(registersMax) || registersMax < 1 || registersMax > REGISTERS_MAX) {
    wrong(["binding", "registersMax"], "registers");
  }
  const pointsOf = (points: readonly ModbusPointSource[], kind: "reads" | "writes"): ModbusPoint[] =>
    points.map((point, i) => modbusPoint(point, kind, ["binding", kind, i], parts, list));
  return {
    protocol: "modbus",
    reads: pointsOf(source.reads, "reads"),
    writes: pointsOf(source.writes, "writes"),
    pollMs,
    registersMax,
  };
}

function modbusPoint(
  point: ModbusPointSource,
  use: "reads" | "writes",
  path: ProfilePath,
  parts: ProfileParts,
  list: ProblemList,
): ModbusPoint {
  const wrong = (field: string, fault: RegisterFault): void =>
    list.add({ code: "PROFILE_REGISTER", path: [...path, field], fault });
  const { name, table, address, kind, words = "big", absent } = point;
  const property = parts.properties.get(name);
  const fits = use === "reads" ? property?.readable : property?.writable;
  if (fits !== true) {
    const wanted = use === "reads" ? "readable property" : "writable property";
    list.add({ code: "PROFILE_REFERENCE", path: [...path, "name"], name, wanted });
  }
  const bits = table === "coil" || table === "discrete";
  if (bits !== (kind === "bit")) wrong("kind", "bit");
  if (use === "writes" && (table === "discrete" || table === "input")) wrong("table", "read-only table");
  const registers = kind === "u32" || kind === "i32" || kind === "f32" ? 2 : 1;
  if (!Number.isInteger(address) || address < 0) wrong("address", "address");
  else if (address + registers > REGISTER_ADDRESSES) wrong("address", "beyond the end");
  if (absent !== undefined && !holdsInteger(kind, absent)) wrong("absent", "absent");
  const convert =
    property === undefined
      ? ({ kind: "same" } as const)
      : buildConversion(point.convert, property.type, [...path, "convert"], list, {
          told: use === "writes",
          wholeNumbers: kind !== "f32" && kind !== "bit",
        });
  return { name, table, address, kind, words, convert, ...(absent === undefined ? {} : { absent }) };
}
