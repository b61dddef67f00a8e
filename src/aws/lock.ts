import * as z from "zod";
import { FleetlogixError } from "../errors.ts";
import { oneLine } from "../printable.ts";
import { parseJson } from "./answers.ts";
import type { AwsClients } from "./clients.ts";
import { toFault } from "./faults.ts";

/**
 * An advisory lock: an object in the stack's bucket by which two runs see each other. Correctness does not depend on it: two
 * concurrent runs end in one stack without it, too. A run continues when the lock cannot be written or renewed.
 */
export const LOCK_KEY = ".fleetlogix/lock.json";
const LEASE_MS = 600_000;
const RENEW_MS = 60_000;
/** Upper limit of the size of a lock. */
const LARGEST_BYTES = 10_000;

export interface LockOwner {
  readonly host: string;
  readonly pid: number;
  readonly user: string;
  /** The command that runs: `up`, `teardown`. */
  readonly command: string;
}
/** Content of the object. Times are milliseconds since the epoch. */
interface Held extends LockOwner {
  readonly since: number;
  readonly until: number;
}
export interface LockPlace {
  readonly clients: Pick<AwsClients, "s3">;
  readonly bucket: string;
  readonly account: string;
  readonly now: () => number;
  /** Says whether this process still runs on this host. */
  readonly alive: (pid: number) => boolean;
}
interface Stored {
  readonly etag: string | undefined;
  readonly version: string | undefined;
}
/** A lock that was read. Anybody who may write to the bucket may have written it, so its form and its bounds are checked. */
interface Found {
  /** undefined: the object is damaged, or is no lock of ours. */
  readonly owner: LockOwner | undefined;
  readonly since: number;
  readonly until: number;
  readonly stored: Stored;
}
const word = z.string().min(1).max(200).transform(oneLine);
const heldSchema = z.object({
  host: word,
  user: word,
  command: word,
  pid: z.int().min(0),
  since: z.int().min(0).max(8.64e15),
  until: z.int(),
});

/** Takes the lock and renews it until the returned function is called. Throws LOCKED while another live run holds it. */
export async function acquireLock(place: LockPlace, owner: LockOwner): Promise<() => Promise<void>> {
  const since = place.now();
  let ownLock = await take(place, owner, since);
  let working = Promise.resolve();
  const renew = async (): Promise<void> => {
    const before = ownLock;
    if (!before) return;
    ownLock = await write(place, { ...owner, since, until: place.now() + LEASE_MS }, before).catch(() => undefined);
    if (ownLock) await erase(place, before);
  };
  const timer = setInterval(() => {
    working = working.then(renew).catch(() => {});
  }, RENEW_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await working;
    if (ownLock) await erase(place, ownLock);
  };
}

/** The present holder, seen from the computer `host`; undefined: no lock, or the lock of a dead run. */
export async function readLock(place: LockPlace, host: string): Promise<{ readonly owner: LockOwner; readonly since: number } | undefined> {
  const found = await readHeld(place);
  const owner = found?.owner;
  if (!found || !owner || found.until < place.now() || (owner.host === host && !place.alive(owner.pid))) return undefined;
  return { owner, since: found.since };
}

/** Removes the lock of any holder. */
export async function breakLock(place: LockPlace): Promise<void> {
  const object = await stored(place);
  if (object) await erase(place, object);
}

/** undefined: the lock cannot be written (no permission, or no conditional writes at this endpoint). The run continues without it. */
async function take(place: LockPlace, owner: LockOwner, since: number): Promise<Stored | undefined> {
  const held: Held = { ...owner, since, until: since + LEASE_MS };
  try {
    return await write(place, held, undefined);
  } catch (error) {
    if (!isTaken(error)) return await written(place, held);
  }
  const found = await readHeld(place).catch(() => undefined);
  if (!found) return undefined;
  if (!isDead(found, place, owner)) throw locked(found);
  try {
    const ownLock = await write(place, held, found.stored);
    await erase(place, found.stored);
    return ownLock;
  } catch {
    const winner = await readHeld(place).catch(() => undefined);
    if (winner) throw locked(winner);
    return undefined;
  }
}

/** A write without an answer may have taken effect. Then the lock is ours. */
async function written(place: LockPlace, { host, pid, since }: Held): Promise<Stored | undefined> {
  const found = await readHeld(place).catch(() => undefined);
  const isOurs = found?.owner?.host === host && found.owner.pid === pid && found.since === since;
  return isOurs ? found?.stored : undefined;
}

/** A lock with our own process id is that of a dead process: this run has no lock yet. */
function isDead({ owner: held, until }: Found, place: LockPlace, owner: LockOwner): boolean {
  return until < place.now() || (held?.host === owner.host && (held.pid === owner.pid || !place.alive(held.pid)));
}

async function write({ clients, bucket, account }: LockPlace, held: Held, over: Stored | undefined): Promise<Stored> {
  const { ETag, VersionId } = await (await clients.s3()).putObject({
    Bucket: bucket,
    ExpectedBucketOwner: account,
    Key: LOCK_KEY,
    Body: JSON.stringify(held),
    ContentType: "application/json",
    ...(over?.etag ? { IfMatch: over.etag } : { IfNoneMatch: "*" }),
  });
  return { etag: ETag, version: VersionId };
}

async function readHeld({ clients, bucket, account, now }: LockPlace): Promise<Found | undefined> {
  try {
    const found = await (await clients.s3()).getObject({ Bucket: bucket, ExpectedBucketOwner: account, Key: LOCK_KEY });
    const text = (found.ContentLength ?? 0) > LARGEST_BYTES ? "" : await found.Body?.transformToString();
    return foundOf(text ?? "", found.LastModified?.getTime() ?? now(), now(), { etag: found.ETag, version: found.VersionId });
  } catch (error) {
    if (toFault(error)?.status === 404) return undefined;
    throw error;
  }
}

/** A lock is valid for one lease from its last write. S3's date of that write counts, not the lock's own times. */
function foundOf(text: string, modified: number, now: number, stored: Stored): Found {
  const written = Math.min(modified, now);
  const { data } = heldSchema.safeParse(parseJson(text));
  if (!data) return { owner: undefined, since: written, until: written + LEASE_MS, stored };
  const { since, until, ...owner } = data;
  return { owner, since: Math.min(since, now), until: Math.min(until, written + LEASE_MS), stored };
}
/** ETag and version of the object, with any content. */
async function stored({ clients, bucket, account }: LockPlace): Promise<Stored | undefined> {
  try {
    const head = await (await clients.s3()).headObject({ Bucket: bucket, ExpectedBucketOwner: account, Key: LOCK_KEY });
    return { etag: head.ETag, version: head.VersionId };
  } catch (error) {
    if (toFault(error)?.status === 404) return undefined;
    throw error;
  }
}

/** Deletes by version: no version remains in a versioned bucket, and a later write of another run stays. */
async function erase({ clients, bucket, account }: LockPlace, { version }: Stored): Promise<void> {
  const object = { Bucket: bucket, ExpectedBucketOwner: account, Key: LOCK_KEY };
  // An object from before the versioning has the version "null". A delete without a version would only add a delete marker.
  await (await clients.s3()).deleteObject({ ...object, VersionId: version ?? "null" }).catch(() => {});
}

const isTaken = (error: unknown): boolean => [409, 412].includes(toFault(error)?.status ?? 0);

function locked({ owner, since }: Found): FleetlogixError {
  const when = new Date(since).toISOString().replace(/\.\d+Z$/, "Z");
  const who = owner
    ? `${owner.user} on ${owner.host} (process ${owner.pid}, "fleetlogix ${owner.command}")`
    : "Somebody (the lock cannot be read)";
  return new FleetlogixError("LOCKED", `${who} has been working on this stack since ${when}.`, {
    hint: "Wait until it ends. The lock of a dead run expires ten minutes after its last renewal; `--force-unlock` removes it at once.",
  });
}
