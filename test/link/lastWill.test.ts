/** The last will of a link: said when its connection breaks, not when it says goodbye. */
import { describe, expect, it } from "vitest";
import { mqttLink } from "../../src/link/index.js";
import { startBroker } from "../support/broker.js";
import { Recorder, seededRandom, until } from "../support/linkContract.js";
import { TcpProxy } from "../support/tcpProxy.js";

const random = seededRandom(9);
const FAST = { reconnectMinMs: 20, reconnectMaxMs: 100, random } as const;
const will = { topic: "who/availability", payload: new TextEncoder().encode("offline"), retain: true };

describe("a last will", () => {
  it("is published and kept when the connection breaks, and not after a goodbye", async () => {
    const { broker, port } = await startBroker();
    const proxy = new TcpProxy(port);
    await proxy.start();
    const watcher = mqttLink({ url: `mqtt://127.0.0.1:${port}`, clientId: "watcher", ...FAST });
    const seen = new Recorder();
    watcher.start(seen);
    await until(() => watcher.connected, "the watcher");
    await watcher.subscribe([will.topic, "after"]);

    const polite = mqttLink({ url: `mqtt://127.0.0.1:${port}`, clientId: "polite", will, ...FAST });
    polite.start(new Recorder());
    await until(() => polite.connected, "the polite one");
    await polite.stop();
    await watcher.publish("after", new Uint8Array(1), { retain: false, qos: 1 });
    await until(() => seen.messages.length > 0, "the message after");
    expect(seen.messages.map(({ topic }) => topic)).toEqual(["after"]);

    const broken = mqttLink({ url: `mqtt://127.0.0.1:${proxy.port}`, clientId: "broken", will, ...FAST });
    broken.start(new Recorder());
    await until(() => broken.connected, "the broken one");
    await proxy.stop();
    await until(() => seen.messages.length > 1, "the will");
    expect(seen.messages[1]).toMatchObject({ topic: will.topic, payload: will.payload });
    await broken.stop();
    await watcher.stop();
    await broker.stop();
  });

  it("with a topic that is none is refused before anything is sent", () => {
    const wild = { ...will, topic: "who/+" };
    expect(() => mqttLink({ url: "mqtt://127.0.0.1", clientId: "a", will: wild, ...FAST })).toThrow(
      "LINK_TOPIC_INVALID",
    );
  });
});
