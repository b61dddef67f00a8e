import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { isDeepStrictEqual } from "node:util";
import type { NormalizedSchema } from "@smithy/core/schema";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LocalFault, type LocalService } from "../../src/local/core/service.ts";
import { type Operation, traitsOf, type WireService, wireService } from "../../src/local/wire/schema.ts";
import { serverOf } from "../support/server-of.ts";
import { sampleOf } from "../support/wire-samples.ts";

/** Sends every operation of every service from the real client, also those that the local AWS does not implement. */
const SERVICES: Readonly<Record<string, () => Promise<object>>> = {
  s3: () => import("@aws-sdk/client-s3"),
  dynamodb: () => import("@aws-sdk/client-dynamodb"),
  sns: () => import("@aws-sdk/client-sns"),
  sts: () => import("@aws-sdk/client-sts"),
  iam: () => import("@aws-sdk/client-iam"),
  lambda: () => import("@aws-sdk/client-lambda"),
  apigateway: () => import("@aws-sdk/client-api-gateway"),
  logs: () => import("@aws-sdk/client-cloudwatch-logs"),
  secretsmanager: () => import("@aws-sdk/client-secrets-manager"),
  rds: () => import("@aws-sdk/client-rds"),
  ec2: () => import("@aws-sdk/client-ec2"),
  kms: () => import("@aws-sdk/client-kms"),
  wafv2: () => import("@aws-sdk/client-wafv2"),
  monitoring: () => import("@aws-sdk/client-cloudwatch"),
};

/** Operations that need more than a plain request and answer: event streams, other hosts, unsigned requests. */
const OTHER_WAYS = new Set([
  "s3:SelectObjectContent",
  "s3:WriteGetObjectResponse",
  "s3:CreateSession",
  "s3:ListDirectoryBuckets",
  "logs:StartLiveTail",
  "logs:GetLogObject",
  "lambda:InvokeWithResponseStream",
  "sts:AssumeRoleWithSAML",
  "sts:AssumeRoleWithWebIdentity",
]);
/** Members that the SDK computes, checks or consumes. */
const OWN_WORK = new Set([
  ...["ChecksumAlgorithm", "ChecksumMode", "ContentLength", "ContentMD5", "SSECustomerKey", "CopySourceSSECustomerKey", "Expires"],
  ...["ExpiresString", "PreSignedUrl", "DestinationRegion", "RequestRoute", "RequestToken"],
]);

/** CloudWatch has two errors with the query code `ResourceNotFound`. The SDK reads that code and names the other error. */
const SHARED_CODES = new Set(["DashboardNotFoundError"]);

type Values = Record<string, unknown>;
interface Echo {
  input: Values;
  output: Values;
  fault?: LocalFault;
}

async function echoing(name: string) {
  const sdk = await (SERVICES[name] as () => Promise<object>)();
  const wire = wireService(sdk);
  const echo: Echo = { input: {}, output: {} };
  const handler = async (input: Values) => {
    echo.input = await withoutStreams(input);
    if (echo.fault) throw echo.fault;
    return echo.output;
  };
  const operations = Object.fromEntries(Object.keys(wire.operations).map((operation) => [operation, handler]));
  const service: LocalService = { name, sdk: async () => sdk, operations, permissions: () => [] };
  const server = await serverOf([service]);
  const Client = Object.entries(sdk).find(([key]) => /^(?!__)\w+Client$/.test(key))?.[1] as new (
    options: object,
  ) => {
    send(command: object): Promise<Values>;
    destroy(): void;
  };
  const client = new Client({
    region: "us-east-1",
    endpoint: server.url,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const send = async (operation: string, input: Values): Promise<Values> => {
    const Command = (sdk as Record<string, new (input: Values) => object>)[`${operation}Command`];
    // Every answer with a body has its length, even when the model does not have it.
    const {
      $metadata: _,
      ContentLength: __,
      ...output
    } = await client.send(new (Command as new (input: Values) => object)(structuredClone(input)));
    return withoutStreams(output);
  };
  const close = (): Promise<void> => {
    client.destroy();
    return server.close();
  };
  return { wire, echo, send, close };
}

/** Reads streams into bytes, and turns blobs of any class into plain ones. */
async function withoutStreams(values: Values): Promise<Values> {
  const read = async (value: unknown): Promise<unknown> => {
    if (value instanceof Readable) return Uint8Array.from(await buffer(value));
    return plain(value);
  };
  return Object.fromEntries(await Promise.all(Object.entries(values).map(async ([name, value]) => [name, await read(value)])));
}
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (value instanceof String) return String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

const sampled = (schema: NormalizedSchema): fc.Arbitrary<Values> =>
  schema.isStructSchema() ? (sampleOf(schema, OWN_WORK) as fc.Arbitrary<Values>) : fc.constant({});

/** Compares both directions of one operation. Throws the difference. */
function differences(got: Values, wanted: Values): string[] {
  const names = [...new Set([...Object.keys(got), ...Object.keys(wanted)])];
  const shown = (value: unknown) => JSON.stringify(value, (_, v) => (typeof v === "bigint" ? String(v) : v));
  return names
    .filter((name) => !isDeepStrictEqual(got[name], wanted[name]))
    .map((name) => `${name}: ${shown(got[name])} is not ${shown(wanted[name])}`);
}
async function roundTrip({ echo, send }: Awaited<ReturnType<typeof echoing>>, operation: Operation): Promise<void> {
  const property = fc.asyncProperty(sampled(operation.input), sampled(operation.output), async (input, output) => {
    echo.output = output;
    const answered = await send(operation.name, input);
    const sent = plain(input) as Values;
    // The SDK adds its own headers: checksums, sizes.
    const got = Object.fromEntries(Object.keys(sent).map((member) => [member, echo.input[member]]));
    expect([differences(got, sent), differences(answered, plain(output) as Values)]).toEqual([[], []]);
  });
  await fc.assert(property, { numRuns: 2, seed: 7, endOnFailure: true });
}

describe.each(Object.keys(SERVICES))("%s", (name) => {
  test("for every operation the handler gets the client's input, and the client gets the handler's output", async () => {
    const there = await echoing(name);
    const failures: string[] = [];
    for (const operation of Object.values(there.wire.operations)) {
      if (OTHER_WAYS.has(`${name}:${operation.name}`)) continue;
      await roundTrip(there, operation).catch((error) =>
        failures.push(`${operation.name}: ${JSON.stringify(error.cause?.actual ?? String(error.cause ?? error))}`),
      );
    }
    await there.close();
    expect(failures).toEqual([]);
  }, 300_000);

  test("every modelled error has AWS's code and status", async () => {
    const there = await echoing(name);
    const operation = anyOperation(name, there.wire);
    const failures: string[] = [];
    for (const [code, schema] of Object.entries(there.wire.errors)) {
      if (code.endsWith("ServiceException") || SHARED_CODES.has(code)) continue;
      there.echo.fault = new LocalFault(code, "It is so & <not> otherwise.");
      const error = await there.send(operation, await inputOf(there.wire, operation)).catch((thrown) => thrown);
      const traits = traitsOf(schema);
      const query = there.wire.protocol === "awsQuery" || there.wire.protocol === "ec2Query";
      const status = (query ? traits.awsQueryError?.[1] : undefined) ?? traits.httpError ?? 400;
      const told = [error.name, error.$metadata?.httpStatusCode, error.message];
      if (JSON.stringify(told) !== JSON.stringify([code, status, "It is so & <not> otherwise."])) failures.push(`${code}: ${told}`);
    }
    await there.close();
    expect(failures).toEqual([]);
  });
});

/** An operation that every client can send. */
const anyOperation = (name: string, wire: WireService): string =>
  Object.keys(wire.operations).find(
    (operation) => /^(List|Describe|Get)/.test(operation) && !OTHER_WAYS.has(`${name}:${operation}`),
  ) as string;
async function inputOf(wire: WireService, operation: string): Promise<Values> {
  return fc.sample(sampled((wire.operations[operation] as Operation).input), { numRuns: 1, seed: 1 })[0] as Values;
}
