/**
 * Reads MQTT fixed headers as they pass, so that no packet larger than a limit is ever gathered in memory.
 * (MQTT 3.1.1 section 2.2: one byte of type and flags, then the remaining length in 1..4 bytes of 7 bits.)
 *
 * MQTT.js and aedes both buffer a packet of up to 256 MiB before anybody can refuse it, and 3.1.1 has no way to tell the
 * peer a limit. Closing the connection over one large retained message would start a loop of reconnecting and failing, so
 * the filter can also skip such a message in place.
 */

export type FrameVerdict =
  | { readonly kind: "skipped"; readonly size: number; readonly acknowledge: number | undefined }
  | { readonly kind: "broken"; readonly reason: string };

export interface FrameFilterOptions {
  /** Largest whole packet that passes. */
  readonly packetBytesMax: number;
  /** What happens to a larger PUBLISH: left out of the stream, or the end of the connection. Other packets always end it. */
  readonly oversizedPublish: "skip" | "break";
  /** Highest quality of service a PUBLISH may have here. */
  readonly qosMax: 1 | 2;
}

const TYPE_PUBLISH = 3;
const LENGTH_BYTES_MAX = 4;

type State = "type" | "length" | "body" | "skip";

export class FrameFilter {
  readonly #options: FrameFilterOptions;
  #packetBytesMax: number;
  readonly #passed: (bytes: Uint8Array) => void;
  readonly #verdict: (verdict: FrameVerdict) => void;
  #state: State = "type";
  #firstByte = 0;
  /** The fixed header so far; held back until it is known whether the packet passes. */
  readonly #header = new Uint8Array(1 + LENGTH_BYTES_MAX);
  #headerBytes = 0;
  #left = 0;
  #size = 0;
  /** Of the packet being skipped: bytes after its fixed header so far, and what its head says. */
  #skipped = 0;
  #topicBytes = 0;
  #identifier = 0;
  #broken = false;

  /** `passed` gets every byte of the packets that pass, in order; `verdict` what did not. Neither may call `push`. */
  constructor(
    options: FrameFilterOptions,
    passed: (bytes: Uint8Array) => void,
    verdict: (verdict: FrameVerdict) => void,
  ) {
    this.#options = options;
    this.#packetBytesMax = options.packetBytesMax;
    this.#passed = passed;
    this.#verdict = verdict;
  }

  /** Holds for packets whose header was not complete before. */
  setPacketBytesMax(packetBytesMax: number): void {
    this.#packetBytesMax = packetBytesMax;
  }

  /** Takes the next bytes of the stream. After `broken` everything is ignored. */
  push(chunk: Uint8Array): void {
    let at = 0;
    /** Start of the run that passes, so that a chunk of small packets is handed on in one piece. */
    let runStart = 0;
    while (at < chunk.length && !this.#broken) {
      if (this.#state === "body") {
        const taken = Math.min(this.#left, chunk.length - at);
        at += taken;
        this.#left -= taken;
        if (this.#left === 0) this.#startPacket();
      } else if (this.#state === "skip") {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#skip(chunk.subarray(at, at + taken));
        at += taken;
        runStart = at;
      } else {
        const headerStart = at - this.#headerBytes;
        const state = this.#takeHeaderByte(chunk[at] as number);
        at++;
        if (state === "skip") {
          if (headerStart > runStart) this.#passed(chunk.subarray(runStart, headerStart));
          runStart = at;
        } else if (state === "body" && headerStart < 0) {
          // The header began in an earlier chunk and was held back.
          this.#passed(this.#header.slice(0, this.#headerBytes));
          runStart = at;
        }
        if (state === "body" && this.#left === 0) this.#startPacket();
      }
    }
    if (this.#broken) return;
    const heldBack = this.#state === "type" || this.#state === "length" ? this.#headerBytes : 0;
    const end = Math.max(runStart, chunk.length - heldBack);
    if (end > runStart) this.#passed(runStart === 0 && end === chunk.length ? chunk : chunk.subarray(runStart, end));
  }

  #startPacket(): void {
    this.#state = "type";
    this.#headerBytes = 0;
    this.#left = 0;
  }

  #takeHeaderByte(byte: number): State {
    this.#header[this.#headerBytes++] = byte;
    if (this.#state === "type") {
      this.#firstByte = byte;
      this.#state = "length";
      return this.#state;
    }
    this.#left += (byte & 0x7f) * 128 ** (this.#headerBytes - 2);
    if (byte < 0x80) {
      this.#size = this.#headerBytes + this.#left;
      this.#judge();
    } else if (this.#headerBytes > LENGTH_BYTES_MAX) {
      this.#break("remaining length");
    }
    return this.#state;
  }

  #judge(): void {
    const isPublish = this.#firstByte >> 4 === TYPE_PUBLISH;
    const qos = (this.#firstByte >> 1) & 3;
    if (isPublish && qos > this.#options.qosMax) {
      this.#break("quality of service");
    } else if (this.#size <= this.#packetBytesMax) {
      this.#state = "body";
    } else if (!isPublish || qos === 2 || this.#options.oversizedPublish === "break") {
      this.#break("packet too large");
    } else {
      this.#state = "skip";
      this.#skipped = 0;
      this.#topicBytes = 0;
      this.#identifier = 0;
    }
  }

  #skip(bytes: Uint8Array): void {
    const wantsIdentifier = ((this.#firstByte >> 1) & 3) === 1;
    if (wantsIdentifier) this.#readHead(bytes);
    this.#skipped += bytes.length;
    this.#left -= bytes.length;
    if (this.#left > 0) return;
    const identifier = this.#identifier;
    const size = this.#size;
    this.#startPacket();
    if (!wantsIdentifier) this.#verdict({ kind: "skipped", size, acknowledge: undefined });
    // No packet may carry 0; here it may also mean that the packet ended before its identifier.
    else if (identifier === 0) this.#break("packet identifier");
    else this.#verdict({ kind: "skipped", size, acknowledge: identifier });
  }

  /** Two bytes of topic length, the topic, two bytes of packet identifier; `bytes` are the next of a packet being skipped. */
  #readHead(bytes: Uint8Array): void {
    const at = (offset: number) => bytes[offset - this.#skipped] ?? 0;
    this.#topicBytes |= (at(0) << 8) | at(1);
    if (this.#skipped + bytes.length < 2) return;
    this.#identifier |= (at(2 + this.#topicBytes) << 8) | at(3 + this.#topicBytes);
  }

  #break(reason: string): void {
    this.#broken = true;
    this.#verdict({ kind: "broken", reason });
  }
}
