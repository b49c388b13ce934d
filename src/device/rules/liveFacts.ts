/** The facts of a decision that is made now, over the gateway's devices. */
import type { DeviceId } from "../device.js";
import type { DeviceProfile } from "../profile.js";
import type { ChainFacts, DeviceFacts, DeviceView, Now } from "../view.js";
import { type CounterName, type DeviceStanding, type Facts, type ReadValue, selects } from "./facts.js";
import type { Selector } from "./language.js";

const NOTHING: ReadValue = { reading: undefined, fresh: false };

/** Which devices there are, and which of them a selector means; until `devicesChanged`. */
export class Directory {
  readonly #view: DeviceView;
  readonly #members = new Map<string, readonly DeviceId[]>();
  #facts: ReadonlyMap<DeviceId, DeviceFacts> = new Map();
  #profiles: ReadonlyMap<string, DeviceProfile> = new Map();

  constructor(view: DeviceView) {
    this.#view = view;
    this.refresh();
  }

  refresh(): void {
    const all = [...this.#view.devices()].sort((a, b) => (a.record.id < b.record.id ? -1 : 1));
    this.#facts = new Map(all.map((facts) => [facts.record.id, facts]));
    this.#profiles = new Map(all.map(({ profile }) => [profile.id, profile]));
    this.#members.clear();
  }

  get all(): Iterable<DeviceFacts> {
    return this.#facts.values();
  }

  profile(id: string): DeviceProfile | undefined {
    return this.#profiles.get(id);
  }

  members(selector: Selector): readonly DeviceId[] {
    const key = `${selector.by}/${selector.not}/${selector.name}`;
    let members = this.#members.get(key);
    if (members === undefined) {
      members = [...this.#facts.values()]
        .filter((facts) => selects(selector, facts.record.id, standingOf(facts)))
        .map(({ record }) => record.id);
      this.#members.set(key, members);
    }
    return members;
  }
}

export function standingOf({ record, profile, registration, availability }: DeviceFacts): DeviceStanding {
  return {
    profile: profile.id,
    deviceClass: profile.deviceClass,
    groups: record.groups,
    ...(record.owner === undefined ? {} : { owner: record.owner }),
    verdict: registration.verdict,
    trustTier: registration.verdict === "registered" ? registration.trustTier : 0,
    availability,
  };
}

export interface LiveContext {
  readonly view: DeviceView;
  readonly directory: Directory;
  readonly counter: (name: CounterName) => number;
  readonly sceneActive: (scene: string) => boolean;
  readonly sceneArmed: (scene: string) => boolean;
  readonly rateSpent: (policyRule: number) => boolean;
}

export class LiveFacts implements Facts {
  readonly now: Now;
  readonly chain: ChainFacts;
  readonly zoneMinutes: number;
  readonly #context: LiveContext;

  constructor(context: LiveContext, now: Now, chain: ChainFacts, zoneMinutes: number) {
    this.#context = context;
    this.now = now;
    this.chain = chain;
    this.zoneMinutes = zoneMinutes;
  }

  profile(id: string): DeviceProfile | undefined {
    return this.#context.directory.profile(id);
  }

  members(selector: Selector): readonly DeviceId[] {
    return this.#context.directory.members(selector);
  }

  /** Standing is looked up anew: a suspension holds at once. */
  standing(device: DeviceId): DeviceStanding | undefined {
    const facts = this.#context.view.device(device);
    return facts === undefined ? undefined : standingOf(facts);
  }

  reading(device: DeviceId, property: string): ReadValue {
    const reading = this.#context.view.reading(device, property);
    if (reading === undefined) return NOTHING;
    return { reading, fresh: this.#context.view.fresh(device, property, this.now.monotonicMs) };
  }

  counter(name: CounterName): number {
    return this.#context.counter(name);
  }

  sceneActive(scene: string): boolean {
    return this.#context.sceneActive(scene);
  }

  sceneArmed(scene: string): boolean {
    return this.#context.sceneArmed(scene);
  }

  rateSpent(policyRule: number): boolean {
    return this.#context.rateSpent(policyRule);
  }
}
