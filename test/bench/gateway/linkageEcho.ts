/** The yardstick: hears a message, syncs one block to the disk, says it again elsewhere. Arguments: broker's port, folder. */
import { fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { connect } from "mqtt";
import { withoutNagle } from "./withoutNagle.js";

const [port, folder] = process.argv.slice(2);
const file = openSync(join(String(folder), "echo"), "w");
const block = new Uint8Array(4_096);
const client = connect(`mqtt://127.0.0.1:${port}`, { clientId: "echo" });
client.on("message", (_, payload) => {
  writeSync(file, block);
  fsyncSync(file);
  client.publish("echo/out", payload, { qos: 1 });
});
client.on("connect", () => {
  withoutNagle(client);
  client.subscribe("echo/in", { qos: 1 }, () => process.send?.("ready"));
});
process.on("disconnect", () => process.exit(0));
