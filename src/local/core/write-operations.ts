const READS =
  /^(Get|List|Describe|Head|Query|Scan|BatchGet|TransactGet|Filter|Simulate|Select|Lookup|Search|Check|Decode|Test|View|Download|Assume|Validate)/;
/** Reads whose names do not show it, and calls of functions and queries, which change no resource. */
const MORE_READS: ReadonlySet<string> = new Set([
  "Invoke",
  "InvokeAsync",
  "InvokeWithResponseStream",
  "StartQuery",
  "StopQuery",
  "StartLiveTail",
  "GenerateServiceLastAccessedDetails",
  "GenerateCredentialReport",
]);
/** Does the operation change a resource? Decided by its name: AWS names operations by a verb that says it. */
export const isWrite = (operation: string): boolean => !READS.test(operation) && !MORE_READS.has(operation);
