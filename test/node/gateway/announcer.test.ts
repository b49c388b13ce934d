/** Retained values on their way: what may overtake what, and what is left after a broken connection. */
import { afterEach, expect, test } from "vitest";
import { EMPTY_BYTES } from "../../../src/base/bytes.js";
import { Counters } from "../../../src/base/counters.js";
import type { Link } from "../../../src/base/link.js";
import { LinkError } from "../../../src/link/problems.js";
import { ANNOUNCEMENTS_IN_FLIGHT, ANNOUNCEMENTS_WAITING_MAX, Announcer } from "../../../src/node/gateway/announcer.js";

interface Publish {
  readonly topic: string;
  readonly text: string;
  readonly done: () => void;
  readonly fail: () => void;
}

/** A link whose publishes settle when the test says so. */
class HeldLink implements Link {
  connected = true;
  readonly traffic = { bytesIn: 0, bytesOut: 0 };
  readonly publishes: Publish[] = [];

  publish(topic: string, payload: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new LinkError({ code: "LINK_CLOSED", reason: "test" }));
      this.publishes.push({ topic, text: Buffer.from(payload).toString(), done: resolve, fail });
    });
  }

  start(): void {}
  async subscribe(): Promise<void> {}
  async unsubscribe(): Promise<void> {}
  async stop(): Promise<void> {}

  get said(): string[] {
    return this.publishes.map(({ topic, text }) => `${topic}=${text}`);
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** What settles as a consequence has settled. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

let announcer: Announcer;
afterEach(() => announcer.clear());

function begin(): HeldLink {
  const link = new HeldLink();
  announcer = new Announcer(link, new Counters());
  return link;
}

test("of one topic only one value is under way, and then the newest", async () => {
  const link = begin();
  for (const value of ["1", "2", "3"]) announcer.put("a", bytes(value));
  announcer.put("b", bytes("x"));
  expect(link.said).toEqual(["a=1", "b=x"]);
  link.publishes[0]?.done();
  await settled();
  expect(link.said).toEqual(["a=1", "b=x", "a=3"]);
});

test("no more are under way than the bound, and the rest follows", async () => {
  const link = begin();
  for (let i = 0; i < 40; i++) announcer.put(`t${i}`, bytes("x"));
  expect(link.publishes).toHaveLength(ANNOUNCEMENTS_IN_FLIGHT);
  let idle = false;
  const done = announcer.idle().then(() => {
    idle = true;
  });
  for (let i = 0; i < 40; i++) {
    expect(idle).toBe(false);
    link.publishes[i]?.done();
    await settled();
  }
  await done;
  expect(new Set(link.said).size).toBe(40);
});

test("no more topics wait than the bound: the oldest makes room and is counted", () => {
  const link = new HeldLink();
  link.connected = false;
  const counters = new Counters();
  announcer = new Announcer(link, counters);
  for (let i = 0; i < ANNOUNCEMENTS_WAITING_MAX + 3; i++) announcer.put(`t${i}`, EMPTY_BYTES);
  expect(counters.get("HOMEASSISTANT_ANNOUNCEMENT_LOST")).toBe(3);
  link.connected = true;
  announcer.put("t5", EMPTY_BYTES);
  expect(link.said[0]).toBe("t3=");
});

test("a topic is cleared before it gets another's value, also when both wait", async () => {
  const link = begin();
  announcer.put("a", bytes("old"));
  announcer.put("a", EMPTY_BYTES);
  announcer.put("a", bytes("new"));
  announcer.put("a", bytes("newer"));
  for (let i = 0; i < 3; i++) {
    link.publishes[i]?.done();
    await settled();
  }
  expect(link.said).toEqual(["a=old", "a=", "a=newer"]);
});

test("after a broken connection values are forgotten, and what is to be cleared still is", async () => {
  const link = begin();
  for (let i = 0; i < ANNOUNCEMENTS_IN_FLIGHT; i++) announcer.put(`t${i}`, i === 0 ? EMPTY_BYTES : bytes("x"));
  announcer.put("waiting", bytes("x"));
  announcer.put("gone", EMPTY_BYTES);
  announcer.put("other", EMPTY_BYTES);
  announcer.put("other", bytes("new"));
  link.connected = false;
  announcer.forgetValues();
  for (const publish of link.publishes.splice(0)) publish.fail();
  await settled();
  expect(link.said).toEqual([]);
  link.connected = true;
  announcer.put("other", bytes("newest"));
  expect(link.said.sort()).toEqual(["gone=", "other=", "t0="]);
  for (const publish of link.publishes.splice(0)) publish.done();
  await settled();
  expect(link.said).toEqual(["other=newest"]);
});
