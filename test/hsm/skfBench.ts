/** SKF libraries to be opened, and a look at the processes that hold them. */
import { readdirSync, readFileSync } from "node:fs";
import { openSkf, type SkfBackend, type SkfOptions } from "../../hsm/skf/skfBackend.js";
import { sm2PublicKey } from "../../src/crypto/sm2.js";
import { compileModules } from "../support/compiledModules.js";
import { buildSkfStandIn, type SkfStandIn, type StandInVariant } from "../support/skfStandIn/build.js";

export const PIN = "271828";
/** The stand-in's, unless its control says another. */
export const KEY = sm2PublicKey(new Uint8Array(32).fill(7));

export interface SkfBench {
  /** The back end for children on plain Node. */
  readonly backendModule: string;
  build(this: void, variant?: StandInVariant): SkfStandIn;
  optionsOf(this: void, standIn: SkfStandIn, options?: Partial<SkfOptions>): SkfOptions;
  open(this: void, standIn: SkfStandIn, options?: Partial<SkfOptions>): Promise<SkfBackend>;
  /** Ids of all processes that hold a library for this bench. */
  processes(this: void): number[];
  remove(this: void): void;
}

export function makeSkfBench(): SkfBench {
  const compiled = compileModules(["hsm/skf/skfMain", "hsm/process/parentWatch", "hsm/skf/skfBackend"]);
  const program = compiled.path("hsm/skf/skfMain");
  const built: SkfStandIn[] = [];
  const optionsOf: SkfBench["optionsOf"] = (standIn, options = {}) => ({
    module: standIn.module,
    application: "edgeseal",
    container: "sealer",
    pin: standIn.pinFile(PIN),
    program,
    ...options,
  });
  return {
    backendModule: compiled.path("hsm/skf/skfBackend"),
    build(variant) {
      const standIn = buildSkfStandIn(variant);
      built.push(standIn);
      return standIn;
    },
    optionsOf,
    open: (standIn, options) => openSkf(optionsOf(standIn, options)),
    processes: () => {
      const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
      return ids.filter((id) => commandLine(id).split("\0").includes(program)).map(Number);
    },
    remove() {
      for (const standIn of built) standIn.remove();
      compiled.remove();
    },
  };
}

/** Empty for a process that has ended, also where nobody has asked after it yet. */
function commandLine(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, "latin1");
  } catch {
    return "";
  }
}
