/** Numbers of the pipe between the node and a process that holds foreign native code. */
import type { Millis } from "../../src/base/clock.js";

/** Answers in one message. */
export const ANSWERS_TOGETHER_MAX = 8;
/** How long an answer waits for others while there is more to do. */
export const ANSWER_WAIT_MS: Millis = 2;
/** File descriptor in the process: after the three of every program and the messages. */
export const PARENT_PIPE = 4;
