/** What every implementation of the Link port has to do, whatever carries it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Link, LinkHandlers, LinkMessage } from "../../src/base/link.js";
import type { Random } from "../../src/base/random.js";
import { LinkError } from "../../src/link/problems.js";

export const WAIT_LIMIT_MS = 15_000;
const POLL_MS = 5;

/** Waits until `condition` holds; fails the test by throwing after WAIT_LIMIT_MS. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + WAIT_LIMIT_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`still waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Keeps everything a link reports. */
export class Recorder implements LinkHandlers {
  readonly messages: LinkMessage[] = [];
  readonly ends: string[] = [];
  readonly drops: string[] = [];
  connects = 0;
  onConnected: () => void = () => {};

  connected(): void {
    this.connects++;
    this.onConnected();
  }

  disconnected(code: string): void {
    this.ends.push(code);
  }

  message(message: LinkMessage): void {
    this.messages.push(message);
  }

  dropped(code: string): void {
    this.drops.push(code);
  }

  texts(topic: string): string[] {
    return this.messages.filter((m) => m.topic === topic).map((m) => Buffer.from(m.payload).toString("utf8"));
  }
}

/** A seeded source, so that waiting times repeat. */
export function seededRandom(seed = 1): Random {
  let state = seed >>> 0;
  return {
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        bytes[i] = state >>> 24;
      }
      return bytes;
    },
  };
}

export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}

/** The problem code a promise is rejected with. */
export async function codeOfRejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof LinkError) return thrown.code;
    throw thrown;
  }
  return "none";
}

export interface LinkWorld {
  /** A link that is not started, each with an identity of its own. */
  link(): Link;
  close(): Promise<void>;
}

async function connectedPair(world: LinkWorld) {
  const sender = world.link();
  const receiver = world.link();
  const sent = new Recorder();
  const received = new Recorder();
  sender.start(sent);
  receiver.start(received);
  await until(() => sender.connected && receiver.connected, "both links");
  return { sender, receiver, received, stop: () => Promise.all([sender.stop(), receiver.stop()]) };
}

export function linkContract(name: string, open: () => Promise<LinkWorld>): void {
  describe(`${name} keeps the link contract`, () => {
    let world: LinkWorld;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(async () => {
      await world?.close();
    });

    it("delivers in order what is published to a subscribed topic, and nothing else", async () => {
      const { sender, receiver, received, stop } = await connectedPair(world);
      await receiver.subscribe(["order/a"]);
      for (let i = 0; i < 50; i++) await sender.publish("order/a", bytesOf(`${i}`), { retain: false, qos: 1 });
      await sender.publish("order/b", bytesOf("x"), { retain: false, qos: 1 });
      await sender.publish("order/a", bytesOf("end"), { retain: false, qos: 0 });
      await until(() => received.texts("order/a").includes("end"), "the last message");
      expect(received.texts("order/a")).toEqual([...Array.from({ length: 50 }, (_, i) => `${i}`), "end"]);
      expect(received.messages.every((m) => m.topic === "order/a" && !m.retained)).toBe(true);
      await stop();
    });

    it("delivers retained values on subscribing, flagged as retained, several topics at once", async () => {
      const { sender, receiver, received, stop } = await connectedPair(world);
      await sender.publish("kept/1", bytesOf("old"), { retain: true, qos: 1 });
      await sender.publish("kept/1", bytesOf("one"), { retain: true, qos: 1 });
      await sender.publish("kept/2", bytesOf("two"), { retain: true, qos: 1 });
      await receiver.subscribe(["kept/1", "kept/2", "kept/3"]);
      await until(() => received.messages.length >= 2, "the retained values");
      const seen = received.messages.map((m) => [m.topic, Buffer.from(m.payload).toString(), m.retained]);
      expect(seen.sort()).toEqual([
        ["kept/1", "one", true],
        ["kept/2", "two", true],
      ]);
      await sender.publish("kept/1", bytesOf("live"), { retain: true, qos: 1 });
      await until(() => received.messages.length >= 3, "the live value");
      expect(received.messages[2]).toMatchObject({ topic: "kept/1", retained: false });
      await stop();
    });

    it("forgets a retained value when an empty payload is published", async () => {
      const { sender, receiver, received, stop } = await connectedPair(world);
      await sender.publish("gone/1", bytesOf("x"), { retain: true, qos: 1 });
      await sender.publish("gone/1", new Uint8Array(0), { retain: true, qos: 1 });
      await sender.publish("gone/2", bytesOf("y"), { retain: true, qos: 1 });
      await receiver.subscribe(["gone/1", "gone/2"]);
      await until(() => received.messages.length >= 1, "the other value");
      expect(received.messages.map((m) => m.topic)).toEqual(["gone/2"]);
      await stop();
    });

    it("delivers nothing any more after unsubscribing", async () => {
      const { sender, receiver, received, stop } = await connectedPair(world);
      await receiver.subscribe(["un/1", "un/2"]);
      await receiver.unsubscribe(["un/1"]);
      await sender.publish("un/1", bytesOf("x"), { retain: false, qos: 1 });
      await sender.publish("un/2", bytesOf("y"), { retain: false, qos: 1 });
      await until(() => received.messages.length >= 1, "the other message");
      expect(received.messages.map((m) => m.topic)).toEqual(["un/2"]);
      await stop();
    });

    it("delivers what a filter with + means, live and retained, and nothing else", async () => {
      const { sender, receiver, received, stop } = await connectedPair(world);
      await sender.publish("dev/a/birth", bytesOf("kept"), { retain: true, qos: 1 });
      await sender.publish("dev/a/state", bytesOf("not asked for"), { retain: true, qos: 1 });
      await receiver.subscribe(["dev/+/birth", "join/+/config/+"]);
      await until(() => received.messages.length >= 1, "the retained value");
      for (const topic of [
        "dev/birth",
        "dev/a/b/birth",
        "dev/b/state",
        "dev/b/birth/x",
        "join/1/config",
        "Dev/b/birth",
      ]) {
        await sender.publish(topic, bytesOf("no"), { retain: false, qos: 1 });
      }
      for (const topic of ["dev/b/birth", "dev//birth", "join/1/config/x", "dev/设备/birth"]) {
        await sender.publish(topic, bytesOf("live"), { retain: false, qos: 1 });
      }
      await until(() => received.messages.length >= 5, "what the filters mean");
      expect(received.messages.map(({ topic, retained }) => [topic, retained])).toEqual([
        ["dev/a/birth", true],
        ["dev/b/birth", false],
        ["dev//birth", false],
        ["join/1/config/x", false],
        ["dev/设备/birth", false],
      ]);
      await receiver.unsubscribe(["dev/+/birth"]);
      await sender.publish("dev/c/birth", bytesOf("no"), { retain: false, qos: 1 });
      await sender.publish("join/2/config/x", bytesOf("live"), { retain: false, qos: 1 });
      await until(() => received.messages.length >= 6, "the other filter");
      expect(received.messages[5]?.topic).toBe("join/2/config/x");
      expect(received.drops).toEqual([]);
      await sender.publish("dev/a/birth", new Uint8Array(0), { retain: true, qos: 1 });
      await sender.publish("dev/a/state", new Uint8Array(0), { retain: true, qos: 1 });
      await stop();
    });

    it("carries every byte value and a payload of 64 KiB", async () => {
      const { sender, receiver, received, stop } = await connectedPair(world);
      const payload = Uint8Array.from({ length: 65_536 }, (_, i) => i & 0xff);
      await receiver.subscribe(["bytes/1"]);
      await sender.publish("bytes/1", payload, { retain: false, qos: 1 });
      await until(() => received.messages.length === 1, "the payload");
      expect(Buffer.from(received.messages[0]!.payload).equals(payload)).toBe(true);
      expect(receiver.traffic.bytesIn).toBeGreaterThan(65_536);
      expect(sender.traffic.bytesOut).toBeGreaterThan(65_536);
      await stop();
    });

    it("refuses topics that are no names or filters, and payloads that are too large", async () => {
      const { sender, stop } = await connectedPair(world);
      const bad = ["", "a/+", "a/#", "$SYS/x", "$share/g/t", "a\u0000b", "a\u0007b", "\ud800", "x".repeat(513)];
      bad.push("a/".repeat(33), "a\uffff");
      for (const topic of bad) {
        expect(await codeOfRejection(sender.publish(topic, bytesOf("x"), { retain: false, qos: 1 }))).toBe(
          "LINK_TOPIC_INVALID",
        );
      }
      const badFilters = bad.filter((topic) => topic !== "a/+");
      for (const filter of [...badFilters, "+", "+/+", "a+/b", "a/+b", "+/#", "$SYS/+"]) {
        expect(await codeOfRejection(sender.subscribe([filter]))).toBe("LINK_TOPIC_INVALID");
        expect(await codeOfRejection(sender.unsubscribe([filter]))).toBe("LINK_TOPIC_INVALID");
      }
      const large = sender.publish("big", new Uint8Array(262_145), { retain: false, qos: 1 });
      expect(await codeOfRejection(large)).toBe("LINK_PAYLOAD_TOO_LARGE");
      await sender.publish("设备/温度", bytesOf("x"), { retain: false, qos: 1 });
      expect(sender.connected).toBe(true);
      await stop();
    });

    it("survives handlers that throw", async () => {
      const sender = world.link();
      const receiver = world.link();
      const received = new Recorder();
      let thrown = 0;
      const fail = () => {
        thrown++;
        throw new Error("handler");
      };
      sender.start(new Recorder());
      receiver.start({
        connected: fail,
        disconnected: fail,
        dropped: fail,
        message: (message) => {
          received.message(message);
          fail();
        },
      });
      await until(() => sender.connected && receiver.connected, "both links");
      await receiver.subscribe(["throw/1"]);
      for (const text of ["1", "2"]) await sender.publish("throw/1", bytesOf(text), { retain: false, qos: 1 });
      await until(() => received.messages.length === 2, "both messages");
      expect(thrown).toBeGreaterThanOrEqual(3);
      await Promise.all([sender.stop(), receiver.stop()]);
    });

    it("refuses everything before start and after stop", async () => {
      const link = world.link();
      const attempts = () => [
        link.publish("t", bytesOf("x"), { retain: false, qos: 0 }),
        link.subscribe(["t"]),
        link.unsubscribe(["t"]),
      ];
      for (const attempt of attempts()) expect(await codeOfRejection(attempt)).toBe("LINK_NOT_CONNECTED");
      link.start(new Recorder());
      await until(() => link.connected, "the link");
      await link.stop();
      expect(link.connected).toBe(false);
      for (const attempt of attempts()) expect(await codeOfRejection(attempt)).toBe("LINK_NOT_CONNECTED");
      await link.stop();
    });
  });
}
