/** What a shield remembers without power. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import type { AnchorValue } from "../../src/crypto/keyBackend.js";

export interface ShieldMemory {
  triesLeft: number;
  counter: AnchorValue | undefined;
  /** Durable when it returns. */
  save(): void;
}

/** Lasts as long as the object: unplugging the line does not end it. */
export function shieldMemory(triesLeft: number): ShieldMemory {
  return { triesLeft, counter: undefined, save() {} };
}

/** In a file, so that a killed emulator comes back with the tries and the counter it had. */
export function shieldMemoryFile(path: string, triesAtFirst: number): ShieldMemory {
  const kept: { triesLeft?: number; counter?: AnchorValue } = existsSync(path)
    ? JSON.parse(readFileSync(path, "utf8"))
    : {};
  return {
    triesLeft: kept.triesLeft ?? triesAtFirst,
    counter: kept.counter,
    save() {
      const aside = `${path}.unfinished`;
      const file = openSync(aside, "w", 0o600);
      writeSync(file, JSON.stringify({ triesLeft: this.triesLeft, counter: this.counter }));
      fsyncSync(file);
      closeSync(file);
      renameSync(aside, path);
    },
  };
}
