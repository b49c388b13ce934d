/** What `edgeseal status` shows of a gateway. Of whatever it says: what it lacks is left out. */
import { isJsonObject, type JsonObject } from "../../node/jsonObject.js";

const NAME_WIDTH = 12;
const KIB = 1_024;

export function gatewayLines(gateway: JsonObject): string[] {
  const line = (name: string, value: string): string => `${name.padEnd(NAME_WIDTH)}${value}`;
  const {
    devices,
    online,
    isolated,
    joiningForMs,
    commandsWaiting,
    rules,
    links,
    counters,
    store,
    receipts,
    receiptsSigned,
  } = gateway;
  const out = typeof isolated === "number" && isolated > 0 ? `, ${isolated} isolated` : "";
  return [
    line("devices", `${online} of ${devices} online${out}`),
    ...(typeof joiningForMs === "number" && joiningForMs > 0
      ? [line("joining", `open for ${Math.ceil(joiningForMs / 1_000)} s more`)]
      : []),
    ...(Array.isArray(links) ? links.filter(isJsonObject).map((link) => line("link", linkText(link))) : []),
    ...(isJsonObject(rules) ? [line("rules", rulesText(rules))] : []),
    line("commands", `${commandsWaiting} waiting`),
    ...(typeof receipts === "number" ? [line("receipts", receiptsText(receipts, receiptsSigned))] : []),
    ...(isJsonObject(store) ? [line("written", writtenText(store))] : []),
    ...(isJsonObject(counters) ? counterLines(counters) : []),
  ];
}

function linkText({ name, protocol, connected, problem }: JsonObject): string {
  const state = connected === true ? "connected" : `not connected${problem === undefined ? "" : ` [${problem}]`}`;
  return `${name} (${protocol}), ${state}`;
}

function receiptsText(receipts: number, signedTo: unknown): string {
  return typeof signedTo === "number" ? `${receipts}, signed up to ${signedTo}` : `${receipts}, not signed`;
}

function rulesText({ active, paused, scenes, mistakes }: JsonObject): string {
  const wrong = mistakes === 0 ? "" : `; ${mistakes} mistakes in the files, named by \`edgeseal rule reload\``;
  return `${active} active, ${paused} paused, ${scenes} scenes${wrong}`;
}

/** Flash wears by the day. */
function writtenText({ days, bytesOnDisk }: JsonObject): string {
  const newest = Array.isArray(days) ? days.at(-1) : undefined;
  const today = isJsonObject(newest) ? `${kib(newest.bytes)} on ${String(newest.day)}, ` : "";
  return `${today}${kib(bytesOnDisk)} on the disk`;
}

function kib(bytes: unknown): string {
  return `${Math.ceil(Number(bytes) / KIB)} KiB`;
}

function counterLines(counters: JsonObject): string[] {
  return Object.entries(counters).map(([name, count]) => `  ${String(count).padStart(8)}  ${name}`);
}
