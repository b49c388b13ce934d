/** The real command, compiled into a folder of its own and run as a child process on plain Node. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");
const CACHE_FOLDER = join(ROOT, "node_modules/.cache/edgeseal");

export interface Ran {
  readonly exitCode: number | null;
  readonly out: string;
  readonly error: string;
}

export interface CompiledCli {
  readonly main: string;
  /** Folder of the compiled tree, as `dist` is. */
  readonly folder: string;
  run(words: readonly string[], options?: { input?: string | Buffer; env?: Record<string, string>; cwd?: string }): Ran;
  /** Without waiting for its end. */
  start(words: readonly string[], env?: Record<string, string>): ReturnType<typeof spawn>;
  remove(): void;
}

export function compileCli(): CompiledCli {
  mkdirSync(CACHE_FOLDER, { recursive: true });
  const folder = mkdtempSync(join(CACHE_FOLDER, "cli-"));
  const toRoot = relative(folder, ROOT);
  const config = {
    extends: `${toRoot}/tsconfig.json`,
    compilerOptions: { noEmit: false, rootDir: toRoot, outDir: "." },
    // The next five are started as processes and threads, so nothing imports them.
    files: [
      "src/cli/main",
      "hsm/pkcs11/tokenMain",
      "hsm/skf/skfMain",
      "hsm/process/parentWatch",
      "simulator/fleet/childMain",
      "src/node/participant/recovery/recoveryMain",
      // A page of the documents is made from it.
      "src/node/rpc/jsonRpc",
    ].map((name) => `${toRoot}/${name}.ts`),
    include: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "edgeseal", version: "0.0.1-test", type: "module" }),
  );
  const compiled = spawnSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", folder], {
    encoding: "utf8",
  });
  const main = join(folder, "src/cli/main.js");
  // Types are `npm run check`'s business; here it is enough that the code came out.
  if (!existsSync(main)) throw new Error(compiled.stdout);
  const environment = (env: Record<string, string> = {}) => ({ PATH: process.env.PATH ?? "", ...env });
  return {
    main,
    folder,
    run(words, { input, env, cwd } = {}) {
      const child = spawnSync(process.execPath, [main, ...words], {
        encoding: "utf8",
        env: environment(env),
        maxBuffer: 64 * 1024 * 1024,
        ...(input === undefined ? {} : { input }),
        ...(cwd === undefined ? {} : { cwd }),
      });
      return { exitCode: child.status, out: child.stdout, error: child.stderr };
    },
    start: (words, env) => spawn(process.execPath, [main, ...words], { env: environment(env), stdio: "pipe" }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
