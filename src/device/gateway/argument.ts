/** The value that comes with a command or an event: there where the profile has one, and of its type. */
import { isProblem } from "../convert/problems.js";
import { checkValue } from "../convert/value.js";
import type { DeviceId } from "../device.js";
import type { DeviceValue, ValueType } from "../value.js";
import type { GatewayProblem } from "./problems.js";

export function argumentProblem(
  device: DeviceId,
  name: string,
  type: ValueType | undefined,
  value: DeviceValue | undefined,
): GatewayProblem | undefined {
  const refused = (reason: string) => ({ code: "GATEWAY_VALUE_REFUSED" as const, device, name, reason });
  if (type === undefined) return value === undefined ? undefined : refused("DEVICE_VALUE_UNWANTED");
  if (value === undefined) return refused("DEVICE_VALUE_MISSING");
  const checked = checkValue(type, value);
  return isProblem(checked) ? refused(checked.code) : undefined;
}
