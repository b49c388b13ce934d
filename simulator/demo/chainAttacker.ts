/** A stranger on the same broker who fires the forger's attacks one by one, and looks which code refused each. */
import { topicsOf } from "../../src/codec/wire/topics.js";
import { mqttLink } from "../../src/link/mqttLink.js";
import { systemRandom } from "../../src/node/systemClock.js";
import { ATTACKS, type Attack } from "../chain/attacks.js";
import type { ChainIssuer } from "../chain/chainIssuer.js";
import { Forger, type WatchedTarget } from "../chain/forger.js";

export interface AttackResult {
  readonly name: string;
  readonly title: string;
  /** The counter that went up; undefined while the verdict is open. */
  readonly refusedBy: string | undefined;
}

/** How long a payload may take through the broker before its verdict is read. */
const VERDICT_MS = 1_500;
const RESULTS_KEPT_MAX = 200;
/** Counters that the chain itself raises. */
const HONEST = new Set(["HEADERS_CERTIFIED", "HEADERS_LINKED"]);

export class ChainAttacker {
  readonly #issuer: ChainIssuer;
  readonly #link: ReturnType<typeof mqttLink>;
  readonly #counters: () => Readonly<Record<string, number>>;
  readonly #attacks: readonly Attack[];
  /** What the light node watches for. */
  readonly #target: WatchedTarget | undefined;
  readonly #timers = new Set<NodeJS.Timeout>();
  #next = 0;
  results: AttackResult[] = [];

  constructor(
    issuer: ChainIssuer,
    url: string,
    target: WatchedTarget | undefined,
    counters: () => Readonly<Record<string, number>>,
  ) {
    this.#target = target;
    this.#issuer = issuer;
    this.#counters = counters;
    this.#link = mqttLink({ url, clientId: "stranger", random: systemRandom });
    const forger = new Forger(issuer, 1);
    // An attack that rightly stops the client would end the demonstration.
    this.#attacks = ATTACKS.filter((attack) => !attack.halts && attack.appliesTo(forger));
  }

  /** How many different attacks there are. */
  get known(): number {
    return this.#attacks.length;
  }

  start(): void {
    this.#link.start({ connected() {}, disconnected() {}, message() {}, dropped() {} });
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#link.stop();
  }

  /** Sends the next attack that comes over the network. */
  fire(): void {
    const { chainId, groupId } = this.#issuer;
    const topics = topicsOf(chainId, groupId);
    for (let tries = 0; tries < this.#attacks.length; tries++) {
      const attack = this.#attacks[this.#next++ % this.#attacks.length] as Attack;
      const hostile = attack.run(new Forger(this.#issuer, this.#next, this.#target));
      if (hostile.kind !== "wire") continue;
      const before = this.#counters();
      const result = { name: attack.name, title: attack.title, refusedBy: undefined };
      this.results = [...this.results, result].slice(-RESULTS_KEPT_MAX);
      // Not retained: the broker's last value stays the publisher's.
      this.#link.publish(topics.name(hostile.subject), hostile.payload, { retain: false, qos: 1 }).catch(() => {});
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        const after = this.#counters();
        const raised = (code: string): boolean => (after[code] ?? 0) > (before[code] ?? 0);
        const codes = [...hostile.expectedCodes, ...Object.keys(after)].filter((code) => !HONEST.has(code));
        const judged = { ...result, refusedBy: codes.find(raised) ?? "WITHOUT_EFFECT" };
        this.results = this.results.map((other) => (other === result ? judged : other));
      }, VERDICT_MS);
      this.#timers.add(timer);
      return;
    }
  }
}
