/**
 * What a decision has read, line by line in the order of reading, each thing once: the canonical list whose hash stands in
 * the receipt, and from which the decision can be made again.
 */
import { concatBytes, utf8Bytes } from "../../base/bytes.js";
import { CborReader } from "../../codec/wire/cborReader.js";
import { encodeWire, integer, type WireValue } from "../../codec/wire/cborWriter.js";
import type { HashFunction } from "../../crypto/hashFunction.js";
import { HASH_BYTES } from "../../crypto/suite.js";
import { DEVICES_MAX, type DeviceId } from "../device.js";
import type { DeviceProfile } from "../profile.js";
import type { DeviceValue } from "../value.js";
import type { ChainFacts, Now } from "../view.js";
import type { CounterName, DeviceStanding, Facts, ReadValue } from "./facts.js";
import type { Selector } from "./language.js";
import { INPUT_LINES_MAX } from "./limits.js";
import { bytesOf, deviceValue, flag, int, list, oneOf, optional, record, type Shape, text, uint } from "./shape.js";

export const INPUTS_TAG = utf8Bytes("edgeseal/inputs1");

/** What set a decision off. */
export interface Cause {
  readonly kind: "reading" | "event" | "person" | "rule";
  /** Device, or who asked. */
  readonly source: string;
  readonly name: string;
  readonly value?: DeviceValue;
  readonly previous?: DeviceValue;
  readonly sequence: number;
  /** Decimals of `value`. */
  readonly decimals: number;
  /** Why only safe commands may go: `RULE_STORM`, `RULE_CHAIN_DEPTH`. */
  readonly held?: string;
}

interface ClockLine {
  readonly now: Now;
  readonly chain: ChainFacts;
  readonly zoneMinutes: number;
  readonly policy: Uint8Array;
  readonly cause: Cause;
}
interface MembersLine {
  readonly selector: Selector;
  readonly members: readonly DeviceId[];
}
interface StandingLine {
  readonly device: DeviceId;
  readonly standing: DeviceStanding | undefined;
}
interface ReadingLine {
  readonly device: DeviceId;
  readonly property: string;
  readonly value?: DeviceValue;
  readonly fresh: boolean;
  readonly sequence: number;
  readonly at: number;
  readonly signatureHash?: Uint8Array;
}
interface NumberLine {
  readonly name: string;
  readonly value: number;
}

const NAME = text(160);
const HASH = bytesOf(HASH_BYTES);
const SELECTOR = record<Selector>({
  by: oneOf("device", "group", "class", "owner", "any"),
  name: NAME,
  not: flag,
});
const CLOCK = record<ClockLine>({
  now: record<Now>({ wallMs: int, wallSet: flag, monotonicMs: int }),
  chain: record<ChainFacts>({
    height: uint(),
    headerHash: bytesUpTo(64),
    headerAgeMs: optional(int) as Shape<number | undefined>,
  }),
  zoneMinutes: int,
  policy: HASH,
  cause: record<Cause>({
    kind: oneOf("reading", "event", "person", "rule"),
    source: NAME,
    name: NAME,
    value: optional(deviceValue),
    previous: optional(deviceValue),
    sequence: uint(),
    decimals: uint(12),
    held: optional(NAME),
  }),
});
const MEMBERS = record<MembersLine>({ selector: SELECTOR, members: list(NAME, DEVICES_MAX) });
const STANDING = record<StandingLine>({
  device: NAME,
  standing: optional(
    record<DeviceStanding>({
      profile: NAME,
      deviceClass: NAME,
      groups: list(NAME, 256),
      owner: optional(NAME),
      verdict: oneOf("registered", "unknown", "suspended", "retired", "key-mismatch"),
      trustTier: uint(),
      availability: oneOf("online", "offline", "unknown"),
    }),
  ),
});
const READING = record<ReadingLine>({
  device: NAME,
  property: NAME,
  value: optional(deviceValue),
  fresh: flag,
  sequence: uint(),
  at: int,
  signatureHash: optional(HASH),
});
const NUMBER = record<NumberLine>({ name: NAME, value: int });

function bytesUpTo(max: number): Shape<Uint8Array> {
  return { write: (value) => value, read: (reader, field) => new Uint8Array(reader.bytes(field, max)) };
}

const LINE_MEMBERS = 1;
const LINE_STANDING = 2;
const LINE_READING = 3;
const LINE_NUMBER = 4;

/** Facts that write down what is asked of them. */
export class RecordedFacts implements Facts {
  readonly now: Now;
  readonly chain: ChainFacts;
  readonly zoneMinutes: number;
  readonly #source: Facts;
  readonly #hash: HashFunction;
  readonly #lines: WireValue[];
  readonly #seen = new Map<string, unknown>();

  constructor(source: Facts, cause: Cause, policy: Uint8Array, hash: HashFunction) {
    this.now = source.now;
    this.chain = source.chain;
    this.zoneMinutes = source.zoneMinutes;
    this.#source = source;
    this.#hash = hash;
    this.#lines = [CLOCK.write({ now: this.now, chain: this.chain, zoneMinutes: this.zoneMinutes, policy, cause })];
  }

  /** Canonical bytes of everything read so far. */
  bytes(): Uint8Array {
    return encodeWire(this.#lines);
  }

  profile(id: string): DeviceProfile | undefined {
    return this.#source.profile(id);
  }

  members(selector: Selector): readonly DeviceId[] {
    return this.#once(`m/${selector.by}/${selector.not}/${selector.name}`, () => {
      const members = this.#source.members(selector);
      this.#lines.push([LINE_MEMBERS, MEMBERS.write({ selector, members })]);
      return members;
    });
  }

  standing(device: DeviceId): DeviceStanding | undefined {
    return this.#once(`s/${device}`, () => {
      const standing = this.#source.standing(device);
      this.#lines.push([LINE_STANDING, STANDING.write({ device, standing })]);
      return standing;
    });
  }

  reading(device: DeviceId, property: string): ReadValue {
    return this.#once(`r/${device}/${property}`, () => {
      const read = this.#source.reading(device, property);
      const { reading, fresh } = read;
      this.#lines.push([
        LINE_READING,
        READING.write({
          device,
          property,
          fresh,
          sequence: reading?.sequence ?? 0,
          at: Math.floor(reading?.at ?? 0),
          ...(reading === undefined ? {} : { value: reading.value }),
          ...(reading?.signature === undefined ? {} : { signatureHash: this.#hash(reading.signature) }),
        }),
      ]);
      return read;
    });
  }

  counter(name: CounterName): number {
    return this.#number(`counter/${name}`, () => this.#source.counter(name));
  }

  sceneActive(scene: string): boolean {
    return this.#number(`active/${scene}`, () => (this.#source.sceneActive(scene) ? 1 : 0)) === 1;
  }

  sceneArmed(scene: string): boolean {
    return this.#number(`armed/${scene}`, () => (this.#source.sceneArmed(scene) ? 1 : 0)) === 1;
  }

  rateSpent(policyRule: number): boolean {
    return this.#number(`rate/${policyRule}`, () => (this.#source.rateSpent(policyRule) ? 1 : 0)) === 1;
  }

  #number(name: string, read: () => number): number {
    return this.#once(`n/${name}`, () => {
      const value = read();
      this.#lines.push([LINE_NUMBER, [utf8Bytes(name), integer(value)]]);
      return value;
    });
  }

  #once<T>(key: string, read: () => T): T {
    if (this.#seen.has(key)) return this.#seen.get(key) as T;
    const value = read();
    this.#seen.set(key, value);
    return value;
  }
}

export function inputsHash(hash: HashFunction, inputs: Uint8Array): Uint8Array {
  return hash(concatBytes([INPUTS_TAG, inputs]));
}

/** Thrown where a replay asks for something that was never read. */
export class InputMissing extends RangeError {}

/** Facts as they were written down. */
export class WrittenFacts implements Facts {
  readonly now: Now;
  readonly chain: ChainFacts;
  readonly zoneMinutes: number;
  readonly cause: Cause;
  readonly policyHash: Uint8Array;
  readonly #profiles: (id: string) => DeviceProfile | undefined;
  readonly #members = new Map<string, readonly DeviceId[]>();
  readonly #standings = new Map<DeviceId, DeviceStanding | undefined>();
  readonly #readings = new Map<string, ReadValue>();
  readonly #numbers = new Map<string, number>();

  /** @throws WireError for bytes that are no list of inputs. */
  constructor(inputs: Uint8Array, profiles: (id: string) => DeviceProfile | undefined) {
    this.#profiles = profiles;
    const reader = new CborReader(inputs);
    const count = reader.array("inputs", INPUT_LINES_MAX);
    const first = CLOCK.read(reader, "inputs");
    this.now = first.now;
    this.chain = { ...first.chain, headerAgeMs: first.chain.headerAgeMs };
    this.zoneMinutes = first.zoneMinutes;
    this.policyHash = first.policy;
    this.cause = first.cause;
    for (let line = 1; line < count; line++) this.#readLine(reader);
    reader.end();
  }

  #readLine(reader: CborReader): void {
    reader.fixedArray("inputs.line", 2);
    const kind = reader.uint("inputs.kind", LINE_NUMBER);
    if (kind === LINE_MEMBERS) {
      const { selector, members } = MEMBERS.read(reader, "inputs.members");
      this.#members.set(`${selector.by}/${selector.not}/${selector.name}`, members);
    } else if (kind === LINE_STANDING) {
      const { device, standing } = STANDING.read(reader, "inputs.standing");
      this.#standings.set(device, standing);
    } else if (kind === LINE_READING) {
      const { device, property, value, fresh, sequence, at } = READING.read(reader, "inputs.reading");
      const reading = value === undefined ? undefined : { value, at, monotonicMs: 0, sequence };
      this.#readings.set(`${device}/${property}`, { reading, fresh });
    } else {
      const { name, value } = NUMBER.read(reader, "inputs.number");
      this.#numbers.set(name, value);
    }
  }

  profile(id: string): DeviceProfile | undefined {
    return this.#profiles(id);
  }

  members(selector: Selector): readonly DeviceId[] {
    return found(this.#members, `${selector.by}/${selector.not}/${selector.name}`);
  }

  standing(device: DeviceId): DeviceStanding | undefined {
    return found(this.#standings, device);
  }

  reading(device: DeviceId, property: string): ReadValue {
    return found(this.#readings, `${device}/${property}`);
  }

  counter(name: CounterName): number {
    return found(this.#numbers, `counter/${name}`);
  }

  sceneActive(scene: string): boolean {
    return found(this.#numbers, `active/${scene}`) === 1;
  }

  sceneArmed(scene: string): boolean {
    return found(this.#numbers, `armed/${scene}`) === 1;
  }

  rateSpent(policyRule: number): boolean {
    return found(this.#numbers, `rate/${policyRule}`) === 1;
  }
}

function found<T>(map: ReadonlyMap<string, T>, key: string): T {
  if (!map.has(key)) throw new InputMissing(key);
  return map.get(key) as T;
}
