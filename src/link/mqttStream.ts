/**
 * The byte stream under one MQTT connection: TCP, TLS where asked for, and the frame filter on the way in.
 *
 * Nothing is written before the server's certificate was checked: a password that waits in a TLS socket's buffer would
 * otherwise depend on the order in which the handshake's last steps happen.
 */
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type SecureContext, type TLSSocket } from "node:tls";
import { FilteredDuplex } from "./filteredDuplex.js";
import type { FrameFilterOptions, FrameVerdict } from "./mqttFrames.js";
import type { LinkProblem } from "./problems.js";
import { isTlsReason, socketReason } from "./socketReason.js";

/** How long a silent TCP connection lives before the system probes it. */
export const TCP_PROBE_AFTER_MS = 30_000;

export interface StreamTarget {
  readonly host: string;
  readonly port: number;
  readonly tls?: StreamTls;
}

export interface StreamTls {
  /** Whom to trust and how to show ourselves. */
  readonly context: SecureContext;
  /** The name the server's certificate must carry, where it is not the host. */
  readonly serverName: string | undefined;
}

const PUBACK_TYPE_BYTE = 0x40;

export class MqttStream extends FilteredDuplex {
  readonly #target: StreamTarget;
  readonly #oversized: (size: number) => void;
  #raw: Socket | undefined;
  #secured: TLSSocket | undefined;
  #phase: "connecting" | "securing" | "open" = "connecting";
  #problem: LinkProblem | undefined;
  #ready: ((error?: Error | null) => void) | undefined;

  /** `oversized` is called with the size of each packet that was left out. */
  constructor(target: StreamTarget, limits: FrameFilterOptions, oversized: (size: number) => void) {
    super(limits);
    this.#target = target;
    this.#oversized = oversized;
  }

  /** Why the stream ended; undefined while it lives or when the peer simply closed it. */
  get problem(): LinkProblem | undefined {
    return this.#problem;
  }

  /** Encrypted bytes where there is TLS. */
  get traffic(): { readonly bytesIn: number; readonly bytesOut: number } {
    return { bytesIn: this.#raw?.bytesRead ?? 0, bytesOut: this.#raw?.bytesWritten ?? 0 };
  }

  /** Ends the stream for this reason; the first reason stays. */
  fail(problem: LinkProblem): void {
    this.#problem ??= problem;
    this.destroy();
  }

  protected override judged(verdict: FrameVerdict): void {
    if (verdict.kind === "broken") {
      this.fail({ code: "LINK_PROTOCOL", reason: verdict.reason });
      return;
    }
    // Without a PUBACK the message that was left out would hold one of the broker's places for ever.
    const identifier = verdict.acknowledge;
    if (identifier !== undefined) {
      this.writeAside(Uint8Array.of(PUBACK_TYPE_BYTE, 2, identifier >> 8, identifier & 0xff));
    }
    this.#oversized(verdict.size);
  }

  /** A stream that is still connecting would otherwise put off its end until it is connected. */
  override destroy(error?: Error): this {
    super.destroy(error);
    this.#constructed();
    return this;
  }

  override _construct(ready: (error?: Error | null) => void): void {
    this.#ready = ready;
    const { host, port, tls } = this.#target;
    const raw = connectTcp({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_PROBE_AFTER_MS });
    this.#raw = raw;
    raw.on("error", (error) => this.#socketFailed(error));
    raw.once("close", () => this.destroy());
    raw.once("connect", () => {
      if (tls === undefined) {
        this.#opened(raw);
        return;
      }
      this.#phase = "securing";
      const secured = this.#secure(raw, tls);
      this.#secured = secured;
      secured.once("secureConnect", () => this.#opened(secured));
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#secured?.destroy();
    this.#raw?.destroy();
    super._destroy(error, done);
  }

  #opened(socket: Socket): void {
    this.#phase = "open";
    this.attach(socket);
    this.#constructed();
  }

  #constructed(): void {
    const ready = this.#ready;
    this.#ready = undefined;
    ready?.();
  }

  #secure(raw: Socket, tls: StreamTls): TLSSocket {
    const socket = connectTls({
      socket: raw,
      host: this.#target.host,
      secureContext: tls.context,
      // Said aloud because NODE_TLS_REJECT_UNAUTHORIZED=0 changes the default.
      rejectUnauthorized: true,
      servername: tls.serverName ?? (isIP(this.#target.host) === 0 ? this.#target.host : ""),
    });
    socket.on("error", (error) => this.#socketFailed(error));
    return socket;
  }

  #socketFailed(error: Error): void {
    const reason = socketReason(error);
    if (this.#phase === "connecting") this.fail({ code: "LINK_UNREACHABLE", reason });
    else if (this.#phase === "securing") this.fail({ code: "LINK_TLS", reason });
    else this.fail(isTlsReason(reason) ? { code: "LINK_TLS", reason } : { code: "LINK_CLOSED", reason });
  }
}
