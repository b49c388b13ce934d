/**
 * Where PINs and passphrases come from: a file, a systemd credential, or an inherited file descriptor. Never an argument or
 * an environment variable, which other processes can read.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, readSync, type Stats } from "node:fs";
import { join } from "node:path";
import { SecretError, systemReason } from "./problems.js";

export type SecretSource =
  | { readonly kind: "file"; readonly path: string }
  /** `directory` is what systemd names in CREDENTIALS_DIRECTORY; undefined outside a service that has credentials. */
  | { readonly kind: "credential"; readonly name: string; readonly directory: string | undefined }
  /** Read to its end and closed: it serves once. */
  | { readonly kind: "descriptor"; readonly descriptor: number };

export const SECRET_BYTES_MAX = 1_024;
const GROUP_AND_OTHERS = 0o077;
const OTHERS = 0o007;
const PERMISSIONS = 0o7777;
const CREDENTIAL_NAME = /^[A-Za-z0-9._-]{1,255}$/;
const OWN_DESCRIPTORS = "/proc/self/fdinfo";
const DESCRIPTOR_FLAGS = /^flags:\s+(\d+)$/m;
/** O_WRONLY and O_RDWR. */
const ACCESS_MODE = 3;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * The secret without the line end an editor leaves. The caller overwrites it when it is done.
 * @throws SecretError
 */
export function readSecret(source: SecretSource): Uint8Array {
  const name = nameOf(source);
  const descriptor = openSource(source, name);
  try {
    if (source.kind !== "descriptor") checkAccess(fstatSync(descriptor), source, name);
    return trimmed(readAll(descriptor, name), name);
  } catch (thrown) {
    throw thrown instanceof SecretError ? thrown : unreadable(name, thrown);
  } finally {
    closeSync(descriptor);
  }
}

/** Numbers that were read: whatever has such a number later is not what the caller meant. */
const usedDescriptors = new Set<number>();

/**
 * Only what the parent process can have meant: a file, or the reading end of a pipe or socket. The runtime's own descriptors
 * take the lowest free numbers; its pipes never end, and closing one of them ends the process.
 */
function inherited(descriptor: number, name: string): number {
  const refuse = (reason: string): never => {
    throw new SecretError({ code: "SECRET_UNREADABLE", source: name, reason });
  };
  if (descriptor === process.stdout.fd || descriptor === process.stderr.fd) refuse("NOT_INHERITED");
  if (usedDescriptors.has(descriptor)) refuse("READ_BEFORE");
  let stats: Stats;
  try {
    stats = fstatSync(descriptor);
  } catch (thrown) {
    throw unreadable(name, thrown);
  }
  if (!stats.isFile() && !stats.isFIFO() && !stats.isSocket()) refuse("NOT_A_FILE");
  if (stats.isFIFO() && isWrittenHere(stats.ino)) refuse("NOT_INHERITED");
  usedDescriptors.add(descriptor);
  return descriptor;
}

/** Whether this process holds the writing end of a pipe. Only Linux can tell; elsewhere the caller must know what it says. */
function isWrittenHere(inode: number): boolean {
  let names: string[];
  try {
    names = readdirSync(OWN_DESCRIPTORS);
  } catch {
    return false;
  }
  return names.some((name) => {
    try {
      const [, flags] = DESCRIPTOR_FLAGS.exec(readFileSync(`${OWN_DESCRIPTORS}/${name}`, "latin1")) ?? [];
      const stats = fstatSync(Number(name));
      return stats.ino === inode && stats.isFIFO() && (Number.parseInt(flags ?? "0", 8) & ACCESS_MODE) !== 0;
    } catch {
      // The descriptor through which the folder was read is gone by now.
      return false;
    }
  });
}

function nameOf(source: SecretSource): string {
  if (source.kind === "file") return `file ${source.path}`;
  return source.kind === "credential" ? `credential ${source.name}` : `descriptor ${source.descriptor}`;
}

function unreadable(source: string, thrown: unknown): SecretError {
  return new SecretError({ code: "SECRET_UNREADABLE", source, reason: systemReason(thrown) });
}

function openSource(source: SecretSource, name: string): number {
  if (source.kind === "descriptor") return inherited(source.descriptor, name);
  try {
    return openSync(pathOf(source, name), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (thrown) {
    throw thrown instanceof SecretError ? thrown : unreadable(name, thrown);
  }
}

function pathOf(source: Exclude<SecretSource, { kind: "descriptor" }>, name: string): string {
  if (source.kind === "file") return source.path;
  if (source.directory === undefined) throw new SecretError({ code: "SECRET_NO_CREDENTIALS", source: name });
  if (!CREDENTIAL_NAME.test(source.name) || /^\.+$/.test(source.name)) {
    throw new SecretError({ code: "SECRET_UNREADABLE", source: name, reason: "NAME" });
  }
  return join(source.directory, source.name);
}

function checkAccess(stats: Stats, source: SecretSource, name: string): void {
  // A pipe or device in the place of the file could be fed by anybody, and reading it might wait for ever.
  if (!stats.isFile()) throw new SecretError({ code: "SECRET_UNREADABLE", source: name, reason: "NOT_A_FILE" });
  const user = process.getuid?.();
  // systemd lets a service's user in by an access list, which shows as group bits of a file owned by root.
  const forbidden = source.kind === "credential" ? OTHERS : GROUP_AND_OTHERS;
  if (user !== undefined && (stats.mode & forbidden) !== 0) {
    const mode = (stats.mode & PERMISSIONS).toString(8).padStart(4, "0");
    throw new SecretError({ code: "SECRET_OPEN_TO_OTHERS", source: name, mode });
  }
  if (user !== undefined && stats.uid !== user && stats.uid !== 0) {
    throw new SecretError({ code: "SECRET_OWNER", source: name, owner: stats.uid });
  }
}

function readAll(descriptor: number, source: string): Uint8Array {
  const buffer = new Uint8Array(SECRET_BYTES_MAX + 1);
  let length = 0;
  while (length < buffer.length) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (count === 0) return take(buffer, length);
    length += count;
  }
  buffer.fill(0);
  throw new SecretError({ code: "SECRET_TOO_LONG", source, limit: SECRET_BYTES_MAX });
}

/** The first `length` bytes in memory of their own; the rest of the copies is overwritten. */
function take(buffer: Uint8Array, length: number): Uint8Array {
  const taken = buffer.slice(0, length);
  buffer.fill(0);
  return taken;
}

function trimmed(secret: Uint8Array, source: string): Uint8Array {
  let end = secret.length;
  if (end > 0 && secret[end - 1] === LINE_FEED) end--;
  if (end > 0 && end < secret.length && secret[end - 1] === CARRIAGE_RETURN) end--;
  if (end === 0) throw new SecretError({ code: "SECRET_EMPTY", source });
  return end === secret.length ? secret : take(secret, end);
}
