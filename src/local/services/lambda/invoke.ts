import type { InvokeCommandInput, InvokeCommandOutput } from "@aws-sdk/client-lambda";
import { type Call, LocalFault, type Operations, type Result } from "../../core/service.ts";
import type { Events } from "./events.ts";
import type { Executor } from "./execute.ts";
import { reference } from "./reference.ts";
import { servingRevision } from "./serving.ts";
import { keyOf, type Lambda, notFound, type Revision } from "./state.ts";

const MAX_SYNCHRONOUS_BYTES = 6_291_456;
const MAX_ASYNCHRONOUS_BYTES = 1_048_576;

export function invokeOperations(lambda: Lambda, executor: Executor, events: Events): Operations {
  return { Invoke: (input: InvokeCommandInput, call) => invoke(lambda, executor, events, input, call) };
}

async function invoke(
  lambda: Lambda,
  executor: Executor,
  events: Events,
  input: InvokeCommandInput,
  call: Call,
): Promise<Result<InvokeCommandOutput>> {
  const at = reference(input.FunctionName, input.Qualifier, call);
  // As recorded: Invoke names the version that it looked for, other operations name the function.
  if (!lambda.functions.has(keyOf(at))) throw notFound(lambda, { ...at, qualifier: at.qualifier ?? "$LATEST" });
  const { fn, revision } = servingRevision(lambda, at, call.requestId);
  if (input.InvocationType === "DryRun") return { StatusCode: 204 };
  await assertReadable(lambda, revision, at.region);
  const asynchronous = input.InvocationType === "Event";
  const payload = payloadOf(input, asynchronous ? MAX_ASYNCHRONOUS_BYTES : MAX_SYNCHRONOUS_BYTES);
  if (asynchronous) {
    events.accept({
      requestId: call.requestId,
      region: at.region,
      name: at.name,
      qualifier: at.qualifier,
      payload: payload.toString("base64"),
    });
    return { StatusCode: 202 };
  }
  const { answer, tail } = await executor.execute({
    fn,
    revision,
    requestId: call.requestId,
    qualifier: at.qualifier,
    payload,
    traceId: call.headers["x-amzn-trace-id"],
    clientContext: input.ClientContext ? Buffer.from(input.ClientContext, "base64").toString("utf8") : undefined,
    tail: input.LogType === "Tail",
    signal: call.signal,
  });
  return {
    StatusCode: 200,
    ExecutedVersion: revision.version,
    Payload: answer.body as never,
    ...(answer.ok ? {} : { FunctionError: "Unhandled" }),
    ...(tail === undefined ? {} : { LogResult: tail }),
  };
}

const UNREADABLE: Readonly<Record<string, readonly [code: string, why: string]>> = {
  Disabled: ["KMSDisabledException", "the KMS key used is disabled"],
  PendingDeletion: ["KMSInvalidStateException", "the state of the KMS key used is not valid for Decrypt"],
  none: ["KMSNotFoundException", "the KMS key was not found"],
};
/** Checks the KMS key that encrypted the variables, which may differ from the configured key. */
async function assertReadable({ env }: Lambda, { config }: Revision, region: string): Promise<void> {
  if (!config.environment || config.environmentKeyArn === undefined) return;
  const state = await env.dispatch("kms", "DescribeKey", { KeyId: config.environmentKeyArn }, { region }).then(
    (output) => (output.KeyMetadata as { readonly KeyState: string }).KeyState,
    () => "none",
  );
  const [code, why] = UNREADABLE[state] ?? [];
  if (code) throw new LocalFault(code, `Lambda was unable to decrypt the environment variables because ${why}.`, 502, { Type: "Server" });
}

function payloadOf(input: InvokeCommandInput, limit: number): Buffer {
  const payload = Buffer.from((input.Payload as Uint8Array | undefined) ?? []);
  if (payload.length > limit)
    throw new LocalFault(
      "RequestTooLargeException",
      `InvocationRequest must be smaller than ${limit} bytes for the InvokeFunction operation`,
      413,
      {
        Type: "User",
      },
    );
  if (payload.length === 0) return Buffer.from("{}");
  try {
    JSON.parse(payload.toString("utf8"));
  } catch (error) {
    throw new LocalFault(
      "InvalidRequestContentException",
      `Could not parse request body into json: ${(error as Error).message}`,
      undefined,
      {
        Type: "User",
      },
    );
  }
  return payload;
}
