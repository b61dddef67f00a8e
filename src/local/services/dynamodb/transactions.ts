import { createHash } from "node:crypto";
import type {
  CancellationReason,
  TransactGetItemsCommandInput,
  TransactGetItemsCommandOutput,
  TransactWriteItem,
  TransactWriteItemsCommandInput,
  TransactWriteItemsCommandOutput,
} from "@aws-sdk/client-dynamodb";
import getItem from "dynalite/actions/getItem.js";
import getRules from "dynalite/validations/getItem.js";
import { type Handler, type LocalEnv, LocalFault, type Operations } from "../../core/service.ts";
import type { Engine, Transaction } from "./engine.ts";
import { answer } from "./items.ts";
import { run, validated } from "./run.ts";
import { nameOf, type Tables } from "./table.ts";
import { toStored } from "./values.ts";
import { type ParsedWrite, parseWrite, type WriteKind, write } from "./write.ts";

/** AWS remembers a request token for ten minutes. */
export const TOKEN_MS = 10 * 60_000;
export interface TokenNote {
  readonly at: number;
  readonly hash: string;
}

export function transactionOperations(env: LocalEnv, tables: Tables, engine: () => Promise<Engine>): Operations {
  const transactWrite: Handler<TransactWriteItemsCommandInput, TransactWriteItemsCommandOutput> = async (input, { region }) => {
    const writes = (input.TransactItems ?? []).map(parsePart);
    checkCount(writes.length);
    return (await engine()).alone(async (transaction) => {
      if (await isRepetition(input, transaction, region, env.clock.now())) return {};
      refuseDoubles(writes, tables, region);
      const reasons: CancellationReason[] = [];
      for (const one of writes) reasons.push(await attempt(one, transaction, tables, region));
      if (reasons.some(({ Code }) => Code !== "None")) throw cancelled(reasons);
      return capacity(
        input.ReturnConsumedCapacity,
        writes.map(({ data }) => data.TableName as string),
      );
    });
  };
  const transactGet: Handler<TransactGetItemsCommandInput, TransactGetItemsCommandOutput> = async (input, { region }) => {
    const reads = (input.TransactItems ?? []).map(({ Get }) => validated(getRules, { ...Get, TableName: nameOf(Get?.TableName ?? "") }));
    checkCount(reads.length);
    return (await engine()).alone(async (transaction) => {
      const Responses: object[] = [];
      for (const data of reads) {
        const { Item } = answer(await run(getItem, data, transaction, tables, region));
        Responses.push(Item ? { Item } : {});
      }
      return {
        Responses,
        ...capacity(
          input.ReturnConsumedCapacity,
          reads.map((data) => data.TableName as string),
        ),
      };
    });
  };
  return { TransactWriteItems: transactWrite, TransactGetItems: transactGet };
}

const KINDS = { Put: "put", Update: "update", Delete: "delete", ConditionCheck: "check" } as const satisfies Record<string, WriteKind>;

function parsePart(part: TransactWriteItem): ParsedWrite {
  const parts = Object.entries(KINDS).flatMap(([member, kind]) => {
    const input = part[member as keyof typeof KINDS];
    return input ? [{ kind, input }] : [];
  });
  const [only] = parts;
  if (!only || parts.length > 1)
    throw new LocalFault(
      "ValidationException",
      "TransactItems can only contain one of Check, Put, Update or Delete. Please provide exactly one of these operations.",
    );
  return parseWrite(only.kind, { ...only.input, TableName: nameOf(only.input.TableName ?? "") });
}

function checkCount(count: number): void {
  if (count >= 1 && count <= 100) return;
  throw new LocalFault(
    "ValidationException",
    `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length ${count ? "less than or equal to 100" : "greater than or equal to 1"}`,
  );
}

/** The same token with the same content again does nothing and succeeds. The note is kept in the same step as the writes. */
async function isRepetition(
  input: TransactWriteItemsCommandInput,
  transaction: Transaction,
  region: string,
  now: number,
): Promise<boolean> {
  const { ClientRequestToken, TransactItems } = input;
  if (!ClientRequestToken) return false;
  const hash = createHash("sha256")
    .update(JSON.stringify(toStored(TransactItems)))
    .digest("hex");
  const known = (await transaction.noted(`${region}/${ClientRequestToken}`)) as TokenNote | undefined;
  if (known && now - known.at < TOKEN_MS) {
    if (known.hash === hash) return true;
    throw new LocalFault(
      "IdempotentParameterMismatchException",
      "The provided idempotency token was already used with different parameters in the request.",
    );
  }
  transaction.note(`${region}/${ClientRequestToken}`, { at: now, hash } satisfies TokenNote);
  return false;
}

function refuseDoubles(writes: readonly ParsedWrite[], tables: Tables, region: string): void {
  const seen = new Set<string>();
  for (const { kind, data } of writes) {
    const table = tables.readable(region, data.TableName as string);
    const names = table.keySchema.map(({ AttributeName }) => AttributeName as string);
    const source = (kind === "put" ? data.Item : data.Key) as Record<string, unknown>;
    const place = `${table.id} ${JSON.stringify(names.map((name) => source[name]))}`;
    if (seen.has(place)) throw new LocalFault("ValidationException", "Transaction request cannot include multiple operations on one item");
    seen.add(place);
  }
}

/** Runs one part; what makes AWS cancel the whole becomes its reason, anything else is thrown. */
async function attempt(one: ParsedWrite, transaction: Transaction, tables: Tables, region: string): Promise<CancellationReason> {
  try {
    await write(one, transaction, tables, region);
    return { Code: "None" };
  } catch (error) {
    if (!(error instanceof LocalFault)) throw error;
    if (error.code === "ConditionalCheckFailedException") return { Code: "ConditionalCheckFailed", Message: error.message, ...error.extra };
    if (error.code === "ValidationException") return { Code: "ValidationError", Message: error.message };
    throw error;
  }
}

function cancelled(reasons: readonly CancellationReason[]): LocalFault {
  const codes = reasons.map(({ Code }) => Code).join(", ");
  return new LocalFault(
    "TransactionCanceledException",
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    400,
    { CancellationReasons: reasons },
  );
}

/** Transactions cost two units where a plain call costs one. */
function capacity(asked: string | undefined, names: readonly string[]) {
  if (asked !== "TOTAL" && asked !== "INDEXES") return {};
  const units = new Map<string, number>();
  for (const name of names) units.set(name, (units.get(name) ?? 0) + 2);
  return { ConsumedCapacity: [...units].map(([TableName, CapacityUnits]) => ({ TableName, CapacityUnits })) };
}
