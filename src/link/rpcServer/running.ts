/**
 * The requests a server is busy with. A request ends with its response or with its connection: where a client sent several
 * at once and went away, only the first of their responses hears of it.
 */
import type { Socket } from "node:net";

export class RunningRequests<Owner extends object> {
  readonly #ended: (owner: Owner) => void;
  readonly #sockets = new Map<Owner, Socket>();
  readonly #bySocket = new WeakMap<Socket, Set<Owner>>();
  #whenIdle: (() => void) | undefined;

  /** @param ended is told once about every request. */
  constructor(ended: (owner: Owner) => void) {
    this.#ended = ended;
  }

  get size(): number {
    return this.#sockets.size;
  }

  begin(owner: Owner, socket: Socket): void {
    this.#sockets.set(owner, socket);
    let owners = this.#bySocket.get(socket);
    if (owners === undefined) {
      const made = new Set<Owner>();
      owners = made;
      this.#bySocket.set(socket, made);
      socket.once("close", () => {
        for (const one of made) this.end(one);
      });
    }
    owners.add(owner);
  }

  end(owner: Owner): void {
    const socket = this.#sockets.get(owner);
    if (socket === undefined) return;
    this.#sockets.delete(owner);
    this.#bySocket.get(socket)?.delete(owner);
    this.#ended(owner);
    if (this.#sockets.size === 0) this.#whenIdle?.();
  }

  /** Resolves when nothing runs, or after a while. */
  async idle(waitMs: number): Promise<void> {
    if (this.#sockets.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#whenIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#whenIdle = undefined;
  }
}
