/** Devices and commands as the gateway's store keeps them: JSON of our own making, read back by our own code. */
import { fromHex, toHex, utf8Bytes } from "../../base/bytes.js";
import { parseJson, writeJson } from "../../codec/json.js";
import type { DeviceCommand } from "../command.js";
import type { DeviceRecord } from "../device.js";
import type { CommandCause } from "./messages.js";

export function deviceBytes(record: DeviceRecord): Uint8Array {
  const { voucher, ...rest } = record;
  const publicKey = voucher.kind === "key" ? toHex(voucher.publicKey) : undefined;
  return utf8Bytes(writeJson({ ...rest, publicKey }));
}

/** @throws JsonError for bytes that are not `deviceBytes`. */
export function deviceFrom(bytes: Uint8Array): DeviceRecord {
  const { publicKey, ...rest } = parseJson(new TextDecoder().decode(bytes)) as unknown as Omit<
    DeviceRecord,
    "voucher"
  > & {
    readonly publicKey?: string;
  };
  return {
    ...rest,
    voucher: publicKey === undefined ? { kind: "gateway" } : { kind: "key", publicKey: fromHex(publicKey) },
  };
}

export interface KeptCommand {
  readonly command: DeviceCommand;
  readonly cause: CommandCause;
}

export function commandBytes({ command, cause }: KeptCommand): Uint8Array {
  return utf8Bytes(writeJson({ ...command, id: toHex(command.id), cause }));
}

/** @throws JsonError for bytes that are not `commandBytes`. */
export function commandFrom(bytes: Uint8Array): KeptCommand {
  const { cause, id, ...rest } = parseJson(new TextDecoder().decode(bytes)) as unknown as Omit<DeviceCommand, "id"> & {
    readonly id: string;
    readonly cause: CommandCause;
  };
  return { command: { ...rest, id: fromHex(id) }, cause };
}
