import type {
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  GetItemCommandInput,
  GetItemCommandOutput,
  PutItemCommandInput,
  QueryCommandInput,
  QueryCommandOutput,
  ScanCommandInput,
  ScanCommandOutput,
  TransactWriteItemsCommandInput,
  UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { AwsFault } from "./fault.ts";
import { makeService } from "./service.ts";
import type { Reply } from "./transport.ts";

/** Input and output of the operations in use. They are sent as JSON: the tables hold no binary attributes. */
interface Operations {
  readonly BatchGetItem: readonly [BatchGetItemCommandInput, BatchGetItemCommandOutput];
  readonly GetItem: readonly [GetItemCommandInput, GetItemCommandOutput];
  readonly PutItem: readonly [PutItemCommandInput, object];
  readonly Query: readonly [QueryCommandInput, QueryCommandOutput];
  readonly Scan: readonly [ScanCommandInput, ScanCommandOutput];
  readonly TransactWriteItems: readonly [TransactWriteItemsCommandInput, object];
  readonly UpdateItem: readonly [UpdateItemCommandInput, object];
}
export type DynamoDB = <O extends keyof Operations>(
  operation: O,
  input: Operations[O][0],
  signal: AbortSignal,
) => Promise<Omit<Operations[O][1], "$metadata">>;

const ATTEMPTS = 3;

/** Speaks AWS JSON 1.0. Errors keep the members that AWS sent, such as `CancellationReasons`. */
export function makeDynamoDB(env: NodeJS.ProcessEnv): DynamoDB {
  const service = makeService("dynamodb", env, ATTEMPTS);
  return async (operation, input, signal) => {
    const headers = { "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": `DynamoDB_20120810.${operation}` };
    const { body } = await service({ method: "POST", path: "/", headers, body: JSON.stringify(input), toFault }, signal);
    return JSON.parse(body);
  };
}

function toFault(reply: Reply): AwsFault {
  const { __type = "", message, Message = message, ...members } = parse(reply.body);
  const name = String(__type).split("#").at(-1) || `Http${reply.status}`;
  return new AwsFault(name, String(Message ?? name), reply, members);
}

/** A proxy between Lambda and AWS may answer with anything. */
function parse(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
