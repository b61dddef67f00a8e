import { createHash } from "node:crypto";
import { type LogWriter, logWriter } from "../../../core/log-writer.ts";
import type { Gateway, StageDoc } from "../state.ts";
import type { ApiResponse, Exchange } from "./exchange.ts";
import { render } from "./template.ts";

const SESSION_SECONDS = 3_600;

/** Writes one line per request to the stage's log group, with the account's logging role. */
export interface AccessLog {
  write(exchange: Exchange, answer: ApiResponse): void;
  flush(): Promise<void>;
}

export function createAccessLog(gateway: Gateway): AccessLog {
  const writers = new Map<string, { readonly writer: LogWriter; readonly until: number }>();
  const writerFor = (stage: StageDoc, region: string): LogWriter | undefined => {
    const role = gateway.accounts.get(region)?.cloudwatchRoleArn;
    const group = stage.accessLog?.destinationArn?.split(":log-group:")[1];
    if (!role || !group) return undefined;
    const key = [role, group, stage.apiId, stage.name].join("|");
    const now = gateway.env.clock.now();
    const known = writers.get(key);
    if (known && known.until > now) return known.writer;
    const writer = open(gateway, role, group, region, stage);
    if (writer) writers.set(key, { writer, until: now + (SESSION_SECONDS / 2) * 1000 });
    return writer;
  };
  return {
    write(exchange, answer) {
      const { stage, api } = exchange;
      const format = stage.accessLog?.format;
      const writer = format && writerFor(stage, api.region);
      if (!writer) return;
      const outcome = { status: answer.status, length: answer.body.length };
      writer.write({ timestamp: gateway.env.clock.now(), message: render(format, exchange, "-", outcome) });
    },
    async flush() {
      await Promise.all([...writers.values()].map(({ writer }) => writer.flushed()));
    },
  };
}

/** Undefined when the role cannot be assumed: AWS then logs nothing and still serves the request. */
function open(gateway: Gateway, role: string, group: string, region: string, stage: StageDoc): LogWriter | undefined {
  const { env } = gateway;
  const stream = createHash("md5").update(`${stage.apiId}/${stage.name}`).digest("hex");
  try {
    const principal = env.identify(env.assume(role, "apigateway", SESSION_SECONDS).accessKeyId)?.principal;
    return principal && logWriter(env, { group, stream, region, principal, createGroup: false });
  } catch (error) {
    env.log(`access log of ${stage.apiId}/${stage.name}: ${error}`);
    return undefined;
  }
}
