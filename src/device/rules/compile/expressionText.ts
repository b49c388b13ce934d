/**
 * Expressions as people write them: `={thermo1.temperature} - 0.5`, `=min(100, trigger / 2)`,
 * `=if({door.open} and not {alarm.armed}, 1, 0)`.
 *
 * Numbers all have the same decimals in the program, as many as the finest of target, readings and constants; truths are
 * 0 and 1 and never mix with numbers. A program does all its steps, both sides of an `if` too.
 */
import type { ExpressionRead, Setting, Step } from "../language.js";
import { EXPRESSION_READS_MAX, FUEL_STEPS_MAX } from "../limits.js";
import { decimalOf } from "./quantities.js";

export type ExpressionKind = "number" | "truth";

export interface ExpressionContext {
  /** Of a property of a device: what it is and how many decimals it has; undefined: there is none that can be read. */
  read(device: string, name: string): { readonly kind: ExpressionKind; readonly decimals: number } | undefined;
  /** What `trigger` stands for; undefined where triggers differ or have no value. */
  readonly trigger: { readonly kind: ExpressionKind; readonly decimals: number } | undefined;
}

export type ExpressionOutcome =
  | { readonly ok: true; readonly kind: ExpressionKind; readonly setting: Extract<Setting, { kind: "expression" }> }
  | { readonly ok: false; readonly at: number; readonly expected: string }
  | { readonly ok: false; readonly steps: number };

/** How deep brackets may nest. */
const DEPTH_MAX = 32;

interface Token {
  readonly kind: "number" | "read" | "word" | "sign" | "end";
  readonly text: string;
  readonly at: number;
}

class SyntaxFault extends SyntaxError {
  readonly at: number;
  readonly expected: string;

  constructor(at: number, expected: string) {
    super(expected);
    this.at = at;
    this.expected = expected;
  }
}

export function compileExpression(text: string, decimals: number, context: ExpressionContext): ExpressionOutcome {
  try {
    const tokens = tokensOf(text);
    const finest = Math.max(decimals, ...tokens.map((token) => decimalsOf(token, context)));
    const parser = new Parser(tokens, finest, context);
    const kind = parser.whole();
    const { steps, reads } = parser;
    if (steps.length > FUEL_STEPS_MAX) return { ok: false, steps: steps.length };
    return { ok: true, kind, setting: { kind: "expression", reads, steps, decimals: finest } };
  } catch (thrown) {
    if (thrown instanceof SyntaxFault) return { ok: false, at: thrown.at, expected: thrown.expected };
    throw thrown;
  }
}

const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|\{([^{}]*)\}|([a-z]+)|(<=|>=|!=|[-+*/<>=(),])|$)/y;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (;;) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new SyntaxFault(at, "a number, a name in braces, a word or a sign");
    const [, number, read, word, sign] = match;
    if (number !== undefined) tokens.push({ kind: "number", text: number, at });
    else if (read !== undefined) tokens.push({ kind: "read", text: read, at });
    else if (word !== undefined) tokens.push({ kind: "word", text: word, at });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign, at });
    else return [...tokens, { kind: "end", text: "the end", at }];
    if (tokens.length > 4 * FUEL_STEPS_MAX) throw new SyntaxFault(at, "a shorter expression");
  }
}

function decimalsOf(token: Token, context: ExpressionContext): number {
  if (token.kind === "number") return decimalOf(token.text, undefined)?.decimals ?? 0;
  if (token.kind === "read") return readOf(token, context).decimals;
  return token.kind === "word" && token.text === "trigger" ? (context.trigger?.decimals ?? 0) : 0;
}

function readOf(token: Token, context: ExpressionContext) {
  const dot = token.text.indexOf(".");
  const device = token.text.slice(0, dot);
  const name = token.text.slice(dot + 1);
  const found = dot > 0 ? context.read(device, name) : undefined;
  if (found === undefined) throw new SyntaxFault(token.at, "{device.property} of a number or truth that can be read");
  return { device, name, ...found };
}

class Parser {
  readonly steps: Step[] = [];
  readonly reads: ExpressionRead[] = [];
  readonly #tokens: readonly Token[];
  readonly #decimals: number;
  readonly #context: ExpressionContext;
  #place = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], decimals: number, context: ExpressionContext) {
    this.#tokens = tokens;
    this.#decimals = decimals;
    this.#context = context;
  }

  whole(): ExpressionKind {
    const kind = this.#either();
    if (this.#token.kind !== "end") throw new SyntaxFault(this.#token.at, "an operator or the end");
    return kind;
  }

  get #token(): Token {
    return this.#tokens[this.#place] as Token;
  }

  #accept(...texts: readonly string[]): string | undefined {
    const { kind, text } = this.#token;
    if ((kind !== "sign" && kind !== "word") || !texts.includes(text)) return undefined;
    this.#place++;
    return text;
  }

  #expect(text: string): void {
    if (this.#accept(text) === undefined) throw new SyntaxFault(this.#token.at, text);
  }

  #needs(kind: ExpressionKind, found: ExpressionKind, at: number): void {
    if (kind !== found) throw new SyntaxFault(at, kind === "number" ? "a number" : "a truth (a comparison)");
  }

  #either(): ExpressionKind {
    return this.#truths("or", () => this.#truths("and", () => this.#negation()));
  }

  #truths(word: "or" | "and", operand: () => ExpressionKind): ExpressionKind {
    const at = this.#token.at;
    const kind = operand();
    while (this.#accept(word) !== undefined) {
      this.#needs("truth", kind, at);
      const next = this.#token.at;
      this.#needs("truth", operand(), next);
      this.steps.push([word, 0]);
    }
    return kind;
  }

  #negation(): ExpressionKind {
    if (this.#accept("not") === undefined) return this.#comparison();
    const at = this.#token.at;
    this.#deeper(() => this.#needs("truth", this.#negation(), at));
    this.steps.push(["not", 0]);
    return "truth";
  }

  #comparison(): ExpressionKind {
    const at = this.#token.at;
    const left = this.#sum();
    const sign = this.#accept("<", "<=", ">", ">=", "=", "!=");
    if (sign === undefined) return left;
    const next = this.#token.at;
    const right = this.#sum();
    if (sign !== "=" && sign !== "!=") this.#needs("number", left, at);
    this.#needs(left, right, next);
    if (sign === "=" || sign === "!=") this.steps.push(["eq", 0]);
    else this.steps.push([sign === "<" || sign === ">=" ? "lt" : "le", 0]);
    if (sign === "!=" || sign === ">" || sign === ">=") this.steps.push(["not", 0]);
    return "truth";
  }

  #sum(): ExpressionKind {
    return this.#numbers(["+", "-"], () => this.#numbers(["*", "/"], () => this.#signed()));
  }

  #numbers(signs: readonly string[], operand: () => ExpressionKind): ExpressionKind {
    const at = this.#token.at;
    const kind = operand();
    for (let sign = this.#accept(...signs); sign !== undefined; sign = this.#accept(...signs)) {
      this.#needs("number", kind, at);
      const next = this.#token.at;
      this.#needs("number", operand(), next);
      if (sign === "+") this.steps.push(["add", 0]);
      else if (sign === "-") this.steps.push(["sub", 0]);
      else this.steps.push([sign === "*" ? "mul" : "div", this.#decimals]);
    }
    return kind;
  }

  #signed(): ExpressionKind {
    if (this.#accept("-") === undefined) return this.#primary();
    const at = this.#token.at;
    this.#deeper(() => this.#needs("number", this.#signed(), at));
    this.steps.push(["neg", 0]);
    return "number";
  }

  #primary(): ExpressionKind {
    const token = this.#token;
    if (token.kind === "number") {
      this.#place++;
      const number = decimalOf(token.text, undefined);
      const value = number === undefined ? Number.NaN : number.digits * 10 ** (this.#decimals - number.decimals);
      if (!Number.isSafeInteger(value)) throw new SyntaxFault(token.at, "a smaller number");
      this.steps.push(["push", value]);
      return "number";
    }
    if (token.kind === "read") return this.#read(token);
    if (this.#accept("(") !== undefined) {
      const kind = this.#deeper(() => this.#either());
      this.#expect(")");
      return kind;
    }
    const word = this.#accept("trigger", "true", "false", "min", "max", "abs", "if", "clamp");
    if (word === undefined) throw new SyntaxFault(token.at, "a number, a name in braces or a function");
    if (word === "true" || word === "false") {
      this.steps.push(["push", word === "true" ? 1 : 0]);
      return "truth";
    }
    if (word !== "trigger") return this.#deeper(() => this.#call(word, token.at));
    const { trigger } = this.#context;
    if (trigger === undefined) throw new SyntaxFault(token.at, "something else: the triggers have no value in common");
    this.steps.push(["trigger", 0]);
    if (trigger.kind === "truth" && this.#decimals > 0) this.steps.push(["scale", -this.#decimals]);
    return trigger.kind;
  }

  #read(token: Token): ExpressionKind {
    this.#place++;
    const { device, name, kind } = readOf(token, this.#context);
    const decimals = kind === "truth" ? 0 : this.#decimals;
    let index = this.reads.findIndex((read) => read.device === device && read.name === name);
    if (index < 0) index = this.reads.push({ device, name, decimals }) - 1;
    if (this.reads.length > EXPRESSION_READS_MAX) throw new SyntaxFault(token.at, "fewer readings");
    this.steps.push(["read", index]);
    return kind;
  }

  #call(name: string, at: number): ExpressionKind {
    this.#expect("(");
    const kinds = [this.#either()];
    // clamp(x, low, high) = min(max(x, low), high)
    while (this.#accept(",") !== undefined) {
      kinds.push(this.#either());
      if (name === "min" || name === "max") this.steps.push([name, 0]);
      if (name === "clamp") this.steps.push([kinds.length === 2 ? "max" : "min", 0]);
    }
    this.#expect(")");
    const wanted = { abs: 1, if: 3, clamp: 3 }[name];
    if (wanted !== undefined && kinds.length !== wanted) throw new SyntaxFault(at, `${name} of ${wanted} values`);
    if (name === "if") {
      this.#needs("truth", kinds[0] as ExpressionKind, at);
      this.#needs(kinds[1] as ExpressionKind, kinds[2] as ExpressionKind, at);
      this.steps.push(["choose", 0]);
      return kinds[1] as ExpressionKind;
    }
    for (const kind of kinds) this.#needs("number", kind, at);
    if (name === "abs") this.steps.push(["abs", 0]);
    return "number";
  }

  #deeper<T>(inner: () => T): T {
    if (++this.#depth > DEPTH_MAX) throw new SyntaxFault(this.#token.at, "fewer brackets");
    const result = inner();
    this.#depth--;
    return result;
  }
}
