/** The shipped profiles of the virtual devices. */
import { MODEL_NAMES, type ModelName } from "../../simulator/devices/models.js";
import type { DeviceProfile } from "../../src/device/profile.js";
import { loadProfiles } from "../../src/node/profiles/library.js";

const { profiles, mistakes } = await loadProfiles({ wanted: new Set(MODEL_NAMES.map((name) => `virtual/${name}`)) });
if (mistakes.length > 0) throw new Error(`a shipped profile is wrong: ${JSON.stringify(mistakes)}`);

export function virtualProfile(name: ModelName): DeviceProfile {
  const profile = profiles.get(`virtual/${name}`);
  if (profile === undefined) throw new Error(`no profile virtual/${name}`);
  return profile;
}

export const virtualProfileOf = (id: string): DeviceProfile | undefined => profiles.get(id);
