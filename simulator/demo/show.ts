/** Shows a demonstration that runs, as a picture or line by line, until somebody stops it. */
import type { ScreenOptions } from "./figures.js";
import type { Options } from "./options.js";

const REFRESH_MS = 250;
const LINE_MS = 1_000;

export interface Demo {
  draw(options: ScreenOptions): string[];
  line(): string;
  json(): unknown;
  attack(): void;
  /** Cuts the chain off, or brings it back. */
  cutChain?(): Promise<void>;
  /** Resolves with the error when it cannot go on. */
  readonly failed?: Promise<unknown>;
  stop(): Promise<void>;
}

/** @throws whatever the demonstration cannot go on for */
export function show(demo: Demo, { mode, seconds: limit, attacksPerSecond, cutChainAfterS }: Options): Promise<void> {
  const started = performance.now();
  const seconds = (): number => Math.floor((performance.now() - started) / 1_000);
  const picture = mode === "picture";
  if (picture) process.stdout.write("\x1b[?1049h\x1b[?25l");
  return new Promise((resolve, reject) => {
    const cut = (): void => void demo.cutChain?.().catch(fail);
    const draw = (): void => {
      if (picture) {
        const lines = demo.draw({ colour: true, seconds: seconds(), keys: true });
        process.stdout.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join("\n")}\x1b[J`);
      } else process.stdout.write(`${mode === "json" ? JSON.stringify(demo.json()) : demo.line()}\n`);
      if (limit > 0 && seconds() >= limit) stop();
    };
    const drawing = setInterval(draw, picture ? REFRESH_MS : LINE_MS);
    const attacking = attacksPerSecond > 0 ? setInterval(() => demo.attack(), 1_000 / attacksPerSecond) : undefined;
    const cutting = cutChainAfterS > 0 ? setTimeout(cut, cutChainAfterS * 1_000) : undefined;
    const leave = (): void => {
      clearInterval(drawing);
      clearInterval(attacking);
      clearTimeout(cutting);
      process.stdin.setRawMode?.(false);
      process.stdin.pause();
      if (picture) {
        const last = demo.draw({ colour: true, seconds: seconds(), keys: false });
        process.stdout.write(`\x1b[?25h\x1b[?1049l${last.join("\n")}\n`);
      }
    };
    const stop = (): void => {
      leave();
      resolve();
    };
    const fail = (error: unknown): void => {
      leave();
      reject(error);
    };
    void demo.failed?.then(fail);
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    process.once("SIGHUP", stop);
    if (!picture) return;
    process.stdin.setRawMode?.(true);
    process.stdin.on("data", (keys) => {
      for (const key of keys.toString()) {
        if (key === "a") demo.attack();
        else if (key === "c") cut();
        else if (key === "q" || key === "\x03") stop();
      }
    });
    draw();
  });
}
