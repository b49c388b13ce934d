/** A process of its own with a fleet, so that its memory is the fleet's and nobody else's. */
import { connect, type Socket } from "node:net";
import { runShare } from "../../../simulator/fleet/runShare.js";
import type { FromFleet, ToFleet } from "./messages.js";

/** Connections that are opened at a time. */
const OPENING_AT_ONCE = 128;
const RUN_MOST_MS = 600_000;

const abort = new AbortController();

function tell(message: FromFleet): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}

async function openSockets(port: number): Promise<number> {
  const sockets: Socket[] = [];
  let full = false;
  const open = async (): Promise<void> => {
    while (!full) {
      await new Promise<void>((resolve) => {
        const socket = connect({ host: "127.0.0.1", port });
        socket.once("connect", () => {
          sockets.push(socket);
          resolve();
        });
        socket.once("error", () => {
          full = true;
          resolve();
        });
      });
    }
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, open));
  const count = sockets.length;
  for (const socket of sockets) socket.destroy();
  return count;
}

async function runFleet({ port, devices, scenario }: Extract<ToFleet, { kind: "fleet" }>): Promise<void> {
  const broker = { url: `mqtt://127.0.0.1:${port}` };
  const options = { scenario, devices, seed: 1, runMs: RUN_MOST_MS, broker, process: 0 };
  const { floorBytes, connectsBySecond } = await runShare(options, {
    sampleMs: 1_000,
    onSample: ({ atMs, connected, rssBytes }) => void tell({ kind: "state", atMs, connected, rssBytes }),
    signal: abort.signal,
  });
  await tell({ kind: "result", floorBytes, connectsBySecond });
}

process.once("disconnect", () => process.exit());
process.on("message", (message: ToFleet) => {
  const failed = (thrown: unknown) => tell({ kind: "failed", reason: String(thrown) });
  if (message.kind === "stop") abort.abort();
  else if (message.kind === "fleet") runFleet(message).catch(failed);
  else openSockets(message.port).then((open) => tell({ kind: "sockets", open }), failed);
});
