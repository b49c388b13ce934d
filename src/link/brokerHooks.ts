/** Who may do what at the embedded broker, and how much it keeps. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Counters } from "../base/counters.js";
import type { BrokerCountCode } from "./problems.js";

export interface BrokerLogin {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
}

export interface BrokerClient {
  readonly clientId: string;
  readonly username: string | undefined;
}

export interface BrokerAccess {
  /** Passwords by user name; everybody else is refused. Absent: no login is asked for. */
  readonly users?: ReadonlyMap<string, string>;
  /** Instead of `users`: true lets the client in. */
  readonly authenticate?: (login: BrokerLogin) => boolean;
  /** False refuses, and ends the client's connection: MQTT 3.1.1 has no other answer. Topics under `$` are always refused. */
  readonly mayPublish?: (client: BrokerClient, topic: string) => boolean;
  /** `filter` may hold wildcards. False is answered as a refused subscription. */
  readonly maySubscribe?: (client: BrokerClient, filter: string) => boolean;
}

function digest(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

/** Hooks decide; one that throws has refused. */
export class AccessRules {
  readonly #access: BrokerAccess;
  readonly #counters: Counters;

  constructor(access: BrokerAccess, counters: Counters) {
    this.#access = access;
    this.#counters = counters;
  }

  login(login: BrokerLogin): boolean {
    const { authenticate, users } = this.#access;
    if (authenticate !== undefined) return this.#ask(() => authenticate(login), "BROKER_REFUSED_LOGIN");
    if (users === undefined) return true;
    return this.#ask(() => knownPassword(users, login), "BROKER_REFUSED_LOGIN");
  }

  publish(client: BrokerClient, topic: string): boolean {
    const { mayPublish } = this.#access;
    return this.#ask(() => !topic.startsWith("$") && (mayPublish?.(client, topic) ?? true), "BROKER_REFUSED_PUBLISH");
  }

  subscribe(client: BrokerClient, filter: string): boolean {
    const { maySubscribe } = this.#access;
    return this.#ask(() => maySubscribe?.(client, filter) ?? true, "BROKER_REFUSED_SUBSCRIBE");
  }

  #ask(hook: () => boolean, refused: BrokerCountCode): boolean {
    let allowed = false;
    try {
      allowed = hook();
    } catch {
      this.#counters.add("BROKER_HOOK_FAILED" satisfies BrokerCountCode);
    }
    if (!allowed) this.#counters.add(refused);
    return allowed;
  }
}

/** Compares digests, so that time tells neither the length nor the start of a password. */
function knownPassword(users: ReadonlyMap<string, string>, login: BrokerLogin): boolean {
  const expected = login.username === undefined ? undefined : users.get(login.username);
  const equal = timingSafeEqual(digest(Buffer.from(expected ?? "")), digest(login.password ?? Buffer.alloc(0)));
  return expected !== undefined && equal;
}

/** Adds up what the broker keeps as last values. */
export class RetainedBudget {
  readonly #sizes = new Map<string, number>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether this payload may become the topic's last value; if so it is counted. An empty payload frees the topic. */
  admit(topic: string, payloadBytes: number): boolean {
    const before = this.#sizes.get(topic) ?? 0;
    const after = payloadBytes === 0 ? 0 : topic.length + payloadBytes;
    if (after > before && this.#bytes - before + after > this.#bytesMax) return false;
    this.#bytes += after - before;
    if (after === 0) this.#sizes.delete(topic);
    else this.#sizes.set(topic, after);
    return true;
  }
}
