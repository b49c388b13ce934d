/** The port of a serial line, and the real one. Whatever arrives is untrusted bytes in pieces of any size. */
import { ShieldError } from "./problems.js";

export interface LineHandlers {
  data(bytes: Uint8Array): void;
  /** Called once, when the line is gone without `close`: unplugged, or a failed read or write. */
  lost(reason: string): void;
}

export interface SerialLine {
  /** Never waits; a failed write shows as `lost`. */
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
}

export interface LineOptions {
  /** /dev/ttyUSB0, COM3 or, better, a name that stays the same: /dev/serial/by-id/... */
  readonly path: string;
  /** Bits a second. */
  readonly baudRate: number;
}

export type OpenLine = (options: LineOptions, handlers: LineHandlers) => Promise<SerialLine>;

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return "code" in thrown && typeof thrown.code === "string" ? thrown.code : thrown.message;
}

async function loadSerialPort(): Promise<typeof import("serialport")> {
  try {
    return await import("serialport");
  } catch (thrown) {
    throw new ShieldError({ code: "SHIELD_SERIAL_MISSING", reason: reasonOf(thrown) }, { cause: thrown });
  }
}

/** Opens a serial line, 8 data bits, no parity, one stop bit, for this process alone where the system can. */
export const openSerialLine: OpenLine = async (options, handlers) => {
  const { SerialPort } = await loadSerialPort();
  const port = new SerialPort({ path: options.path, baudRate: options.baudRate, autoOpen: false, lock: true });
  await new Promise<void>((resolve, reject) => {
    port.open((failure) => {
      if (!failure) resolve();
      else reject(new ShieldError({ code: "SHIELD_LINE_DOWN", path: options.path, reason: reasonOf(failure) }));
    });
  });
  let isOver = false;
  const lost = (reason: string): void => {
    if (isOver) return;
    isOver = true;
    // After an error the port may still be open; its descriptor must not stay behind.
    if (port.isOpen) port.close(() => {});
    handlers.lost(reason);
  };
  port.on("data", (bytes: Uint8Array) => {
    if (!isOver) handlers.data(bytes);
  });
  port.on("error", (failure: Error) => lost(reasonOf(failure)));
  port.on("close", (failure?: Error | null) => lost(failure ? reasonOf(failure) : "closed"));
  return {
    write(bytes) {
      if (!isOver) port.write(bytes);
    },
    close() {
      isOver = true;
      return new Promise((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve()));
    },
  };
};
