import type { IncomingMessage, ServerResponse } from "node:http";
import { refuse, type ServerContext } from "./http.ts";

const MAX_PLAN_BYTES = 1024 * 1024;

/**
 * The addresses that AWS does not have: `/_local/health`, `/_local/faults`, `/_local/stop` and those of services (`/_local/mail`). They
 * need no credentials.
 */
export async function control(request: IncomingMessage, response: ServerResponse, path: string, context: ServerContext): Promise<void> {
  if (path === "/_local/health" && request.method === "GET") return json(response, health(context));
  if (path === "/_local/faults") return faults(request, response, context);
  if (path === "/_local/stop" && request.method === "POST" && context.stop) {
    json(response, { status: "stopping" });
    return context.stop();
  }
  const url = new URL(context.env.endpoint() + request.url);
  for (const service of context.services) if (await service.http?.(request, response, url)) return;
  return refuse(response, 404, "NotFound", `The local AWS has no ${request.method} ${path}.`);
}

function health({ services, env }: ServerContext): object {
  return {
    status: "running",
    account: env.account,
    dataDir: env.dataDir,
    endpoint: env.endpoint(),
    pid: process.pid,
    uptimeSeconds: Math.round(process.uptime()),
    memoryBytes: process.memoryUsage.rss(),
    realism: env.settings.realism,
    services: Object.fromEntries(services.map((service) => [service.name, service.facts?.() ?? {}])),
  };
}

async function faults(request: IncomingMessage, response: ServerResponse, { dispatcher: { faults: plan } }: ServerContext): Promise<void> {
  if (request.method === "GET") return json(response, { rules: plan.rules(), calls: plan.calls() });
  if (request.method === "DELETE") {
    plan.clear();
    return json(response, { rules: [], calls: [] });
  }
  if (request.method !== "POST") return refuse(response, 405, "MethodNotAllowed", "GET, POST or DELETE.");
  let text = "";
  for await (const chunk of request.setEncoding("utf8") as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MAX_PLAN_BYTES) return refuse(response, 413, "TooLarge", `A fault plan has at most ${MAX_PLAN_BYTES} bytes.`);
  }
  try {
    const { parseFaultPlan } = await import("./fault-plan.ts");
    plan.add(...parseFaultPlan(JSON.parse(text)));
  } catch (error) {
    return refuse(response, 400, "InvalidFaultPlan", error instanceof Error ? error.message : String(error));
  }
  return json(response, { rules: plan.rules() });
}

function json(response: ServerResponse, value: object): void {
  const body = JSON.stringify(value);
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) }).end(body);
}
