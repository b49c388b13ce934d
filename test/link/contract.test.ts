import { MemoryNetwork, mqttLink } from "../../src/link/index.js";
import { startBroker } from "../support/broker.js";
import { linkContract, seededRandom } from "../support/linkContract.js";
import { startMosquitto } from "../support/mosquitto.js";
import { makeTlsMaterial } from "../support/tls.js";

const random = seededRandom();
let lastClient = 0;
const clientId = () => `contract-${++lastClient}`;

linkContract("the memory twin", async () => {
  const network = new MemoryNetwork();
  return { link: () => network.link(), close: async () => {} };
});

linkContract("MQTT 3.1.1 to the embedded broker", async () => {
  const { broker, port } = await startBroker();
  const url = `mqtt://127.0.0.1:${port}`;
  return { link: () => mqttLink({ url, clientId: clientId(), random }), close: () => broker.stop() };
});

linkContract("MQTT 3.1.1 with TLS and password to the embedded broker", async () => {
  const tls = makeTlsMaterial();
  const { broker, port } = await startBroker({ tls: tls.right, users: new Map([["gate", "secret"]]) });
  const options = {
    url: `mqtts://127.0.0.1:${port}`,
    tls: { ca: tls.ca },
    username: "gate",
    password: "secret",
    random,
  };
  return {
    link: () => mqttLink({ ...options, clientId: clientId() }),
    close: async () => {
      await broker.stop();
      tls.remove();
    },
  };
});

for (const protocolVersion of [4, 5] as const) {
  linkContract(`MQTT version ${protocolVersion} to Mosquitto`, async () => {
    const mosquitto = await startMosquitto();
    const url = `mqtt://127.0.0.1:${mosquitto.port}`;
    return { link: () => mqttLink({ url, clientId: clientId(), protocolVersion, random }), close: mosquitto.stop };
  });
}

linkContract("MQTT 5 with TLS and password to Mosquitto", async () => {
  const tls = makeTlsMaterial();
  const login = { username: "gate", password: "secret" };
  const mosquitto = await startMosquitto({ listeners: [{ tls: tls.right }], password: login });
  const url = `mqtts://localhost:${mosquitto.port}`;
  const options = { url, tls: { ca: tls.ca }, protocolVersion: 5, random, ...login } as const;
  return {
    link: () => mqttLink({ ...options, clientId: clientId() }),
    close: async () => {
      await mosquitto.stop();
      tls.remove();
    },
  };
});
