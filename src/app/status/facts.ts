import type { ObservedNode } from "../../engine/observe.ts";
import type { ResourceFacts } from "../contract.ts";
import type { Session } from "../session.ts";

/** Limit of the pages of 1,000 objects that a status counts; with more objects the answer has `at_least`. */
const PAGES = 5;

type Reader = (session: Session, seen: ObservedNode, live: unknown) => Promise<ResourceFacts>;

/** By main kind: number of items, size and age. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["s3.bucket", bucketFacts],
  ["dynamodb.table", tableFacts],
  ["rds.instance", databaseFacts],
  ["lambda.function", functionFacts],
  ["apigateway.stage", stageFacts],
]);

/** Facts about a resource. Empty when its kind has none, and when the read fails: the status is useful without them. */
export async function factsOf(session: Session, seen: ObservedNode): Promise<ResourceFacts> {
  const reader = READERS.get(seen.node.kind.kind);
  if (reader === undefined || seen.observation.state === "absent") return {};
  try {
    return await session.ask(`the size of ${seen.id}`, () => reader(session, seen, (seen.observation as { live: unknown }).live));
  } catch (error) {
    if (session.options.signal.aborted) throw error;
    return {};
  }
}

async function bucketFacts({ clients, place }: Session, { subject }: ObservedNode): Promise<ResourceFacts> {
  const s3 = await clients.s3();
  const own = { Bucket: subject.label, ExpectedBucketOwner: place.account };
  let [items, bytes, token] = [0, 0, undefined as string | undefined];
  for (let page = 0; page < PAGES; page++) {
    const found = await s3.listObjectsV2({ ...own, ContinuationToken: token });
    items += found.Contents?.length ?? 0;
    bytes += (found.Contents ?? []).reduce((sum, { Size = 0 }) => sum + Size, 0);
    token = found.NextContinuationToken;
    if (token === undefined) return { items, bytes };
  }
  return { items, bytes, at_least: true };
}

async function tableFacts(session: Session, { node, subject, observation }: ObservedNode, live: unknown): Promise<ResourceFacts> {
  if (observation.state !== "ready") return {};
  const { ctx } = session.run(session.stack());
  const counted = await node.kind.inventory?.(subject.identity, live, ctx);
  const { Table } = await (await session.clients.dynamodb()).describeTable({ TableName: subject.label });
  return { items: counted?.items, bytes: counted?.bytes, since: Table?.CreationDateTime?.toISOString() };
}

async function databaseFacts({ clients }: Session, { subject }: ObservedNode): Promise<ResourceFacts> {
  const { DBInstances = [] } = await (await clients.rds()).describeDBInstances({ DBInstanceIdentifier: subject.label });
  const [found] = DBInstances;
  const { EngineVersion, DBInstanceClass, AllocatedStorage = 0, InstanceCreateTime } = found ?? {};
  return {
    bytes: AllocatedStorage * 1024 ** 3,
    since: InstanceCreateTime?.toISOString(),
    detail: `PostgreSQL ${EngineVersion}, ${DBInstanceClass}, ${AllocatedStorage} GB`,
  };
}

async function functionFacts({ clients }: Session, { subject, out }: ObservedNode): Promise<ResourceFacts> {
  const lambda = await clients.lambda();
  const { CodeSize, LastModified, Runtime } = await lambda.getFunctionConfiguration({ FunctionName: subject.label });
  const version = (out as { readonly version?: string | null } | undefined)?.version;
  // Lambda writes the offset as +0000, which is not in the date format of ECMAScript.
  const since = LastModified && new Date(LastModified.replace("+0000", "Z")).toISOString();
  return { bytes: CodeSize, since, detail: [version && `version ${version}`, Runtime].filter(Boolean).join(", ") };
}

async function stageFacts({ clients }: Session, { out }: ObservedNode): Promise<ResourceFacts> {
  const { apiId, stage } = out as { readonly apiId: string; readonly stage: string };
  const found = await (await clients.apigateway()).getStage({ restApiId: apiId, stageName: stage });
  return { since: (found.lastUpdatedDate ?? found.createdDate)?.toISOString() };
}
