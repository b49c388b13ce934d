/**
 * The gateway's brain, a machine without a world: what devices say goes in, what is to be kept, sent and told comes out. It owns
 * the devices, their readings and the commands on their way, and steps the rules with everything that is new.
 */
import type { Machine, Ready } from "../../base/machine.js";
import type { Random } from "../../base/random.js";
import type { StateMessage } from "../../codec/device/messages.js";
import type { Suite } from "../../crypto/suite.js";
import type { DeviceId, RegistrationSource } from "../device.js";
import type { DeviceProfile } from "../profile.js";
import type { DeviceView, Now } from "../view.js";
import { Actuation, SEQUENCE_COUNTER } from "./actuation.js";
import { Intake, type Said } from "./intake.js";
import { Interviews } from "./interviews.js";
import { Membership } from "./membership.js";
import type { FromDevice, GatewayInput, GatewayMessage, GatewayOutput, GatewayWrite } from "./messages.js";
import { NativeSpeech } from "./nativeSpeech.js";
import { Pile } from "./pile.js";
import { Presence } from "./presence.js";
import type { GatewayProblem } from "./problems.js";
import { commandFrom } from "./records.js";
import { Requests, SENDER_COUNTER } from "./requests.js";
import { type MakeRules, RuleWork } from "./ruleWork.js";
import { Shadow } from "./shadow.js";
import { ShadowKeeper } from "./shadowKeeper.js";
import { type Candidate, DeviceTable, type Member } from "./table.js";
import { Telemetry } from "./telemetry.js";

/** What was kept of an earlier run. */
export interface KeptGateway {
  readonly devices: readonly Uint8Array[];
  readonly shadows: Iterable<readonly [DeviceId, Uint8Array]>;
  readonly commands: readonly Uint8Array[];
  readonly counters: ReadonlyMap<string, number>;
}

export interface GatewayOptions {
  /** Its name towards devices, `[A-Za-z0-9_-]{1,64}`. */
  readonly gateway: string;
  readonly suite: Suite;
  readonly random: Random;
  readonly registrations: RegistrationSource;
  readonly registeredOnly: boolean;
  readonly profileOf: (id: string) => DeviceProfile | undefined;
  readonly rules: MakeRules;
  readonly telemetry: boolean;
}

export class GatewayCore
  implements Machine<GatewayInput, GatewayWrite, GatewayMessage, GatewayOutput, never, never, Now>
{
  readonly #pile = new Pile();
  readonly #telemetry: Telemetry | undefined;
  readonly #shadow = new Shadow();
  readonly #table: DeviceTable;
  readonly #interviews: Interviews;
  readonly #presence: Presence;
  readonly #membership: Membership;
  readonly #requests: Requests;
  readonly #actuation: Actuation;
  readonly #intake: Intake;
  readonly #speech: NativeSpeech;
  readonly #keeper: ShadowKeeper;
  readonly #rules: RuleWork;

  constructor(options: GatewayOptions) {
    const { gateway, suite, random, registrations, registeredOnly, profileOf } = options;
    const pile = this.#pile;
    this.#telemetry = options.telemetry ? new Telemetry(pile) : undefined;
    this.#table = new DeviceTable(suite, registrations, registeredOnly);
    this.#interviews = new Interviews(pile, random, suite);
    this.#actuation = new Actuation({
      ...{ gateway, random, pile, table: this.#table },
      linkIsUp: (link) => this.#presence.isUp(link),
      settled: (cause, result, latencyUs) => this.#rules.settled(cause, result, latencyUs),
    });
    this.#presence = new Presence(
      pile,
      this.#table,
      (member) => this.#probe(member),
      ({ record }) => this.#actuation.wake(record.id),
    );
    this.#membership = new Membership({
      ...{ pile, table: this.#table, shadow: this.#shadow, profileOf },
      came: (member) => {
        this.#presence.expect(member);
        this.#rules.devicesChanged();
      },
      left: (member) => {
        this.#actuation.forget(member.record.id);
        this.#rules.devicesChanged();
      },
    });
    this.#requests = new Requests(pile, this.#table);
    this.#intake = new Intake({
      ...{ pile, shadow: this.#shadow, presence: this.#presence, telemetry: this.#telemetry },
      rules: () => this.#rules.engine,
    });
    this.#speech = new NativeSpeech(pile, suite, this.#table, this.#interviews, this.#presence, {
      joining: () => this.#membership.joining,
      join: (link, address, identity, voucher) => this.#join(link, address, identity, voucher),
      state: (member, message, age, isNew) => this.#state(member, message, age, isNew),
      event: (member, { name, value, sequence }) => this.#intake.happened(member, name, value, sequence),
      ack: (member, { id, result }) => {
        if (this.#actuation.answered(id, member.record.id, result)) this.#presence.heard(member);
        else pile.counters.add("GATEWAY_ACK_UNKNOWN");
      },
      suspect: (member, problem) => this.#intake.suspect(member, problem),
      fault: (member, problem) => this.#intake.fault(member, problem),
      cloned: (member) => this.#intake.cloned(member),
    });
    this.#keeper = new ShadowKeeper(pile, this.#table, this.#shadow);
    const rulesWith = { pile, view: this.view, actuation: this.#actuation, requests: this.#requests };
    this.#rules = new RuleWork({ ...rulesWith, keeper: this.#keeper }, options.rules);
  }

  /** To be called once, after the first `tick` and before anything else. */
  restore({ devices, shadows, commands, counters }: KeptGateway): void {
    this.#membership.restore(devices, shadows);
    this.#actuation.restore(counters.get(SEQUENCE_COUNTER) ?? 0, commands.map(commandFrom));
    for (const [name, value] of counters)
      if (name.startsWith(SENDER_COUNTER)) this.#requests.restore(name.slice(SENDER_COUNTER.length), value);
  }

  /** Other rules from now on; what the ones before had to say was taken with the last `ready`. */
  replaceRules(make: MakeRules): void {
    this.#rules.replace(make);
  }

  readonly view: DeviceView = {
    devices: () => this.#table.values(),
    device: (id) => this.#table.get(id),
    reading: (id, property) => this.#shadow.reading(id, property),
    fresh: (id, property, monotonicMs) => {
      const member = this.#table.get(id);
      if (member === undefined || member.availability === "offline") return false;
      if (member.registration.verdict !== "registered") return false;
      return this.#shadow.fresh(id, property, member.profile.properties.get(property)?.staleAfterMs, monotonicMs);
    },
  };

  get counters() {
    return this.#pile.counters;
  }

  get candidates(): Iterable<Candidate> {
    return this.#interviews.candidates;
  }

  get joiningForMs(): number {
    return this.#membership.joiningForMs;
  }

  get commandsWaiting(): number {
    return this.#actuation.size;
  }

  /** When a tick has something to do that should not wait for the next one by the clock; monotonic. */
  get nextMs(): number | undefined {
    return this.#rules.engine.nextMs;
  }

  members(): Iterable<Member> {
    return this.#table.values();
  }

  member(id: DeviceId): Member | undefined {
    return this.#table.get(id);
  }

  readingsOf(id: DeviceId) {
    return this.#shadow.readingsOf(id);
  }

  tick(now: Now): void {
    this.#pile.now = now;
    this.#rules.showDevices();
    this.#membership.tick();
    this.#presence.tick();
    this.#actuation.tick();
    this.#telemetry?.tick();
    this.#rules.tick();
    this.#keeper.tick();
  }

  /** Everything that would be written later, now: before a planned stop. */
  flush(): void {
    this.#telemetry?.flush();
    this.#keeper.flush();
    this.#actuation.tick();
  }

  step(input: GatewayInput): void {
    this.#rules.showDevices();
    switch (input.kind) {
      case "linkUp":
        this.#presence.linkUp(input.link);
        this.#actuation.wakeLink(input.link);
        break;
      case "linkDown":
        this.#presence.linkDown(input.link);
        break;
      case "said":
        this.#said(input);
        break;
      case "heard":
        this.#heard(input);
        break;
      case "unreadable":
        this.#unreadable(input);
        break;
      case "takenOver":
        this.#takenOver(input);
        break;
      case "install":
        this.#membership.install(input.record, input.profile, input.by);
        break;
      case "joinWindow":
        this.#openWindow(input.forMs);
        break;
      case "remove":
        this.#tell(this.#membership.remove(input.device, input.by));
        break;
      case "release":
        this.#release(input.device);
        break;
      case "command":
        this.#rules.command(input.request);
        break;
      case "runScene":
        this.#rules.runScene(input);
        break;
      case "carried":
        this.#actuation.answered(input.id, undefined, input.result);
        this.#rules.drain(undefined);
        break;
      case "chain":
        this.#rules.chain(input.facts);
        break;
      case "registrationsChanged":
        this.#membership.registrationsChanged();
    }
  }

  ready(): Ready<GatewayWrite, GatewayMessage, GatewayOutput> | undefined {
    const { writes, messages, outputs, isEmpty } = this.#pile;
    return isEmpty ? undefined : { writes, signRequests: [], verifyRequests: [], messages, outputs };
  }

  advance(): void {
    this.#pile.clear();
  }

  #said({ link, address, message, retained }: GatewayInput & { kind: "said" }): void {
    const member = this.#table.at(link, address);
    if (member !== undefined && !this.#intake.listensTo(member, isAnybodys(member, message))) return;
    this.#speech.said(link, address, message, retained);
    this.#rules.drain(member);
  }

  #heard(input: GatewayInput & { kind: "heard" }): void {
    const member = this.#table.get(input.device);
    if (member === undefined) this.#tell({ code: "GATEWAY_DEVICE_UNKNOWN", address: input.device });
    if (member === undefined || !this.#intake.listensTo(member)) return;
    if (member.record.voucher.kind === "key") {
      // Its protocol signs nothing, and its record says that it has to.
      this.#tell({ code: "GATEWAY_SIGNATURE_MISSING", device: member.record.id });
      return;
    }
    const { retained, availability } = input;
    if (availability === "offline") this.#presence.gone(member);
    else if (availability === "online" || (!retained && input.readings.length + input.events.length > 0))
      this.#presence.heard(member);
    for (const [property, value] of input.readings) {
      // Without a count of the device's own only another value than the last one kept is news.
      const isNew = !retained || this.#shadow.reading(member.record.id, property)?.value !== value;
      this.#intake.reading(member, property, value, { sequence: 0, age: retained ? "unknown" : "now", isNew });
    }
    if (!retained) for (const [event, value] of input.events) this.#intake.happened(member, event, value, 0);
    for (const { code, name } of input.faults)
      this.#intake.fault(member, { code: "GATEWAY_VALUE_REFUSED", device: member.record.id, name, reason: code });
    this.#rules.drain(member);
  }

  #join(...args: Parameters<Membership["join"]>): void {
    const [link, address, identity] = args;
    const before = this.#table.at(link, address);
    this.#membership.join(...args);
    const member = this.#table.at(link, address);
    if (member === undefined || member === before) return;
    member.birth = identity.birth;
    // Joining once more makes what it has said before no newer.
    if (before?.birth === identity.birth) member.sequence = before.sequence;
    this.#interviews.forget(link, address);
    this.#presence.heard(member);
  }

  #state(member: Member, message: StateMessage, age: Said["age"], isNew: boolean): void {
    const { sequence, signature } = message;
    const said: Said = { sequence, age, isNew, ...(signature.length === 0 ? {} : { signature }) };
    for (const [property, value] of message.values) this.#intake.reading(member, property, value, said);
  }

  #openWindow(forMs: number): void {
    this.#membership.open(forMs);
    if (forMs <= 0) return;
    // Who was heard before is asked now; nobody has to be switched off and on for it.
    for (const { link, address } of this.candidates)
      if (this.#table.at(link, address) === undefined) this.#interviews.ask(link, address, false);
  }

  #probe({ record, profile }: Member): void {
    if (profile.binding.protocol === "edgeseal") this.#interviews.ask(record.link, record.address, true);
    else this.#pile.messages.push({ kind: "probe", record, profile });
  }

  #unreadable({ link, address, code }: GatewayInput & { kind: "unreadable" }): void {
    const member = this.#table.at(link, address);
    if (member === undefined) this.#tell({ code: "GATEWAY_DEVICE_UNKNOWN", link, address });
    else if (this.#intake.listensTo(member, member.record.voucher.kind === "key"))
      this.#intake.suspect(member, { code: "GATEWAY_MESSAGE_UNREADABLE", device: member.record.id, reason: code });
  }

  #takenOver({ link, address }: GatewayInput & { kind: "takenOver" }): void {
    const member = this.#table.at(link, address);
    if (member === undefined) return;
    // Whoever it is, only the one with the key is heard: a bad connection must not shut it out.
    if (member.record.voucher.kind === "key") this.#probe(member);
    else if (member.conduct.takenOver(this.#pile.now.monotonicMs)) this.#intake.contested(member);
  }

  #release(device: DeviceId): void {
    const member = this.#table.get(device);
    if (member === undefined) {
      this.#tell({ code: "GATEWAY_DEVICE_UNKNOWN", address: device });
      return;
    }
    member.conduct.release();
    // A device that was put back to its beginning counts from the beginning.
    member.birth = 0;
    member.sequence = 0;
    this.#presence.expect(member);
  }

  #tell(problem: GatewayProblem | undefined): void {
    if (problem !== undefined) this.#pile.refuse(problem);
  }
}

/** Of a device with a key, whether what is said is not even claimed to be signed. */
function isAnybodys({ record }: Member, message: FromDevice): boolean {
  if (record.voucher.kind !== "key") return false;
  return !("signature" in message) || message.signature.length === 0;
}
