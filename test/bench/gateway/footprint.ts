/**
 * What a gateway of many devices costs in memory and on the flash: its core and its real store, an hour of virtual time. Run in a
 * process of its own with --expose-gc; prints one JSON object. Arguments: devices, folder.
 */
import { join } from "node:path";
import { MODEL_NAMES, MODELS, type ModelName } from "../../../simulator/devices/models.js";
import { NativeDevice } from "../../../simulator/devices/nativeDevice.js";
import type { StateMessage } from "../../../src/codec/device/messages.js";
import { loadSuite } from "../../../src/crypto/backend/select.js";
import { GatewayCore } from "../../../src/device/gateway/core.js";
import { LocalRuleEngine } from "../../../src/device/rules/engine.js";
import { systemRandom } from "../../../src/node/systemClock.js";
import { openSqliteGatewayStore } from "../../../src/store/gateway/sqliteGatewayStore.js";
import { deviceRecord, motionRules, policyOf, profileOf } from "./benchHouse.js";

const REPORT_EVERY_MS = 30_000;
const TICK_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const LINK = "mqtt";

const count = Number(process.argv[2]);
const folder = String(process.argv[3]);
const collect = (globalThis as { gc?: () => void }).gc;
const suite = await loadSuite("ecdsa");
const hash = suite.hash.bind(suite);
let elapsedMs = 0;
const start = Date.UTC(2026, 5, 1, 18);
const now = () => ({ wallMs: start + elapsedMs, wallSet: true, monotonicMs: elapsedMs });
const store = await openSqliteGatewayStore(join(folder, `gateway-${count}.db`), { clock: { now: () => now().wallMs } });
const devices = Array.from({ length: count }, (_, index) => {
  const model = MODEL_NAMES[index % MODEL_NAMES.length] as ModelName;
  const device = new NativeDevice({ id: `d${index}`, model: MODELS[model], seed: 5, index });
  device.powerOn({ wallMs: start, worldMs: 0 });
  return { device, model };
});
collect?.();
const before = process.memoryUsage().rss;

const core = new GatewayCore({
  ...{ gateway: "gw", suite, random: systemRandom, registeredOnly: false, profileOf, telemetry: true },
  registrations: { registration: () => ({ verdict: "unknown" }) },
  rules: (view, chain) =>
    new LocalRuleEngine({
      ...{ hash, gateway: "gw", view, chain, scenes: [], now: now(), restored: new Map() },
      rules: motionRules(hash, "d6", "d3"),
      policy: policyOf(hash),
    }),
});
let readings = 0;
const carryOut = (): void => {
  for (let ready = core.ready(); ready !== undefined; ready = core.ready()) {
    if (ready.writes.length > 0) store.apply(ready.writes);
    for (const message of ready.messages) {
      if (message.kind !== "say" || message.message.kind !== "command") continue;
      const place = Number(message.address.slice(1));
      const answers = devices[place]?.device.command(message.message, false, {
        wallMs: now().wallMs,
        worldMs: elapsedMs,
      });
      for (const answer of answers?.messages ?? [])
        core.step({
          kind: "said",
          link: LINK,
          address: message.address,
          retained: false,
          message: answer as StateMessage,
        });
    }
    core.advance();
  }
};
core.tick(now());
core.step({ kind: "linkUp", link: LINK });
for (const { device, model } of devices) {
  const record = deviceRecord(device.id, model, LINK);
  core.step({ kind: "install", record, profile: profileOf(record.profile) as never, by: "file" });
}
carryOut();
const written = store.usage.bytesWritten;
for (; elapsedMs < HOUR_MS; elapsedMs += TICK_MS) {
  core.tick(now());
  for (const [index, { device }] of devices.entries()) {
    if ((elapsedMs + index * 97 * TICK_MS) % REPORT_EVERY_MS !== 0) continue;
    const message = device.state({ wallMs: now().wallMs, worldMs: elapsedMs });
    readings += message.values.length;
    core.step({ kind: "said", link: LINK, address: device.id, retained: false, message });
  }
  carryOut();
  // An hour passes in seconds here: without this its garbage would stand for the devices.
  if (elapsedMs % MINUTE_MS === 0) collect?.();
}
core.flush();
carryOut();
collect?.();
const result = {
  readings,
  bytesWritten: store.usage.bytesWritten - written,
  rssBytes: process.memoryUsage().rss - before,
};
store.close();
process.stdout.write(`${JSON.stringify(result)}\n`);
