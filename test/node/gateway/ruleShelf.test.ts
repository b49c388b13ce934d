import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SILENT_LOGGER } from "../../../src/base/logger.js";
import { SCENES_MAX } from "../../../src/device/rules/limits.js";
import type { DeviceView, Now } from "../../../src/device/view.js";
import { RuleShelf } from "../../../src/node/gateway/ruleShelf.js";
import { filesIn } from "../../../src/node/rules/home.js";
import { MemoryGatewayStore } from "../../../src/store/gateway/memoryGatewayStore.js";
import { hash } from "../../device/rules/world.js";
import { virtualProfile, virtualProfileOf } from "../../support/virtualProfiles.js";

const NOW: Now = { wallMs: 1_800_000_000_000, wallSet: true, monotonicMs: 1_000 };
const SAFE_ALLOWED = "policy: home\nrules:\n  - { effect: allow, direction: safe }\n";
const profile = virtualProfile("lamp");
const lamp = {
  record: {
    ...{ id: "lamp1", profile: profile.id, link: "home", address: "lamp1", name: "lamp1", groups: [], joinedAt: 0 },
    voucher: { kind: "gateway" as const },
  },
  profile,
  registration: { verdict: "registered" as const, trustTier: 1, evidence: { kind: "file" as const, path: "x" } },
  availability: "online" as const,
};
const view: DeviceView = {
  devices: () => [lamp],
  device: (id) => (id === "lamp1" ? lamp : undefined),
  reading: () => undefined,
  fresh: () => false,
};
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "shelf-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function shelf() {
  const store = new MemoryGatewayStore({ now: () => NOW.wallMs });
  const options = { files: filesIn(folder), gateway: "gw", hash, profileOf: virtualProfileOf, store, now: () => NOW };
  return await RuleShelf.open({ ...options, logger: SILENT_LOGGER }, [lamp]);
}

const engineOf = (of: RuleShelf) =>
  of.engine(view, () => ({ height: 1, headerHash: hash(new Uint8Array(0)), headerAgeMs: 0 }));

test("a policy that cannot be read leaves the one before in force", async () => {
  writeFileSync(join(folder, "policy.yaml"), SAFE_ALLOWED);
  const made = await shelf();
  const mayLight = () => engineOf(made).allows("anna", "lamp1", "lit", true, NOW)?.code;
  expect(mayLight()).toBeUndefined();
  for (const slip of ["policy: [", "policy: home\nrules:\n  - { effect: alow, direction: safe }\n"]) {
    writeFileSync(join(folder, "policy.yaml"), slip);
    await made.read([lamp]);
    expect(made.status.mistakes).toBeGreaterThan(0);
    expect(mayLight()).toBeUndefined();
  }
  writeFileSync(join(folder, "policy.yaml"), "policy: home\nrules:\n  - { effect: deny, direction: safe }\n");
  await made.read([lamp]);
  expect(mayLight()).toBe("RULE_POLICY_DENIES");
});

test("scenes that are too many stay out; the others are there", async () => {
  mkdirSync(join(folder, "scenes"));
  for (let i = 0; i <= SCENES_MAX; i++) {
    const text = `scene: s${i}\ntitle: Light\nsteps:\n  - { device: lamp1, set: { lit: true } }\n`;
    writeFileSync(join(folder, "scenes", `s${String(i).padStart(3, "0")}.yaml`), text);
  }
  const made = await shelf();
  expect(made.status).toMatchObject({ scenes: SCENES_MAX, mistakes: 1 });
  expect(engineOf(made).nextMs).toBeUndefined();
});
