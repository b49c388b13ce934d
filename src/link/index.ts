export { type ChainRpc, type ChainRpcOptions, chainRpc, type RpcCall } from "./chainRpc.js";
export { type EmbeddedBroker, type EmbeddedBrokerOptions, embeddedBroker } from "./embeddedBroker.js";
export { PAYLOAD_BYTES_MAX } from "./limits.js";
export { type MemoryDelivery, type MemoryLink, MemoryNetwork, type MemoryNetworkOptions } from "./memoryLink.js";
export { type MqttLink, mqttLink } from "./mqttLink.js";
export type { LastWill, MqttLinkOptions } from "./mqttOptions.js";
export {
  BrokerError,
  type BrokerProblem,
  type LinkDropCode,
  LinkError,
  type LinkProblem,
  RpcError,
  type RpcProblem,
  type RpcServerCountCode,
  RpcServerError,
  type RpcServerProblem,
} from "./problems.js";
export type { EndpointStatus } from "./rpcEndpoints.js";
export type { RpcHandler } from "./rpcServer/desk.js";
export type { RpcServerOptions, RpcServerTls } from "./rpcServer/options.js";
export { type RpcServer, rpcServer } from "./rpcServer.js";
export type { TlsOptions } from "./tlsOptions.js";
