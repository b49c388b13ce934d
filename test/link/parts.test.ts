import { describe, expect, it } from "vitest";
import type { LinkMessage } from "../../src/base/link.js";
import { Backoff } from "../../src/link/backoff.js";
import { INBOX_LIMITS, Inbox } from "../../src/link/inbox.js";
import { isLoopback } from "../../src/link/loopback.js";
import { LinkError } from "../../src/link/problems.js";
import { Slots } from "../../src/link/slots.js";
import { seededRandom } from "../support/linkContract.js";

describe("the back-off", () => {
  const fixed = (byte: number) => ({ bytes: (length: number) => new Uint8Array(length).fill(byte) });

  it("doubles its ceiling up to the longest wait", () => {
    const backoff = new Backoff(500, 60_000, fixed(255));
    const waits = Array.from({ length: 9 }, () => backoff.next());
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    for (let i = 0; i < 5_000; i++) backoff.next();
    expect(backoff.next()).toBe(60_000);
  });

  it("never waits shorter than the shortest wait, and starts over after a reset", () => {
    const backoff = new Backoff(500, 60_000, fixed(0));
    expect(Array.from({ length: 5 }, () => backoff.next())).toEqual([500, 500, 500, 500, 500]);
    expect(backoff.failures).toBe(5);
    backoff.reset();
    expect(backoff.failures).toBe(0);
  });

  it("spreads a fleet evenly over the whole range", () => {
    const random = seededRandom(11);
    const tenths = new Array<number>(10).fill(0);
    for (let device = 0; device < 10_000; device++) {
      const backoff = new Backoff(0, 10_000, random);
      backoff.next();
      const wait = new Backoff(1_000, 2_000, random).next();
      tenths[Math.min(9, Math.floor((wait - 1_000) / 100))]!++;
    }
    expect(Math.max(...tenths)).toBeLessThan(1_300);
    expect(Math.min(...tenths)).toBeGreaterThan(700);
  });
});

describe("the slots", () => {
  const make = (limit: number, waiting: number) =>
    new Slots(limit, waiting, (count, most) => new LinkError({ code: "LINK_BUSY", waiting: count, limit: most }));

  it("run no more than the limit, in order, and give the place back after success and failure", async () => {
    const slots = make(2, 10);
    let running = 0;
    let most = 0;
    const order: number[] = [];
    const task = (id: number) => async () => {
      most = Math.max(most, ++running);
      order.push(id);
      await Promise.resolve();
      running--;
      if (id % 2 === 1) throw new LinkError({ code: "LINK_NOT_CONNECTED" });
    };
    const outcomes = await Promise.allSettled([0, 1, 2, 3, 4, 5].map((id) => slots.run(task(id))));
    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    expect(outcomes.map((outcome) => outcome.status === "fulfilled")).toEqual([true, false, true, false, true, false]);
    expect([slots.used, slots.waiting]).toEqual([0, 0]);
  });

  it("refuse when the queue is full, end who waits, and follow a new limit", async () => {
    const slots = make(1, 1);
    const ends: (() => void)[] = [];
    const hang = () => new Promise<void>((resolve) => ends.push(resolve));
    const first = slots.run(hang);
    const second = slots.run(hang);
    await expect(slots.run(hang)).rejects.toThrow("LINK_BUSY");
    slots.failWaiting(new LinkError({ code: "LINK_CLOSED", reason: "test" }));
    await expect(second).rejects.toThrow("LINK_CLOSED");
    const third = slots.run(hang);
    slots.setLimit(2);
    expect([slots.used, slots.waiting, ends.length]).toEqual([2, 0, 2]);
    for (const end of ends) end();
    await Promise.all([first, third]);
    expect(slots.used).toBe(0);
  });
});

describe("the inbox", () => {
  function make(limits: Partial<typeof INBOX_LIMITS>) {
    const delivered: LinkMessage[] = [];
    const dropped: string[] = [];
    const holds: boolean[] = [];
    const state = { now: 0 };
    const outlets = {
      deliver: (message: LinkMessage) => void delivered.push(message),
      dropped: (code: string) => void dropped.push(code),
      hold: (held: boolean) => void holds.push(held),
      monotonicMs: () => state.now,
    };
    return { inbox: new Inbox({ ...INBOX_LIMITS, ...limits }, outlets), delivered, dropped, holds, state };
  }
  const message = (topic: string, size = 1): LinkMessage => ({ topic, payload: new Uint8Array(size), retained: false });
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it("fills a topic's bucket with time, and only its own", async () => {
    const { inbox, delivered, dropped, state } = make({ topicBurst: 3, topicPerSecond: 2 });
    inbox.open("a");
    inbox.open("b");
    for (let i = 0; i < 5; i++) inbox.offer(message("a"));
    expect(dropped).toEqual(["LINK_TOPIC_FLOODED", "LINK_TOPIC_FLOODED"]);
    inbox.offer(message("b"));
    state.now += 1_000;
    for (let i = 0; i < 3; i++) inbox.offer(message("a"));
    expect(dropped.length).toBe(3);
    state.now += 1_000_000;
    for (let i = 0; i < 4; i++) inbox.offer(message("a"));
    expect(dropped.length).toBe(4);
    await turn();
    expect(delivered.map((m) => m.topic).join("")).toBe("aaabaaaaa");
  });

  it("drops above the bounds on messages and bytes, and asks the source to pause before", async () => {
    const byCount = make({ messagesMax: 10 });
    byCount.inbox.open("a");
    for (let i = 0; i < 12; i++) byCount.inbox.offer(message("a"));
    expect(byCount.dropped).toEqual(["LINK_INBOX_FULL", "LINK_INBOX_FULL"]);
    expect(byCount.holds).toEqual([true]);
    await turn();
    expect(byCount.holds).toEqual([true, false]);
    expect(byCount.delivered.length).toBe(10);
    const byBytes = make({ bytesMax: 100 });
    byBytes.inbox.open("a");
    for (const size of [60, 50, 40]) byBytes.inbox.offer(message("a", size));
    expect(byBytes.dropped).toEqual(["LINK_INBOX_FULL"]);
    expect(byBytes.holds).toEqual([true]);
  });

  it("gives other work a turn within a long queue, and keeps the order", async () => {
    const { inbox, delivered } = make({ topicBurst: 1_000 });
    inbox.open("a");
    for (let i = 0; i < 200; i++) inbox.offer({ topic: "a", payload: Uint8Array.of(i), retained: false });
    await turn();
    expect(delivered.length).toBe(64);
    for (let i = 0; i < 4; i++) await turn();
    expect(delivered.map((m) => m.payload[0])).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  it("delivers nothing after it was cleared", async () => {
    const { inbox, delivered, dropped } = make({});
    inbox.open("a");
    inbox.offer(message("a"));
    inbox.clear();
    inbox.offer(message("a"));
    await turn();
    expect([delivered, dropped]).toEqual([[], ["LINK_TOPIC_UNEXPECTED"]]);
  });
});

describe("loopback", () => {
  it.each(["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])("%s is", (host) => {
    expect(isLoopback(host)).toBe(true);
  });
  it.each(["127.0.0.1.example", "localhost.example", "0.0.0.0", "::", "1127.0.0.1", "128.0.0.1", ""])(
    "%s is not",
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
