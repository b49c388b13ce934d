/** The table of devices: what is kept of a device that is installed again. */
import { expect, it } from "vitest";
import { referenceSuite } from "../../../src/crypto/referenceSuite.js";
import { softSigner } from "../../../src/crypto/softSigner.js";
import type { DeviceRecord } from "../../../src/device/device.js";
import { DeviceTable } from "../../../src/device/gateway/table.js";
import { profile, record } from "../../support/deviceProfiles.js";

const LAMP = profile("test/lamp", {});
const suite = referenceSuite("ecdsa");
const table = () => new DeviceTable(suite, { registration: () => ({ verdict: "unknown" }) }, false);

function heard(devices: DeviceTable, of: DeviceRecord) {
  const member = devices.put(of, LAMP, false);
  Object.assign(member, { birth: 3, sequence: 17, availability: "online" });
  return member;
}

it("a device that is installed again at its place keeps its count and its conduct", () => {
  const devices = table();
  const before = heard(devices, record("lamp", LAMP));
  const after = devices.put({ ...record("lamp", LAMP), name: "Another name" }, LAMP, true);
  expect(after).toMatchObject({ birth: 3, sequence: 17, availability: "online", fixed: true });
  expect(after.conduct).toBe(before.conduct);
  expect(after.record.name).toBe("Another name");
  expect(devices.at("mqtt", "lamp")).toBe(after);
});

it("another device under the same id begins anew", () => {
  const key = (fill: number) => ({
    kind: "key" as const,
    publicKey: softSigner("ecdsa").publicKey(new Uint8Array(32).fill(fill)),
  });
  const lamp = record("lamp", LAMP);
  const pairs: readonly (readonly [DeviceRecord, DeviceRecord])[] = [
    [lamp, { ...lamp, address: "elsewhere" }],
    [lamp, { ...lamp, link: "elsewhere" }],
    [lamp, { ...lamp, voucher: key(1) }],
    [
      { ...lamp, voucher: key(1) },
      { ...lamp, voucher: key(2) },
    ],
  ];
  for (const [first, next] of pairs) {
    const devices = table();
    const before = heard(devices, first);
    const after = devices.put(next, LAMP, false);
    expect(after).toMatchObject({ birth: 0, sequence: 0, availability: "unknown" });
    expect(after.conduct).not.toBe(before.conduct);
    expect(devices.at(next.link, next.address)).toBe(after);
    expect(devices.size).toBe(1);
  }
});
