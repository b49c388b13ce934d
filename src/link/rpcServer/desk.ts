/**
 * The text of a request in, the text of its answer out. A batch's calls run side by side, because many of them wait for
 * the same block; those that are answered at once take turns with everybody else's.
 */
import { setMaxListeners } from "node:events";
import { codeOf } from "../../base/error.js";
import type { Logger } from "../../base/logger.js";
import {
  JSON_RPC_CODES,
  type RpcFault,
  type RpcId,
  type RpcInvocation,
  readRpcText,
  writeRpcError,
  writeRpcResult,
} from "../../codec/jsonRpc.js";
import { RpcRefusal } from "../../codec/problems.js";

/**
 * The result or a promise of it.
 * @param signal aborted when the request has ended, above all because its client is gone: what still runs is for nobody.
 * @throws RpcRefusal, also as a rejection; anything else is answered as our own fault.
 */
export type RpcHandler = (method: string, params: readonly unknown[], signal?: AbortSignal) => unknown;

export interface DeskOptions {
  readonly handler: RpcHandler;
  readonly bodyBytesMax: number;
  readonly answerBytesMax: number;
  readonly batchItemsMax: number;
  readonly logger: Logger;
  count(code: string): void;
}

/** How long the calls of one batch may hold the processor before others have their turn. */
const TURN_MS = 20;
const STACK_CHARACTERS_MAX = 2_000;
/** Between two answers of an array. */
const SEPARATOR_BYTES = 1;

/** Bytes that the answers of a request may still have together. */
interface Room {
  left: number;
}

/** Its text, undefined where none is due. */
type Answer = string | undefined | Promise<string | undefined>;

interface Answers {
  readonly batch: boolean;
  readonly answers: readonly Answer[];
}

export class RpcDesk {
  readonly #options: DeskOptions;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Undefined where nothing is to be answered, or nobody is there to be. Never rejects. */
  answer(body: Uint8Array, signal: AbortSignal): Promise<string | undefined> {
    return gather(this.#begin(body, signal));
  }

  /** Starts all calls of a request. What waits for its answers afterwards holds no byte of the request any more. */
  async #begin(body: Uint8Array, signal: AbortSignal): Promise<Answers> {
    const { batch, items } = readRpcText(this.#textOf(body), this.#options.batchItemsMax, {
      lengthMax: this.#options.bodyBytesMax,
    });
    // Each call of a batch may listen.
    setMaxListeners(items.length + 1, signal);
    const room = { left: this.#options.answerBytesMax };
    const answers: Answer[] = [];
    let since = performance.now();
    for (const item of items) {
      if (signal.aborted) return { batch, answers: [] };
      answers.push(this.#answerItem(item, room, signal));
      if (performance.now() - since < TURN_MS) continue;
      await new Promise<void>((resolve) => setImmediate(resolve));
      since = performance.now();
    }
    return { batch, answers };
  }

  /** What is no UTF-8 is no JSON either. */
  #textOf(body: Uint8Array): string {
    try {
      return this.#decoder.decode(body);
    } catch {
      return "";
    }
  }

  #answerItem(item: RpcInvocation | RpcFault, room: Room, signal: AbortSignal): Answer {
    if (item.kind === "fault") return this.#error(item.id, item.code, item.message);
    const { id, method, params } = item;
    try {
      const result = this.#options.handler(method, params, signal);
      return result instanceof Promise ? this.#answerLater(id, result, room, signal) : this.#write(id, result, room);
    } catch (thrown) {
      return this.#failure(id, thrown, signal);
    }
  }

  async #answerLater(id: RpcId | undefined, result: Promise<unknown>, room: Room, signal: AbortSignal) {
    try {
      const value = await result;
      return signal.aborted ? undefined : this.#write(id, value, room);
    } catch (thrown) {
      return this.#failure(id, thrown, signal);
    }
  }

  #write(id: RpcId | undefined, result: unknown, room: Room): string | undefined {
    if (id === undefined) return undefined;
    const text = writeRpcResult(id, result);
    const bytes = Buffer.byteLength(text) + SEPARATOR_BYTES;
    if (bytes > room.left) return this.#tooLarge(id);
    room.left -= bytes;
    return text;
  }

  #tooLarge(id: RpcId): string | undefined {
    this.#options.count("RPC_SERVER_ANSWER_TOO_LARGE");
    const message = `The answer would be larger than ${this.#options.answerBytesMax} bytes.`;
    return this.#error(id, JSON_RPC_CODES.internalError, message);
  }

  /** Only what a method says on purpose leaves the house. */
  #failure(id: RpcId | undefined, thrown: unknown, signal: AbortSignal): string | undefined {
    // A refusal that was made because nobody listens is none.
    if (signal.aborted && thrown instanceof RpcRefusal) return undefined;
    if (thrown instanceof RpcRefusal) {
      const { nodeCode, message } = thrown.problem;
      return this.#error(id, nodeCode, message);
    }
    const { count, logger } = this.#options;
    count("RPC_SERVER_HANDLER_FAILED");
    const stack = thrown instanceof Error ? thrown.stack?.slice(0, STACK_CHARACTERS_MAX) : undefined;
    logger.error({ code: codeOf(thrown), stack }, "A JSON-RPC method failed.");
    return this.#error(id, JSON_RPC_CODES.internalError, "Internal error");
  }

  #error(id: RpcId | undefined, code: number, message: string): string | undefined {
    this.#options.count(`RPC_SERVER_ERROR_${code}`);
    return id === undefined ? undefined : writeRpcError(id, code, message);
  }
}

async function gather(begun: Promise<Answers>): Promise<string | undefined> {
  const { batch, answers } = await begun;
  const texts = (await Promise.all(answers)).filter((one) => one !== undefined);
  if (texts.length === 0) return undefined;
  return batch ? `[${texts.join(",")}]` : texts[0];
}
