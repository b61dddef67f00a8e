import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Outcome } from "./queue.ts";

const TIMEOUT_MS = 15_000;

/** One POST as Amazon SNS makes it. Redirects are not followed. */
export function post(address: string, headers: Readonly<Record<string, string>>, body: string): Promise<Outcome> {
  const url = new URL(address);
  const options = {
    method: "POST",
    headers: {
      "content-type": "text/plain; charset=UTF-8",
      "user-agent": "Amazon Simple Notification Service Agent",
      "content-length": Buffer.byteLength(body),
      ...headers,
    },
    timeout: TIMEOUT_MS,
    agent: false as const,
  };
  return new Promise((resolve) => {
    // On loopback a self-made certificate is the usual one.
    const call = url.protocol === "https:" ? httpsRequest(url, { ...options, rejectUnauthorized: false }) : httpRequest(url, options);
    call.on("response", (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) resolve("delivered");
      // AWS takes 4xx for the receiver's refusal, but for 429.
      else resolve(status >= 400 && status < 500 && status !== 429 ? "hopeless" : "retryable");
    });
    call.on("timeout", () => call.destroy(new Error("timeout")));
    call.on("error", () => resolve("retryable"));
    call.end(body);
  });
}
