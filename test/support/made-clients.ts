import { afterEach, vi } from "vitest";
import { type AwsClients, type ClientOptions, makeClients } from "../../src/aws/clients.ts";
import { virtualClock } from "../unit/engine/fake.ts";

/** Clients with their own clock. Everything that a test opens is closed after it, and the variables that it set are reset. */
export function clientsOfTest() {
  const toClose: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of toClose.splice(0)) await close();
    vi.unstubAllEnvs();
  });
  function clients(options: Partial<ClientOptions>): AwsClients {
    const clients = makeClients({
      region: "eu-west-1",
      local: true,
      version: "1.2.3",
      signal: new AbortController().signal,
      clock: virtualClock(),
      paced: false,
      onWait: () => {},
      ...options,
    });
    toClose.push(clients.destroy);
    return clients;
  }
  return { clients, toClose };
}
