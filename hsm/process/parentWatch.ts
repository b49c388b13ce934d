/**
 * A thread of the process that ends it when the node is gone. The main thread cannot do that while it hangs in the foreign
 * code: it would outlive the node and keep the device from the next one.
 */
import { Socket } from "node:net";
import { parentPort } from "node:worker_threads";
import { PARENT_PIPE } from "./limits.js";

/** Nothing ever comes through it; it closes with the node, however the node ends. */
const pipe = new Socket({ fd: PARENT_PIPE, readable: true, writable: false });
const end = (): void => {
  process.kill(process.pid, "SIGKILL");
};
pipe.on("error", end);
pipe.on("close", end);
pipe.resume();
parentPort?.postMessage("watching");
