/**
 * The operator's file of devices as a running gateway uses it: who is installed and registered by it, read again when somebody
 * asks for it. A file with mistakes changes nothing.
 */
import { toHex } from "../../base/bytes.js";
import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/logger.js";
import type { DeviceRecord } from "../../device/device.js";
import type { GatewayInput } from "../../device/gateway/messages.js";
import type { DeviceProfile } from "../../device/profile.js";
import type { RuleMistake } from "../rules/problems.js";
import { FileRegistrations, type InstalledDevice, readDeviceFile, recordOf } from "./deviceFile.js";

export interface DeviceShelfOptions {
  readonly path: string;
  readonly profileOf: (id: string) => DeviceProfile | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ListedDevice {
  readonly record: DeviceRecord;
  readonly profile: DeviceProfile;
}

export class DeviceShelf {
  readonly registrations: FileRegistrations;
  readonly #options: DeviceShelfOptions;
  #devices: readonly InstalledDevice[] = [];
  #mistakes: readonly RuleMistake[] = [];

  private constructor(options: DeviceShelfOptions) {
    this.#options = options;
    this.registrations = new FileRegistrations(options.path, []);
  }

  static async open(options: DeviceShelfOptions): Promise<DeviceShelf> {
    const shelf = new DeviceShelf(options);
    await shelf.read();
    return shelf;
  }

  /** Of the last reading. */
  get mistakes(): readonly RuleMistake[] {
    return this.#mistakes;
  }

  get installed(): readonly ListedDevice[] {
    return this.#devices.flatMap((device) => this.#listed(device));
  }

  /** Reads the file again. What the core is to be told of the differences; nothing when the file has a mistake. */
  async read(): Promise<readonly GatewayInput[]> {
    const { path, logger } = this.#options;
    const { devices, mistakes } = await readDeviceFile(path);
    // Without the file nobody is named by it.
    const absent = mistakes.some((problem) => problem.code === "DEVICES_UNREADABLE" && problem.reason === "ENOENT");
    this.#mistakes = absent
      ? []
      : mistakes.map((problem) => ({ file: path, line: problem.line, column: problem.column, problem }));
    for (const { problem } of this.#mistakes) logger.error({ ...problem }, "the file of devices is left out");
    if (this.#mistakes.length > 0) return [];
    return this.#replace(devices ?? []);
  }

  #replace(devices: readonly InstalledDevice[]): readonly GatewayInput[] {
    const before = new Map(this.#devices.map((device) => [device.id, textOf(device)]));
    this.#devices = devices;
    this.registrations.replace(devices);
    this.#mistakes = devices.flatMap((device) => this.#profileMistake(device));
    const inputs: GatewayInput[] = [];
    for (const device of devices) {
      const same = before.get(device.id) === textOf(device);
      before.delete(device.id);
      if (same) continue;
      for (const listed of this.#listed(device)) inputs.push({ kind: "install", ...listed, by: "file" });
    }
    for (const device of before.keys()) inputs.push({ kind: "remove", device, by: "file" });
    if (inputs.length > 0) inputs.push({ kind: "registrationsChanged" });
    return inputs;
  }

  #listed(device: InstalledDevice): readonly ListedDevice[] {
    const profile = this.#options.profileOf(device.profile);
    return profile === undefined ? [] : [{ record: recordOf(device, this.#options.clock.now()), profile }];
  }

  #profileMistake({ id, profile, line }: InstalledDevice): readonly RuleMistake[] {
    const { path, profileOf, logger } = this.#options;
    if (profileOf(profile) !== undefined) return [];
    logger.error({ device: id, profile }, "there is no such profile");
    return [{ file: path, line, column: 1, problem: { code: "RULE_PROFILE_UNKNOWN", device: id, profile } }];
  }
}

/** Where a device stands in the file makes no difference. */
function textOf({ line: _line, publicKey, ...device }: InstalledDevice): string {
  return JSON.stringify({ ...device, publicKey: publicKey === undefined ? "" : toHex(publicKey) });
}
