/** Where a device is on a broker. Addresses may come from strangers: a bridge's names of devices are chosen by people. */
import type { AddressProblem } from "./problems.js";

export const ADDRESS_CHARACTERS_MAX = 256;
const SHOWN_CHARACTERS = 64;
/** MQTT 5.0 sections 1.5.4 and 4.7: wildcards, controls, what is no UTF-8; `$` starts a broker's own topics. */
const UNFIT = /^$|^\$|[+#]|[\p{Cc}\uFFFE\uFFFF]|\p{Surrogate}|^\/|\/$|\/\//u;

/** Whether an address may stand in topics: levels of any other characters, none of them empty. */
export function addressProblem(address: string): AddressProblem | undefined {
  if (address.length <= ADDRESS_CHARACTERS_MAX && !UNFIT.test(address)) return undefined;
  return { code: "DEVICE_ADDRESS", address: address.slice(0, SHOWN_CHARACTERS) };
}

/** A topic of the profile with the device's address in it. */
export function topicOf(template: string, address: string): string {
  // A function, because `$` means something in a replacement text.
  return template.replaceAll("{address}", () => address);
}
