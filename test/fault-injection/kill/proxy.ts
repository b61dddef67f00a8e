import { createServer, type IncomingMessage, request as open, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { isWrite } from "../../../src/local/core/write-operations.ts";

/** One AWS call that passes the proxy. */
export interface PassingCall {
  /** Equal for the same call of another run, whatever its concurrency: `dynamodb CreateTable`, `lambda POST /2015-03-31/functions`. */
  readonly name: string;
  readonly write: boolean;
}
/** `cut`: the connection to the caller is closed. A call that AWS does not have yet is not forwarded. */
export type CallVerdict = "cut" | "go on";
/** Hooks for the nth call of this name, counted since the trap was set. */
export interface Trap {
  readonly name: string;
  readonly nth: number;
  /** All other calls wait at the proxy until `before` returns. */
  readonly alone?: boolean;
  /** Runs before AWS gets the call. */
  readonly before?: () => CallVerdict | Promise<CallVerdict>;
  /** Runs after the call took effect, before its answer is sent to the caller. */
  readonly after?: () => CallVerdict | Promise<CallVerdict>;
}
export interface FaultProxy {
  readonly url: string;
  /** Every call since the last trap was set. */
  calls(): readonly PassingCall[];
  /** Replaces the trap and clears the calls; undefined: nothing is disturbed. */
  set(trap: Trap | undefined): void;
  close(): Promise<void>;
}

/**
 * A loopback HTTP proxy between the command and the local AWS. It sets the host header to the address of the local AWS, which does not
 * check the signature.
 */
export async function faultProxy(target: string): Promise<FaultProxy> {
  let trap: Trap | undefined;
  let calls: PassingCall[] = [];
  let alone: Promise<unknown> | undefined;
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    const call = callOf(request, body);
    calls.push(call);
    const hit = trap?.name === call.name && calls.filter(({ name }) => name === call.name).length === trap.nth ? trap : undefined;
    const decided = Promise.resolve(hit?.before?.());
    if (hit?.alone) alone = decided;
    else await alone;
    if ((await decided) === "cut") return void response.destroy();
    const { answer, content } = await forward(target, request, body);
    if ((await hit?.after?.()) === "cut") return void response.destroy();
    response.writeHead(answer.statusCode ?? 502, answer.headers).end(content);
  };
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => [...calls],
    set(next) {
      trap = next;
      calls = [];
      alone = undefined;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function forward(
  target: string,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Promise<{ answer: IncomingMessage; content: Buffer }> {
  return new Promise((done, failed) => {
    const to = new URL(url ?? "/", target);
    const { "transfer-encoding": _, expect: __, ...rest } = headers;
    const sent = open(to, { method, headers: { ...rest, host: to.host, "content-length": body.length } }, (answer) => {
      buffer(answer).then((content) => done({ answer, content }), failed);
    });
    sent.once("error", failed).end(body);
  });
}

/** Named by the operation where the protocol has it, otherwise by method and path. Ids that AWS generates are masked. */
function callOf({ method = "GET", url = "/", headers }: IncomingMessage, body: Buffer): PassingCall {
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? "")?.[1] ?? "unsigned";
  const target = headers["x-amz-target"];
  const form = headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
  const operation =
    typeof target === "string" ? target.split(".").pop() : form ? new URLSearchParams(String(body)).get("Action") : undefined;
  if (operation) return { name: `${service} ${operation}`, write: isWrite(operation) };
  const path = url
    .replace(/[?&](x-id|versionId|uploadId)=[^&]*/g, "")
    .replace(/\b(restapis|usageplans|apikeys|deployments)\/[^/?]+/g, "$1/<id>");
  return { name: `${service} ${method} ${path}`, write: method !== "GET" && method !== "HEAD" };
}
