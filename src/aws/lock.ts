import { FleetlogixError } from "../errors.ts";
import type { AwsClients } from "./clients.ts";
import { toFault } from "./faults.ts";

/**
 * An advisory lock: an object in the stack's own bucket that tells two people that they are about to do the same thing.
 * Nothing depends on it: two runs at once end in one stack anyway, and a lock that cannot be written or kept is no failure.
 */
export const LOCK_KEY = ".fleetlogix/lock.json";
const LEASE_MS = 600_000;
const RENEW_MS = 60_000;

export interface LockOwner {
  readonly host: string;
  readonly pid: number;
  readonly user: string;
  /** What it runs: `up`, `teardown`. */
  readonly command: string;
}
/** What the object holds. Times are milliseconds since the epoch. */
interface Held extends LockOwner {
  readonly since: number;
  readonly until: number;
}
export interface LockPlace {
  readonly clients: Pick<AwsClients, "s3">;
  readonly bucket: string;
  readonly account: string;
  readonly now: () => number;
  /** Does this process still run on this host? */
  readonly alive: (pid: number) => boolean;
}
interface Stored {
  readonly etag: string | undefined;
  readonly version: string | undefined;
}

/** Takes the lock and keeps it until the returned function is called. Throws LOCKED while another run that lives holds it. */
export async function acquireLock(place: LockPlace, owner: LockOwner): Promise<() => Promise<void>> {
  const since = place.now();
  let mine = await take(place, owner, since);
  let working = Promise.resolve();
  const renew = async (): Promise<void> => {
    const before = mine;
    if (!before) return;
    mine = await write(place, { ...owner, since, until: place.now() + LEASE_MS }, before).catch(() => undefined);
    if (mine) await erase(place, before);
  };
  const timer = setInterval(() => {
    working = working.then(renew).catch(() => {});
  }, RENEW_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await working;
    if (mine) await erase(place, mine);
  };
}

/** Removes a lock whoever holds it. */
export async function breakLock(place: LockPlace): Promise<void> {
  const there = await look(place);
  if (there) await erase(place, there.stored);
}

/** undefined: the lock cannot be written here (no permission, an endpoint that lacks conditional writes): go on without. */
async function take(place: LockPlace, owner: LockOwner, since: number): Promise<Stored | undefined> {
  const held: Held = { ...owner, since, until: since + LEASE_MS };
  try {
    return await write(place, held, undefined);
  } catch (error) {
    if (!isTaken(error)) return await written(place, held);
  }
  const there = await look(place).catch(() => undefined);
  if (!there) return undefined;
  if (!isDead(there.held, place, owner)) throw locked(there.held);
  try {
    const mine = await write(place, held, there.stored);
    await erase(place, there.stored);
    return mine;
  } catch {
    const winner = await look(place).catch(() => undefined);
    if (winner) throw locked(winner.held);
    return undefined;
  }
}

/** A write without an answer may have taken effect: then the lock is ours to keep, and to remove. */
async function written(place: LockPlace, { host, pid, since }: Held): Promise<Stored | undefined> {
  const there = await look(place).catch(() => undefined);
  const ours = there?.held.host === host && there.held.pid === pid && there.held.since === since;
  return ours ? there?.stored : undefined;
}

/** Our own process's number belongs to a dead predecessor: this run has no lock yet. */
function isDead(held: Held, place: LockPlace, owner: LockOwner): boolean {
  return held.until < place.now() || (held.host === owner.host && (held.pid === owner.pid || !place.alive(held.pid)));
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

async function look({ clients, bucket, account }: LockPlace): Promise<{ held: Held; stored: Stored } | undefined> {
  try {
    const found = await (await clients.s3()).getObject({ Bucket: bucket, ExpectedBucketOwner: account, Key: LOCK_KEY });
    const held = JSON.parse((await found.Body?.transformToString()) ?? "{}") as Held;
    return { held, stored: { etag: found.ETag, version: found.VersionId } };
  } catch (error) {
    if (toFault(error)?.status === 404) return undefined;
    throw error;
  }
}

/** By version: in a bucket that keeps versions nothing stays behind, and what another run wrote since is not touched. */
async function erase({ clients, bucket, account }: LockPlace, { version }: Stored): Promise<void> {
  const object = { Bucket: bucket, ExpectedBucketOwner: account, Key: LOCK_KEY };
  // What was written before the bucket kept versions is the version "null"; deleting without it would only hide it under a marker.
  await (await clients.s3()).deleteObject({ ...object, VersionId: version ?? "null" }).catch(() => {});
}

const isTaken = (error: unknown): boolean => [409, 412].includes(toFault(error)?.status ?? 0);

function locked(held: Held): FleetlogixError {
  const since = new Date(held.since).toISOString().replace(/\.\d+Z$/, "Z");
  const who = `${held.user} on ${held.host} (process ${held.pid}, \`fleetlogix ${held.command}\`)`;
  return new FleetlogixError("LOCKED", `${who} has been working on this stack since ${since}.`, {
    hint: "Wait until it is done. If it is dead, its lock ends ten minutes after its last sign of life, or at once with --force-unlock.",
  });
}
