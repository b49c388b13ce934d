/** A fleet of more connections than one process may have, as shares in processes of their own. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Sample } from "./metrics.js";
import { FleetError } from "./problems.js";
import type { ShareResult } from "./result.js";
import type { ShareOptions } from "./runShare.js";

/** Connections of one process: below the 20,000 descriptors that common systems grant it, with room for everything else. */
export const CONNECTIONS_PER_PROCESS_MAX = 19_000;
export const PROCESSES_MAX = 32;
/** Descriptors that a process has beside its connections. */
const DESCRIPTORS_BESIDE = 96;

export type ToChild =
  | { readonly kind: "start"; readonly options: ShareOptions; readonly sampleMs: number }
  | { readonly kind: "stop" };
export type FromChild =
  | { readonly kind: "ready" }
  | { readonly kind: "sample"; readonly sample: Sample }
  | { readonly kind: "done"; readonly result: ShareResult }
  | { readonly kind: "failed"; readonly reason: string };

/** What the system allows a process to have open; undefined where it does not say. */
export function descriptorLimit(): number | undefined {
  const report = process.report?.getReport() as unknown as
    | { readonly userLimits?: Readonly<Record<string, { readonly soft?: number | string }>> }
    | undefined;
  const soft = report?.userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : undefined;
}

/** @throws FleetError `FLEET_DESCRIPTORS_FEW` */
export function processesFor(devices: number, gateways: number): number {
  const allowed = descriptorLimit() ?? Number.POSITIVE_INFINITY;
  const each = Math.min(CONNECTIONS_PER_PROCESS_MAX, allowed - DESCRIPTORS_BESIDE - gateways);
  const processes = Math.ceil(devices / Math.max(1, each));
  if (each < 1 || processes > PROCESSES_MAX) {
    const needed = Math.ceil(devices / PROCESSES_MAX) + gateways + DESCRIPTORS_BESIDE;
    throw new FleetError({ code: "FLEET_DESCRIPTORS_FEW", needed, allowed });
  }
  return processes;
}

export interface ProcessHooks {
  readonly sampleMs: number;
  readonly onSample?: (process: number, sample: Sample) => void;
  readonly signal?: AbortSignal;
  /** Compiled `childMain.js`, where it is not beside this file. */
  readonly childModule?: string;
  /** All processes are about to begin. */
  readonly onStart?: () => void;
}

/** @throws FleetError `FLEET_PROCESS_ENDED` */
export async function runShares(shares: readonly ShareOptions[], hooks: ProcessHooks): Promise<ShareResult[]> {
  const children: ChildProcess[] = [];
  const stop = () => {
    for (const child of children) tell(child, { kind: "stop" });
  };
  try {
    const running = shares.map((share, i) => {
      const child = fork(hooks.childModule ?? fileURLToPath(new URL("./childMain.js", import.meta.url)), [], {
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      });
      children.push(child);
      return { child, share, ...follow(child, (sample) => hooks.onSample?.(i, sample)) };
    });
    await Promise.all(running.map(({ ready, done }) => Promise.race([ready, done])));
    hooks.onStart?.();
    hooks.signal?.addEventListener("abort", stop, { once: true });
    if (hooks.signal?.aborted === true) stop();
    for (const { child, share } of running) tell(child, { kind: "start", options: share, sampleMs: hooks.sampleMs });
    return await Promise.all(running.map(({ done }) => done));
  } finally {
    hooks.signal?.removeEventListener("abort", stop);
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill();
  }
}

function follow(child: ChildProcess, onSample: (sample: Sample) => void) {
  let isReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const done = new Promise<ShareResult>((resolve, reject) => {
    const failed = (reason: string) => reject(new FleetError({ code: "FLEET_PROCESS_ENDED", reason }));
    child.on("message", (message: FromChild) => {
      if (message.kind === "ready") isReady();
      else if (message.kind === "sample") onSample(message.sample);
      else if (message.kind === "done") resolve(message.result);
      else failed(message.reason);
    });
    child.once("error", (error) => failed(error.message));
    child.once("exit", (code, signal) => failed(signal ?? `exit code ${code}`));
  });
  // Somebody waits for it later; until then a failure is not an unhandled one.
  done.catch(() => undefined);
  return { ready, done };
}

function tell(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message);
}
