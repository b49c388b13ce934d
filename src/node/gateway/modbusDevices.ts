/** Devices on a Modbus line: polled by their plans, converted by their profiles, written and read back. */
import { Counters } from "../../base/counters.js";
import { codeOf } from "../../base/error.js";
import type { Logger } from "../../base/logger.js";
import type { ModbusBinding, ModbusPoint } from "../../device/binding.js";
import { isProblem } from "../../device/convert/problems.js";
import { convertIn, convertOut } from "../../device/convert/value.js";
import type { DeviceRecord } from "../../device/device.js";
import type { GatewayInput, GatewayMessage } from "../../device/gateway/messages.js";
import { modbusPlan } from "../../device/modbus/plan.js";
import type { RawValue } from "../../device/modbus/registers.js";
import type { DeviceProfile } from "../../device/profile.js";
import type { ModbusLine } from "../../link/modbusLine.js";
import type { Carrier, CarrierStatus } from "./carrier.js";

/** Polls in a row without an answer after which a device counts as gone. */
const SILENT_POLLS_MAX = 3;

interface Polled {
  readonly record: DeviceRecord;
  readonly profile: DeviceProfile;
  readonly points: ReadonlyMap<string, ModbusPoint>;
  silentPolls: number;
}

export class ModbusDevices implements Carrier {
  readonly name: string;
  readonly #line: ModbusLine;
  readonly #logger: Logger;
  readonly #counters = new Counters();
  readonly #polled = new Map<string, Polled>();
  #emit: (input: GatewayInput) => void = () => {};

  constructor(name: string, line: ModbusLine, logger: Logger) {
    this.name = name;
    this.#line = line;
    this.#logger = logger;
  }

  start(emit: (input: GatewayInput) => void): void {
    this.#emit = emit;
    const link = this.name;
    this.#line.start({
      up: () => {
        this.#logger.info({ link }, "link up");
        emit({ kind: "linkUp", link });
      },
      down: (code) => {
        this.#logger.info({ link, code }, "link down");
        emit({ kind: "linkDown", link });
      },
      reading: (address, name, raw) => this.#reading(address, name, raw),
      failed: (address, { code }) => this.#failed(address, code),
      dropped: (code) => this.#counters.add(code),
    });
  }

  came(record: DeviceRecord, profile: DeviceProfile): void {
    const { binding } = profile;
    if (binding.protocol !== "modbus") return;
    try {
      this.#line.add(record.address, modbusPlan(binding));
      this.#polled.set(record.address, { record, profile, points: pointsOf(binding), silentPolls: 0 });
    } catch (thrown) {
      this.#counters.add(codeOf(thrown));
      this.#logger.error({ device: record.id, address: record.address, code: codeOf(thrown) }, "not polled");
    }
  }

  left({ address }: DeviceRecord): void {
    this.#polled.delete(address);
    this.#line.remove(address);
  }

  send(message: GatewayMessage): void {
    if (message.kind === "probe") this.#line.poll(message.record.address);
    else if (message.kind === "carry") void this.#write(message);
  }

  status(): CarrierStatus {
    const { up, lastProblem, counters } = this.#line;
    return {
      ...{ name: this.name, protocol: "modbus", connected: up },
      ...(up || lastProblem === undefined ? {} : { problem: lastProblem.code }),
      counters: { ...counters.snapshot(), ...this.#counters.snapshot() },
    };
  }

  stop(): Promise<void> {
    return this.#line.stop();
  }

  #reading(address: string, name: string, raw: RawValue): void {
    const polled = this.#polled.get(address);
    const point = polled?.points.get(name);
    const type = polled?.profile.properties.get(name)?.type;
    if (polled === undefined || point === undefined || type === undefined) {
      this.#counters.add("MODBUS_DEVICE_UNKNOWN");
      return;
    }
    polled.silentPolls = 0;
    const value = convertIn(point.convert, type, raw);
    const said = isProblem(value)
      ? { readings: [], faults: [{ code: value.code, name }] }
      : { readings: [[name, value] as const], faults: [] };
    this.#emit({ kind: "heard", device: polled.record.id, retained: false, events: [], ...said });
  }

  #failed(address: string, code: string): void {
    this.#counters.add(code);
    const polled = this.#polled.get(address);
    // An exception is an answer: the device is there.
    if (polled === undefined || code !== "MODBUS_SILENT" || ++polled.silentPolls !== SILENT_POLLS_MAX) return;
    this.#emit({
      ...{ kind: "heard", device: polled.record.id, retained: false, readings: [], events: [], faults: [] },
      availability: "offline",
    });
  }

  async #write({ record, profile, command }: GatewayMessage & { kind: "carry" }): Promise<void> {
    const carried = (result: "done" | "failed"): void => this.#emit({ kind: "carried", id: command.id, result });
    const raw = rawOf(profile, command.target, command.value);
    if (typeof raw === "string") {
      this.#counters.add(raw);
      carried("failed");
      return;
    }
    try {
      await this.#line.write(record.address, command.target, raw);
      carried("done");
    } catch (thrown) {
      const code = codeOf(thrown);
      this.#counters.add(code);
      // A silent device or a line that is away may come back before the command expires; a refusal is an answer.
      if (code === "MODBUS_EXCEPTION" || code === "MODBUS_WRITE_NOT_TAKEN") carried("failed");
    }
  }
}

function pointsOf(binding: ModbusBinding): ReadonlyMap<string, ModbusPoint> {
  return new Map([...binding.writes, ...binding.reads].map((point) => [point.name, point]));
}

/** A string is the code of what is wrong. */
function rawOf(
  profile: DeviceProfile,
  target: string,
  value: Parameters<typeof convertOut>[2] | undefined,
): RawValue | string {
  const { binding } = profile;
  const point = binding.protocol === "modbus" ? binding.writes.find(({ name }) => name === target) : undefined;
  const type = profile.properties.get(target)?.type;
  if (point === undefined || type === undefined) return "MODBUS_POINT_UNKNOWN";
  if (value === undefined) return "DEVICE_VALUE_MISSING";
  const raw = convertOut(point.convert, type, value);
  if (isProblem(raw)) return raw.code;
  return typeof raw === "string" ? "MODBUS_POINT_VALUE" : raw;
}
