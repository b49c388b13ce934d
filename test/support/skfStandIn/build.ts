/** Compiles the stand-in for one folder of control, and steers it from there. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SecretSource } from "../../../hsm/keystore/secretSource.js";

export type StandInVariant = "plain" | "wide" | "left";

const FLAGS: Readonly<Record<StandInVariant, readonly string[]>> = {
  plain: [],
  wide: ["-DWIDE_ULONG"],
  left: ["-DLEFT_ALIGNED"],
};

export interface SkfStandIn {
  readonly module: string;
  readonly folder: string;
  /** Takes the place of everything set before. */
  control(settings: Readonly<Record<string, string | number>>): void;
  /** How often a function was called. */
  calls(name: string): number;
  triesLeft(): number | undefined;
  setTries(tries: number): void;
  pinFile(pin: string): SecretSource;
  remove(): void;
}

export function buildSkfStandIn(variant: StandInVariant = "plain"): SkfStandIn {
  const folder = mkdtempSync(join(tmpdir(), "edgeseal-skf-"));
  const module = join(folder, "libskf.so");
  const source = join(import.meta.dirname, "skfStandIn.c");
  const define = `-DSTAND_IN_FOLDER="${folder}"`;
  execFileSync("gcc", [
    ...["-shared", "-fPIC", "-O1", "-Wall", "-Werror", define, ...FLAGS[variant]],
    ...[source, "-o", module, "-l:libcrypto.so.3"],
  ]);
  const file = (name: string): string => join(folder, name);
  const read = (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), "utf8") : "");
  return {
    module,
    folder,
    control(settings) {
      const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
      writeFileSync(file("control"), lines.join(""));
    },
    calls: (name) =>
      read("calls")
        .split("\n")
        .filter((line) => line === name).length,
    triesLeft: () => (read("tries") === "" ? undefined : Number(read("tries"))),
    setTries: (tries) => writeFileSync(file("tries"), String(tries)),
    pinFile(pin) {
      const path = file(`pin-${pin}`);
      writeFileSync(path, `${pin}\n`, { mode: 0o600 });
      return { kind: "file", path };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
