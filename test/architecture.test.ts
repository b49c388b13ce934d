/** The house rules that can be read off the files: who may import whom, and what pure rooms may not touch. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");

interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Without comments and string contents, so that words in prose do not count. */
  readonly code: string;
  readonly imports: readonly { readonly target: string; readonly typeOnly: boolean; readonly dynamic: boolean }[];
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : path.endsWith(".ts") ? [path] : [];
  });
}

function withoutProse(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|[^:"'`])\/\/.*$/gm, "$1")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
}

function importsOf(path: string, text: string): SourceFile["imports"] {
  const found: { target: string; typeOnly: boolean; dynamic: boolean }[] = [];
  const statements = /(?:^|\n)(import|export)\s+(type\s+)?([^;"]*?)\bfrom\s+"([^"]+)"|(?:^|\n)import\s+"([^"]+)"/g;
  for (const [, , typeWord, names = "", from, bare] of text.matchAll(statements)) {
    const listed = names
      .replace(/^\{|\}\s*$/g, "")
      .split(",")
      .map((name) => name.trim())
      .filter(Boolean);
    const allTypes =
      names.trim().startsWith("{") && listed.length > 0 && listed.every((name) => name.startsWith("type "));
    found.push({ target: from ?? bare ?? "", typeOnly: typeWord !== undefined || allTypes, dynamic: false });
  }
  for (const [, target = ""] of text.matchAll(/\bimport\("([^"]+)"\)/g))
    found.push({ target, typeOnly: false, dynamic: true });
  return found.map((one) => ({ ...one, target: resolveImport(path, one.target) }));
}

/** Own files as a path from the root without ending, packages by their name. */
function resolveImport(path: string, target: string): string {
  if (!target.startsWith(".")) return target;
  return relative(ROOT, resolve(ROOT, dirname(path), target)).replace(/\.js$/, "");
}

const FILES: readonly SourceFile[] = ["src", "hsm", "simulator"].flatMap(filesBelow).map((path) => {
  const text = readFileSync(join(ROOT, path), "utf8");
  return { path, text, code: withoutProse(text), imports: importsOf(path, text) };
});

/** "src/crypto/backend" is a room of its own: the only part of crypto that loads native code. */
function roomOf(path: string): string {
  if (path.startsWith("src/crypto/backend")) return "crypto/backend";
  if (path === "src/index" || path === "src/index.ts") return "index";
  const [top, room] = path.split("/");
  return top === "src" ? (room ?? "") : (top ?? "");
}

/** Who may import whom. A room may always import itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  base: [],
  crypto: ["base"],
  "crypto/backend": ["base", "crypto"],
  codec: ["base", "crypto"],
  chain: ["base", "crypto", "codec"],
  ledger: ["base", "crypto", "codec", "chain"],
  device: ["base", "crypto", "codec"],
  // What they store and send is the pure rooms' business; they see ports, types and the JSON reader.
  store: ["base", "chain", "ledger", "device"],
  link: ["base", "codec", "device"],
  hsm: ["base", "crypto", "codec"],
  text: ["base", "crypto", "codec", "chain", "ledger", "device", "store", "link", "hsm", "node", "simulator"],
  node: ["base", "crypto", "crypto/backend", "codec", "chain", "ledger", "device", "store", "link", "hsm", "text"],
  cli: ["base", "crypto", "codec", "chain", "device", "node", "text"],
  index: ["base", "crypto", "crypto/backend", "codec", "chain", "device", "text"],
  simulator: [
    "base",
    "crypto",
    "crypto/backend",
    "codec",
    "chain",
    "ledger",
    "device",
    "store",
    "link",
    "node",
    "text",
  ],
};

const PURE = ["base", "crypto", "codec", "chain", "ledger", "device"];

/** Of these rooms `text`, `store` and `ledger` may know the shapes, not the code. */
const TYPES_ONLY: Readonly<Record<string, readonly string[]>> = {
  text: ["crypto", "codec", "chain", "ledger", "device", "store", "link", "hsm", "node", "simulator"],
  store: ["chain", "ledger", "device"],
  link: ["device"],
  ledger: ["chain"],
};

const BANNED: readonly { readonly word: RegExp; readonly instead: string }[] = [
  { word: /\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)/, instead: "a Millis argument" },
  { word: /\bMath\s*\.\s*random\b/, instead: "the Random port" },
  { word: /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\s*\(/, instead: "tick(now)" },
  { word: /\bprocess\s*\./, instead: "an argument" },
  { word: /\bperformance\s*\./, instead: "a Millis argument" },
  { word: /\bawait\b|\basync\b/, instead: "step and ready" },
  { word: /\bfetch\s*\(/, instead: "a link" },
  { word: /\bBuffer\b/, instead: "Uint8Array" },
  { word: /\bcrypto\s*\.\s*(getRandomValues|subtle)\b/, instead: "the Random port" },
];

/** Packages that only compute. */
const PURE_PACKAGES = ["@noble/curves", "@noble/hashes", "cbor-x"];

describe("rooms", () => {
  test("the files are found and read", () => {
    expect(FILES.length).toBeGreaterThan(150);
    expect(FILES.flatMap(({ imports }) => imports).length).toBeGreaterThan(600);
    for (const room of PURE) expect(FILES.some(({ path }) => roomOf(path) === room)).toBe(true);
  });

  test("import only what lies below them", () => {
    const wrong = FILES.flatMap(({ path, imports }) => {
      const room = roomOf(path);
      return imports
        .filter(({ target }) => /^(src|hsm|simulator|test)\//.test(target))
        .filter(({ target, dynamic }) => {
          const other = roomOf(target);
          // A verb may load the simulator when a person asks for it, never before.
          if (room === "cli" && other === "simulator") return !dynamic;
          return other !== room && !(ALLOWED[room] ?? []).includes(other);
        })
        .map(({ target }) => `${path} -> ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test("that only tell or keep know shapes, not code", () => {
    const wrong = FILES.flatMap(({ path, imports }) => {
      const limited = TYPES_ONLY[roomOf(path)] ?? [];
      return imports
        .filter(
          ({ target, typeOnly }) =>
            !typeOnly && limited.includes(roomOf(target)) && /^(src|hsm|simulator)\//.test(target),
        )
        .map(({ target }) => `${path} -> ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test("chain, link and store never know each other's insides, nothing imports tests", () => {
    const wrong = FILES.flatMap(({ path, imports }) =>
      imports.filter(({ target }) => target.startsWith("test/")).map(({ target }) => `${path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("pure rooms", () => {
  const pure = FILES.filter(({ path }) => PURE.includes(roomOf(path)));

  test("hold no time, randomness, environment, or waiting", () => {
    const wrong = pure.flatMap(({ path, code }) =>
      BANNED.filter(({ word }) => word.test(code)).map(
        ({ word, instead }) => `${path}: ${word.source} (use ${instead})`,
      ),
    );
    expect(wrong).toEqual([]);
  });

  test("import no Node module and only packages that compute", () => {
    const wrong = pure.flatMap(({ path, imports }) =>
      imports
        .filter(({ target }) => !/^(src|hsm|simulator)\//.test(target))
        .filter(({ target }) => !PURE_PACKAGES.some((name) => target === name || target.startsWith(`${name}/`)))
        .map(({ target }) => `${path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("everywhere", () => {
  test("errors are typed: no bare Error is thrown", () => {
    const wrong = FILES.filter(({ code }) => /throw\s+new\s+Error\b/.test(code)).map(({ path }) => path);
    expect(wrong).toEqual([]);
  });

  test("no certificate check is ever turned off", () => {
    const wrong = FILES.filter(({ code }) => /rejectUnauthorized\s*:\s*false/.test(code)).map(({ path }) => path);
    expect(wrong).toEqual([]);
  });

  test("native and heavy packages load when they are needed, not before", () => {
    const heavy =
      /^(better-sqlite3|secp256k1|tiny-secp256k1|hash-wasm|mqtt|aedes|zod|yaml|pkcs11js|koffi|serialport|modbus-serial|node:sqlite)$/;
    const wrong = FILES.flatMap(({ path, imports }) =>
      imports
        .filter(({ target, typeOnly, dynamic }) => heavy.test(target) && !typeOnly && !dynamic)
        .map(({ target }) => `${path} -> ${target}`),
    );
    // Schemas themselves are made of zod; they are loaded dynamically as a whole.
    const schemas = [
      "src/node/config/schema.ts",
      "src/node/config/gatewaySchema.ts",
      "src/node/gateway/deviceSchema.ts",
      "src/node/profiles/schema.ts",
      "src/node/rules/schema.ts",
      "simulator/fleet/scenario/schema.ts",
    ];
    expect(wrong.filter((line) => !schemas.some((path) => line.startsWith(path)))).toEqual([]);
  });

  test("a file is one subject: none grows beyond what a person reads in one go", () => {
    const long = FILES.filter(({ text }) => text.split("\n").length > 480).map(({ path }) => path);
    expect(long).toEqual([]);
  });

  test("the published folders exist", () => {
    for (const folder of ["src", "hsm", "simulator", "device-profiles", "docs", "test"]) {
      expect(statSync(join(ROOT, folder)).isDirectory()).toBe(true);
    }
  });
});
