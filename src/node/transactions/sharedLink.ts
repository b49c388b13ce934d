/** One connection for two users: a source of headers, and somebody with questions of his own. */

import { codeOf } from "../../base/error.js";
import type { Link, LinkHandlers, LinkMessage, PublishOptions } from "../../base/link.js";

export interface SharedLinkOptions {
  readonly link: Link;
  /** Messages of this topic are not the source's. */
  readonly ownTopic: string;
  onOwn(message: LinkMessage): void;
  /** True when the own topic is subscribed, false when the connection is gone. */
  onReady(ready: boolean): void;
  count(code: string): void;
}

/** Connects at once; whoever calls `start` later is told that it is connected. */
export class SharedLink implements Link {
  readonly #options: SharedLinkOptions;
  #source: LinkHandlers | undefined;

  constructor(options: SharedLinkOptions) {
    this.#options = options;
    options.link.start({
      connected: () => this.#onConnected(),
      disconnected: (code) => {
        options.onReady(false);
        this.#source?.disconnected(code);
      },
      message: (message) => {
        if (message.topic === options.ownTopic) options.onOwn(message);
        else this.#source?.message(message);
      },
      dropped: (code) => {
        if (this.#source === undefined) options.count(code);
        else this.#source.dropped(code);
      },
    });
  }

  start(handlers: LinkHandlers): void {
    this.#source = handlers;
    if (this.connected) handlers.connected();
  }

  get connected(): boolean {
    return this.#options.link.connected;
  }

  get traffic(): Link["traffic"] {
    return this.#options.link.traffic;
  }

  publish(topic: string, payload: Uint8Array, options: PublishOptions): Promise<void> {
    return this.#options.link.publish(topic, payload, options);
  }

  subscribe(topics: readonly string[]): Promise<void> {
    return this.#options.link.subscribe(topics);
  }

  unsubscribe(topics: readonly string[]): Promise<void> {
    return this.#options.link.unsubscribe(topics);
  }

  stop(): Promise<void> {
    return this.#options.link.stop();
  }

  #onConnected(): void {
    const { link, ownTopic, onReady, count } = this.#options;
    this.#source?.connected();
    link.subscribe([ownTopic]).then(
      () => onReady(link.connected),
      (thrown: unknown) => count(codeOf(thrown)),
    );
  }
}
