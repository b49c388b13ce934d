/**
 * One logged-in token with one key, inside the token's own process. Calls that the standard defines as synchronous block
 * this process and nothing else. Signing runs in parallel, one session each; a session whose C_Sign failed may be stuck in
 * OPERATION_ACTIVE and is replaced. Whatever takes handles or login away is answered by starting the process anew.
 */
import { fromHex } from "../../src/base/bytes.js";
import type { Millis } from "../../src/base/clock.js";
import type { AnchorValue } from "../../src/crypto/keyBackend.js";
import { bareSignature, type TokenAlgorithm, tokenAlgorithm } from "./algorithms.js";
import { decodeAnchor, encodeAnchor, highestAnchor, isLower } from "./anchorValue.js";
import * as ck from "./cryptoki.js";
import { findToken } from "./findToken.js";
import { SIGNATURE_BUFFER_BYTES } from "./limits.js";
import { logIn, type ReportLogin } from "./login.js";
import type { KeySelection, OpenedKey, OpenRequest } from "./messages.js";
import { demandsRestart, Pkcs11Error, type Pkcs11Problem } from "./problems.js";
import { SessionPool } from "./sessionPool.js";
import { findKey, keyTemplates, type TokenKey } from "./tokenKey.js";
import { findObjects } from "./tokenObjects.js";

const APPLICATION = "edgeseal";

export class Token {
  readonly #cryptoki: ck.Cryptoki;
  readonly #slot: ck.Handle;
  readonly #selection: KeySelection;
  readonly #algorithm: TokenAlgorithm;
  readonly #home: string;
  /** Holds the login; searches and objects go through it. */
  readonly #main: ck.Handle;
  readonly #pool = new SessionPool();
  readonly #allowExtractable: boolean;
  #key: TokenKey | undefined;

  private constructor(cryptoki: ck.Cryptoki, slot: ck.Handle, info: ck.TokenInfo, request: OpenRequest) {
    this.#cryptoki = cryptoki;
    this.#slot = slot;
    this.#selection = request.key;
    this.#algorithm = tokenAlgorithm(request.key.algorithm, request.key.sm2);
    this.#allowExtractable = request.allowExtractable;
    this.#home = `${info.manufacturerID.trim()} ${info.label.trim()} ${info.serialNumber.trim()}`.trim();
    this.#checkMechanism();
    this.#main = this.#openSession(ck.CKF_RW_SESSION);
  }

  /** @throws Pkcs11Error */
  static async open(cryptoki: ck.Cryptoki, request: OpenRequest, report: ReportLogin): Promise<Token> {
    try {
      cryptoki.load(request.modulePath);
      // Without this promise of locks a module may assume one thread, and parallel signatures corrupt its memory.
      cryptoki.C_Initialize({ flags: ck.CKF_OS_LOCKING_OK });
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message.slice(0, 200) : "UNEXPECTED";
      throw new Pkcs11Error({ code: "PKCS11_MODULE_FAILED", path: request.modulePath, reason });
    }
    const { slot, info } = findToken(cryptoki, request.token);
    const token = new Token(cryptoki, slot, info, request);
    await logIn(cryptoki, token.#main, info, request.pin, report);
    if (request.findKey) token.#prepare(request);
    return token;
  }

  #prepare(request: OpenRequest): void {
    this.#key = findKey(this.#cryptoki, this.#main, this.#selection, this.#algorithm, request);
    for (let i = 0; i < request.sessions; i++) this.#pool.give(this.#openSession(), performance.now());
  }

  opened(): OpenedKey | undefined {
    if (this.#key === undefined) return undefined;
    const { publicKey, extractable } = this.#key;
    const { algorithm } = this.#selection;
    const facts = {
      backend: "pkcs11",
      algorithm,
      mechanism: this.#algorithm.name,
      extractable,
      home: this.#home,
    } as const;
    return { facts, publicKey };
  }

  async sign(digest: Uint8Array, deadline: Millis): Promise<Uint8Array> {
    const key = this.#key;
    if (key === undefined) throw new Pkcs11Error({ code: "PKCS11_KEY_ABSENT", keyId: this.#selection.keyId });
    const session = await this.#pool.take(performance.now(), deadline);
    const input = Buffer.from(this.#algorithm.input(digest, key.publicKey));
    const begunAt = performance.now();
    let answer: Buffer;
    try {
      this.#cryptoki.C_SignInit(session, { mechanism: this.#algorithm.signMechanism }, key.handle);
      answer = await this.#cryptoki.C_SignAsync(session, input, Buffer.alloc(SIGNATURE_BUFFER_BYTES));
    } catch (thrown) {
      throw new Pkcs11Error(this.#replace(session, ck.callProblem("C_Sign", thrown)));
    }
    const now = performance.now();
    this.#pool.signed(now - begunAt);
    this.#pool.give(session, now);
    return bareSignature(answer);
  }

  readAnchor(): AnchorValue | undefined {
    return highestAnchor(this.#anchorObjects().map((object) => this.#anchorOf(object)));
  }

  /**
   * The new object is complete before the old ones go: a token that loses power in between holds both, and the higher
   * counts. What the token then says it holds is read back.
   */
  writeAnchor(value: AnchorValue): void {
    const before = this.#anchorObjects();
    if (isLower(value, highestAnchor(before.map((object) => this.#anchorOf(object))))) {
      throw new Pkcs11Error({ code: "PKCS11_ANCHOR_LOWER", ...value });
    }
    const template = [...this.#anchorTemplate(), { type: ck.CKA_VALUE, value: Buffer.from(encodeAnchor(value)) }];
    const created = ck.called("C_CreateObject", () =>
      this.#cryptoki.C_CreateObject(this.#main, [
        ...template,
        { type: ck.CKA_TOKEN, value: true },
        { type: ck.CKA_MODIFIABLE, value: false },
      ]),
    );
    const kept = this.#anchorOf(created);
    if (kept.session !== value.session || kept.reserved !== value.reserved) {
      throw new Pkcs11Error({ code: "PKCS11_ANSWER_INVALID", what: "anchor", length: 0 });
    }
    for (const object of before) {
      ck.called("C_DestroyObject", () => this.#cryptoki.C_DestroyObject(this.#main, object));
    }
  }

  /** Makes the key and reads back that its secret cannot leave. A key that fails this is destroyed again. */
  async generate(label: string): Promise<OpenedKey> {
    const { generateMechanism } = this.#algorithm;
    const { keyId } = this.#selection;
    if (generateMechanism === undefined) {
      throw new Pkcs11Error({ code: "PKCS11_OPTION", option: "sm2.generateMechanism" });
    }
    const id = Buffer.from(fromHex(keyId));
    const same = [{ type: ck.CKA_ID, value: id }];
    if (findObjects(this.#cryptoki, this.#main, same).length > 0) {
      throw new Pkcs11Error({ code: "PKCS11_KEY_EXISTS", keyId });
    }
    const templates = keyTemplates(this.#algorithm, id, label);
    let made: { publicKey: ck.Handle; privateKey: ck.Handle };
    try {
      const mechanism = { mechanism: generateMechanism };
      made = await this.#cryptoki.C_GenerateKeyPairAsync(this.#main, mechanism, templates.public, templates.private);
    } catch (thrown) {
      throw new Pkcs11Error(ck.callProblem("C_GenerateKeyPair", thrown));
    }
    try {
      const rules = { allowExtractable: this.#allowExtractable, expectedKey: undefined, generated: true };
      this.#key = findKey(this.#cryptoki, this.#main, this.#selection, this.#algorithm, rules);
    } catch (thrown) {
      for (const object of [made.privateKey, made.publicKey]) this.#cryptoki.C_DestroyObject(this.#main, object);
      throw thrown;
    }
    const opened = this.opened();
    if (opened === undefined) throw new Pkcs11Error({ code: "PKCS11_KEY_ABSENT", keyId });
    return opened;
  }

  close(): void {
    this.#cryptoki.C_Finalize();
    this.#cryptoki.close();
  }

  #checkMechanism(): void {
    const list = ck.called("C_GetMechanismList", () => this.#cryptoki.C_GetMechanismList(this.#slot));
    if (list.includes(this.#algorithm.signMechanism)) return;
    throw new Pkcs11Error({ code: "PKCS11_MECHANISM_ABSENT", mechanism: this.#algorithm.name });
  }

  #openSession(flags = 0): ck.Handle {
    return ck.called("C_OpenSession", () => this.#cryptoki.C_OpenSession(this.#slot, ck.CKF_SERIAL_SESSION | flags));
  }

  /**
   * Closes first, for a token may have no room for one more. Where no fresh session is to be had only a new start helps: a
   * pool that shrinks in silence would end with nobody being served. Returns what to answer.
   */
  #replace(session: ck.Handle, problem: Pkcs11Problem): Pkcs11Problem {
    if (demandsRestart(problem)) return problem;
    try {
      this.#cryptoki.C_CloseSession(session);
    } catch {
      // The module has forgotten it already.
    }
    try {
      this.#pool.give(this.#cryptoki.C_OpenSession(this.#slot, ck.CKF_SERIAL_SESSION), performance.now());
      return problem;
    } catch (thrown) {
      return ck.sessionLost("C_OpenSession", thrown);
    }
  }

  #anchorTemplate(): ck.Attribute[] {
    return [
      { type: ck.CKA_CLASS, value: ck.CKO_DATA },
      { type: ck.CKA_PRIVATE, value: true },
      { type: ck.CKA_APPLICATION, value: APPLICATION },
      { type: ck.CKA_LABEL, value: `edgeseal anchor ${this.#selection.keyId}` },
    ];
  }

  #anchorObjects(): ck.Handle[] {
    return findObjects(this.#cryptoki, this.#main, this.#anchorTemplate());
  }

  #anchorOf(object: ck.Handle): AnchorValue {
    const [attribute] = ck.called("C_GetAttributeValue", () =>
      this.#cryptoki.C_GetAttributeValue(this.#main, object, [{ type: ck.CKA_VALUE }]),
    );
    return decodeAnchor(attribute?.value ?? new Uint8Array(0));
  }
}
