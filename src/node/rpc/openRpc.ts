/** The method table as an OpenRPC document (spec.open-rpc.org), for people and generators of clients. */
import type { RpcMethod } from "./method.js";

const OPENRPC_VERSION = "1.3.2";
/** Of the table, raised when a method changes in a way its clients notice. */
const TABLE_VERSION = "1.0.0";

export function openRpcOf(methods: readonly RpcMethod[]): Readonly<Record<string, unknown>> {
  return {
    openrpc: OPENRPC_VERSION,
    info: {
      title: "JSON-RPC of an edgeseal participant",
      description:
        "FISCO BCOS v3's methods, and those of edgeseal's own that begin with edgeseal_. Parameters by position.",
      version: TABLE_VERSION,
    },
    methods: methods.map(({ name, tag, summary, params, result }) => ({
      name,
      summary,
      tags: [{ name: tag }],
      paramStructure: "by-position",
      params: params.map((param) => ({
        name: param.name,
        description: param.description,
        required: param.required,
        schema: param.schema,
      })),
      result,
    })),
  };
}
