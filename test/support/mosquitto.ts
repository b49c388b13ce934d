/** A real Mosquitto on free loopback ports, with a configuration and a data folder of its own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { Certificate } from "./tls.js";

const START_LIMIT_MS = 5_000;

export interface MosquittoListener {
  readonly tls?: Certificate;
  /** PEM file of the authority whose clients are let in; asks for client certificates. */
  readonly clientCaFile?: string;
}

export interface MosquittoOptions {
  /** One port each, in this order; default one plain listener. */
  readonly listeners?: readonly MosquittoListener[];
  /** Asks every client for it. */
  readonly password?: { readonly username: string; readonly password: string };
  /** Lines of an access control file. */
  readonly acl?: readonly string[];
  /** Retained messages outlive `stop` and, when saved, `kill`. */
  readonly persistence?: boolean;
  /** Further lines of the configuration. */
  readonly settings?: readonly string[];
}

export interface Mosquitto {
  readonly ports: readonly number[];
  readonly port: number;
  readonly pid: number;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: the process hangs, its connections stay. */
  pause(): void;
  resume(): void;
  /** SIGUSR1: writes the persistence file now. */
  save(): void;
  /** Starts again on the same ports after `kill`. */
  restart(): Promise<void>;
  /** SIGKILL if need be, and removes the folder. */
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), "edgeseal-mosquitto-"));
  const listeners = options.listeners ?? [{}];
  const ports: number[] = [];
  for (let i = 0; i < listeners.length; i++) ports.push(await freePort());
  const configFile = join(folder, "mosquitto.conf");
  writeFileSync(configFile, configuration(options, listeners, ports, folder));
  let child = await launch(configFile, ports);
  return {
    ports,
    port: ports[0] as number,
    get pid() {
      return child.pid as number;
    },
    kill: () => end(child),
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    save: () => void child.kill("SIGUSR1"),
    restart: async () => {
      child = await launch(configFile, ports);
    },
    stop: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(
  options: MosquittoOptions,
  listeners: readonly MosquittoListener[],
  ports: readonly number[],
  folder: string,
): string {
  const lines = [`user ${userInfo().username}`, `persistence ${options.persistence === true}`];
  if (options.persistence === true) lines.push(`persistence_location ${folder}/`, "autosave_interval 0");
  lines.push(`allow_anonymous ${options.password === undefined}`);
  if (options.password !== undefined) {
    const file = join(folder, "passwords");
    execFileSync("mosquitto_passwd", ["-b", "-c", file, options.password.username, options.password.password]);
    lines.push(`password_file ${file}`);
  }
  if (options.acl !== undefined) {
    const file = join(folder, "acl");
    writeFileSync(file, `${options.acl.join("\n")}\n`);
    lines.push(`acl_file ${file}`);
  }
  lines.push(...(options.settings ?? []));
  for (const [index, listener] of listeners.entries()) {
    lines.push(`listener ${ports[index]} 127.0.0.1`);
    if (listener.tls !== undefined) {
      lines.push(`certfile ${listener.tls.certificateFile}`, `keyfile ${listener.tls.keyFile}`);
    }
    if (listener.clientCaFile !== undefined) lines.push(`cafile ${listener.clientCaFile}`, "require_certificate true");
  }
  return `${lines.join("\n")}\n`;
}

async function launch(configFile: string, ports: readonly number[]): Promise<ChildProcess> {
  const child = spawn("mosquitto", ["-c", configFile], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr?.on("data", (chunk) => {
    said = (said + String(chunk)).slice(-2_000);
  });
  const deadline = Date.now() + START_LIMIT_MS;
  for (const port of ports) {
    while (!(await answers(port))) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`mosquitto did not start: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return child;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  await gone;
}
