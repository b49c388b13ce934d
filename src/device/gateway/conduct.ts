/** How a device behaves: how much it says, how much of it is wrong, and whether it is listened to. */
import { DEVICE_BURST_MESSAGES, DEVICE_MESSAGES_PER_SECOND, FAULTS_PER_MINUTE_MAX } from "./limits.js";

const MINUTE_MS = 60_000;
/** Signs of a second device under one name within a minute, before they count as proof: one alone may be a late message. */
const CLONE_SIGNS_MAX = 3;

/** Connections taken over within a minute: a bad Wi-Fi makes some, two devices under one name throw each other out at once. */
const TAKEOVERS_MAX = 10;

export class Conduct {
  readonly #proven = new Bucket();
  readonly #unproven = new Bucket();
  #minuteStartMs = 0;
  #faults = 0;
  #cloneSigns = 0;
  #takeovers = 0;
  /** Monotonic; infinite for a clone, until somebody releases it. */
  isolatedUntilMs: number | undefined;

  /**
   * False when the device says more than it may. Under a name with a key, what anybody could have said is counted apart:
   * it does not use up what the device may say.
   */
  maySpeak(monotonicMs: number, anybodys = false): boolean {
    return (anybodys ? this.#unproven : this.#proven).take(monotonicMs);
  }

  isolated(monotonicMs: number): boolean {
    if (this.isolatedUntilMs === undefined) return false;
    if (monotonicMs < this.isolatedUntilMs) return true;
    this.release();
    return false;
  }

  /** True when it is one too many. */
  fault(monotonicMs: number): boolean {
    this.#turnMinute(monotonicMs);
    return ++this.#faults > FAULTS_PER_MINUTE_MAX;
  }

  /** True when it is proof enough. */
  cloneSign(monotonicMs: number): boolean {
    this.#turnMinute(monotonicMs);
    return ++this.#cloneSigns >= CLONE_SIGNS_MAX;
  }

  /** True when there were too many. */
  takenOver(monotonicMs: number): boolean {
    this.#turnMinute(monotonicMs);
    return ++this.#takeovers > TAKEOVERS_MAX;
  }

  release(): void {
    this.isolatedUntilMs = undefined;
    this.#faults = 0;
    this.#cloneSigns = 0;
    this.#takeovers = 0;
  }

  #turnMinute(monotonicMs: number): void {
    if (monotonicMs - this.#minuteStartMs < MINUTE_MS) return;
    this.#minuteStartMs = monotonicMs;
    this.#faults = 0;
    this.#cloneSigns = 0;
    this.#takeovers = 0;
  }
}

class Bucket {
  #tokens = DEVICE_BURST_MESSAGES;
  #filledAtMs: number | undefined;

  take(monotonicMs: number): boolean {
    const gained = ((monotonicMs - (this.#filledAtMs ?? monotonicMs)) / 1_000) * DEVICE_MESSAGES_PER_SECOND;
    this.#filledAtMs = monotonicMs;
    this.#tokens = Math.min(DEVICE_BURST_MESSAGES, this.#tokens + gained);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
