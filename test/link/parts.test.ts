import { describe, expect, it } from "vitest";
import type { LinkMessage } from "../../src/base/link.js";
import { Backoff } from "../../src/link/backoff.js";
import { INBOX_LIMITS, Inbox } from "../../src/link/inbox.js";
import { isLoopback } from "../../src/link/loopback.js";
import { MatchedTopics } from "../../src/link/matchedTopics.js";
import { LinkError } from "../../src/link/problems.js";
import { Slots } from "../../src/link/slots.js";
import { filterMatches } from "../../src/link/topics.js";
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

  describe("with a filter", () => {
    it("lets in what the filter means, each topic with a bucket of its own", async () => {
      const { inbox, delivered, dropped } = make({ topicBurst: 2 });
      inbox.open("dev/+/birth");
      for (let i = 0; i < 5; i++) inbox.offer(message("dev/noisy/birth"));
      inbox.offer(message("dev/quiet/birth"));
      inbox.offer(message("dev/quiet/state"));
      await turn();
      expect(delivered.map(({ topic }) => topic)).toEqual(["dev/noisy/birth", "dev/noisy/birth", "dev/quiet/birth"]);
      expect(dropped).toEqual([...Array(3).fill("LINK_TOPIC_FLOODED"), "LINK_TOPIC_UNEXPECTED"]);
    });

    it("does not let in names that no broker should send", async () => {
      const { inbox, delivered, dropped } = make({});
      inbox.open("+/state");
      const hostile = [
        "a\u0000b/state",
        "$SYS/state",
        "#/state",
        "+/state",
        `${"x".repeat(600)}/state`,
        "\ud800/state",
      ];
      for (const topic of hostile) inbox.offer(message(topic));
      inbox.offer(message("a/state"));
      await turn();
      expect(delivered.map(({ topic }) => topic)).toEqual(["a/state"]);
      expect(dropped).toEqual(hostile.map(() => "LINK_TOPIC_UNEXPECTED"));
    });

    it("keeps the buckets of topics in use when somebody sprays names", () => {
      const { inbox, dropped, state } = make({ matchedTopicsMax: 3, topicBurst: 2, topicPerSecond: 1 });
      inbox.open("dev/+/birth");
      // Both messages of its bucket.
      for (let i = 0; i < 2; i++) inbox.offer(message("dev/known/birth"));
      for (let i = 0; i < 50; i++) inbox.offer(message(`dev/spray${i}/birth`));
      // Three newcomers had room or shared; the rest is refused, with the known one's third message.
      expect(dropped).toHaveLength(48);
      inbox.offer(message("dev/known/birth"));
      expect(dropped).toHaveLength(49);
      // The spray goes on, and the known one has what its own bucket gains.
      for (let second = 0; second < 10; second++) {
        state.now += 1_000;
        for (let i = 0; i < 50; i++) inbox.offer(message(`dev/more${second}-${i}/birth`));
        const before = dropped.length;
        inbox.offer(message("dev/known/birth"));
        expect(dropped).toHaveLength(before);
      }
    });

    it("forgets a topic that was silent for long, and none that is in use", () => {
      const topics = new MatchedTopics({ topicsMax: 2, topicBurst: 20, topicPerSecond: 10 }, 0);
      const spendAll = (topic: string, now: number) => {
        let spent = 0;
        while (topics.spend(topic, now)) spent++;
        return spent;
      };
      expect([spendAll("a", 0), spendAll("b", 0), topics.count]).toEqual([20, 20, 2]);
      // No newcomer gets a new bucket in place of one that was spent; they share what two topics may do at once.
      expect([spendAll("c", 200), spendAll("a", 200)]).toEqual([2, 2]);
      // "b" is the oldest and full again, so it makes room.
      expect([topics.spend("c", 10_000), topics.count, spendAll("a", 10_000)]).toEqual([true, 2, 20]);
    });

    it("leaves room for exact topics while strangers fill the rest", async () => {
      const { inbox, delivered, dropped } = make({ messagesMax: 100 });
      inbox.open("dev/+/birth");
      inbox.open("dev/mine/ack");
      for (let i = 0; i < 200; i++) inbox.offer(message(`dev/d${i}/birth`));
      expect(dropped).toEqual(Array(125).fill("LINK_INBOX_FULL"));
      for (let i = 0; i < 25; i++) inbox.offer(message("dev/mine/ack"));
      expect(dropped).toHaveLength(125);
      while (delivered.length < 100) await turn();
      expect(delivered.filter(({ topic }) => topic === "dev/mine/ack")).toHaveLength(25);
    });

    it("takes the retained births of 4,096 devices at once", async () => {
      const { inbox, delivered, dropped, holds } = make({});
      inbox.open("dev/+/birth");
      // As much as comes before the socket feels that it is held.
      for (let i = 0; i < 3_000; i++) inbox.offer(message(`dev/d${i}/birth`));
      while (delivered.length < 3_000) await turn();
      for (let i = 3_000; i < 4_096; i++) inbox.offer(message(`dev/d${i}/birth`));
      expect(dropped).toEqual([]);
      expect(holds).toEqual([true, false]);
    });

    it("lets nothing in after it was closed", () => {
      const { inbox, dropped } = make({});
      inbox.open("dev/+/birth");
      inbox.close("dev/+/birth");
      inbox.offer(message("dev/a/birth"));
      expect([dropped, inbox.topicCount]).toEqual([["LINK_TOPIC_UNEXPECTED"], 0]);
    });
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

describe("filters", () => {
  it.each([
    ["dev/+/birth", "dev/a/birth", true],
    ["dev/+/birth", "dev//birth", true],
    ["dev/+/birth", "dev/a/b/birth", false],
    ["dev/+/birth", "dev/a", false],
    ["dev/+/birth", "dev/a/birth/", false],
    ["dev/+/birth", "dev/a/births", false],
    ["+/x", "a/x", true],
    ["+/x", "/x", true],
    ["+/x", "$SYS/x", false],
    ["a/+", "a", false],
    ["a/+", "a/", true],
    ["a/+/+", "a/b/c", true],
    ["a/+/+", "a/b", false],
  ])("%s means %s: %s", (filter, topic, means) => {
    expect(filterMatches(filter, topic)).toBe(means);
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
