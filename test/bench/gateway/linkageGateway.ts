/** A real gateway in a process of its own: MQTT devices, rules, receipts, SQLite. Arguments: broker's port, folder. */
import { join } from "node:path";
import { SILENT_LOGGER } from "../../../src/base/logger.js";
import { loadSuite } from "../../../src/crypto/backend/select.js";
import { LocalRuleEngine } from "../../../src/device/rules/engine.js";
import { mqttLink } from "../../../src/link/mqttLink.js";
import { GatewayService } from "../../../src/node/gateway/gatewayService.js";
import { MqttDevices } from "../../../src/node/gateway/mqttDevices.js";
import { systemClock, systemRandom } from "../../../src/node/systemClock.js";
import { openSqliteGatewayStore } from "../../../src/store/gateway/sqliteGatewayStore.js";
import { deviceRecord, motionRules, policyOf, profileOf } from "./benchHouse.js";

const LINK = "mqtt";
const [port, folder] = process.argv.slice(2);
const suite = await loadSuite("ecdsa");
const hash = suite.hash.bind(suite);
const store = await openSqliteGatewayStore(join(String(folder), "gateway.db"), { clock: systemClock });
// One device measures, so its bucket is as wide as a whole home's.
const inbox = { topicBurst: 100_000, topicPerSecond: 100_000 };
const link = mqttLink({
  ...{ url: `mqtt://127.0.0.1:${port}`, clientId: "gateway", random: systemRandom, inbox },
});
const now = () => ({ wallMs: Date.now(), wallSet: true, monotonicMs: performance.now() });
const service = new GatewayService({
  core: {
    ...{ gateway: "gw", suite, random: systemRandom, registeredOnly: false, profileOf, telemetry: true },
    registrations: { registration: () => ({ verdict: "unknown" }) },
    rules: (view, chain) =>
      new LocalRuleEngine({
        ...{ hash, gateway: "gw", view, chain, scenes: [], now: now(), restored: new Map() },
        rules: motionRules(hash, "sensor", "lamp"),
        policy: policyOf(hash),
      }),
  },
  store,
  carriers: [new MqttDevices({ name: LINK, gateway: "gw", link, logger: SILENT_LOGGER, companions: [] })],
  installed: (["motion", "lamp"] as const).map((model) => {
    const id = model === "motion" ? "sensor" : "lamp";
    return { record: deviceRecord(id, model, LINK), profile: profileOf(`virtual/${model}`) as never };
  }),
  ...{ clock: systemClock, clockIsSet: () => true, logger: SILENT_LOGGER },
  onOutput: () => {},
  onFailure: (error) => {
    throw error;
  },
});
service.start();
const ready = setInterval(() => {
  if (!link.connected) return;
  clearInterval(ready);
  setTimeout(() => process.send?.("ready"), 500);
}, 50);
process.on("disconnect", () => process.exit(0));
