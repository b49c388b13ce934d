import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileExpression, type ExpressionContext } from "../../../src/device/rules/compile/expressionText.js";
import { checkSteps, evaluate } from "../../../src/device/rules/expression.js";
import type { OpCode, Step } from "../../../src/device/rules/language.js";

const seen = new Set<string>();

const OPS: readonly OpCode[] = [
  ...(["push", "read", "trigger", "add", "sub", "mul", "div", "min", "max", "neg", "abs"] as const),
  ...(["eq", "lt", "le", "and", "or", "not", "choose", "scale"] as const),
];

/** Programs that keep the stack in order, made of anything. */
const program = fc.array(fc.tuple(fc.constantFrom(...OPS), fc.integer({ min: -6, max: 6 })), { maxLength: 60 });
const extreme = fc.constantFrom(0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 1_000_000, 7);

describe("the expression machine", () => {
  test("gives an integer or a named fault for every program that it lets in, and the same one again", () => {
    fc.assert(
      fc.property(program, fc.array(extreme, { minLength: 7, maxLength: 7 }), extreme, (steps, reads, trigger) => {
        const usable = inOrder(steps);
        expect(checkSteps(usable, 7)).toBe(true);
        const run = () => evaluate(usable, (index) => reads[index], trigger);
        const result = run();
        if (result.ok) expect(Number.isSafeInteger(result.value) && !Object.is(result.value, -0)).toBe(true);
        else expect(["RULE_EXPRESSION_OVERFLOW", "RULE_EXPRESSION_DIVISION"]).toContain(result.code);
        seen.add(result.ok ? "value" : result.code);
        expect(run()).toEqual(result);
      }),
      { numRuns: 2_000, seed: 7 },
    );
    expect([...seen].sort()).toEqual(["RULE_EXPRESSION_DIVISION", "RULE_EXPRESSION_OVERFLOW", "value"]);
  });

  test("multiplies and divides exactly, towards zero", () => {
    const big = fc.integer({ min: -(2 ** 52), max: 2 ** 52 });
    fc.assert(
      fc.property(big, big, fc.integer({ min: 0, max: 6 }), fc.constantFrom("mul", "div"), (a, b, decimals, op) => {
        const steps: Step[] = [
          ["push", a],
          ["push", b],
          [op as OpCode, decimals],
        ];
        const unit = 10n ** BigInt(decimals);
        if (op === "div" && b === 0) return;
        const exact = op === "mul" ? (BigInt(a) * BigInt(b)) / unit : (BigInt(a) * unit) / BigInt(b);
        const fits = exact >= BigInt(Number.MIN_SAFE_INTEGER) && exact <= BigInt(Number.MAX_SAFE_INTEGER);
        expect(evaluate(steps, () => 0, 0)).toEqual(
          fits ? { ok: true, value: Number(exact) } : { ok: false, code: "RULE_EXPRESSION_OVERFLOW" },
        );
      }),
      { numRuns: 2_000, seed: 7 },
    );
  });

  test("lets in no program that is too long, reads what is not there, or leaves more than one value", () => {
    const push: Step = ["push", 1];
    expect(checkSteps([push], 0)).toBe(true);
    expect(checkSteps([], 0)).toBe(false);
    expect(checkSteps([push, push], 0)).toBe(false);
    expect(checkSteps([["add", 0]], 0)).toBe(false);
    expect(checkSteps([["read", 0]], 0)).toBe(false);
    expect(checkSteps([["loop" as OpCode, 0]], 0)).toBe(false);
    expect(checkSteps([push, ...Array.from({ length: 255 }, (): Step => ["neg", 0])], 0)).toBe(true);
    expect(checkSteps([push, ...Array.from({ length: 256 }, (): Step => ["neg", 0])], 0)).toBe(false);
  });
});

describe("expressions as people write them", () => {
  const context: ExpressionContext = {
    trigger: { kind: "number", decimals: 1 },
    read: (device, name) => {
      if (device === "t-1" && name === "temp") return { kind: "number", decimals: 2 };
      return device === "door" && name === "open" ? { kind: "truth", decimals: 0 } : undefined;
    },
  };
  const values: Record<string, number> = { "t-1/temp": 2_150, "door/open": 1 };
  const table: [string, number][] = [
    ["1 + 2 * 3", 700],
    ["(1 + 2) * 3", 900],
    ["-2 - -3", 100],
    ["{t-1.temp} - 0.5", 2_100],
    ["{t-1.temp} / 4", 537],
    ["-{t-1.temp} / 4", -537],
    ["min(100, trigger / 2, 7)", 700],
    ["clamp(trigger, 16, 22)", 2_200],
    ["if({door.open} and not (trigger < 20), 1, 2)", 100],
    ["if({t-1.temp} >= 21.5, 1, 2)", 100],
    ["if({t-1.temp} > 21.5, 1, 2)", 200],
    ["if(1 = 1 or 1 != 1, abs(-3), 0)", 300],
    ["10 / 4 * 2", 500],
  ];
  for (const [text, wanted] of table) {
    test(`${text} is ${wanted / 100}`, () => {
      const compiled = compileExpression(text, 2, context);
      if (!compiled.ok) throw new TypeError(JSON.stringify(compiled));
      const { steps, reads, decimals } = compiled.setting;
      expect(checkSteps(steps, reads.length)).toBe(true);
      expect(decimals).toBe(2);
      const read = (index: number) => values[`${reads[index]?.device}/${reads[index]?.name}`];
      expect(evaluate(steps, read, 3_000)).toEqual({ ok: true, value: wanted });
    });
  }

  const wrong: [string, number][] = [
    ["1 +", 3],
    ["1 2", 1],
    ["{t-1.nothing}", 0],
    ["{door.open} + 1", 0],
    ["if(1, 2, 3)", 0],
    ["1; 2", 1],
    ["max(1, 2", 8],
    ["99999999999999999999", 0],
    ["constructor", 0],
  ];
  for (const [text, at] of wrong) {
    test(`"${text}" is refused at character ${at}`, () => {
      expect(compileExpression(text, 2, context)).toMatchObject({ ok: false, at });
    });
  }

  test("brackets without end are refused, and so is what takes more than 256 steps", () => {
    expect(compileExpression(`${"(".repeat(500)}1`, 0, context)).toMatchObject({ ok: false });
    expect(compileExpression(Array(200).fill("1").join("+"), 0, context)).toEqual({ ok: false, steps: 399 });
  });

  test("no text makes the compiler throw", () => {
    const word = fc.constantFrom(
      "1",
      "2.5",
      "{t-1.temp}",
      "{door.open}",
      "trigger",
      "min",
      "if",
      "(",
      ")",
      ",",
      "+",
      "-",
      "*",
      "/",
      "<",
      "=",
      "and",
      "not",
      " ",
      "}",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 30 }).map((words) => words.join(" ")),
        ),
        (text) => {
          const compiled = compileExpression(text, 1, context);
          if (compiled.ok) expect(checkSteps(compiled.setting.steps, compiled.setting.reads.length)).toBe(true);
        },
      ),
      { numRuns: 3_000, seed: 7 },
    );
  });
});

/** What of the steps keeps the stack in order, and then as many additions as leave one value. */
function inOrder(steps: readonly Step[]): readonly Step[] {
  const kept: Step[] = [["push", 1]];
  let height = 1;
  for (const [op, given] of steps) {
    const operand = op === "read" || op === "mul" || op === "div" ? Math.abs(given) : given;
    const step: Step = [op, operand];
    const alone = [...Array.from({ length: height }, (): Step => ["push", 1]), step];
    const after = [0, 1, 2]
      .map((less) => height + 1 - less)
      .find((left) => {
        return left >= 1 && checkSteps([...alone, ...Array.from({ length: left - 1 }, (): Step => ["add", 0])], 7);
      });
    if (after === undefined) continue;
    kept.push(step);
    height = after;
  }
  return [...kept, ...Array.from({ length: height - 1 }, (): Step => ["add", 0])];
}
