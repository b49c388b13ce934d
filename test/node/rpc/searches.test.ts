/** Searches take turns: few at a time, one between two rounds of the event loop, none for a client that is gone. */
import { setMaxListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { RpcRefusal } from "../../../src/codec/problems.js";
import {
  SEARCH_TURN_MS,
  SEARCHES_AT_ONCE_MAX,
  SEARCHES_WAITING_MAX,
  Searches,
  type SearchTurn,
} from "../../../src/node/rpc/searches.js";

const round = () => new Promise<void>((resolve) => setImmediate(resolve));
const rounds = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await round();
};

function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** A search that goes on until it is told to end. */
function endless(searches: Searches, signal?: AbortSignal) {
  let wanted = true;
  let turns = 0;
  const done = searches.run(signal, async (turn: SearchTurn) => {
    for (; wanted; turns++) await turn.next();
  });
  const code = done.then(
    () => 0,
    (thrown) => (thrown as RpcRefusal).problem.nodeCode,
  );
  return {
    code,
    get turns() {
      return turns;
    },
    end: () => {
      wanted = false;
    },
  };
}

describe("searches", () => {
  it("run so many at a time, in the order in which they came, and beyond a line are refused", async () => {
    const searches = new Searches();
    const all = Array.from({ length: SEARCHES_AT_ONCE_MAX + SEARCHES_WAITING_MAX }, () => endless(searches));
    await rounds(20);
    expect(searches.counts).toEqual({ running: SEARCHES_AT_ONCE_MAX, waiting: SEARCHES_WAITING_MAX });
    expect(all.filter(({ turns }) => turns > 0)).toEqual(all.slice(0, SEARCHES_AT_ONCE_MAX));
    const refused = expect.objectContaining({ problem: expect.objectContaining({ nodeCode: -32003 }) });
    await expect(searches.run(undefined, async () => 1)).rejects.toEqual(refused);
    all[1]?.end();
    expect(await all[1]?.code).toBe(0);
    await rounds(10);
    expect(all[SEARCHES_AT_ONCE_MAX]?.turns).toBeGreaterThan(0);
    expect(searches.counts).toEqual({ running: SEARCHES_AT_ONCE_MAX, waiting: SEARCHES_WAITING_MAX - 1 });
    for (const { end } of all) end();
    expect(new Set(await Promise.all(all.map(({ code }) => code)))).toEqual(new Set([0]));
    expect(searches.counts).toEqual({ running: 0, waiting: 0 });
  });

  it("have one turn between two rounds of the event loop, however many there are", async () => {
    const searches = new Searches();
    let [inRound, most] = [0, 0];
    let counting = true;
    const counter = (async () => {
      for (; counting; inRound = 0) await round();
    })();
    const some = Array.from({ length: 20 }, () =>
      searches.run(undefined, async (turn) => {
        for (let i = 0; i < 5; i++) {
          inRound++;
          most = Math.max(most, inRound);
          await turn.next();
        }
      }),
    );
    await Promise.all(some);
    counting = false;
    await counter;
    // The counter's own place in a round may change once.
    expect(most).toBeLessThanOrEqual(2);
  });

  it("know when their turn is over", async () => {
    await new Searches().run(undefined, async (turn) => {
      expect(turn.isOver).toBe(false);
      work(SEARCH_TURN_MS + 1);
      expect(turn.isOver).toBe(true);
      await turn.next();
      expect(turn.isOver).toBe(false);
    });
  });

  it("end when nobody waits for them, running, waiting or not begun, and leave their room to others", async () => {
    const searches = new Searches();
    const gone = new AbortController();
    const left = new AbortController();
    setMaxListeners(0, left.signal);
    const running = endless(searches, gone.signal);
    const others = Array.from({ length: SEARCHES_AT_ONCE_MAX - 1 }, () => endless(searches));
    const waiting = Array.from({ length: 30 }, () => endless(searches, left.signal));
    const last = endless(searches);
    await rounds(10);
    expect(searches.counts).toEqual({ running: SEARCHES_AT_ONCE_MAX, waiting: 31 });
    left.abort();
    await rounds(2);
    expect(searches.counts).toEqual({ running: SEARCHES_AT_ONCE_MAX, waiting: 1 });
    gone.abort();
    expect(await running.code).toBe(-32003);
    expect(new Set(await Promise.all(waiting.map(({ code }) => code)))).toEqual(new Set([-32003]));
    expect(waiting.filter(({ turns }) => turns > 0)).toEqual([]);
    await rounds(10);
    expect(last.turns).toBeGreaterThan(0);
    expect(await endless(searches, gone.signal).code).toBe(-32003);
    for (const { end } of [...others, last]) end();
    await Promise.all([...others, last].map(({ code }) => code));
    expect(searches.counts).toEqual({ running: 0, waiting: 0 });
  });

  it("that fail leave their room to others", async () => {
    const searches = new Searches();
    for (let i = 0; i < 2 * SEARCHES_AT_ONCE_MAX; i++) {
      await expect(searches.run(undefined, () => Promise.reject(new TypeError("broken")))).rejects.toThrow("broken");
    }
    expect(searches.counts).toEqual({ running: 0, waiting: 0 });
  });
});
