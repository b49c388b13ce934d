/**
 * The one shape of every brain in this project (after etcd/raft's Ready loop).
 *
 * A machine never touches the world. It is told what came in (`step`) and what time it is (`tick`), and says in one value
 * (`ready`) what must be persisted, signed, verified, sent and handed on. A driver does exactly that, in that order, and
 * then calls `advance`. Because the order persist -> send lives in the driver, no protocol can get it wrong on its own.
 */
import type { Millis } from "./clock.js";

export interface Ready<Write, Message, Output, SignRequest = never, VerifyRequest = never> {
  /** To be stored in one durable transaction before anything below happens. */
  readonly writes: readonly Write[];
  /** For the guarded signer; answers come back as ordinary inputs, in any order, perhaps never. */
  readonly signRequests: readonly SignRequest[];
  /** For the verifier pool; answers come back as ordinary inputs. A cheap machine verifies inside `step` instead. */
  readonly verifyRequests: readonly VerifyRequest[];
  /** For other machines, over links. */
  readonly messages: readonly Message[];
  /** For the rest of this process. */
  readonly outputs: readonly Output[];
}

export interface Machine<Input, Write, Message, Output, SignRequest = never, VerifyRequest = never, Time = Millis> {
  /** A decoded, shape-checked value came in. Never throws on bad input: it counts and reports it as an output. */
  step(input: Input): void;
  /**
   * Time is a value handed in; it must never decrease by more than a clock correction. A machine that measures spans while
   * the wall clock may be set is told both clocks.
   */
  tick(now: Time): void;
  /** Everything asked for since the last `advance`, or undefined when there is nothing to do. */
  ready(): Ready<Write, Message, Output, SignRequest, VerifyRequest> | undefined;
  /** The driver has carried out the last `ready`. */
  advance(): void;
}
