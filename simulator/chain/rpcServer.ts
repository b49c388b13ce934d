/** A simulated node behind HTTP, for demos and end-to-end tests on one machine. */
import { rpcServer } from "../../src/link/index.js";
import { isLoopback } from "../../src/link/loopback.js";
import { SimulatorError } from "./problems.js";
import type { SimulatedNode } from "./rpcNode.js";

export interface SimulatedServerOptions {
  readonly node: SimulatedNode;
  /** 0 (default) lets the system choose. */
  readonly port?: number;
  /** A loopback address; 127.0.0.1 by default. There is no TLS and no access control here. */
  readonly host?: string;
}

export interface SimulatedServer {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Resolves when it listens. @throws SimulatorError `SIMULATOR_OPTION` for a host that is not loopback; RpcServerError
 * when it cannot listen.
 */
export async function startRpcServer({ node, host, port }: SimulatedServerOptions): Promise<SimulatedServer> {
  if (host !== undefined && !isLoopback(host)) {
    throw new SimulatorError({ code: "SIMULATOR_OPTION", option: "host", reason: "only loopback addresses" });
  }
  const server = rpcServer({ handler: node, port: port ?? 0, ...(host === undefined ? {} : { host }) });
  const { port: bound, url } = await server.start();
  return { port: bound, url, stop: () => server.stop() };
}
