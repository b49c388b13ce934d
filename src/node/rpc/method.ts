/**
 * A method of JSON-RPC as data: its name, its parameters by position, what it answers, and the function that does so.
 * The same data refuses wrong parameters and writes the OpenRPC description.
 */
import type { RpcContext } from "./context.js";
import { refuseParams } from "./refusals.js";

/** A JSON Schema; what it may hold is the schema language's business. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Param<T> {
  readonly name: string;
  readonly description: string;
  readonly schema: Schema;
  readonly required: boolean;
  /** @param value undefined where the client left it out or wrote null. @throws RpcRefusal */
  read(value: unknown, context: RpcContext): T;
}

export interface RpcMethod {
  readonly name: string;
  /** The group of methods it belongs to. */
  readonly tag: string;
  readonly summary: string;
  readonly params: readonly Param<unknown>[];
  readonly result: { readonly name: string; readonly schema: Schema };
  /** The result, or a promise of it where the answer has to be waited for. @throws RpcRefusal */
  answer(context: RpcContext, given: readonly unknown[]): unknown;
}

/** Positions a request may fill. FISCO's clients write more of them than a method has; those are not read. */
export const PARAMS_MAX = 16;

type Values<P extends readonly Param<unknown>[]> = { [K in keyof P]: P[K] extends Param<infer T> ? T : never };

interface MethodSpec<P extends readonly Param<unknown>[]> extends Omit<RpcMethod, "params" | "answer"> {
  readonly params: P;
  answer(context: RpcContext, ...values: Values<P>): unknown;
}

export function method<const P extends readonly Param<unknown>[]>(spec: MethodSpec<P>): RpcMethod {
  const { params } = spec;
  return {
    ...spec,
    answer: (context, given) => {
      if (given.length > PARAMS_MAX) refuseParams("too many");
      const values = params.map((param, i) => param.read(given[i] ?? undefined, context));
      return spec.answer(context, ...(values as Values<P>));
    },
  };
}
