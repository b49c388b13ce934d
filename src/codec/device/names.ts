/** Which texts may be names in the device protocol. Narrow, so that every name fits a topic, a file name and a log line. */
import { DeviceMessageError } from "./problems.js";

/** `[A-Za-z0-9_-]{1,64}`: a device, and a gateway as sender of commands. */
export const DEVICE_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** Of a property, an action or an event. */
export const AFFORDANCE_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
/** `<vendor>/<model>` */
export const PROFILE_ID = /^[a-z0-9_-]{1,64}\/[a-z0-9_-]{1,64}$/;
/** Serial number and software version: printable ASCII, may be empty. */
export const LABEL = /^[\x20-\x7e]{0,64}$/;

export const PROFILE_CHARS_MAX = 129;
export const NAME_CHARS_MAX = 64;

/** @throws DeviceMessageError `DEVICE_MESSAGE_NAME` */
export function checkName(field: string, pattern: RegExp, name: string): string {
  if (typeof name !== "string" || !pattern.test(name))
    throw new DeviceMessageError({ code: "DEVICE_MESSAGE_NAME", field });
  return name;
}
