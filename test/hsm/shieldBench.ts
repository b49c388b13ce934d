/** A serial line without hardware that can be unplugged, with a shield at the far end. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { shieldMemory } from "../../hsm/emulator/memory.js";
import { type PluggedShield, plugIn } from "../../hsm/emulator/shieldOnLine.js";
import { UShield, type UShieldOptions } from "../../hsm/emulator/uShield.js";
import type { SecretSource } from "../../hsm/keystore/secretSource.js";
import { type OpenLine, openSerialLine } from "../../hsm/shield/line.js";
import { PtyPair } from "../support/ptyPair.js";

export const PIN = "271828";
export const TRIES_MAX = 5;
export const SECRET_KEY = Uint8Array.from({ length: 32 }, (_, i) => i + 1);

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

export class ShieldPty extends PtyPair {
  pinFile(pin: string): SecretSource {
    const path = join(this.folder, "pin");
    writeFileSync(path, `${pin}\n`, { mode: 0o600 });
    return { kind: "file", path };
  }
}

export function makeShield(options: Partial<UShieldOptions> = {}): UShield {
  return new UShield({
    algorithm: "secp256k1",
    secretKey: SECRET_KEY,
    serial: "ES-0001",
    pin: PIN,
    pinTriesMax: TRIES_MAX,
    button: "none",
    hasCounter: true,
    memory: shieldMemory(TRIES_MAX),
    ...options,
  });
}

export interface Bench {
  readonly pty: ShieldPty;
  readonly shield: UShield;
  readonly plugged: PluggedShield;
  end(): Promise<void>;
}

export async function makeBench(options: Partial<UShieldOptions> = {}): Promise<Bench> {
  const pty = new ShieldPty();
  await pty.plug();
  const shield = makeShield(options);
  const plugged = plugIn(shield, pty.far);
  return {
    pty,
    shield,
    plugged,
    async end() {
      await plugged.unplug();
      await pty.remove();
    },
  };
}

/** mulberry32: the same noise for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Noise {
  readonly flipBit: number;
  readonly dropByte: number;
  readonly repeatByte: number;
}

export function disturb(bytes: Uint8Array, noise: Noise, random: () => number): Uint8Array {
  const out: number[] = [];
  for (const byte of bytes) {
    let disturbed = byte;
    for (let bit = 0; bit < 8; bit++) if (random() < noise.flipBit) disturbed ^= 1 << bit;
    if (random() >= noise.dropByte) out.push(disturbed);
    if (random() < noise.repeatByte) out.push(disturbed);
  }
  return Uint8Array.from(out);
}

/** The real line, with noise in both directions. */
export function noisyLine(noise: Noise, seed: number): OpenLine {
  const random = seededRandom(seed);
  return async (options, handlers) => {
    const line = await openSerialLine(options, {
      ...handlers,
      data: (bytes) => handlers.data(disturb(bytes, noise, random)),
    });
    return { ...line, write: (bytes) => line.write(disturb(bytes, noise, random)) };
  };
}
