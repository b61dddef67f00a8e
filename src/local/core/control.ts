import type { IncomingMessage, ServerResponse } from "node:http";
import { type Hall, refuse } from "./http.ts";

const MAX_PLAN_BYTES = 1024 * 1024;

/** `/_local/health`, `/_local/faults`, `/_local/stop` and what services add (`/_local/mail`): what no AWS has, without credentials. */
export async function control(request: IncomingMessage, response: ServerResponse, path: string, hall: Hall): Promise<void> {
  if (path === "/_local/health" && request.method === "GET") return json(response, health(hall));
  if (path === "/_local/faults") return faults(request, response, hall);
  if (path === "/_local/stop" && request.method === "POST" && hall.stop) {
    json(response, { status: "stopping" });
    return hall.stop();
  }
  const url = new URL(hall.env.endpoint() + request.url);
  for (const service of hall.services) if (await service.http?.(request, response, url)) return;
  return refuse(response, 404, "NotFound", `The local AWS has no ${request.method} ${path}.`);
}

function health({ services, env }: Hall): object {
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

async function faults(request: IncomingMessage, response: ServerResponse, { dispatcher: { faults: plan } }: Hall): Promise<void> {
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
