/**
 * JSON (RFC 8259) from strangers: bounded in size, depth and items, no duplicate keys, and no number silently rounded.
 *
 * JSON.parse turns 9223372036854775807 into another number without a word; sealer weights may be that large. Here an
 * integer literal beyond 2^53-1 becomes a bigint, every other number a finite double. Objects have no prototype, so a
 * key such as `__proto__` is a key like any other.
 */
import { JsonError } from "./problems.js";

/** UTF-16 units of the whole text. */
export const JSON_LENGTH_MAX = 8 * 1024 * 1024;
export const JSON_DEPTH_MAX = 32;
/** Array elements and object members together. */
export const JSON_ITEMS_MAX = 262_144;
/** Digits of one integer literal; a 64-bit one has 19, a 256-bit one 78. */
export const JSON_NUMBER_LENGTH_MAX = 100;

export interface JsonLimits {
  readonly lengthMax?: number;
  readonly depthMax?: number;
  readonly itemsMax?: number;
}

export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | { [key: string]: JsonValue };

/**
 * The value of a JSON text.
 * @throws JsonError
 */
export function parseJson(text: string, limits: JsonLimits = {}): JsonValue {
  const lengthMax = limits.lengthMax ?? JSON_LENGTH_MAX;
  if (text.length > lengthMax) throw new JsonError({ code: "JSON_TOO_LARGE", length: text.length, max: lengthMax });
  return new JsonReader(text, limits.depthMax ?? JSON_DEPTH_MAX, limits.itemsMax ?? JSON_ITEMS_MAX).document();
}

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const INTEGER_START = /[-\d]/;
/** Up to the next unit that ends a string or means something in it; many times faster than a look at each unit. */
const PLAIN_UNITS = /[ !#-[\]-\uffff]*/y;
const LONE_SURROGATE = /\p{Surrogate}/u;
const HEX_4 = /^[0-9a-fA-F]{4}$/;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

class JsonReader {
  readonly #text: string;
  readonly #depthMax: number;
  readonly #itemsMax: number;
  #at = 0;
  #depth = 0;
  #items = 0;

  constructor(text: string, depthMax: number, itemsMax: number) {
    this.#text = text;
    this.#depthMax = depthMax;
    this.#itemsMax = itemsMax;
  }

  document(): JsonValue {
    const value = this.#value();
    this.#space();
    if (this.#at !== this.#text.length) throw this.#syntax();
    return value;
  }

  #value(): JsonValue {
    this.#space();
    const first = this.#text.charAt(this.#at);
    if (first === "{") return this.#object();
    if (first === "[") return this.#array();
    if (first === '"') return this.#string();
    if (INTEGER_START.test(first)) return this.#number();
    if (this.#literal("true")) return true;
    if (this.#literal("false")) return false;
    if (this.#literal("null")) return null;
    throw this.#syntax();
  }

  #literal(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #object(): { [key: string]: JsonValue } {
    const object: { [key: string]: JsonValue } = Object.create(null);
    this.#open();
    if (this.#close("}")) return object;
    do {
      this.#countItem();
      this.#space();
      const offset = this.#at;
      if (this.#text.charAt(offset) !== '"') throw this.#syntax();
      const key = this.#string();
      if (key in object) throw new JsonError({ code: "JSON_KEY_DUPLICATE", offset });
      this.#space();
      if (this.#text.charAt(this.#at) !== ":") throw this.#syntax();
      this.#at++;
      object[key] = this.#value();
    } while (this.#comma("}"));
    return object;
  }

  #array(): JsonValue[] {
    const array: JsonValue[] = [];
    this.#open();
    if (this.#close("]")) return array;
    do {
      this.#countItem();
      array.push(this.#value());
    } while (this.#comma("]"));
    return array;
  }

  #open(): void {
    if (this.#depth >= this.#depthMax) {
      throw new JsonError({ code: "JSON_TOO_DEEP", offset: this.#at, max: this.#depthMax });
    }
    this.#depth++;
    this.#at++;
  }

  #close(end: "}" | "]"): boolean {
    this.#space();
    if (this.#text.charAt(this.#at) !== end) return false;
    this.#at++;
    this.#depth--;
    return true;
  }

  /** True after a comma, false after the end of the object or array. */
  #comma(end: "}" | "]"): boolean {
    if (this.#close(end)) return false;
    if (this.#text.charAt(this.#at) !== ",") throw this.#syntax();
    this.#at++;
    return true;
  }

  #countItem(): void {
    this.#items++;
    if (this.#items > this.#itemsMax) {
      throw new JsonError({ code: "JSON_TOO_MANY_ITEMS", offset: this.#at, max: this.#itemsMax });
    }
  }

  #string(): string {
    const start = this.#at;
    this.#at++;
    let value = "";
    let plainFrom = this.#at;
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      // NaN at the end of the text fails this comparison too.
      if (!(unit >= 0x20)) throw this.#syntax();
      if (unit === 0x22) break;
      if (unit === 0x5c) {
        value += this.#text.slice(plainFrom, this.#at) + this.#escape();
        plainFrom = this.#at;
      } else this.#skipPlainUnits();
    }
    value += this.#text.slice(plainFrom, this.#at);
    this.#at++;
    if (LONE_SURROGATE.test(value)) throw new JsonError({ code: "JSON_STRING_SURROGATE", offset: start });
    return value;
  }

  #skipPlainUnits(): void {
    PLAIN_UNITS.lastIndex = this.#at;
    PLAIN_UNITS.test(this.#text);
    this.#at = PLAIN_UNITS.lastIndex;
  }

  #escape(): string {
    const letter = this.#text.charAt(this.#at + 1);
    if (letter === "u") {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6);
      if (!HEX_4.test(digits)) throw this.#syntax();
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const escaped = ESCAPES.get(letter);
    if (escaped === undefined) throw this.#syntax();
    this.#at += 2;
    return escaped;
  }

  #number(): number | bigint {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw this.#syntax();
    const [literal, fraction, exponent] = match;
    if (literal.length > JSON_NUMBER_LENGTH_MAX) {
      throw new JsonError({ code: "JSON_NUMBER_UNSAFE", offset: this.#at });
    }
    const value = Number(literal);
    if (!Number.isFinite(value)) throw new JsonError({ code: "JSON_NUMBER_UNSAFE", offset: this.#at });
    this.#at += literal.length;
    if (fraction === undefined && exponent === undefined && !Number.isSafeInteger(value)) return BigInt(literal);
    return value;
  }

  #space(): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at++;
    }
  }

  #syntax(): JsonError {
    return new JsonError({ code: "JSON_SYNTAX", offset: this.#at });
  }
}

/**
 * JSON text of a value, bigints as integer literals, keys in the order they were put in, no spaces.
 * @throws JsonError `JSON_NOT_WRITABLE` for what JSON cannot say (undefined in an array, functions, NaN).
 */
export function writeJson(value: unknown): string {
  // Most values have nothing that JSON.stringify would get wrong, and it is several times faster.
  return isPlainJson(value) ? JSON.stringify(value) : writeCarefully(value);
}

/** Whether JSON.stringify writes the value by the same rules. */
function isPlainJson(value: unknown): boolean {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || "toJSON" in value) return false;
  if (Array.isArray(value)) return value.every(isPlainJson);
  return Object.values(value).every((member) => member === undefined || isPlainJson(member));
}

function writeCarefully(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(writeCarefully).join(",")}]`;
  if (typeof value === "object") {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${writeCarefully(member)}`).join(",")}}`;
  }
  throw new JsonError({ code: "JSON_NOT_WRITABLE", kind: typeof value });
}
