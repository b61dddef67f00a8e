import { realClock } from "../../src/local/core/clock.ts";
import { createDispatcher } from "../../src/local/core/dispatcher.ts";
import { faultPlan } from "../../src/local/core/faults.ts";
import { listen } from "../../src/local/core/server.ts";
import type { LocalEnv, LocalService } from "../../src/local/core/service.ts";
import { openStore } from "../../src/local/core/store.ts";

/** The real server with a test's own services. `listening` gets the address before the services start. */
export async function serverOf(
  services: readonly LocalService[],
  listening: (url: string) => void = () => {},
): Promise<{ readonly url: string; close(): Promise<void> }> {
  let url = "http://127.0.0.1";
  const refuse = () => {
    throw new Error("no identities here");
  };
  const env: LocalEnv = {
    account: "000000000000",
    clock: realClock,
    store: openStore(undefined),
    dataDir: "",
    endpoint: () => url,
    settings: { realism: false, databases: "none", databasePort: 0 },
    dispatch: refuse,
    decide: () => ({ allowed: true }),
    assume: refuse,
    identify: () => undefined,
    log: () => {},
  };
  const dispatcher = createDispatcher(
    () => services,
    () => env,
    faultPlan(),
  );
  const server = await listen(0, dispatcher, services, env);
  url = `http://127.0.0.1:${server.port}`;
  listening(url);
  for (const service of services) await service.start?.();
  server.open();
  return { url, close: server.close };
}
