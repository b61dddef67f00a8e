const READS =
  /^(Get|List|Describe|Head|Query|Scan|BatchGet|TransactGet|Filter|Simulate|Select|Lookup|Search|Check|Decode|Test|View|Download|Assume|Validate)/;
/** Reads whose names do not begin like a read. Calls of functions and queries count as reads, because they change no resource. */
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
/** True when the operation changes a resource. The name decides: AWS's operations begin with a verb. */
export const isWrite = (operation: string): boolean => !READS.test(operation) && !MORE_READS.has(operation);
