import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";

/** One signed request. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly body: string;
}
export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}
export type Transport = (request: SignedRequest, signal: AbortSignal) => Promise<Reply>;

/** One request may take seconds, but not the whole time of the function. */
const CONNECT_MS = 1_000;
const ANSWER_MS = 2_500;
/** The AWS SDK keeps the same number of connections. */
export const CONNECTIONS = 50;

/** Sends requests over connections that stay open as long as the execution environment exists. Rejects with TimeoutError or AbortError. */
export function makeTransport({ protocol, hostname, port }: URL): Transport {
  const secure = protocol === "https:";
  const settings = { keepAlive: true, maxSockets: CONNECTIONS };
  const agent = secure ? new HttpsAgent(settings) : new HttpAgent(settings);
  const request = secure ? requestHttps : requestHttp;
  return ({ method, path, headers, body }, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(errorNamed("AbortError", "The function's time is over."));
      const outgoing = request({ agent, hostname, port, method, path, headers }, (incoming) => {
        incoming.setEncoding("utf8");
        let text = "";
        incoming.on("data", (chunk: string) => {
          text += chunk;
        });
        incoming.on("end", () => settle(() => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text })));
        incoming.on("error", (error) => settle(() => reject(error)));
        incoming.on("aborted", () => settle(() => reject(Object.assign(new Error("The answer broke off."), { code: "ECONNRESET" }))));
      });
      const giveUp = (error: Error): void =>
        settle(() => {
          reject(error);
          outgoing.destroy();
        });
      const onAbort = (): void => giveUp(errorNamed("AbortError", "The function's time is over."));
      const stopLimits = limit(outgoing, secure, giveUp);
      let settled = false;
      const settle = (finish: () => void): void => {
        if (settled) return;
        settled = true;
        stopLimits();
        signal.removeEventListener("abort", onAbort);
        finish();
      };
      signal.addEventListener("abort", onAbort);
      outgoing.on("error", (error) => settle(() => reject(error)));
      outgoing.end(body);
    });
}

/** Limits the time from the moment when the request gets a socket. Returns a function that ends the limits. */
function limit(outgoing: ClientRequest, secure: boolean, giveUp: (error: Error) => void): () => void {
  let connecting: NodeJS.Timeout | undefined;
  let answering: NodeJS.Timeout | undefined;
  outgoing.once("socket", (socket) => {
    // A process that was frozen or busy first reads the data that has arrived meanwhile.
    answering = setTimeout(() => setImmediate(() => giveUp(errorNamed("TimeoutError", `No answer within ${ANSWER_MS} ms.`))), ANSWER_MS);
    if (!socket.connecting) return;
    connecting = setTimeout(() => giveUp(errorNamed("TimeoutError", `No connection within ${CONNECT_MS} ms.`)), CONNECT_MS);
    socket.once(secure ? "secureConnect" : "connect", () => clearTimeout(connecting));
  });
  return () => {
    clearTimeout(connecting);
    clearTimeout(answering);
  };
}

const errorNamed = (name: string, message: string): Error => Object.assign(new Error(message), { name });
