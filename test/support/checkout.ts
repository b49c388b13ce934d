/** The checkout this runs in, from sources as well as from compiled copies of them below it. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Only the checkout itself has it: compiled trees hold no shell scripts. */
const MARK = join("scripts", "setup");

export function checkoutRoot(from: string): string {
  let folder = from;
  while (!existsSync(join(folder, MARK))) {
    const above = dirname(folder);
    if (above === folder) throw new TypeError(`${from} lies in no checkout`);
    folder = above;
  }
  return folder;
}
