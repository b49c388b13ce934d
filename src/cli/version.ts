import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const PACKAGE_NAME = "edgeseal";

/** From the package this file belongs to, wherever it was compiled to. */
export function version(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const found = versionIn(folder);
    if (found !== undefined) return found;
    if (dirname(folder) === folder) return "unknown";
  }
}

function versionIn(folder: string): string | undefined {
  try {
    const described: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const { name, version: found } = described as { name?: unknown; version?: unknown };
    return name === PACKAGE_NAME && typeof found === "string" ? found : undefined;
  } catch {
    return undefined;
  }
}
