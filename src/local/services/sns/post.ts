import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { DeliveryAttempt } from "./queue.ts";

const TIMEOUT_MS = 15_000;

/** Sends one POST as Amazon SNS does. It does not follow redirects. */
export function post(address: string, headers: Readonly<Record<string, string>>, body: string): Promise<DeliveryAttempt> {
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
    // Servers on loopback usually have self-signed certificates.
    const call = url.protocol === "https:" ? httpsRequest(url, { ...options, rejectUnauthorized: false }) : httpRequest(url, options);
    call.on("response", (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) resolve("delivered");
      // AWS does not retry 4xx, except 429.
      else resolve(status >= 400 && status < 500 && status !== 429 ? "failed" : "retryable");
    });
    call.on("timeout", () => call.destroy(new Error("timeout")));
    call.on("error", () => resolve("retryable"));
    call.end(body);
  });
}
