/** A TCP proxy on loopback that can cut, freeze and delay; it stands for the network between two honest ends. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

export class TcpProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;
  #frozen = false;
  #delayMs = 0;
  #refusing = false;
  /** Connections accepted so far. */
  accepted = 0;

  constructor(port: number, host = "127.0.0.1") {
    this.#target = { host, port };
    this.#server = createServer((near) => this.#accept(near));
  }

  /** Starts on a free port and says which. */
  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this.port;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Ends all connections at once; new ones are still accepted. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }

  /** Half-open: connections stay, but no byte passes until `thaw`. New connections are frozen as well. */
  freeze(): void {
    this.#frozen = true;
  }

  /** Bytes that came while frozen are lost, so what was frozen is cut. */
  thaw(): void {
    this.#frozen = false;
    this.cut();
  }

  /** Every piece of data takes this long. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** New connections are closed at once. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(near: Socket): void {
    this.accepted++;
    near.on("error", () => {});
    if (this.#refusing) {
      near.destroy();
      return;
    }
    const far = connect(this.#target);
    const pair = { near, far };
    this.#pairs.add(pair);
    far.on("error", () => near.destroy());
    near.on("data", (chunk) => this.#pass(chunk, far));
    far.on("data", (chunk) => this.#pass(chunk, near));
    near.once("close", () => {
      this.#pairs.delete(pair);
      if (!this.#frozen) far.destroy();
    });
    far.once("close", () => {
      this.#pairs.delete(pair);
      if (!this.#frozen) near.destroy();
    });
  }

  #pass(chunk: Uint8Array, to: Socket): void {
    if (this.#frozen || to.destroyed) return;
    if (this.#delayMs === 0) to.write(chunk);
    else setTimeout(() => to.write(chunk), this.#delayMs);
  }
}
