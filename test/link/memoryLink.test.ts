import { describe, expect, it } from "vitest";
import { MemoryNetwork } from "../../src/link/memoryLink.js";
import { bytesOf, codeOfRejection, Recorder } from "../support/linkContract.js";

const LIVE = { retain: false, qos: 1 } as const;
const KEPT = { retain: true, qos: 1 } as const;

async function manualPair(copies?: () => number) {
  const network = new MemoryNetwork(copies === undefined ? { mode: "manual" } : { mode: "manual", copies });
  const [a, b] = [network.link("a"), network.link("b")];
  const [seenA, seenB] = [new Recorder(), new Recorder()];
  a.start(seenA);
  b.start(seenB);
  await Promise.resolve();
  return { network, a, b, seenA, seenB };
}

describe("the memory network", () => {
  it("delivers only when told, and out of order when told", async () => {
    const { network, a, b, seenB } = await manualPair();
    await b.subscribe(["t"]);
    for (const text of ["1", "2", "3"]) await a.publish("t", bytesOf(text), LIVE);
    expect(network.pending.map((d) => [d.to.name, Buffer.from(d.message.payload).toString()])).toEqual([
      ["b", "1"],
      ["b", "2"],
      ["b", "3"],
    ]);
    expect(network.deliver(2)).toBe(true);
    expect(network.flush()).toBe(2);
    expect(network.deliver()).toBe(false);
    expect(seenB.texts("t")).toEqual(["3", "1", "2"]);
  });

  it("drops and duplicates as the hook says", async () => {
    let count = 0;
    const { network, a, b, seenB } = await manualPair(() => count++ % 3);
    await b.subscribe(["t"]);
    for (const text of ["0", "1", "2"]) await a.publish("t", bytesOf(text), LIVE);
    network.flush();
    expect(seenB.texts("t")).toEqual(["1", "2", "2"]);
    network.setCopies(undefined);
    await a.publish("t", bytesOf("3"), LIVE);
    network.flush();
    expect(seenB.texts("t").at(-1)).toBe("3");
  });

  it("loses what is under way to a link that is cut, and its subscriptions", async () => {
    const { network, a, b, seenB } = await manualPair();
    await b.subscribe(["t"]);
    await a.publish("t", bytesOf("lost"), LIVE);
    network.disconnect(b, "LINK_TIMEOUT");
    expect([b.connected, seenB.ends]).toEqual([false, ["LINK_TIMEOUT"]]);
    expect(await codeOfRejection(b.publish("t", bytesOf("x"), LIVE))).toBe("LINK_NOT_CONNECTED");
    network.reconnect(b);
    await a.publish("t", bytesOf("unheard"), LIVE);
    expect(network.flush()).toBe(0);
    expect([seenB.connects, seenB.messages]).toEqual([2, []]);
  });

  it("goes down and up as a whole, with or without its retained values", async () => {
    const { network, a, b, seenA, seenB } = await manualPair();
    await a.publish("kept", bytesOf("v"), KEPT);
    network.setUp(false);
    expect([a.connected, b.connected, seenA.ends, seenB.ends]).toEqual([
      false,
      false,
      ["LINK_CLOSED"],
      ["LINK_CLOSED"],
    ]);
    network.reconnect(a);
    expect(a.connected).toBe(false);
    network.setUp(true);
    await b.subscribe(["kept"]);
    network.flush();
    expect(seenB.messages).toEqual([{ topic: "kept", payload: new Uint8Array(bytesOf("v")), retained: true }]);
    network.forgetRetained();
    await a.subscribe(["kept"]);
    expect(network.flush()).toBe(0);
  });

  it("lets a hostile broker put anything, and drops what is too large", async () => {
    const { network, b, seenB } = await manualPair();
    network.retained.set("big", new Uint8Array(262_145));
    network.retained.set("forged", bytesOf("x"));
    await b.subscribe(["big", "forged"]);
    network.flush();
    expect([seenB.drops, seenB.texts("forged")]).toEqual([["LINK_PAYLOAD_TOO_LARGE"], ["x"]]);
  });

  it("keeps a copy: changing the array after publishing changes nothing", async () => {
    const { network, a, b, seenB } = await manualPair();
    const payload = Buffer.from("before");
    await b.subscribe(["t"]);
    await a.publish("t", payload, LIVE);
    payload.fill(0);
    network.flush();
    expect(seenB.texts("t")).toEqual(["before"]);
  });

  it("repeats a run exactly", async () => {
    const run = async () => {
      const network = new MemoryNetwork();
      const log: string[] = [];
      const links = ["a", "b", "c"].map((name) => network.link(name));
      for (const link of links) {
        link.start({
          connected: () => void link.subscribe(["t"]),
          disconnected: () => {},
          dropped: () => {},
          message: (m) => {
            const text = Buffer.from(m.payload).toString();
            log.push(`${link.name}${text}`);
            if (text.length < 3) void link.publish("t", bytesOf(text + link.name), LIVE);
          },
        });
      }
      await Promise.resolve();
      await links[0]!.publish("t", bytesOf(""), LIVE);
      await new Promise((resolve) => setImmediate(resolve));
      return log.join(" ");
    };
    const first = await run();
    expect(first.split(" ").length).toBe(3 + 9 + 27 + 81);
    expect(await run()).toBe(first);
  });
});
