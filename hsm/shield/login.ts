/**
 * The PIN of a shield: presented only where it can do no harm. One wrong attempt ends all attempts of this process, and
 * the last try is never used up by a program.
 */
import { COMMAND, PIN_BYTES_MAX, PIN_BYTES_MIN, STATUS, triesLeftOf } from "./commands.js";
import type { Exchange } from "./exchange.js";
import { ShieldError, statusText } from "./problems.js";

/** With one try left a wrong PIN would lock the shield for good. */
const TRIES_LEFT_MIN = 2;

export class Login {
  readonly #path: string;
  readonly #pin: Uint8Array;
  #refused: ShieldError | undefined;
  /** Tries left before an attempt whose answer never came. */
  #unanswered: number | undefined;

  /** Takes the PIN over and keeps it until `forget`: a shield that comes back wants it again. */
  constructor(path: string, pin: Uint8Array) {
    if (pin.length < PIN_BYTES_MIN || pin.length > PIN_BYTES_MAX) {
      pin.fill(0);
      throw new ShieldError({ code: "SHIELD_PIN_LENGTH", minimum: PIN_BYTES_MIN, maximum: PIN_BYTES_MAX });
    }
    this.#path = path;
    this.#pin = pin;
  }

  /** Set once a PIN was refused; nothing is tried any more. */
  get refused(): ShieldError | undefined {
    return this.#refused;
  }

  async present(exchange: Exchange, timeoutMs: number): Promise<void> {
    if (this.#refused !== undefined) throw this.#refused;
    const before = await this.#triesLeft(exchange, timeoutMs);
    if (before === "verified") return;
    // An attempt that got lost together with its answer: a lower number means that it arrived, and was wrong.
    if (this.#unanswered !== undefined && before < this.#unanswered) this.#refuse("SHIELD_PIN_WRONG", before);
    if (before < TRIES_LEFT_MIN) this.#refuse("SHIELD_PIN_LAST_TRY", before);
    this.#unanswered = before;
    const { status } = await exchange.transmit(COMMAND.verifyPin(this.#pin), timeoutMs);
    this.#unanswered = undefined;
    if (status === STATUS.ok) return;
    if (status === STATUS.pinLocked) this.#refuse("SHIELD_PIN_LOCKED", 0);
    // Whatever else it says: it was presented once and not taken.
    this.#refuse("SHIELD_PIN_WRONG", triesLeftOf(status) ?? before - 1);
  }

  forget(): void {
    this.#pin.fill(0);
  }

  async #triesLeft(exchange: Exchange, timeoutMs: number): Promise<number | "verified"> {
    const { status } = await exchange.transmit(COMMAND.pinTries, timeoutMs);
    if (status === STATUS.ok) return "verified";
    if (status === STATUS.pinLocked) this.#refuse("SHIELD_PIN_LOCKED", 0);
    const left = triesLeftOf(status);
    if (left !== undefined) return left;
    throw new ShieldError({
      code: "SHIELD_STATUS",
      path: this.#path,
      command: "VERIFY (tries)",
      status: statusText(status),
    });
  }

  #refuse(code: "SHIELD_PIN_WRONG" | "SHIELD_PIN_LAST_TRY" | "SHIELD_PIN_LOCKED", triesLeft: number): never {
    const path = this.#path;
    this.#refused = new ShieldError(code === "SHIELD_PIN_LOCKED" ? { code, path } : { code, path, triesLeft });
    this.forget();
    throw this.#refused;
  }
}
