/** Choosing back ends at start: the fastest that is present and gives the known answers, hash and signature on their own. */
import { CryptoBackendError } from "../problems.js";
import { assembleSigner } from "../signerParts.js";
import type { SoftSigner, Suite, SuiteName } from "../suite.js";
import { assembleSuite } from "../suiteParts.js";
import { type Candidate, HASH_CANDIDATES, SIGNATURE_CANDIDATES, SIGNER_CANDIDATES } from "./candidates.js";
import { type SelfTestFailure, testHash, testSignature } from "./selfTest.js";

export interface LoadSuiteOptions {
  /**
   * Names of back ends. A part of which at least one back end is named uses only named ones; a part of which none is named
   * stays free. `["noble"]` leaves the hash of an `sm` suite free, `["noble", "pure"]` does not.
   */
  readonly only?: readonly string[];
}

export interface BackendReport {
  readonly name: string;
  readonly part: "hash" | "signature";
  /** The package or algorithm is there. */
  readonly available: boolean;
  /** It gives the known answers. */
  readonly passed: boolean;
  /** Why not: a SelfTestFailure, or the code or message of what was thrown. */
  readonly reason?: string;
}

type SelfTest<Part> = (name: SuiteName, part: Part) => SelfTestFailure | undefined;

type Trial<Part> =
  | { readonly passed: true; readonly part: Part }
  | { readonly passed: false; readonly available: boolean; readonly reason: string };

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return "code" in thrown && typeof thrown.code === "string" ? thrown.code : thrown.message;
}

/** Loads and tests one back end. Whatever it throws is a reason not to use it. */
async function tryCandidate<Part>(
  name: SuiteName,
  candidate: Candidate<Part>,
  test: SelfTest<Part>,
): Promise<Trial<Part>> {
  let part: Part;
  try {
    part = await candidate.load();
  } catch (thrown) {
    return { passed: false, available: false, reason: reasonOf(thrown) };
  }
  try {
    const failure = test(name, part);
    if (failure === undefined) return { passed: true, part };
    return { passed: false, available: true, reason: failure };
  } catch (thrown) {
    return { passed: false, available: true, reason: reasonOf(thrown) };
  }
}

async function firstPassing<Part>(
  name: SuiteName,
  candidates: readonly Candidate<Part>[],
  test: SelfTest<Part>,
): Promise<Part | undefined> {
  for (const candidate of candidates) {
    const trial = await tryCandidate(name, candidate, test);
    if (trial.passed) return trial.part;
  }
  return undefined;
}

function isKnownName(name: string): boolean {
  const lists = [HASH_CANDIDATES.ecdsa, HASH_CANDIDATES.sm, SIGNATURE_CANDIDATES.ecdsa, SIGNATURE_CANDIDATES.sm];
  return lists.some((list) => list.some((candidate) => candidate.name === name));
}

function allowed<Part>(candidates: readonly Candidate<Part>[], only: readonly string[]): readonly Candidate<Part>[] {
  const named = candidates.filter((candidate) => only.includes(candidate.name));
  return named.length > 0 ? named : candidates;
}

/**
 * The fastest suite this machine can offer, the reference where nothing else works.
 * @throws CryptoBackendError `CRYPTO_BACKEND_UNKNOWN` for a name in `only` that no back end has, `CRYPTO_BACKEND_NONE` when
 *   none of the allowed ones works.
 */
export async function loadSuite(name: SuiteName, options: LoadSuiteOptions = {}): Promise<Suite> {
  const only = options.only ?? [];
  const unknown = only.find((each) => !isKnownName(each));
  if (unknown !== undefined) throw new CryptoBackendError({ code: "CRYPTO_BACKEND_UNKNOWN", name: unknown });
  const hash = await firstPassing(name, allowed(HASH_CANDIDATES[name], only), testHash);
  if (hash === undefined)
    throw new CryptoBackendError({ code: "CRYPTO_BACKEND_NONE", suite: name, part: "hash", only });
  const signature = await firstPassing(name, allowed(SIGNATURE_CANDIDATES[name], only), testSignature);
  if (signature === undefined) {
    throw new CryptoBackendError({ code: "CRYPTO_BACKEND_NONE", suite: name, part: "signature", only });
  }
  return assembleSuite(name, hash, signature);
}

async function report<Part>(
  name: SuiteName,
  part: "hash" | "signature",
  candidate: Candidate<Part>,
  test: SelfTest<Part>,
): Promise<BackendReport> {
  const trial = await tryCandidate(name, candidate, test);
  if (trial.passed) return { name: candidate.name, part, available: true, passed: true };
  return { name: candidate.name, part, available: trial.available, passed: false, reason: trial.reason };
}

/** Every back end of a suite with its state, fastest first within each part. */
export async function listBackends(name: SuiteName): Promise<readonly BackendReport[]> {
  const reports: BackendReport[] = [];
  for (const candidate of HASH_CANDIDATES[name]) reports.push(await report(name, "hash", candidate, testHash));
  for (const candidate of SIGNATURE_CANDIDATES[name]) {
    reports.push(await report(name, "signature", candidate, testSignature));
  }
  return reports;
}

/**
 * The fastest signer this machine can offer. `ecdsa` signatures are the same bytes as `softSigner` makes; `sm` ones made by
 * OpenSSL are valid but random.
 */
export async function loadSoftSigner(name: SuiteName): Promise<SoftSigner> {
  const { testSigner } = await import("./signerSelfTest.js");
  const part = await firstPassing(name, SIGNER_CANDIDATES[name], testSigner);
  if (part !== undefined) return assembleSigner(name, part);
  const { softSigner } = await import("../softSigner.js");
  return softSigner(name);
}
