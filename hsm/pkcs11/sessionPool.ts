/**
 * The sessions that sign, and who waits for one. Whoever cannot be answered in time any more leaves unserved: a token that
 * is asked for more than it can do would otherwise sign only what nobody waits for any longer.
 */
import type { Millis } from "../../src/base/clock.js";
import type { Handle } from "./cryptoki.js";
import { ANSWER_MARGIN_MS, SIGNATURE_MARGIN, SIGNATURES_WAITING_MAX } from "./limits.js";
import { Pkcs11Error } from "./problems.js";

interface Waiter {
  readonly since: Millis;
  readonly deadline: Millis;
  readonly serve: (session: Handle) => void;
  readonly giveUp: (error: Pkcs11Error) => void;
}

export class SessionPool {
  readonly #idle: Handle[] = [];
  readonly #waiting: Waiter[] = [];
  /** What the last signature took. One odd value does no lasting harm: with nobody waiting the next one is not judged. */
  #signatureMs: Millis = 0;

  /** @throws Pkcs11Error `PKCS11_BUSY`, `PKCS11_OVERLOADED` */
  async take(now: Millis, deadline: Millis): Promise<Handle> {
    const session = this.#idle.pop();
    if (session !== undefined) return session;
    if (this.#waiting.length >= SIGNATURES_WAITING_MAX) {
      throw new Pkcs11Error({ code: "PKCS11_BUSY", limit: SIGNATURES_WAITING_MAX });
    }
    return new Promise((serve, giveUp) => this.#waiting.push({ since: now, deadline, serve, giveUp }));
  }

  signed(tookMs: Millis): void {
    this.#signatureMs = tookMs;
  }

  give(session: Handle, now: Millis): void {
    const neededMs = SIGNATURE_MARGIN * this.#signatureMs + ANSWER_MARGIN_MS;
    let next = this.#waiting.shift();
    while (next !== undefined && next.deadline - now < neededMs) {
      next.giveUp(new Pkcs11Error({ code: "PKCS11_OVERLOADED", waitedMs: Math.round(now - next.since) }));
      next = this.#waiting.shift();
    }
    if (next === undefined) this.#idle.push(session);
    else next.serve(session);
  }
}
