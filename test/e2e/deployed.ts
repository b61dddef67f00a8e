import { type App, openApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config/load.ts";
import { type Faults, faultPlan } from "../../src/local/core/faults.ts";
import { startLocalAws } from "../../src/local/index.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}
export interface CallOptions {
  /** null: none. */
  readonly key?: string | null | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as it is, in place of JSON. */
  readonly text?: string | undefined;
}
export interface Deployed {
  readonly url: string;
  readonly key: string;
  readonly endpoint: string;
  readonly faults: Faults;
  readonly app: App;
  /** One call through the deployed API; `path` begins with a slash. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Reply>;
  close(): Promise<void>;
}

/** The whole back end but the database, deployed by the product's own code on a local AWS in this process. */
export async function deploy(file?: string): Promise<Deployed> {
  const faults = faultPlan([], { keepCalls: 5_000 });
  const aws = await startLocalAws({ faults, settings: { databases: "none" } });
  const controller = new AbortController();
  try {
    const { config } = loadConfig({ file, cwd: import.meta.dirname, variables: {} });
    const app = await openApp(config, { endpoint: aws.url, local: true, concurrency: 8, signal: controller.signal });
    const result = await app.apply({ part: "all" }, { adopt: false, allowDataLoss: [], wait: true }, () => {});
    if (!result.ok) throw result.error;
    const { api_url, api_key } = await app.outputs({ secrets: true });
    const [url, key] = [api_url ?? "", api_key?.reveal() ?? ""];
    return {
      url,
      key,
      endpoint: aws.url,
      faults,
      app,
      call: (method, path, body, options) => callApi(url, key, method, path, body, options),
      close: () => aws.close(),
    };
  } catch (error) {
    await aws.close();
    throw error;
  }
}

async function callApi(url: string, key: string, method: string, path: string, body: unknown, options: CallOptions = {}): Promise<Reply> {
  const text = options.text ?? (body === undefined ? undefined : JSON.stringify(body));
  const sentKey = options.key === undefined ? key : options.key;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(text !== undefined && { "content-type": "application/json" }),
      ...(sentKey !== null && { "x-api-key": sentKey }),
      ...options.headers,
    },
    ...(text !== undefined && { body: text }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}
