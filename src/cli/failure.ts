import { defined } from "../defined.ts";
import { CODES, type Code, FleetlogixError } from "../errors.ts";
import { labelled } from "./render/layout.ts";
import type { Paint } from "./render/paint.ts";

/** Any error in the form that is printed. */
export interface Failure {
  readonly code: Code;
  readonly message: string;
  readonly hint: string;
  readonly resource: string | null;
  readonly awsCode: string | null;
  readonly requestId: string | null;
  readonly exit: number;
  /** The single problems with their positions, where the error has them. */
  readonly problems: readonly unknown[] | undefined;
  readonly stack: string | undefined;
}

const HINTS: Partial<Record<Code, string>> = {
  LOCAL_NOT_RUNNING: "Start it with `fleetlogix local start`.",
  LOCAL_START_FAILED: "Read the log file in .fleetlogix/local; `fleetlogix local reset` deletes the data and starts with none.",
  LOCAL_STOP_FAILED: "Run `fleetlogix local stop` again; `fleetlogix local status` names the process.",
  LOCAL_DATA_NEWER: "Use the newer version again, or empty the data with `fleetlogix local reset`.",
  FAULTS_INVALID: "Correct the file; docs/local-aws.md describes the format of a fault plan.",
  PORT_BUSY: "Choose another port with --port N or FLEETLOGIX_LOCAL_PORT.",
  FOLDER_LINKED: "Remove the link, then run the same command again.",
  FOLDER_UNWRITABLE: "Make the folder writable, or run from another one.",
};

/**
 * `interrupted`: an unknown error after a signal is reported as INTERRUPTED. `toTyped` writes the commands of a text as they have to be
 * typed.
 */
export function toFailure(error: unknown, interrupted: boolean, toTyped: (text: string) => string): Failure {
  const failure = failureOf(error, interrupted);
  return { ...failure, message: toTyped(failure.message), hint: toTyped(failure.hint) };
}

function failureOf(error: unknown, interrupted: boolean): Failure {
  if (error instanceof FleetlogixError) return fromOurs(error);
  const { code, message, stack } = asError(error);
  const base = { resource: null, awsCode: null, requestId: null, problems: undefined, stack };
  if (interrupted)
    return { ...base, code: "INTERRUPTED", message: "Interrupted.", hint: "Run the same command again to continue.", exit: 130 };
  // The local AWS does not import our error class; its errors have one of our codes.
  if (code && code in CODES) {
    const known = code as Code;
    return { ...base, code: known, message, hint: HINTS[known] ?? "`--verbose` prints more.", exit: CODES[known].exit };
  }
  if (code === "EACCES" || code === "EROFS" || code === "EPERM" || code === "ENOSPC") {
    return {
      ...base,
      code: "FOLDER_UNWRITABLE",
      message: `${message}.`,
      hint: "Make the folder writable, or run from another one.",
      exit: 1,
    };
  }
  return {
    ...base,
    code: "INTERNAL",
    message,
    hint: "This is a bug: please report it with the output of `--verbose`.",
    exit: 1,
  };
}

function fromOurs(error: FleetlogixError): Failure {
  const { code, message, detail, exit, stack } = error;
  const problems = "problems" in error && Array.isArray(error.problems) ? error.problems : undefined;
  const { hint, resource = null, awsCode = null, requestId = null } = detail;
  return { code, message, hint, resource, awsCode, requestId, exit, problems, stack: withCause(stack, detail.cause) };
}
const withCause = (stack: string | undefined, cause: unknown): string | undefined =>
  cause instanceof Error && cause.stack ? `${stack}\ncaused by ${cause.stack}` : stack;

function asError(error: unknown): { code: string | undefined; message: string; stack: string | undefined } {
  if (!(error instanceof Error)) return { code: undefined, message: String(error), stack: undefined };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return { code, message: error.message, stack: withCause(error.stack, error.cause) };
}

/** The `error` of every JSON document. */
export const toErrorJson = (f: Failure): Record<string, unknown> => ({
  code: f.code,
  message: f.message,
  hint: f.hint,
  resource: f.resource,
  aws_code: f.awsCode,
  request_id: f.requestId,
  ...defined({ problems: f.problems }),
});

/** The error as text, wrapped to `width`; line breaks of the message stay. */
export function toErrorText(f: Failure, paint: Paint, verbose: boolean, width = Number.POSITIVE_INFINITY): string {
  const unsaid = (word: string | null) => word !== null && !f.message.includes(word);
  const aws = [unsaid(f.awsCode) && f.awsCode, unsaid(f.requestId) && `request ${f.requestId}`].filter(Boolean).join(", ");
  return [
    ...labelled(f.code, f.message, width, paint, "bad"),
    ...(f.resource ? labelled("resource", f.resource, width, paint, "dim") : []),
    ...(aws ? labelled("AWS said", aws, width, paint, "dim") : []),
    ...labelled("what now", f.hint, width, paint, "dim"),
    ...(verbose && f.stack ? [paint("dim", f.stack)] : []),
  ].join("\n");
}
