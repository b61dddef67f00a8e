import { readFileSync } from "node:fs";
import { virtualClock } from "../../src/local/core/clock.ts";
import { createDispatcher } from "../../src/local/core/dispatcher.ts";
import { faultPlan } from "../../src/local/core/faults.ts";
import { listen } from "../../src/local/core/server.ts";
import { LocalFault, type LocalService } from "../../src/local/core/service.ts";
import { startLocalAws } from "../../src/local/index.ts";

export interface RecordedError {
  readonly code: string;
  readonly message: string;
  readonly status?: number;
}
interface Recording {
  /** `service:Operation`. */
  readonly operation: string;
  readonly about: string;
  readonly source: string;
  readonly recorded: string;
  readonly answer?: Readonly<Record<string, unknown>>;
  readonly error?: RecordedError;
}
interface Rule {
  readonly operation: string;
  readonly about: string;
  readonly source: string;
  readonly error?: RecordedError;
}
export const RECORDED = JSON.parse(readFileSync(new URL("./aws.json", import.meta.url), "utf8")) as {
  readonly answers: readonly Recording[];
  readonly rules: readonly Rule[];
};

/** The recorded answer of an operation. `about`: the beginning of the recording's description. */
export function recorded(operation: string, about = ""): Record<string, unknown> {
  const found = RECORDED.answers.find((one) => one.operation === operation && one.about.startsWith(about));
  if (!found?.answer) throw new Error(`nothing recorded of ${operation} ${about}`);
  return structuredClone(found.answer) as Record<string, unknown>;
}

/** Answers by `service:Operation`. A text is an error code. */
export type RecordedAnswers = Readonly<Record<string, Readonly<Record<string, unknown>> | string>>;

/** A server that gives these answers to real SDK clients, in each service's own wire format. It refuses every other operation. */
export async function startPlayer(answers: RecordedAnswers): Promise<{ readonly url: string; close(): Promise<void> }> {
  const aws = await startLocalAws({ clock: virtualClock(), settings: { databases: "none" } });
  const services = aws.services.map((service): LocalService => {
    const own = Object.entries(answers).filter(([name]) => name.startsWith(`${service.name}:`));
    const operations = Object.fromEntries(own.map(([name, answer]) => [name.slice(service.name.length + 1), () => answerOf(answer)]));
    const { decode } = service;
    return { name: service.name, sdk: service.sdk, operations, permissions: () => [], ...(decode && { decode }) };
  });
  const address = { url: aws.url };
  const env = { ...aws.env, endpoint: () => address.url };
  const dispatcher = createDispatcher(
    () => services,
    () => env,
    faultPlan(),
  );
  const server = await listen(0, dispatcher, services, env);
  address.url = `http://127.0.0.1:${server.port}`;
  server.open();
  return {
    url: address.url,
    async close() {
      await server.close();
      await aws.close();
    },
  };
}
function answerOf(answer: RecordedAnswers[string]): Record<string, unknown> {
  if (typeof answer === "string") throw new LocalFault(answer, answer, 404);
  return revived(answer) as Record<string, unknown>;
}
/** Times are text in the file. */
function revived(value: unknown): unknown {
  if (typeof value === "string") return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? new Date(value) : value;
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revived(item)]));
}
