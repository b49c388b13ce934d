/** Where the control socket lies: in the data directory, which nobody but its owner can enter. */
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";

export const SOCKET_FILE = "control.sock";
/** sun_path has 108 bytes with its final zero (unix(7)); other systems have 104. */
const SOCKET_PATH_BYTES_MAX = 103;

export interface SocketPath {
  readonly path: string;
  /** To be called when the socket was bound or connected. */
  release(): void;
}

/** A path short enough for the system: where the folder's own is too long, one through the open folder (Linux, proc(5)). */
export function socketPath(dataDir: string): SocketPath {
  const path = join(dataDir, SOCKET_FILE);
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX || process.platform !== "linux") return { path, release() {} };
  const folder = openSync(dataDir, "r");
  return { path: `/proc/self/fd/${folder}/${SOCKET_FILE}`, release: () => closeSync(folder) };
}
