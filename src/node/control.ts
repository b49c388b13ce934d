/** The control socket: how commands reach the node that runs on a data directory. */
export { askNode, type ControlRequest } from "./control/client.js";
export type { NodeStatus, RunningNode, SourceLine } from "./control/runningNode.js";
export { type ControlServer, serveControl } from "./control/server.js";
