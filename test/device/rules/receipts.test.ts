import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readRule, ruleBytes, ruleHash } from "../../../src/device/rules/bytes.js";
import type { RuleWrite } from "../../../src/device/rules/port.js";
import { readReceipt, receiptBytes } from "../../../src/device/rules/receipt.js";
import {
  BATCH_MS,
  BATCH_RECEIPTS,
  headOf,
  ReceiptBatcher,
  receiptPath,
  underHead,
} from "../../../src/device/rules/receiptBatch.js";
import {
  isEquivocation,
  replayReceipt,
  type StoredReceipt,
  verifyReceipts,
} from "../../../src/device/rules/verifyReceipts.js";
import {
  ANY,
  allow,
  answer,
  command,
  engineOf,
  House,
  hash,
  hear,
  heldPolicy,
  PROFILES,
  rule,
  taken,
  trigger,
} from "./world.js";

const RULE = rule(
  "smoke",
  [trigger("smoke1", "smoke", "eq", { value: true })],
  [
    command("valve1", "open", false),
    command("lamp1", "level", 0, {
      set: {
        kind: "expression",
        reads: [{ device: "thermo1", name: "temperature", decimals: 2 }],
        steps: [
          ["read", 0],
          ["push", 100],
          ["add", 0],
        ],
        decimals: 2,
      },
    }),
    command("lock1", "locked", false),
  ],
  {
    condition: {
      kind: "all",
      of: [
        { kind: "numeric", source: ANY, name: "sensor.temp", decimals: 2, min: 1_000, quantifier: "some" },
        { kind: "not", of: { kind: "presence", source: ANY, present: true, assume: false } },
        { kind: "counter", counter: "hour", below: 100 },
      ],
    },
    limits: { minIntervalMs: 5, maxPerHour: 0, maxPerDay: 0 },
  },
);
const POLICY = heldPolicy([allow()]);

function receipts(count: number): StoredReceipt[] {
  const home = new House().add("smoke1", PROFILES.smoke).add("valve1", PROFILES.valve).add("lamp1", PROFILES.lamp);
  home.add("lock1", PROFILES.lock).add("thermo1", PROFILES.thermostat).add("phone1", PROFILES.phone);
  const engine = engineOf(home, [RULE], { policy: POLICY });
  home.put("thermo1", "temperature", 2_150);
  const writes: RuleWrite[] = [];
  for (let i = 0; i < count; i++) {
    home.pass(1_000);
    hear(home, engine, "smoke1", "smoke", false);
    const results = hear(home, engine, "smoke1", "smoke", true);
    writes.push(...results.writes, ...answer(home, engine, results.commands, "done").writes);
    home.put("thermo1", "temperature", 2_150);
  }
  return writes.flatMap((write) => (write.kind === "receipt" ? [{ bytes: write.bytes, inputs: write.inputs }] : []));
}

const profiles = (id: string) => Object.values(PROFILES).find((profile) => profile.id === id);
const material = (stored: StoredReceipt) => ({
  inputs: stored.inputs ?? new Uint8Array(),
  rule: RULE.rule,
  policy: POLICY.policy,
  profiles,
});

describe("rules as bytes", () => {
  test("are read back as they were written, and the hash is the same everywhere", () => {
    expect(readRule(ruleBytes(RULE.rule))).toEqual(RULE.rule);
    expect(Buffer.from(ruleHash(hash, RULE.rule)).toString("hex")).toMatchInlineSnapshot(
      `"28e09c597132da3995e61d07e1a6e3033b90bea97b263747ca17f72a40730ef7"`,
    );
  });

  test("no bytes make the reader throw anything but a wire error", () => {
    const good = ruleBytes(RULE.rule);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const bytes = good.slice();
        bytes[at] = byte;
        try {
          expect(Buffer.from(ruleBytes(readRule(bytes))).equals(bytes)).toBe(true);
        } catch (thrown) {
          expect((thrown as Error).name).toBe("WireError");
        }
      }),
      { numRuns: 3_000, seed: 7 },
    );
  });
});

describe("receipts", () => {
  test("of a run are a chain without gaps, their inputs fit, and each decision can be made again", () => {
    const stored = receipts(5);
    const checked = verifyReceipts(hash, stored);
    expect(checked.faults).toEqual([]);
    expect(Buffer.from(checked.hashes[4] ?? []).toString("hex")).toMatchInlineSnapshot(
      `"ff8595404cfd9aca98827655770d0762e05742667ad870ff728d17f423691d43"`,
    );
    expect(checked.receipts.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(checked.receipts[0]?.actions.map(({ result }) => result)).toEqual(["done", "done", "RULE_COSIGNER_MISSING"]);
    for (const [index, receipt] of checked.receipts.entries()) {
      expect(replayReceipt(hash, receipt, material(stored[index] as StoredReceipt))).toBeUndefined();
    }
  });

  test("any change of a byte of a receipt or of its inputs is noticed", () => {
    const stored = receipts(3);
    fc.assert(
      fc.property(
        fc.constantFrom("bytes", "inputs"),
        fc.nat(10_000),
        fc.integer({ min: 1, max: 255 }),
        (part, at, flip) => {
          const changed = stored.map((one) => ({ ...one }));
          const bytes = (changed[1]?.[part as "bytes"] ?? new Uint8Array()).slice();
          const place = at % bytes.length;
          bytes[place] = (bytes[place] ?? 0) ^ flip;
          changed[1] = { ...(changed[1] as StoredReceipt), [part]: bytes };
          expect(verifyReceipts(hash, changed).faults.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 500, seed: 7 },
    );
  });

  test("left out, swapped or of another gateway are noticed", () => {
    const [a, b, c] = receipts(3) as [StoredReceipt, StoredReceipt, StoredReceipt];
    expect(verifyReceipts(hash, [a, c]).faults.map(({ code }) => code)).toEqual(["RECEIPTS_GAP"]);
    expect(verifyReceipts(hash, [b, a, c]).faults.map(({ code }) => code)).toContain("RECEIPTS_GAP");
    const other = { bytes: receiptBytes({ ...readReceipt(b.bytes), gateway: "x" }) };
    expect(verifyReceipts(hash, [a, other]).faults.map(({ code }) => code)).toContain("RECEIPTS_OTHER_GATEWAY");
  });

  test("a replay says what does not fit", () => {
    const [stored] = receipts(1) as [StoredReceipt];
    const receipt = readReceipt(stored.bytes);
    const fit = material(stored);
    expect(replayReceipt(hash, receipt, { ...fit, rule: { ...RULE.rule, version: 2 } })).toBe("REPLAY_OTHER_RULE");
    expect(replayReceipt(hash, receipt, { ...fit, policy: { ...POLICY.policy, version: 2 } })).toBe(
      "REPLAY_OTHER_POLICY",
    );
    expect(replayReceipt(hash, receipt, { ...fit, inputs: Uint8Array.of(0x80) })).toBe("REPLAY_INPUTS_DIFFER");
    const [first, ...rest] = receipt.actions;
    if (first === undefined) throw new TypeError("an action is wanted");
    const lies = [
      { ...receipt, actions: rest },
      { ...receipt, actions: [{ ...first, device: "lamp1" }, ...rest] },
      { ...receipt, actions: [{ ...first, valueHash: new Uint8Array(32) }, ...rest] },
      { ...receipt, actions: [...receipt.actions, first] },
    ];
    for (const lie of lies) expect(replayReceipt(hash, lie, fit)).toBe("REPLAY_ACTIONS_DIFFER");
  });

  test("two of one sequence prove that a gateway told two stories", () => {
    const [a, b] = receipts(2) as [StoredReceipt, StoredReceipt];
    const twin = receiptBytes({ ...readReceipt(a.bytes), wallMs: 1 });
    expect(isEquivocation(hash, a.bytes, twin)).toBe(true);
    expect(isEquivocation(hash, a.bytes, a.bytes)).toBe(false);
    expect(isEquivocation(hash, a.bytes, b.bytes)).toBe(false);
    expect(isEquivocation(hash, a.bytes, Uint8Array.of(1))).toBe(false);
  });

  test("of runs that a restart interrupted say so, and the chain goes on without a gap", () => {
    const home = new House()
      .add("smoke1", PROFILES.smoke)
      .add("valve1", PROFILES.valve)
      .add("thermo1", PROFILES.thermostat);
    home.put("thermo1", "temperature", 2_150);
    const before = engineOf(home, [RULE], { policy: POLICY });
    const results = hear(home, before, "smoke1", "smoke", true);
    const restored = new Map(
      results.writes.flatMap((w) => (w.kind === "ruleState" ? [[w.rule, w.bytes] as const] : [])),
    );
    const lastReceipt = { sequence: 41, hash: new Uint8Array(32).fill(9) };
    const after = engineOf(home, [RULE], { policy: POLICY, restored, lastReceipt });
    const writes = taken(after).writes;
    const receipt = writes.flatMap((write) => (write.kind === "receipt" ? [readReceipt(write.bytes)] : []))[0];
    expect(receipt?.sequence).toBe(42);
    expect(receipt?.previous).toEqual(lastReceipt.hash);
    expect(receipt?.actions[0]?.result).toBe("interrupted");
    const kept = new Map(writes.flatMap((w) => (w.kind === "ruleState" ? [[w.rule, w.bytes] as const] : [])));
    expect(taken(engineOf(home, [RULE], { policy: POLICY, restored: kept })).writes).toEqual([]);
    // The rule is gone, what it had begun is not.
    const without = taken(engineOf(home, [], { policy: POLICY, restored, lastReceipt })).writes;
    expect(without.map(({ kind }) => kind).sort()).toEqual(["receipt", "ruleState"]);
    const rest = new Map(without.flatMap((w) => (w.kind === "ruleState" ? [[w.rule, w.bytes] as const] : [])));
    const again = engineOf(home, [{ ...RULE, rule: { ...RULE.rule, id: "new" } }], { policy: POLICY, restored: rest });
    expect(taken(again).writes).toEqual([]);
    hear(home, again, "smoke1", "smoke", false);
    home.pass(10);
    expect(hear(home, again, "smoke1", "smoke", true).commands[0]?.run).toBeGreaterThan(results.commands[0]?.run ?? 0);
  });
});

describe("batches", () => {
  const leaf = (sequence: number) => hash(Uint8Array.of(sequence >> 8, sequence & 255));

  test("are due after 100 receipts or 10 s, one at a time, without gaps", () => {
    const batcher = new ReceiptBatcher(hash, 3, 0);
    expect(batcher.nextMs).toBeUndefined();
    for (let sequence = 1; sequence <= 150; sequence++) expect(batcher.add(sequence, leaf(sequence), 1_000)).toBe(true);
    expect(batcher.add(152, leaf(152), 1_000)).toBe(false);
    const first = batcher.due(1_000);
    expect(first).toMatchObject({ epoch: 3, fromSequence: 1, toSequence: BATCH_RECEIPTS, count: BATCH_RECEIPTS });
    expect(batcher.due(99_000)).toBe(first);
    batcher.signed(BATCH_RECEIPTS, 2_000);
    expect(batcher.due(2_000 + BATCH_MS - 1)).toBeUndefined();
    expect(batcher.due(2_000 + BATCH_MS)).toMatchObject({ fromSequence: 101, toSequence: 150, count: 50 });
  });

  test("every receipt has a path to its head, and to no other place", () => {
    for (const count of [1, 2, 3, 7, 100]) {
      const hashes = Array.from({ length: count }, (_, index) => leaf(index + 10));
      const head = headOf(hash, 1, 10, hashes);
      for (let sequence = 10; sequence < 10 + count; sequence++) {
        const path = receiptPath(hash, head, hashes, sequence);
        expect(underHead(hash, head, sequence, leaf(sequence), path)).toBe(true);
        expect(underHead(hash, head, sequence, leaf(sequence + 1), path)).toBe(false);
        expect(underHead(hash, { ...head, fromSequence: 9 }, sequence, leaf(sequence), path)).toBe(false);
      }
    }
  });

  test("a head is checked against its receipts", () => {
    const stored = receipts(4);
    const { hashes } = verifyReceipts(hash, stored);
    const head = headOf(hash, 1, 2, hashes.slice(1, 4));
    expect(verifyReceipts(hash, stored, [head])).toMatchObject({ faults: [], underHeads: 3 });
    const lie = { ...head, root: new Uint8Array(32) };
    expect(verifyReceipts(hash, stored, [lie]).faults).toEqual([
      { code: "RECEIPTS_HEAD", fromSequence: 2, toSequence: 4 },
    ]);
  });
});
