import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { FrameFilter, type FrameFilterOptions, type FrameVerdict } from "./mqttFrames.js";

/**
 * A socket seen through the frame filter: what an MQTT library reads from it has passed the filter, what it writes goes
 * out as it is. Flow control reaches through in both directions.
 */
export abstract class FilteredDuplex extends Duplex {
  readonly #filter: FrameFilter;
  #socket: Socket | undefined;
  #held = false;
  #wanted = false;

  constructor(limits: FrameFilterOptions) {
    super({ emitClose: true, autoDestroy: true });
    this.#filter = new FrameFilter(
      limits,
      (bytes) => {
        this.#wanted = this.push(bytes);
      },
      (verdict) => this.judged(verdict),
    );
  }

  /** What the filter did not let through. */
  protected abstract judged(verdict: FrameVerdict): void;

  /** Starts reading; to be called once, when the peer may be listened to. */
  protected attach(socket: Socket): void {
    this.#socket = socket;
    socket.on("data", (chunk: Uint8Array) => {
      this.#filter.push(chunk);
      this.#steer();
    });
    socket.once("end", () => this.push(null));
    this.#steer();
  }

  /** Bytes that go out beside what the library writes. Whole packets only. */
  protected writeAside(packet: Uint8Array): void {
    this.#socket?.write(packet);
  }

  /** Replaces the size limit from the next packet on. */
  limitPackets(packetBytesMax: number): void {
    this.#filter.setPacketBytesMax(packetBytesMax);
  }

  /** Stops or goes on reading from the socket, so that the peer feels that we are behind. */
  hold(held: boolean): void {
    this.#held = held;
    this.#steer();
  }

  override _read(): void {
    this.#wanted = true;
    this.#steer();
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#socket === undefined) done();
    else this.#socket.write(chunk, (error) => done(error ?? null));
  }

  /** The pieces of one packet leave in one system call. */
  override _writev(chunks: { readonly chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    const bytes = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this._write(bytes, "binary", done);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#socket === undefined) done();
    else this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket?.destroy();
    done(error);
  }

  #steer(): void {
    if (this.#socket === undefined) return;
    if (this.#wanted && !this.#held) this.#socket.resume();
    else this.#socket.pause();
  }
}
