/** A SoftHSM2 token in a folder of its own, the fault shim before it, and the token program compiled for plain Node. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pkcs11Options } from "../../hsm/pkcs11/pkcs11Backend.js";
import { utf8Bytes } from "../../src/base/bytes.js";
import { checkoutRoot } from "./checkout.js";
import { compileModules } from "./compiledModules.js";

const ROOT = checkoutRoot(import.meta.dirname);
const MODULES = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"];
export const TOKEN_LABEL = "edgeseal test";
export const PIN = "73915";
const SO_PIN = "50515253";
/** The secret behind the shim's vendor mechanism: the example key of GB/T 32918.5. */
export const SHIM_SM2_SECRET = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
export const SHIM_SM2 = { signMechanism: 0x80000501, input: "e" } as const;

export type ShimFault =
  | "none"
  | "removed"
  | "removed-signing"
  | "strange-card"
  | "session-lost"
  | "login-expired"
  | "pin-locked"
  | "pin-changed"
  | "final-try"
  | "extractable-ff"
  | "sensitive-wide"
  | "birth-unknown"
  | "birth-ff"
  | "stuck"
  | "stuck-full"
  | "stuck-at-limit"
  | "active"
  | "crash"
  | "hang"
  | "init-hang"
  | "slots-hang"
  | "login-hang"
  | "login-crash"
  | "login-error"
  | "login-early"
  | "slow"
  | "pause"
  | "error-after"
  | "flip"
  | "short";

export interface SoftHsm {
  readonly folder: string;
  /** SoftHSM2 itself. */
  readonly module: string;
  /** The shim before it. */
  readonly shim: string;
  readonly program: string;
  /** The back end for children on plain Node. */
  readonly backendModule: string;
  /** What `openPkcs11` needs but the key: through the shim unless `direct`. */
  options(direct?: boolean): Omit<Pkcs11Options, "key">;
  setFault(fault: ShimFault): void;
  /** "login" and "sign <hex>" in the order the shim saw them. */
  log(): string[];
  /** Of the last login that the shim saw. */
  loginPid(): number | undefined;
  clearLog(): void;
  remove(): void;
}

/**
 * Sets SOFTHSM2_CONF and the shim's variables in this process, whence children inherit them: one token per test file.
 */
export function startSoftHsm(): SoftHsm {
  const folder = mkdtempSync(join(tmpdir(), "edgeseal-softhsm-"));
  const module = MODULES.find((path) => existsSync(path));
  if (module === undefined) throw new Error("SoftHSM2 is not installed (apt-get install softhsm2)");
  mkdirSync(join(folder, "tokens"));
  const conf = join(folder, "softhsm2.conf");
  writeFileSync(
    conf,
    `directories.tokendir = ${join(folder, "tokens")}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  const control = join(folder, "fault");
  const log = join(folder, "log");
  Object.assign(process.env, {
    SOFTHSM2_CONF: conf,
    EDGESEAL_SHIM_TARGET: module,
    EDGESEAL_SHIM_CONTROL: control,
    EDGESEAL_SHIM_LOG: log,
  });
  const words = ["--init-token", "--free", "--label", TOKEN_LABEL, "--pin", PIN, "--so-pin", SO_PIN];
  execFileSync("softhsm2-util", words, { stdio: "ignore" });
  const shim = buildShim(folder);
  const program = compileModules(["hsm/pkcs11/tokenMain", "hsm/process/parentWatch", "hsm/pkcs11/pkcs11Backend"]);
  const lines = () => (existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean) : []);
  const moduleRules = { folders: ["/usr/lib", folder], owners: [0, process.getuid?.() ?? 0] };
  return {
    folder,
    module,
    shim,
    program: program.path("hsm/pkcs11/tokenMain"),
    backendModule: program.path("hsm/pkcs11/pkcs11Backend"),
    options: (direct = false) => ({
      module: direct ? module : shim,
      token: { label: TOKEN_LABEL },
      pin: utf8Bytes(PIN),
      moduleRules,
      program: program.path("hsm/pkcs11/tokenMain"),
    }),
    setFault: (fault) => writeFileSync(control, fault === "none" ? "" : fault),
    log: () => lines().map(withoutPid),
    loginPid() {
      const [, pid] = /^login (\d+)/.exec(lines().findLast((line) => line.startsWith("login ")) ?? "") ?? [];
      return pid === undefined ? undefined : Number(pid);
    },
    clearLog: () => rmSync(log, { force: true }),
    remove() {
      rmSync(folder, { recursive: true, force: true });
      program.remove();
    },
  };
}

function withoutPid(line: string): string {
  const [what, , hex] = line.split(" ");
  return hex === undefined || hex === "" ? (what ?? "") : `${what} ${hex}`;
}

function buildShim(folder: string): string {
  const shim = join(folder, "shim.so");
  const source = join(ROOT, "test/support/pkcs11Shim/shim.c");
  const headers = join(ROOT, "node_modules/pkcs11js/includes/pkcs11");
  const flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-I", headers, "-o", shim, source, "-ldl", "-lcrypto"];
  execFileSync("gcc", flags, { stdio: ["ignore", "inherit", "inherit"] });
  return shim;
}

/** Puts a key pair made elsewhere on the token, as `softhsm2-util --import` does: sensitive, not extractable. */
export function importSoftHsmKey(folder: string, pem: string | Buffer, keyId: string): void {
  const path = join(folder, "import.pem");
  writeFileSync(path, pem, { mode: 0o600 });
  const words = ["--import", path, "--token", TOKEN_LABEL, "--label", "imported", "--id", keyId, "--pin", PIN];
  execFileSync("softhsm2-util", words, { stdio: "ignore" });
  rmSync(path);
}

/** An ended process whom nobody has asked after has no command line any more. */
export function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1") !== "";
  } catch {
    return false;
  }
}
