/** HTTP by hand on a socket, for what no client library would send. */
import { connect, type Socket } from "node:net";

export interface RawConnection {
  readonly socket: Socket;
  write(text: string): void;
  /** All that came so far. */
  readonly received: string;
  /** Resolves when what came matches. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves when the other side has closed, with the milliseconds since this connection was made. */
  readonly closed: Promise<number>;
}

export function rawHttp(port: number): RawConnection {
  const startedAt = performance.now();
  const socket = connect(port, "127.0.0.1");
  let received = "";
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    received += text;
  });
  // A reset is one of the ways to be closed.
  socket.on("error", () => undefined);
  const closed = new Promise<number>((resolve) => {
    socket.once("close", () => resolve(performance.now() - startedAt));
  });
  return {
    socket,
    closed,
    write: (text) => void socket.write(text),
    get received() {
      return received;
    },
    until: (pattern) =>
      new Promise<string>((resolve, reject) => {
        const look = (): boolean => {
          if (!pattern.test(received)) return false;
          socket.off("data", look);
          resolve(received);
          return true;
        };
        if (look()) return;
        socket.on("data", look);
        void closed.then(() => {
          if (!look()) reject(new TypeError(`closed after: ${received}`));
        });
      }),
  };
}

export function post(body: string, headers = ""): string {
  const length = Buffer.byteLength(body);
  return `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n${headers}\r\n${body}`;
}
