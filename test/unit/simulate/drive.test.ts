import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { caller, type SentCall } from "../../../src/simulate/drive.ts";
import { newTally } from "../../../src/simulate/report.ts";

/** Answers the n-th call by the n-th script. Later calls get 200. */
type Script = (response: ServerResponse) => void;
const status =
  (code: number): Script =>
  (response) =>
    response.writeHead(code, { "retry-after": "0.01" }).end("{}");
const cut: Script = (response) => response.destroy();

let close = () => {};
afterEach(() => close());
async function api(...scripts: Script[]) {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    const script = scripts[seen.length - 1] ?? ((one: ServerResponse) => one.end('{"applied":true}'));
    request.resume().on("end", () => script(response));
  }).listen(0, "127.0.0.1");
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}
const target = (url: string) => ({ url, rate: Number.POSITIVE_INFINITY, signal: new AbortController().signal });

test("a call is repeated after a temporary refusal and after a lost answer, and both are counted", async () => {
  const { url, seen } = await api(status(503), cut, status(429), status(502));
  const tally = newTally();
  expect(await caller(target(url), tally)("POST", "/route", { vehicle_id: "V" })).toEqual({
    status: 200,
    body: { applied: true },
    attempts: 5,
  });
  expect(seen).toHaveLength(5);
  expect(tally.refusals).toEqual({ "503": 1, "no answer": 1, "429": 1, "502": 1 });
  expect(tally.latencies.count).toBe(5);
});

test("after five attempts the last refusal is returned; a permanent refusal is not retried", async () => {
  const { url, seen } = await api(...Array.from({ length: 5 }, () => status(500)), status(400));
  const tally = newTally();
  const call = caller(target(url), tally);
  expect((await call("GET", "/vehicle/V")).status).toBe(500);
  expect(seen).toHaveLength(5);
  expect((await call("GET", "/vehicle/V")).status).toBe(400);
  expect(tally.refusals).toEqual({ "500": 5 });
});

test("without a server the run ends with an error", async () => {
  const { url } = await api();
  close();
  const call = caller(target(url), newTally());
  await expect(call("GET", "/vehicle/V")).rejects.toMatchObject({ code: "ENDPOINT_UNREACHABLE", message: "GET /vehicle/V got no answer." });
});

test("each attempt is signed anew and sends the signer's headers", async () => {
  const { url, seen } = await api(status(503));
  const signed: SentCall[] = [];
  const sign = async (call: SentCall) => {
    signed.push(call);
    return { ...call.headers, authorization: `signature ${signed.length}` };
  };
  await caller({ ...target(url), sign }, newTally())("PUT", "/route/R", { name: "r" });
  expect(signed).toHaveLength(2);
  expect(signed[0]).toMatchObject({ method: "PUT", url: `${url}/route/R`, body: '{"name":"r"}' });
  expect(seen.map((request) => [request.headers.authorization, request.headers["content-type"]])).toEqual([
    ["signature 1", "application/json"],
    ["signature 2", "application/json"],
  ]);
});
