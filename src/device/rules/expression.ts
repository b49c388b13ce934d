/**
 * The expression machine: integers on a stack, no jumps, so that a program of n steps takes n steps. Total: every program
 * of `checkSteps` gives an integer or one of three problems, on every machine the same.
 *
 * - Results beyond +-(2^53 - 1): `RULE_EXPRESSION_OVERFLOW`. Division by zero: `RULE_EXPRESSION_DIVISION`. A reading that
 *   is stale or missing: `RULE_READING_STALE`. The action is left out then.
 * - Division and the loss of decimals round towards zero.
 * - The final result is brought into the range of the property and below `safetyMax` (see `decide.ts`).
 */
import { DECIMALS_MAX } from "../value.js";
import type { OpCode, Step } from "./language.js";
import { EXPRESSION_READS_MAX, FUEL_STEPS_MAX } from "./limits.js";

export type ExpressionFault = "RULE_EXPRESSION_OVERFLOW" | "RULE_EXPRESSION_DIVISION" | "RULE_READING_STALE";

export type ExpressionResult =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly code: ExpressionFault };

/** What each step takes from the stack; every step leaves one value. */
const TAKES: Readonly<Record<OpCode, number>> = {
  push: 0,
  read: 0,
  trigger: 0,
  neg: 1,
  abs: 1,
  not: 1,
  scale: 1,
  add: 2,
  sub: 2,
  mul: 2,
  div: 2,
  min: 2,
  max: 2,
  eq: 2,
  lt: 2,
  le: 2,
  and: 2,
  or: 2,
  choose: 3,
};

/** Whether the machine may be given these steps: known, within the fuel, reads that exist, one value left at the end. */
export function checkSteps(steps: readonly Step[], reads: number): boolean {
  if (steps.length === 0 || steps.length > FUEL_STEPS_MAX || reads > EXPRESSION_READS_MAX) return false;
  let height = 0;
  for (const [op, operand] of steps) {
    if (!Object.hasOwn(TAKES, op) || !Number.isSafeInteger(operand) || height < TAKES[op]) return false;
    if (op === "read" && (operand < 0 || operand >= reads)) return false;
    if (op === "scale" && Math.abs(operand) > 2 * DECIMALS_MAX) return false;
    if ((op === "mul" || op === "div") && (operand < 0 || operand > DECIMALS_MAX)) return false;
    height += 1 - TAKES[op];
  }
  return height === 1;
}

/** @param read a value in the decimals that the program names for it; undefined for one that says nothing. */
export function evaluate(
  steps: readonly Step[],
  read: (index: number) => number | undefined,
  trigger: number | undefined,
): ExpressionResult {
  const stack: number[] = [];
  const pop = (): number => stack.pop() as number;
  for (const [op, operand] of steps) {
    let value: number | ExpressionFault;
    if (op === "push") value = operand;
    else if (op === "read") value = read(operand) ?? "RULE_READING_STALE";
    else if (op === "trigger") value = trigger ?? "RULE_READING_STALE";
    else if (op === "choose") {
      const otherwise = pop();
      const then = pop();
      value = pop() !== 0 ? then : otherwise;
    } else if (TAKES[op] === 1) value = unary(op, operand, pop());
    else {
      const right = pop();
      value = binary(op, operand, pop(), right);
    }
    if (typeof value === "string") return { ok: false, code: value };
    if (!Number.isSafeInteger(value)) return { ok: false, code: "RULE_EXPRESSION_OVERFLOW" };
    stack.push(value + 0);
  }
  return { ok: true, value: stack[0] ?? 0 };
}

function unary(op: OpCode, operand: number, value: number): number {
  switch (op) {
    case "neg":
      return 0 - value;
    case "abs":
      return Math.abs(value);
    case "not":
      return value === 0 ? 1 : 0;
    default:
      // scale: positive operands add decimals, negative ones take them away.
      return operand >= 0 ? value * 10 ** operand : Math.trunc(value / 10 ** -operand);
  }
}

function binary(op: OpCode, operand: number, left: number, right: number): number | ExpressionFault {
  switch (op) {
    case "add":
      return left + right;
    case "sub":
      return left - right;
    case "mul":
      // Both have `operand` decimals; the product in between may pass 2^53.
      return Number((BigInt(left) * BigInt(right)) / 10n ** BigInt(operand));
    case "div":
      if (right === 0) return "RULE_EXPRESSION_DIVISION";
      return Number((BigInt(left) * 10n ** BigInt(operand)) / BigInt(right));
    case "min":
      return Math.min(left, right);
    case "max":
      return Math.max(left, right);
    case "eq":
      return left === right ? 1 : 0;
    case "lt":
      return left < right ? 1 : 0;
    case "le":
      return left <= right ? 1 : 0;
    case "and":
      return left !== 0 && right !== 0 ? 1 : 0;
    default:
      return left !== 0 || right !== 0 ? 1 : 0;
  }
}
