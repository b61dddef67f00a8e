import type { ObservedNode } from "../../engine/observe.ts";
import type { ResourceFacts } from "../contract.ts";
import type { Session } from "../session.ts";

/** Limit of the pages of 1,000 objects that a status counts; with more objects the answer has `at_least`. */
const PAGES = 5;

type Contents = Pick<ResourceFacts, "items" | "bytes" | "at_least">;
type Count = (session: Session, seen: ObservedNode) => Promise<Contents>;

/** By main kind: number of items and size. */
const COUNTS: ReadonlyMap<string, Count> = new Map<string, Count>([
  ["s3.bucket", countObjects],
  ["dynamodb.table", countItems],
]);

/** Contents of a bucket or a table. Empty for another kind, and when the read fails: the status is useful without them. */
export async function contentsOf(session: Session, seen: ObservedNode): Promise<Contents> {
  const count = COUNTS.get(seen.node.kind.kind);
  if (count === undefined || seen.observation.state !== "ready") return {};
  try {
    return await session.ask(`the size of ${seen.id}`, () => count(session, seen));
  } catch (error) {
    if (session.options.signal.aborted) throw error;
    return {};
  }
}

async function countObjects({ clients, place }: Session, { subject }: ObservedNode): Promise<Contents> {
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

async function countItems(session: Session, { node, subject, observation }: ObservedNode): Promise<Contents> {
  if (observation.state === "absent") return {};
  const { ctx } = session.run(session.stack());
  const counted = await node.kind.inventory?.(subject.identity, observation.live, ctx);
  return { items: counted?.items, bytes: counted?.bytes };
}
