/** One connection to a token: from the list of devices to the open container, in typed steps. */
import { utf8Bytes } from "../../src/base/bytes.js";
import {
  DEVICE_INFO_BYTES,
  namesIn,
  PUBLIC_KEY_BLOB_BYTES_MAX,
  publicKeyOf,
  SIGNATURE_BLOB_BYTES,
  serialOf,
  signatureOf,
} from "./blobs.js";
import type { SkfCall, SkfLibrary } from "./library.js";
import type { SkfAddress } from "./messages.js";
import { SAR, SkfError, sarText } from "./problems.js";

const USER_PIN = 1;
const PRESENT_ONLY = 1;
const SIGNING_KEY = 1;
/** Room for a ULONG of 32 or 64 bits; zero before the call, so that the lower half is the value either way. */
const NUMBER_BYTES = 8;
/** One device name is at most 32 bytes long in the standard. */
const DEVICE_LIST_BYTES = 4_096;

class NumberCell {
  readonly bytes = new Uint8Array(NUMBER_BYTES);
  readonly #view = new DataView(this.bytes.buffer);

  constructor(value = 0) {
    this.#view.setUint32(0, value, true);
  }

  get value(): number {
    return this.#view.getUint32(0, true);
  }

  get handle(): bigint {
    return this.#view.getBigUint64(0, true);
  }
}

function zeroEnded(text: string): Uint8Array {
  return utf8Bytes(`${text}\0`);
}

export class SkfSession {
  readonly #library: SkfLibrary;
  #device = 0n;
  #application = 0n;
  #container = 0n;
  serial = "";

  constructor(library: SkfLibrary) {
    this.#library = library;
  }

  async open(address: SkfAddress): Promise<void> {
    const name = await this.#findDevice(address);
    this.#device = await this.#handle("SKF_ConnectDev", zeroEnded(name));
    const info = new Uint8Array(DEVICE_INFO_BYTES);
    await this.#must("SKF_GetDevInfo", this.#device, info);
    this.serial = serialOf(info);
    const { application, container } = address;
    this.#application = await this.#handle("SKF_OpenApplication", this.#device, zeroEnded(application));
    this.#container = await this.#handle("SKF_OpenContainer", this.#application, zeroEnded(container));
  }

  async publicKey(): Promise<Uint8Array> {
    const blob = new Uint8Array(PUBLIC_KEY_BLOB_BYTES_MAX);
    const size = new NumberCell(blob.length);
    await this.#must("SKF_ExportPublicKey", this.#container, SIGNING_KEY, blob, size.bytes);
    return publicKeyOf(blob) ?? invalid("SKF_ExportPublicKey");
  }

  async triesLeft(): Promise<number> {
    const [most, left, isDefault] = [new NumberCell(), new NumberCell(), new NumberCell()];
    const cells = [most.bytes, left.bytes, isDefault.bytes] as const;
    await this.#must("SKF_GetPINInfo", this.#application, USER_PIN, ...cells);
    return left.value;
  }

  /** The SAR code; who presents it counts the tries. */
  async verifyPin(pin: Uint8Array): Promise<number> {
    // With the zero C wants.
    const text = new Uint8Array(pin.length + 1);
    text.set(pin);
    try {
      return await this.#library.call("SKF_VerifyPIN", this.#application, USER_PIN, text, new NumberCell().bytes);
    } finally {
      text.fill(0);
    }
  }

  /** r || s over e */
  async sign(e: Uint8Array): Promise<Uint8Array> {
    const blob = new Uint8Array(SIGNATURE_BLOB_BYTES);
    await this.#must("SKF_ECCSignData", this.#container, e, e.length, blob);
    return signatureOf(blob) ?? invalid("SKF_ECCSignData");
  }

  /** Gives back whatever is open; a token that is gone may refuse that, and nothing depends on it. */
  async close(): Promise<void> {
    const open = [
      ["SKF_CloseContainer", this.#container],
      ["SKF_CloseApplication", this.#application],
      ["SKF_DisConnectDev", this.#device],
    ] as const;
    for (const [name, handle] of open) if (handle !== 0n) await this.#library.call(name, handle);
  }

  async #findDevice({ module, device }: SkfAddress): Promise<string> {
    const list = new Uint8Array(DEVICE_LIST_BYTES);
    const size = new NumberCell(list.length);
    await this.#must("SKF_EnumDev", PRESENT_ONLY, list, size.bytes);
    const names = namesIn(list);
    const found = names.join(", ");
    const [first, second] = device === undefined ? names : names.filter((name) => name === device);
    if (first === undefined) throw new SkfError({ code: "SKF_NO_DEVICE", module, wanted: device ?? "any", found });
    if (second !== undefined) throw new SkfError({ code: "SKF_SEVERAL_DEVICES", module, found });
    return first;
  }

  async #handle(name: SkfCall, ...args: readonly (Uint8Array | bigint)[]): Promise<bigint> {
    const cell = new NumberCell();
    await this.#must(name, ...args, cell.bytes);
    return cell.handle;
  }

  async #must(name: SkfCall, ...args: readonly (Uint8Array | number | bigint)[]): Promise<void> {
    const status = await this.#library.call(name, ...args);
    if (status !== SAR.ok) throw new SkfError({ code: "SKF_STATUS", call: name, status: sarText(status) });
  }
}

function invalid(call: SkfCall): never {
  throw new SkfError({ code: "SKF_ANSWER_INVALID", call });
}
