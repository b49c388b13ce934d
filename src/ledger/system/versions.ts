/** FISCO's compatibility versions as numbers: major<<24 | minor<<16 | patch<<8 (bcos-framework/protocol/Protocol.h). */

export const VERSION_3_3 = 0x0303_0000;
export const VERSION_3_6 = 0x0306_0000;
export const VERSION_3_9 = 0x0309_0000;

const MAJOR = 3;
/** The last part may be left out (bcos-tool/VersionConverter.h). */
const VERSION = /^3\.(0|[1-9]\d{0,2})(?:\.(0|[1-9]\d{0,2}))?$/;

/** Undefined for a text that is no version 3.x or 3.x.y. */
export function compatibilityNumber(text: string): number | undefined {
  const [, minor, patch = "0"] = VERSION.exec(text) ?? [];
  if (minor === undefined || Number(minor) > 255 || Number(patch) > 255) return undefined;
  return MAJOR * 0x0100_0000 + Number(minor) * 0x1_0000 + Number(patch) * 0x100;
}
