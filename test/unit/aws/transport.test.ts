import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { textOf } from "../../../src/aws/transport.ts";

afterEach(() => vi.unstubAllEnvs());

test("requests to other servers than AWS use the proxy, too", async () => {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end("203.0.113.7\n");
  });
  await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
  vi.stubEnv("HTTP_PROXY", `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  vi.stubEnv("NO_PROXY", "");
  vi.stubEnv("no_proxy", "");
  const answer = await textOf("http://checkip.test/", AbortSignal.timeout(5_000), {});
  expect(answer).toEqual({ status: 200, text: "203.0.113.7\n" });
  expect(asked).toEqual(["http://checkip.test/"]);
  await new Promise((done) => proxy.close(done));
});
