/**
 * The PIN of a token: presented only where it can do no harm. One wrong attempt, or one without an answer, ends all attempts
 * of this node, and the last try is never used up by a program.
 */
import { SAR, SkfError, type SkfProblem, sarText } from "./problems.js";

const PIN_BYTES_MIN = 4;
const PIN_BYTES_MAX = 64;
/** With one try left a wrong PIN would lock the token. */
const TRIES_LEFT_MIN = 2;

export class SkfLogin {
  /** Undefined once it is forgotten: what was overwritten is never presented. */
  #pin: Uint8Array | undefined;
  #refused: SkfError | undefined;
  /** Tries left before an attempt whose answer was neither yes nor no. */
  #undecided: number | undefined;

  /** Takes the PIN over and keeps it until `forget`: a token that comes back wants it again. */
  constructor(pin: Uint8Array) {
    if (pin.length < PIN_BYTES_MIN || pin.length > PIN_BYTES_MAX || pin.includes(0)) {
      pin.fill(0);
      throw new SkfError({ code: "SKF_PIN_LENGTH", minimum: PIN_BYTES_MIN, maximum: PIN_BYTES_MAX });
    }
    this.#pin = pin;
  }

  /** Why the PIN is presented no more; only a person who opens the token anew changes that. */
  get refused(): SkfError | undefined {
    return this.#refused;
  }

  /**
   * @param triesLeft as the token has just said
   * @param verify gives the SAR code, or rejects when no answer came
   */
  async present(triesLeft: number, verify: (pin: Uint8Array) => Promise<number>): Promise<void> {
    if (this.#refused !== undefined) throw this.#refused;
    const pin = this.#pin;
    if (pin === undefined) throw new SkfError({ code: "SKF_CLOSED" });
    // A lower number than before an undecided attempt: it was carried out, and was wrong.
    const wasWrong = this.#undecided !== undefined && triesLeft < this.#undecided;
    if (triesLeft === 0) this.#refuse({ code: "SKF_PIN_LOCKED" });
    if (wasWrong) this.#refuse({ code: "SKF_PIN_WRONG", triesLeft });
    if (triesLeft < TRIES_LEFT_MIN) this.#refuse({ code: "SKF_PIN_LAST_TRY", triesLeft });
    this.#undecided = triesLeft;
    const status = await verify(pin).catch((thrown: unknown) =>
      this.#refuse({ code: "SKF_PIN_UNANSWERED", triesLeft }, { cause: thrown }),
    );
    if (status === SAR.pinLocked) this.#refuse({ code: "SKF_PIN_LOCKED" });
    if (status === SAR.pinIncorrect) this.#refuse({ code: "SKF_PIN_WRONG", triesLeft: triesLeft - 1 });
    if (status !== SAR.ok) {
      // Removed in the middle of it, perhaps: the tries will tell.
      throw new SkfError({ code: "SKF_STATUS", call: "SKF_VerifyPIN", status: sarText(status) });
    }
    this.#undecided = undefined;
  }

  forget(): void {
    this.#pin?.fill(0);
    this.#pin = undefined;
  }

  #refuse(problem: SkfProblem, options?: ErrorOptions): never {
    this.#refused = new SkfError(problem, options);
    this.forget();
    throw this.#refused;
  }
}
