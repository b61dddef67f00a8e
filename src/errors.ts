/** All failures that a user can meet: code → meaning. docs/errors.md lists the same codes (checked by a test). */
export const CODES = {
  USAGE: { exit: 2, means: "The command line is wrong." },
  CONFIG_INVALID: { exit: 2, means: "The configuration does not pass validation." },
  CONFIG_MISSING: { exit: 2, means: "The named configuration file does not exist or cannot be read." },
  LOCAL_REFUSED: { exit: 2, means: "--local was pointed at something that is not the local AWS." },
  LOCAL_NOT_RUNNING: { exit: 1, means: "The local AWS is not running." },
  LOCAL_START_FAILED: { exit: 1, means: "The local AWS could not be started." },
  LOCAL_STOP_FAILED: { exit: 1, means: "The local AWS could not be stopped." },
  LOCAL_DATA_NEWER: { exit: 1, means: "A newer version wrote the local AWS's data." },
  FAULTS_INVALID: { exit: 2, means: "The fault plan for the local AWS cannot be used." },
  PORT_BUSY: { exit: 1, means: "The port is taken by another program." },
  OUTPUT_LOST: { exit: 1, means: "The answer could not be written to standard output." },
  FOLDER_GONE: { exit: 2, means: "The current folder does not exist any more." },
  FOLDER_UNWRITABLE: { exit: 1, means: "A folder cannot be written." },
  FOLDER_LINKED: { exit: 1, means: "The local AWS's data folder holds a symbolic link." },
  GRAPH_CYCLE: { exit: 1, means: "Resources depend on each other in a circle." },
  GRAPH_DUPLICATE_ID: { exit: 1, means: "Two resources share one id." },
  OWNER_FOREIGN: { exit: 4, means: "A resource with this name exists and does not carry this stack's tag." },
  DATA_PROTECTED: { exit: 4, means: "The change would destroy data." },
  CONFIRMATION_MISSING: { exit: 4, means: "The command destroys something and was not confirmed." },
  WRONG_PLACE: { exit: 4, means: "The stack's own resources live in another account or region." },
  LOCKED: { exit: 6, means: "Another run holds the stack's lock." },
  CREDENTIALS: { exit: 5, means: "AWS does not accept the credentials, or there are none." },
  ACCESS_DENIED: { exit: 5, means: "The credentials may not make this call." },
  AUDIT_FAILED: { exit: 1, means: "The live stack fails a control of critical or high severity." },
  PREFLIGHT: { exit: 1, means: "The account or region lacks something the stack needs." },
  SETTLE_TIMEOUT: { exit: 1, means: "AWS did not finish in the time allowed." },
  SETTLE_FAILED: { exit: 1, means: "AWS reports that the resource failed." },
  RESOURCE_HELD: { exit: 1, means: "Something that is not of this stack uses the resource." },
  RETRIES_EXHAUSTED: { exit: 1, means: "AWS kept refusing a call for longer than its budget." },
  DIFF_STUCK: { exit: 1, means: "An update did not remove the difference it was made for." },
  ENDPOINT_FORGETS: { exit: 1, means: "The endpoint does not keep an attribute that was written." },
  AWS_FAULT: { exit: 1, means: "AWS refused the call." },
  CERTIFICATE: { exit: 1, means: "The certificate of the endpoint, or of a proxy in between, is not trusted." },
  ENDPOINT_UNREACHABLE: { exit: 1, means: "Nothing answers at the endpoint." },
  NOT_DEPLOYED: { exit: 1, means: "The resource that the command asks about does not exist yet." },
  FUNCTION_FAILED: { exit: 1, means: "The invoked function answered with an error." },
  CALL_REFUSED: { exit: 1, means: "The deployed API answered a call with an error." },
  BUNDLE_FAILED: { exit: 1, means: "A function's source does not bundle." },
  VERIFY_FAILED: { exit: 1, means: "The state of the back end differs from the sent messages." },
  DATABASE_UNREACHABLE: { exit: 1, means: "A PostgreSQL server does not answer, or its connection was lost." },
  DATABASE_REFUSED: { exit: 5, means: "A PostgreSQL server does not accept the user, the password or the database." },
  DATABASE_TLS: { exit: 1, means: "A PostgreSQL server's certificate cannot be verified." },
  SCHEMA_CONFLICT: { exit: 4, means: "The database's tables are not those of this fleetlogix." },
  PEER_MISSING: { exit: 1, means: "A package that this command alone needs is not installed." },
  QUERY_INVALID: { exit: 2, means: "The SQL statement cannot be answered." },
  LAKE_DIFFERS: { exit: 1, means: "What lies in the lake is not what was packed." },
  IMPORT_UNFIT: { exit: 1, means: "The source of an import does not fit into the stack's database." },
  IMPORT_FAILED: { exit: 1, means: "pg_dump or pg_restore ended with an error." },
  IMPORT_DIFFERS: { exit: 1, means: "After an import the two sides are not equal." },
  TOOL_MISSING: { exit: 1, means: "A program that the command starts is missing or too old." },
  INTERRUPTED: { exit: 130, means: "The run was interrupted; run it again to continue." },
  INTERNAL: { exit: 1, means: "A bug in fleetlogix." },
} as const;
export type Code = keyof typeof CODES;

export interface ErrorDetail {
  /** The next step for the user, as an imperative sentence. Required: an error without a hint does not compile. */
  readonly hint: string;
  /** Id of the resource in the stack, e.g. `table.deliveries`. */
  readonly resource?: string | undefined;
  /** AWS's error code and request id, when AWS answered. */
  readonly awsCode?: string | undefined;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

export class FleetlogixError extends Error {
  override readonly name = "FleetlogixError";
  readonly code: Code;
  readonly detail: ErrorDetail;
  constructor(code: Code, message: string, detail: ErrorDetail) {
    super(message, { cause: detail.cause });
    this.code = code;
    this.detail = detail;
  }
  /** The exit code of the process for this failure. */
  get exit(): number {
    return CODES[this.code].exit;
  }
}
