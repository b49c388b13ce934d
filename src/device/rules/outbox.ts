/** What the engine has to say until somebody takes it. */

import { REFUSALS_MAX } from "./limits.js";
import type { Notice, RuleCommand, RuleRefusal, RuleResults, RuleWrite } from "./port.js";

export class Outbox {
  #commands: RuleCommand[] = [];
  #notices: Notice[] = [];
  #refusals: RuleRefusal[] = [];
  #writes: RuleWrite[] = [];
  /** Refusals that were not kept because nobody took the ones before. */
  refusalsDropped = 0;

  command(command: RuleCommand): void {
    this.#commands.push(command);
  }

  notice(notice: Notice): void {
    this.#notices.push(notice);
  }

  refuse(refusal: RuleRefusal): void {
    if (this.#refusals.length < REFUSALS_MAX) this.#refusals.push(refusal);
    else this.refusalsDropped++;
  }

  write(write: RuleWrite): void {
    this.#writes.push(write);
  }

  take(): RuleResults | undefined {
    const results = {
      commands: this.#commands,
      notices: this.#notices,
      refusals: this.#refusals,
      writes: this.#writes,
    };
    if (Object.values(results).every((list) => list.length === 0)) return undefined;
    this.#commands = [];
    this.#notices = [];
    this.#refusals = [];
    this.#writes = [];
    return results;
  }
}
