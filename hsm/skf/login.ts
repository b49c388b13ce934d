/**
 * The PIN of a token: presented only where it can do no harm. One wrong attempt ends all attempts of this process, and the
 * last try is never used up by a program.
 */
import { SkfError, type SkfProblem, sarText } from "./problems.js";
import { SAR, type SkfSession } from "./session.js";

const PIN_BYTES_MIN = 4;
const PIN_BYTES_MAX = 64;
/** With one try left a wrong PIN would lock the token. */
const TRIES_LEFT_MIN = 2;

export class SkfLogin {
  readonly #pin: Uint8Array;
  #refused: SkfError | undefined;
  /** Tries left before an attempt that did not return in time. */
  #unanswered: number | undefined;

  /** Takes the PIN over and keeps it until `forget`: a token that comes back wants it again. */
  constructor(pin: Uint8Array) {
    if (pin.length < PIN_BYTES_MIN || pin.length > PIN_BYTES_MAX || pin.includes(0)) {
      pin.fill(0);
      throw new SkfError({ code: "SKF_PIN_LENGTH", minimum: PIN_BYTES_MIN, maximum: PIN_BYTES_MAX });
    }
    this.#pin = pin;
  }

  get refused(): SkfError | undefined {
    return this.#refused;
  }

  async present(session: SkfSession, deadline: number): Promise<void> {
    if (this.#refused !== undefined) throw this.#refused;
    const before = await session.triesLeft(deadline);
    // A lower number than before an attempt without an answer: it was carried out, and was wrong.
    const wasWrong = this.#unanswered !== undefined && before < this.#unanswered;
    if (before === 0) this.#refuse({ code: "SKF_PIN_LOCKED" });
    if (wasWrong) this.#refuse({ code: "SKF_PIN_WRONG", triesLeft: before });
    if (before < TRIES_LEFT_MIN) this.#refuse({ code: "SKF_PIN_LAST_TRY", triesLeft: before });
    this.#unanswered = before;
    const status = await session.verifyPin(this.#pin, deadline);
    if (status === SAR.pinLocked) this.#refuse({ code: "SKF_PIN_LOCKED" });
    if (status === SAR.pinIncorrect) this.#refuse({ code: "SKF_PIN_WRONG", triesLeft: before - 1 });
    if (status !== SAR.ok) {
      // Removed in the middle of it, perhaps: the tries will tell.
      throw new SkfError({ code: "SKF_STATUS", call: "SKF_VerifyPIN", status: sarText(status) });
    }
    this.#unanswered = undefined;
  }

  forget(): void {
    this.#pin.fill(0);
  }

  #refuse(problem: SkfProblem): never {
    this.#refused = new SkfError(problem);
    this.forget();
    throw this.#refused;
  }
}
