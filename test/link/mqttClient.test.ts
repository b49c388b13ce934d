import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { loadMqttClient } from "../../src/link/mqttClient.js";

test("the cache of all 65,536 numbers is off in the copy of the packet writer that the client uses", async () => {
  const here = createRequire(import.meta.url);
  const ofClient = createRequire(here.resolve("mqtt"))("mqtt-packet");
  expect(ofClient.writeToStream.cacheNumbers).toBe(true);
  const MqttClient = await loadMqttClient();
  expect(MqttClient.name).toBe("MqttClient");
  expect(ofClient.writeToStream.cacheNumbers).toBe(false);
});
