/** A serial port, as the lines of a gateway use it. Whatever arrives is untrusted bytes in pieces of any size. */
import { stat } from "node:fs/promises";
import { LineError } from "./lineProblems.js";
import { socketReason } from "./socketReason.js";

export interface SerialPortOptions {
  /** /dev/ttyUSB0, COM3 or, better, a name that stays the same: /dev/serial/by-id/... */
  readonly path: string;
  /** Bits a second. */
  readonly baudRate: number;
  /** Default `none`. */
  readonly parity?: "none" | "even" | "odd";
  /** Default 1. */
  readonly stopBits?: 1 | 2;
  /** Default 8. */
  readonly dataBits?: 7 | 8;
}

export interface SerialPortHandlers {
  data(bytes: Uint8Array): void;
  /** Called once, when the port is gone without `close`: unplugged, or a failed read or write. */
  lost(reason: string): void;
}

export interface OpenedPort {
  /** Settles when the bytes have left the process, or the port is lost or closed. Never rejects. */
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** @throws LineError `LINE_SERIAL_MISSING`, `LINE_DOWN` */
export type OpenSerialPort = (options: SerialPortOptions, handlers: SerialPortHandlers) => Promise<OpenedPort>;

/** A port that takes no bytes for this long hangs: some adapters never report that they were unplugged. */
export const PORT_WRITE_TIMEOUT_MS = 5_000;
/** How often it is looked whether the adapter is still there. */
export const PORT_LOOK_MS = 2_000;
export const BAUD_RATE_MAX = 4_000_000;

/** @throws LineError `LINE_OPTION_INVALID` */
export function checkSerialPortOptions({ path, baudRate }: SerialPortOptions): void {
  if (path.length === 0 || path.includes("\0")) {
    throw new LineError({ code: "LINE_OPTION_INVALID", option: "path", reason: "names no device" });
  }
  if (!Number.isInteger(baudRate) || baudRate < 50 || baudRate > BAUD_RATE_MAX) {
    throw new LineError({ code: "LINE_OPTION_INVALID", option: "baudRate", reason: `50..${BAUD_RATE_MAX}` });
  }
}

/** Opens the port for this process alone where the system can. */
export const openSerialPort: OpenSerialPort = async (options, handlers) => {
  const { SerialPort } = await loadSerialPort();
  const { path, baudRate, parity = "none", stopBits = 1, dataBits = 8 } = options;
  const port = new SerialPort({ path, baudRate, parity, stopBits, dataBits, autoOpen: false, lock: true });
  await new Promise<void>((resolve, reject) => {
    port.open((failure) => {
      if (!failure) resolve();
      else reject(new LineError({ code: "LINE_DOWN", line: path, reason: socketReason(failure) }));
    });
  });
  const waiting = new Set<() => void>();
  let isOver = false;
  // The system tells of an unplugged adapter, as a rule; a line that has missed it would be deaf for good.
  const opened = placeOf(path);
  const looking = setInterval(() => {
    void Promise.all([opened, placeOf(path)]).then(([before, now]) => {
      if (now !== before) lost(now === undefined ? "ENOENT" : "replaced");
    });
  }, PORT_LOOK_MS);
  looking.unref();
  const end = (): void => {
    clearInterval(looking);
    isOver = true;
    for (const settle of [...waiting]) settle();
  };
  const lost = (reason: string): void => {
    if (isOver) return;
    end();
    // After an error the port may still be open; its descriptor must not stay behind.
    if (port.isOpen) port.close(() => {});
    handlers.lost(reason);
  };
  port.on("data", (bytes: Uint8Array) => {
    if (!isOver) handlers.data(bytes);
  });
  port.on("error", (failure: Error) => lost(socketReason(failure)));
  port.on("close", (failure?: Error | null) => lost(failure ? socketReason(failure) : "closed"));
  return {
    write(bytes) {
      if (isOver) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(() => lost("takes no bytes"), PORT_WRITE_TIMEOUT_MS);
        const settle = (): void => {
          clearTimeout(timer);
          waiting.delete(settle);
          resolve();
        };
        waiting.add(settle);
        port.write(bytes, (failure) => {
          if (failure) lost(socketReason(failure));
          settle();
        });
      });
    },
    close() {
      end();
      return new Promise((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve()));
    },
  };
};

/** Which device file stands at the path; undefined: none. Names that are no paths (COM3) have no file to look at. */
async function placeOf(path: string): Promise<string | undefined> {
  if (!path.startsWith("/")) return path;
  try {
    const { dev, ino, rdev } = await stat(path);
    return `${dev}/${ino}/${rdev}`;
  } catch {
    return undefined;
  }
}

async function loadSerialPort(): Promise<typeof import("serialport")> {
  try {
    return await import("serialport");
  } catch (thrown) {
    throw new LineError({ code: "LINE_SERIAL_MISSING", reason: socketReason(thrown) }, { cause: thrown });
  }
}
