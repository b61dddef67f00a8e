import { join } from "node:path";
import { packageRoot } from "../artifacts/package-root.ts";
import { signCall } from "../aws/sign.ts";
import type { ApiAccess } from "../dashboard/api.ts";
import { type RunningDashboard, startDashboard } from "../dashboard/dashboard.ts";
import type { DashboardSettings } from "./actions.ts";
import { noApiYet } from "./not-deployed.ts";
import { readOutputs } from "./outputs.ts";
import type { Session } from "./session.ts";
import { readTraffic } from "./traffic.ts";

/** The calls of the phones have priority. The page uses this share of the usage plan's rate. */
const SHARE_OF_RATE = 0.1;
const LEAST_RATE = 1;

/** Serves the fleet's page until the session's signal aborts. NOT_DEPLOYED when there is no API yet, PORT_BUSY when the port is in use. */
export async function openDashboard(session: Session, { port, tiles }: DashboardSettings): Promise<RunningDashboard> {
  const { config, place, options, stackName } = session;
  const first = await accessOf(session);
  return startDashboard({
    port,
    folder: join(packageRoot(), "dist", "dashboard"),
    about: {
      stack: stackName,
      region: place.region,
      local: options.local,
      tiles: tiles ?? null,
      silentAfterMinutes: config.tracking.silentAfterMinutes,
    },
    access: (fresh) => (fresh ? accessOf(session) : Promise.resolve(first)),
    traffic: () => readTraffic(session),
    rate: Math.max(LEAST_RATE, config.api.rateLimit * SHARE_OF_RATE),
    signal: options.signal,
  });
}

async function accessOf(session: Session): Promise<ApiAccess> {
  const { auth } = session.config.api;
  const { api_url: url, api_key: key } = await readOutputs(session, { secrets: auth === "apiKey", only: ["api_url", "api_key"] });
  if (!url) throw noApiYet();
  const call = (path: string) => ({ method: "GET", url: `${url}${path}`, headers: { accept: "application/json" } });
  const signed = (path: string) => session.ask("your credentials", () => signCall(session.clients, session.place.region, call(path)));
  return {
    url,
    signs: auth === "iam",
    headers: async (path) => (auth === "iam" ? signed(path) : key ? { "x-api-key": key.reveal() } : {}),
  };
}
