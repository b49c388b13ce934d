/**
 * Tells systemd how the service does (sd_notify(3)): ready, stopping, alive, and one line of status.
 *
 * The notification socket takes datagrams and Node has no Unix datagram sockets, so the program `systemd-notify` sends
 * them, as a short child process; it is there wherever systemd is. The unit therefore needs `NotifyAccess=all`.
 * Outside of systemd, without NOTIFY_SOCKET, nothing is done at all.
 */
import { execFile } from "node:child_process";
import type { Logger } from "../base/logger.js";

export const NOTIFY_PROGRAM = "systemd-notify";
/** A message that takes longer is given up; the next one comes anyway. */
export const NOTIFY_TIMEOUT_MS = 5_000;
export const NOTIFY_STATUS_CHARACTERS_MAX = 200;
const MICROSECONDS_PER_MS = 1_000;
const CONTROL_CHARACTERS = /[\p{Cc}]+/gu;

type Environment = Readonly<Record<string, string | undefined>>;

export interface SdNotifyOptions {
  readonly environment: Environment;
  readonly logger: Logger;
  /** Asked before each WATCHDOG=1: false lets systemd restart a node that runs but does not work. */
  readonly isAlive: () => boolean;
  readonly program?: string;
}

export class SdNotify {
  readonly #options: SdNotifyOptions;
  readonly #enabled: boolean;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #failed = false;

  constructor(options: SdNotifyOptions) {
    this.#options = options;
    this.#enabled = (options.environment.NOTIFY_SOCKET ?? "") !== "";
  }

  /** READY=1, and from now on WATCHDOG=1 at half the interval that systemd allows. */
  ready(status: string): Promise<void> {
    const intervalMs = watchdogIntervalMs(this.#options.environment);
    if (this.#enabled && intervalMs !== undefined && this.#timer === undefined) {
      this.#timer = setInterval(() => this.#beat(), intervalMs / 2);
    }
    return this.#send(["READY=1", statusLine(status)]);
  }

  status(status: string): Promise<void> {
    return this.#send([statusLine(status)]);
  }

  /** STOPPING=1; the watchdog goes on until the process ends, because stopping may hang too. */
  stopping(): Promise<void> {
    return this.#send(["STOPPING=1"]);
  }

  /** Ends the watchdog's timer. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #beat(): void {
    if (this.#options.isAlive()) void this.#send(["WATCHDOG=1"]);
  }

  /** One after the other, so that READY never arrives after STOPPING. Never rejects. */
  #send(assignments: readonly string[]): Promise<void> {
    if (!this.#enabled) return this.#sending;
    this.#sending = this.#sending.then(() => this.#run(assignments));
    return this.#sending;
  }

  #run(assignments: readonly string[]): Promise<void> {
    const { program = NOTIFY_PROGRAM, environment, logger } = this.#options;
    return new Promise((resolve) => {
      const options = { timeout: NOTIFY_TIMEOUT_MS, env: { ...environment } };
      execFile(program, [`--pid=${process.pid}`, ...assignments], options, (error) => {
        // Said once: a missing program stays missing, and the watchdog would repeat it for ever.
        if (error !== null && !this.#failed) {
          this.#failed = true;
          logger.warn({ program, reason: error.code ?? error.signal }, "systemd cannot be notified");
        }
        resolve();
      });
    });
  }
}

function statusLine(status: string): string {
  return `STATUS=${status.replace(CONTROL_CHARACTERS, " ").slice(0, NOTIFY_STATUS_CHARACTERS_MAX)}`;
}

/** Undefined when no watchdog is asked for, or it is meant for another process (sd_watchdog_enabled(3)). */
function watchdogIntervalMs({ WATCHDOG_USEC, WATCHDOG_PID }: Environment): number | undefined {
  const microseconds = Number(WATCHDOG_USEC ?? 0);
  if (!Number.isSafeInteger(microseconds) || microseconds <= 0) return undefined;
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(process.pid)) return undefined;
  return microseconds / MICROSECONDS_PER_MS;
}
