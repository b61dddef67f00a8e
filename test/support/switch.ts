import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";

/** An HTTP server that forwards everything to another one. It can be switched off and on, as a server that stops and starts again. */
export interface Switch {
  readonly port: number;
  off(): Promise<void>;
  on(): Promise<void>;
}

export async function makeSwitch(target: number): Promise<Switch> {
  const server = createServer((near, answer) => {
    // The local AWS accepts only its own host name.
    const headers = { ...near.headers, host: `127.0.0.1:${target}` };
    const far = send({ host: "127.0.0.1", port: target, path: near.url, method: near.method, headers }, (received) => {
      answer.writeHead(received.statusCode ?? 502, received.headers);
      received.pipe(answer);
    });
    far.on("error", () => answer.destroy());
    near.pipe(far);
  });
  let port = 0;
  const on = () => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  await on();
  port = (server.address() as AddressInfo).port;
  return {
    port,
    on,
    off: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
