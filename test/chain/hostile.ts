/** Runs hostile headers, with honest ones in between, against a light client and against the verifier's functions. */
import { expect } from "vitest";
import { ChainIssuer } from "../../simulator/chain/chainIssuer.js";
import { HostileHeaders } from "../../simulator/chain/hostileHeaders.js";
import { SeededRandom } from "../../simulator/chain/seededRandom.js";
import { codeOf, DomainError } from "../../src/base/error.js";
import { Committees } from "../../src/chain/committee.js";
import { LightClient } from "../../src/chain/lightClient.js";
import { type TrustLevel, trustedFrom, verifyAdjacent, verifySkipping } from "../../src/chain/verify.js";
import { equalSealerSets } from "../../src/codec/fisco/sealerSets.js";
import { type HashedHeader, hashHeader } from "../../src/codec/hashedHeader.js";
import type { Profile } from "../../src/codec/profile.js";
import type { SoftSigner, Suite } from "../../src/crypto/suite.js";
import { clientOptions, GENESIS_TIME, rulesOf } from "../support/chains.js";

const SOURCE = "stranger";
const SEALERS = 7;
const COLLUDERS = 2;
/** Hostile headers between two honest ones, at most. */
const BETWEEN_MAX = 60;

export interface SiegeOptions {
  readonly suite: Suite;
  readonly signer: SoftSigner;
  /** What the client verifies with; the suite itself, but for controls. */
  readonly verifier?: Suite;
  readonly profile: Profile;
  readonly seed: number;
  readonly count: number;
}

export interface SiegeReport {
  hostile: number;
  honest: number;
  /** Descriptions of accepted forgeries, some of them. */
  readonly falselyAccepted: string[];
  falseAccepts: number;
  honestRefused: number;
  changes: number;
  /** How often each code refused something. */
  readonly codes: Record<string, number>;
}

export class Siege {
  readonly report: SiegeReport = {
    hostile: 0,
    honest: 0,
    falselyAccepted: [],
    falseAccepts: 0,
    honestRefused: 0,
    changes: 0,
    codes: {},
  };
  readonly #options: SiegeOptions;
  readonly #issuer: ChainIssuer;
  readonly #forger: HostileHeaders;
  readonly #random: SeededRandom;
  readonly #client: LightClient;
  readonly #committees: Committees;
  readonly #verifier: Suite;

  constructor(options: SiegeOptions) {
    const { suite, signer, profile, seed } = options;
    this.#options = options;
    this.#verifier = options.verifier ?? suite;
    this.#random = new SeededRandom(seed).child("siege");
    this.#issuer = new ChainIssuer({
      suite,
      signer,
      profile,
      chainId: "chain0",
      groupId: "group0",
      seed,
      sealerCount: SEALERS,
      genesisTime: GENESIS_TIME,
      blockIntervalMs: 1_000,
      // A removal passes on overlap alone only where more than the new list's quorum has signed.
      signaturesPerBlock: "all",
    });
    const colluders = this.#issuer.sealers(1).nodeIds.slice(0, COLLUDERS);
    this.#forger = new HostileHeaders({ issuer: this.#issuer, seed, colluders });
    const rules = rulesOf(this.#issuer, { suite: this.#verifier });
    this.#client = new LightClient(clientOptions(this.#issuer, { rules, fill: false }));
    this.#client.tick(GENESIS_TIME);
    this.#committees = new Committees(this.#verifier, profile.faultModel);
  }

  run(): SiegeReport {
    const { report } = this;
    this.#client.step({ kind: "connected", source: SOURCE });
    while (report.hostile < this.#options.count) {
      const before = this.#issuer.sealers(this.#issuer.height);
      this.#issueHonest();
      if (!equalSealerSets(before, this.#issuer.head.header.sealers)) report.changes++;
      const left = this.#options.count - report.hostile;
      for (let i = Math.min(left, this.#random.below(BETWEEN_MAX)); i > 0; i--) this.#attack();
      this.#showHonest();
    }
    return report;
  }

  /** Sometimes with an edit of honest sealers that the rules let pass on overlap alone. */
  #issueHonest(): void {
    const next = this.#issuer.sealers(this.#issuer.height + 1);
    const honest = next.nodeIds.slice(COLLUDERS);
    const edit = this.#random.below(12);
    if (edit === 0 && next.nodeIds.length < 2 * SEALERS) this.#issuer.issue({ sealers: [{ kind: "add" }] });
    else if (edit === 1 && next.nodeIds.length > SEALERS) {
      const [first] = this.#issuer.sealers(1).nodeIds as [Uint8Array];
      // Colluders stay: the lowest of all ids at the start may have moved up.
      const nodeId = this.#random.pick(honest.filter((id) => id !== first && !this.#isColluder(id)));
      this.#issuer.issue({ sealers: [{ kind: "remove", nodeId }] });
    } else this.#issuer.issue();
  }

  #isColluder(nodeId: Uint8Array): boolean {
    return this.#issuer.sealers(1).nodeIds.slice(0, COLLUDERS).includes(nodeId);
  }

  #attack(): void {
    const { report } = this;
    const { signed, genuine, how } = this.#forger.next();
    report.hostile++;
    let header: HashedHeader;
    try {
      header = hashHeader(signed, this.#verifier, this.#options.profile);
    } catch (thrown) {
      this.#count(thrown);
      return;
    }
    if (this.#random.below(4) === 0) this.#verifyDirectly(header, genuine, how);
    this.#client.step({ kind: "head", source: SOURCE, header });
    if (this.#random.below(50) === 0) this.#client.tick(this.#issuer.head.header.timestamp);
    if (this.#drain(header) && !genuine) this.#falselyAccepted(how);
  }

  #verifyDirectly(untrusted: HashedHeader, genuine: boolean, how: readonly string[]): void {
    const below = this.#issuer.header(this.#issuer.height - 1);
    if (below.header.number === 0) return;
    const { profile } = this.#options;
    const trustLevel = this.#random.pick<TrustLevel>(["strict", "third"]);
    const now = this.#issuer.head.header.timestamp;
    const rules = rulesOf(this.#issuer, { suite: this.#verifier, trustLevel });
    const trusted = trustedFrom(below, profile, now);
    const verify = this.#random.pick([verifyAdjacent, verifySkipping]);
    try {
      verify({ trusted, untrusted, now, rules, committees: this.#committees });
      if (!genuine) this.#falselyAccepted([verify.name, trustLevel, ...how]);
    } catch (thrown) {
      this.#count(thrown);
    }
  }

  #showHonest(): void {
    const { head } = this.#issuer;
    this.#client.tick(head.header.timestamp);
    this.#client.step({ kind: "head", source: SOURCE, header: head });
    this.#drain(head);
    this.report.honest++;
    if (this.#client.status().height !== head.header.number) this.report.honestRefused++;
  }

  /** Empties what the client has to say. Whether it took this header. */
  #drain(header: HashedHeader): boolean {
    let taken = false;
    for (let ready = this.#client.ready(); ready !== undefined; ready = this.#client.ready()) {
      for (const output of ready.outputs) {
        if (output.kind === "accepted" && output.header === header) taken = true;
        if (output.kind === "fork") taken = true;
        if (output.kind === "refused") this.#add(output.code);
      }
      this.#client.advance();
    }
    return taken;
  }

  #count(thrown: unknown): void {
    if (!(thrown instanceof DomainError)) throw thrown;
    this.#add(codeOf(thrown));
  }

  #add(code: string): void {
    this.report.codes[code] = (this.report.codes[code] ?? 0) + 1;
  }

  #falselyAccepted(how: readonly string[]): void {
    this.report.falseAccepts++;
    if (this.report.falselyAccepted.length < 10) this.report.falselyAccepted.push(how.join(", "));
  }
}

/** What every siege has to show. */
export function expectHeld(report: SiegeReport, count: number): void {
  expect(report.falselyAccepted).toEqual([]);
  expect(report.falseAccepts).toBe(0);
  expect(report.honestRefused).toBe(0);
  expect(report.hostile).toBe(count);
  expect(report.honest).toBeGreaterThan(count / BETWEEN_MAX);
}
