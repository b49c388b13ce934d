/**
 * A vendor's SKF library, bound with koffi. Calls run beside the event loop, which goes on hearing and answering the node.
 * The standard promises no thread safety; who calls waits for one call before the next.
 */
import { realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute } from "node:path";
import { SkfError, type SkfLibraryReason } from "./problems.js";

/** ULONG arguments as C's `unsigned long`: right for libraries with 32 and with 64 bits, as all go in registers. */
const PROTOTYPES = {
  SKF_EnumDev: ["int", "void *", "void *"],
  SKF_ConnectDev: ["void *", "void *"],
  SKF_DisConnectDev: ["uintptr_t"],
  SKF_GetDevInfo: ["uintptr_t", "void *"],
  SKF_OpenApplication: ["uintptr_t", "void *", "void *"],
  SKF_CloseApplication: ["uintptr_t"],
  SKF_OpenContainer: ["uintptr_t", "void *", "void *"],
  SKF_CloseContainer: ["uintptr_t"],
  SKF_GetPINInfo: ["uintptr_t", "unsigned long", "void *", "void *", "void *"],
  SKF_VerifyPIN: ["uintptr_t", "unsigned long", "void *", "void *"],
  SKF_ExportPublicKey: ["uintptr_t", "int", "void *", "void *"],
  SKF_ECCSignData: ["uintptr_t", "void *", "unsigned long", "void *"],
} as const;

export type SkfCall = keyof typeof PROTOTYPES;
type Argument = Uint8Array | number | bigint | null;

export interface SkfLibrary {
  /** The SAR code. A call that hangs never settles; only the end of the process ends it. */
  call(name: SkfCall, ...args: readonly Argument[]): Promise<number>;
}

const OTHERS_MAY_WRITE = 0o022;
const STICKY = 0o1000;
const ROOT_USER = 0;

/** Code of the library runs with all our rights: nobody but root and ourselves may be able to exchange it. */
function checkPath(module: string): string {
  const refuse = (reason: SkfLibraryReason): never => {
    throw new SkfError({ code: "SKF_LIBRARY_PATH", module, reason });
  };
  if (!isAbsolute(module)) refuse("not absolute");
  let path = "";
  try {
    path = realpathSync(module);
  } catch {
    refuse("missing");
  }
  if (!statSync(path).isFile()) refuse("not a file");
  const user = process.getuid?.();
  // Windows has no such modes.
  if (user === undefined) return path;
  for (let place = path; ; place = dirname(place)) {
    const { uid, mode } = statSync(place);
    if (uid !== ROOT_USER && uid !== user) refuse("foreign owner");
    // In a sticky folder others may add files, but not exchange ours.
    const isSafe = (mode & OTHERS_MAY_WRITE) === 0 || (place !== path && (mode & STICKY) !== 0);
    if (!isSafe) refuse("writable by others");
    if (place === dirname(place)) return path;
  }
}

async function loadKoffi(): Promise<typeof import("koffi")> {
  try {
    return await import("koffi");
  } catch (thrown) {
    throw new SkfError({ code: "SKF_BINDING_MISSING", reason: String(thrown) }, { cause: thrown });
  }
}

/** @throws SkfError `SKF_LIBRARY_PATH`, `SKF_LIBRARY_LOAD`, `SKF_BINDING_MISSING` */
export async function loadSkfLibrary(module: string): Promise<SkfLibrary> {
  const path = checkPath(module);
  const koffi = await loadKoffi();
  const functions = new Map<SkfCall, ReturnType<ReturnType<typeof koffi.load>["func"]>>();
  try {
    const handle = koffi.load(path);
    for (const name of Object.keys(PROTOTYPES) as SkfCall[]) {
      functions.set(name, handle.func("__stdcall", name, "uint32_t", [...PROTOTYPES[name]]));
    }
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new SkfError({ code: "SKF_LIBRARY_LOAD", module, reason }, { cause: thrown });
  }

  const held = new Set<readonly Argument[]>();
  return {
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        // The library writes into these arrays until it returns.
        held.add(args);
        functions.get(name)?.async(...args, (failure: unknown, status: number) => {
          held.delete(args);
          if (failure) reject(failure);
          else resolve(status);
        });
      }),
  };
}
