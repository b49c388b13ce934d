/** What the parts of the gateway's core share: the time, the counts, and the pile of things to do. */
import { Counters } from "../../base/counters.js";
import type { Now } from "../view.js";
import type { GatewayMessage, GatewayOutput, GatewayWrite } from "./messages.js";
import type { GatewayProblem } from "./problems.js";

export class Pile {
  readonly counters = new Counters();
  now: Now = { wallMs: 0, wallSet: false, monotonicMs: 0 };
  writes: GatewayWrite[] = [];
  messages: GatewayMessage[] = [];
  outputs: GatewayOutput[] = [];

  get isEmpty(): boolean {
    return this.writes.length === 0 && this.messages.length === 0 && this.outputs.length === 0;
  }

  refuse(problem: GatewayProblem): void {
    this.counters.add(problem.code);
    this.outputs.push({ kind: "refused", problem });
  }

  clear(): void {
    this.writes = [];
    this.messages = [];
    this.outputs = [];
  }
}
