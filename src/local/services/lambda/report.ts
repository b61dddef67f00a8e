import type { Config } from "./state.ts";

/** The data of a call's REPORT line or `platform.report` record. */
export interface CallReport {
  readonly requestId: string;
  readonly version: string;
  readonly durationMs: number;
  /** Set for a sandbox's first call only. */
  readonly initMs?: number | undefined;
  readonly maxMemoryMb: number;
  readonly status: "success" | "error" | "timeout";
  readonly errorType?: string | undefined;
}

/** The platform's log lines (INIT_START, START, END, REPORT) in the function's log format. */
export function initLine(config: Config, version: string, region: string, now: number): string | undefined {
  const arn = `arn:aws:lambda:${region}::runtime:0000000000000000000000000000000000000000000000000000000000000000`;
  const runtime = config.runtime.replace("nodejs", "nodejs:");
  if (config.logFormat !== "JSON") return `INIT_START Runtime Version: ${runtime}\tRuntime Version ARN: ${arn}`;
  const record = {
    initializationType: "on-demand",
    phase: "init",
    runtimeVersion: runtime,
    runtimeVersionArn: arn,
    functionVersion: version,
  };
  return platform(config, "platform.initStart", record, now);
}
export function startLine(config: Config, requestId: string, version: string, now: number): string | undefined {
  if (config.logFormat === "JSON") return platform(config, "platform.start", { requestId, version }, now);
  return `START RequestId: ${requestId} Version: ${version}`;
}
export function endLines(config: Config, report: CallReport, now: number): string[] {
  const { requestId, durationMs, initMs, maxMemoryMb, status, errorType } = report;
  const billed = Math.ceil(durationMs + (initMs ?? 0));
  if (config.logFormat === "JSON") {
    const metrics = {
      durationMs: rounded(durationMs),
      billedDurationMs: billed,
      memorySizeMB: config.memoryMb,
      maxMemoryUsedMB: maxMemoryMb,
      ...(initMs === undefined ? {} : { initDurationMs: rounded(initMs) }),
    };
    const line = platform(config, "platform.report", { requestId, metrics, status, ...(errorType ? { errorType } : {}) }, now);
    return line ? [line] : [];
  }
  const parts = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${billed} ms`,
    `Memory Size: ${config.memoryMb} MB`,
    `Max Memory Used: ${maxMemoryMb} MB`,
    ...(initMs === undefined ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
    ...(status === "success" ? [] : [`Status: ${status}`]),
    ...(errorType && status === "error" ? [`Error Type: ${errorType}`] : []),
  ];
  return [`END RequestId: ${requestId}`, `${parts.join("\t")}\t`];
}

function platform(config: Config, type: string, record: object, now: number): string | undefined {
  const failed = (record as { status?: string }).status;
  if (config.systemLogLevel === "WARN" && (failed === undefined || failed === "success")) return undefined;
  return JSON.stringify({ time: new Date(now).toISOString(), type, record });
}
const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
