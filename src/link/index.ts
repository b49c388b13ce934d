export { type ChainRpc, type ChainRpcOptions, chainRpc, type RpcCall } from "./chainRpc.js";
export { type DeviceAccessOptions, deviceAccess } from "./deviceAccess.js";
export { type EmbeddedBroker, type EmbeddedBrokerOptions, embeddedBroker } from "./embeddedBroker.js";
export { PAYLOAD_BYTES_MAX } from "./limits.js";
export { type LineDropCode, LineError, type LineProblem } from "./lineProblems.js";
export { type MemoryDelivery, type MemoryLink, MemoryNetwork, type MemoryNetworkOptions } from "./memoryLink.js";
export { type ModbusLine, type ModbusLineHandlers, type ModbusLineOptions, modbusLine } from "./modbusLine.js";
export { ModbusError, type ModbusProblem } from "./modbusProblems.js";
export type { ModbusTransport } from "./modbusSession.js";
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
export {
  type FramedSerialLine,
  type SerialLineHandlers,
  type SerialLineOptions,
  serialLine,
} from "./serialLine.js";
export type { SerialPortOptions } from "./serialPort.js";
export type { TlsOptions } from "./tlsOptions.js";
